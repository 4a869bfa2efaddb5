"""Looking hashes up in what is shared: by the hashes themselves, or by their first digits."""

from collections import defaultdict
from typing import Any, ClassVar
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from hashsets import events, holding, kinds, ranges
from hashsets.kinds import BadHash, EmptyFileHash
from hashsets.models import Share
from hashsets.odata import scopes
from hashsets.odata.base import ODataView
from hashsets.odata.callers import Caller
from hashsets.odata.posting import Posted
from workbench import audit
from workbench.api import limits
from workbench.errors import BadInput

MOST = 1000  # hashes of a look-up; sharing.md section 4


class Found(msgspec.Struct, rename="pascal"):
    """An entry that has a hash."""

    entry_id: UUID = msgspec.field(name="EntryID")
    scheme: str
    category: str
    trust: str


class HitShape(msgspec.Struct, rename="pascal"):
    """A hash as it was sent, and one entry of one set that has it."""

    hash: str
    set_id: UUID = msgspec.field(name="SetID")
    media: Found


class Unread(msgspec.Struct, rename="pascal"):
    """Something that was sent and is no hash to look up, and why."""

    hash: str
    code: str = msgspec.field(name="code")


class LookedUp(msgspec.Struct):
    """Only hits are told: a hash that is not named here is in no shared set."""

    hits: list[HitShape]
    rejected: list[Unread]
    asked: int
    ignored: int = msgspec.field(name="IgnoredFields")


class Lookup(ODataView):
    """Hashes, all of them told."""

    scopes: ClassVar[dict[str, str]] = {"POST": scopes.LOOKUP}

    def post(self, request: HttpRequest) -> HttpResponse:
        """Look up to 1,000 hashes up in the shared sets. One event, with how many, not which."""
        posted = Posted(request)
        given = posted.rows("hashes", MOST)
        posted.known({"hashes"})
        texts = [text for text in given if isinstance(text, str)]
        if len(texts) < len(given):
            raise BadInput("hashes is a list of texts.")
        _spend(self.caller, len(texts))
        return posted.asked(self.caller.peer, lambda: _look(self.caller, texts, posted.ignored))


class Range(ODataView):
    """The first five digits of a hash: what is asked is not disclosed."""

    scopes: ClassVar[dict[str, str]] = {"GET": scopes.LOOKUP, "HEAD": scopes.LOOKUP}

    def get(self, _request: HttpRequest, algo: str, prefix: str) -> HttpResponse:
        """All suffixes under the prefix, one a line, real ones among invented ones. One event.

        Each line counts as a hash looked up, else the whole set could be asked for so; invented ones, too, for what is
        left of the limit must not tell how many are real.
        """
        found = ranges.answer([share.set for share in self.caller.shares()], algo.lower(), prefix)
        _spend(self.caller, len(found.suffixes))
        _told(self.caller, asked=1, known=0, way="range")
        return HttpResponse(found.text(), content_type="text/plain; charset=us-ascii")


def _spend(caller: Caller, number: int) -> None:
    often = f"An organisation may look up {settings.PEER_HASHES:,} hashes a minute."
    limits.count(f"hashes:peer-{caller.peer.pk}", number, settings.PEER_HASHES, often)


def _look(caller: Caller, texts: list[str], ignored: int) -> LookedUp:
    wanted, rejected = _sorted(texts)
    shares = {share.set_id: share for share in caller.shares()}
    sets = [share.set for share in shares.values()]
    hits = [
        _hit(text, shares[one.set_id], one)
        for kind, digests in wanted.items()
        for one in holding.held(sets, kind, list(digests))
        for text in digests[one.digest]
    ]
    known = len({hit.hash for hit in hits})
    _told(caller, asked=len(texts), known=known, way="lookup")
    return LookedUp(hits, rejected, len(texts), ignored)


def _sorted(texts: list[str]) -> tuple[dict[str, dict[bytes, list[str]]], list[Unread]]:
    """Each distinct text under its kind and digest; and those that are none."""
    wanted: dict[str, dict[bytes, list[str]]] = defaultdict(lambda: defaultdict(list))
    rejected = list[Unread]()
    for text in dict.fromkeys(texts):
        kind = kinds.BY_LENGTH.get(len(text.strip()))
        if kind is None:
            rejected.append(Unread(text[:100], BadHash.code))
            continue
        try:
            wanted[kind.id][kind.parse(text)].append(text)
        except (BadHash, EmptyFileHash) as error:
            rejected.append(Unread(text[:100], error.code))
    return wanted, rejected


def _hit(text: str, share: Share, one: holding.Held) -> HitShape:
    scheme = share.set.scheme.scheme_id
    return HitShape(text, share.set.public_id, Found(one.public_id, scheme, one.code, one.trust))


@transaction.atomic(savepoint=False)
def _told(caller: Caller, **details: Any) -> None:
    """The event of a look-up: asking is disclosing (sharing.md section 2)."""
    audit.record(
        events.PEER_SEARCHED, by=None, on=caller.peer, agency=caller.peer.agency_id,
        organisation=caller.agency.name, **details,
    )  # fmt: skip
