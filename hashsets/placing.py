"""Which entry a row speaks of, among those that share its first digest (decision 0025). PURE.

An entry is its digests. A row with just those speaks of it; of an entry that only its own organisation stands for it
may tell more. Whatever else agrees with it, it is an entry of its own: so nobody's digest comes to be believed as much
as what others said of another one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

Digests = tuple[bytes | None, bytes | None, bytes | None]  # md5, sha1, sha256
Named = tuple[bytes, int]  # the first digest there is, and the twin


@dataclass(slots=True)
class Place:
    """An entry that is there. `ours`: in force, and nobody but the organisation that speaks stands for it."""

    twin: int
    digests: Digests
    in_force: bool
    ours: bool


class Places:
    """The entries that are there, and those that the rows before have made."""

    def __init__(self, known: Iterable[tuple[bytes, Place]]) -> None:
        self._of: dict[bytes, list[Place]] = {}
        for ident, place in known:
            self._of.setdefault(ident, []).append(place)
        for places in self._of.values():
            places.sort(key=lambda place: (not place.in_force, place.twin))

    def of(self, digests: Digests) -> Named:
        """Which entry a row with these digests speaks of, there or new. Nothing is remembered."""
        ident, found = self._find(digests)
        return ident, found.twin if found else self._next(ident)

    def take(self, digests: Digests) -> Named:
        """The same, and later rows find it so."""
        ident, found = self._find(digests)
        if found is None:
            found = Place(self._next(ident), digests, in_force=True, ours=True)
            self._of.setdefault(ident, []).append(found)
        elif not found.in_force:
            found.in_force = found.ours = True
        else:
            found.digests = joined(found.digests, digests)
        return ident, found.twin

    def like(self, digests: Digests) -> Named | None:
        """An entry in force that these digests do not contradict, the likest first: for a word that counts nothing."""
        ident, found = self._find(digests)
        if found is None or not found.in_force:
            here = self._of.get(ident, ())
            found = next((place for place in here if place.in_force and not contradict(place.digests, digests)), None)
        return (ident, found.twin) if found else None

    def is_ours(self, named: Named) -> bool:
        """Whether nobody but the organisation that speaks stands for the entry."""
        return any(place.ours for place in self._of.get(named[0], ()) if place.twin == named[1])

    def _find(self, digests: Digests) -> tuple[bytes, Place | None]:
        ident = next(digest for digest in digests if digest is not None)
        here = self._of.get(ident, ())
        same = next((place for place in here if place.digests == digests), None)
        own = (place for place in here if place.ours and not contradict(place.digests, digests))
        return ident, same or next(own, None)

    def _next(self, ident: bytes) -> int:
        return max((place.twin for place in self._of.get(ident, ())), default=-1) + 1


def contradict(one: Digests, other: Digests) -> bool:
    """Whether both name a digest of one kind and differ in it."""
    return any(mine and theirs and mine != theirs for mine, theirs in zip(one, other, strict=True))


def joined(one: Digests, other: Digests) -> Digests:
    """All that two name, which do not contradict each other."""
    md5, sha1, sha256 = (mine or theirs for mine, theirs in zip(one, other, strict=True))
    return md5, sha1, sha256
