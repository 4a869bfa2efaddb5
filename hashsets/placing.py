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
    """An entry that is there. `ours`: in force, and nobody but the organisation that speaks stands for it.

    `begun`: that organisation brought it, whether it is in force or not, and whoever stands for it now.
    """

    twin: int
    digests: Digests
    in_force: bool
    ours: bool
    begun: bool = False


class Places:
    """The entries that are there, and those that the rows before have made."""

    def __init__(self, known: Iterable[tuple[bytes, Place]]) -> None:
        self._of: dict[bytes, list[Place]] = {}
        self._same: dict[Digests, Place] = {}
        self._ours: dict[bytes, list[Place]] = {}
        for ident, place in known:
            self._of.setdefault(ident, []).append(place)
        self._top = {ident: max(place.twin for place in places) for ident, places in self._of.items()}
        for ident, places in self._of.items():
            places.sort(key=lambda place: (not place.in_force, place.twin))
            for place in places:
                self._same.setdefault(place.digests, place)
            self._ours[ident] = [place for place in places if place.ours]

    def of(self, digests: Digests) -> Named:
        """Which entry a row with these digests speaks of, there or new. Nothing is remembered."""
        ident, found = self._find(digests)
        return ident, found.twin if found else self._top.get(ident, -1) + 1

    def take(self, digests: Digests) -> Named:
        """The same, and later rows find it so."""
        ident, found = self._find(digests)
        if found is None:
            found = Place(self._top.get(ident, -1) + 1, digests, in_force=False, ours=False, begun=True)
            self._top[ident] = found.twin
            self._of.setdefault(ident, []).append(found)
        if not found.in_force:
            found.in_force = found.ours = True
            self._ours.setdefault(ident, []).append(found)
        found.digests = joined(found.digests, digests)
        self._same.setdefault(found.digests, found)
        return ident, found.twin

    def like(self, digests: Digests) -> Named | None:
        """An entry in force that these digests do not contradict, the likest first: for a word that counts nothing."""
        ident, found = self._find(digests)
        if found is None or not found.in_force:
            here = self._of.get(ident, ())
            found = next((place for place in here if place.in_force and not contradict(place.digests, digests)), None)
        return (ident, found.twin) if found else None

    def ours(self, ident: bytes) -> list[int]:
        """The twins of which nobody but the organisation that speaks stands for any."""
        return [place.twin for place in self._ours.get(ident, ())]

    def begun(self, ident: bytes) -> int:
        """How many entries the organisation that speaks has brought."""
        return sum(place.begun for place in self._of.get(ident, ()))

    def _find(self, digests: Digests) -> tuple[bytes, Place | None]:
        ident = next(digest for digest in digests if digest is not None)
        same = self._same.get(digests)
        if same and same.digests == digests:
            return ident, same
        own = (place for place in self._ours.get(ident, ()) if not contradict(place.digests, digests))
        return ident, next(own, None)


def contradict(one: Digests, other: Digests) -> bool:
    """Whether both name a digest of one kind and differ in it."""
    return any(mine and theirs and mine != theirs for mine, theirs in zip(one, other, strict=True))


def joined(one: Digests, other: Digests) -> Digests:
    """All that two name, which do not contradict each other."""
    md5, sha1, sha256 = (mine or theirs for mine, theirs in zip(one, other, strict=True))
    return md5, sha1, sha256
