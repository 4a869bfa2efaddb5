"""What sets do in cases: asked here, answered by `cases`, which registers itself; `hashsets` knows no case."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from hashsets.models import HashSet
from workbench.models import User

Figures = dict[str, dict[str, int]]  # by the public id of a case; only those above read what is in it


@dataclass(frozen=True, slots=True)
class Change:
    """What another version would bring, as pieces of SQL; what they name is there in the present transaction.

    `comes`: a SELECT of md5, sha1, sha256, size, code, disposition, trust, conflict, state. `join` joins to a match `k`
    of the set what the condition `ends` needs, to tell whether its entry ends. `values` are parameters of all three.
    """

    comes: str
    join: str
    ends: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class InCase:
    """What another version would do in one case, in items. `name` and `address` lead to the case."""

    name: str
    address: str
    known: int  # then, and not now
    left: int  # of these, how many lie in the queue
    confirm: int  # closed or in the queue now, to be confirmed then
    back: int  # closed or to be confirmed now, in the queue then


class Cases(Protocol):
    """What `cases` answers."""

    def matching(self, agency_id: int) -> int:
        """How many sets wait for their matches with the agency's contents, or are at it."""
        ...

    def digests(self, agency_id: int, low: bytes, high: bytes) -> Iterator[bytes]:
        """Yield the MD5s of the agency's contents from `low` to `high`, many joined into one block."""
        ...

    def foresee(self, hash_set: HashSet, change: Change) -> Figures:
        """What a change would do in the open cases of the set's owner, as they are matched now. One statement."""
        ...

    def told(self, user: User, figures: Figures) -> list[InCase]:
        """The figures of those cases that the person may know of. One query."""
        ...


_answering: list[Cases] = []


def register(answering: Cases) -> None:
    """Have `cases` answer from now on."""
    _answering[:] = [answering]


def cases() -> Cases:
    """Who answers."""
    return _answering[0]
