"""Where a reader is: the opaque words of nextLink and deltaLink, signed so that nobody makes up his own.

A word of a baseline ends after a week; that of a delta never, since a lab may be off line for as long as it likes.
"""

import hashlib
import time
from dataclasses import astuple, dataclass
from typing import Any
from uuid import UUID

from django.core import signing

from hashsets.feed_pages import FIRST
from hashsets.odata.errors import BadPlace

SECONDS = 7 * 24 * 3600
SKIP = signing.Signer(salt="odata skiptoken")
DELTA = signing.Signer(salt="odata deltatoken")


@dataclass(frozen=True, slots=True)
class Baseline:
    """A page of a baseline: behind `after`, of the set as it stood at `snapshot`.

    `view`: what the reader sees of it (`view_of`); `size`: entries of a page; `track`: he wants the deltaLink.
    """

    set: str
    view: str
    snapshot: int
    size: int
    track: bool
    after: str = str(FIRST)

    @property
    def key(self) -> UUID:
        """The id behind which the page begins."""
        return UUID(self.after)

    def word(self) -> str:
        """For the address."""
        return SKIP.sign_object([int(time.time()) + SECONDS, *astuple(self)])


@dataclass(frozen=True, slots=True)
class Delta:
    """What came after number `seq`."""

    set: str
    view: str
    seq: int
    size: int

    def word(self) -> str:
        """For the address."""
        return DELTA.sign_object(list(astuple(self)))


def view_of(condition: str, *, full: bool) -> str:
    """Names what a reader sees of a set: his filter, and whether he may read flags and series."""
    return hashlib.sha256(f"{full}\0{condition}".encode()).hexdigest()[:16]


def baseline(word: str, set_id: UUID) -> Baseline:
    """The place of a skiptoken. Raises BadPlace: not ours, of another set, or older than a week."""
    until, *rest = _read(SKIP, word, 7)
    found = Baseline(*rest)
    if found.set != str(set_id) or until < time.time():
        raise BadPlace
    return found


def delta(word: str, set_id: UUID) -> Delta:
    """The place of a deltatoken. Raises BadPlace: not ours, or of another set."""
    found = Delta(*_read(DELTA, word, 4))
    if found.set != str(set_id):
        raise BadPlace
    return found


def _read(signer: signing.Signer, word: str, fields: int) -> list[Any]:
    try:
        found: list[Any] = signer.unsign_object(word)
    except signing.BadSignature as error:
        raise BadPlace from error
    if len(found) != fields:  # of another version of Winnow
        raise BadPlace
    return found
