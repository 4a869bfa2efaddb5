"""PURE: one version of a set to search in: its base, without what has gone, and its delta."""

from dataclasses import dataclass

import numpy as np

from hashsets.near import dihedral, searching, tables
from hashsets.near.files import NearFile
from hashsets.near.searching import Hits
from hashsets.near.tables import Bytes
from workbench.perceptual import PDQ_MAX_DISTANCE

WORTH_TABLES = 100  # hashes asked for, from which on making tables for one search costs less than going without


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The hashes in force at one generation. `delta` is None where the base is of that generation."""

    base: NearFile
    delta: NearFile | None = None

    def __len__(self) -> int:
        """Hashes to be compared with."""
        return len(self.base.entries) + (len(self.delta.entries) if self.delta else 0)

    @property
    def generation(self) -> int:
        """The version that is answered for."""
        return self.base.generation if self.delta is None else self.delta.generation

    def search(
        self, asked: Bytes, *, radius: int = PDQ_MAX_DISTANCE, most: int | None = None, turned: bool = False
    ) -> Hits:
        """Entries (ids, as `found`) within `radius` bits of each hash asked for; at most the `most` nearest.

        `turned`: also of what the picture would be turned or mirrored, by the hash alone; the least distance counts.
        """
        if not turned:
            return self._search(asked, radius, most)
        every = dihedral.variants(asked).reshape(-1, tables.BYTES)
        return _least(self._search(every, radius, most), dihedral.VARIANTS, most)

    def _search(self, asked: Bytes, radius: int, most: int | None) -> Hits:
        if self.delta is None:
            return _in(self.base, asked, radius, most)
        gone = self.delta.gone
        found = _in(self.base, asked, radius, None if most is None else most + len(gone))
        stays = ~np.isin(found.found, gone)
        kept = Hits(found.asked[stays], found.found[stays], found.distance[stays])
        both = searching.joined([kept, _in(self.delta, asked, radius, most)])
        return searching.nearest(both.asked, both.found, both.distance, most)


def _in(file: NearFile, asked: Bytes, radius: int, most: int | None) -> Hits:
    index = file.tables
    if index is None and len(file.hashes) >= tables.FEWEST and len(asked) >= WORTH_TABLES:
        index = tables.build(file.hashes)
    found = searching.search(file.hashes, index, asked, radius=radius, most=most)
    return Hits(found.asked, file.entries[found.found], found.distance)


def _least(found: Hits, of_each: int, most: int | None) -> Hits:
    """Of several hashes that stand for one: every entry once, by its least distance."""
    asked = found.asked // of_each
    order = np.lexsort((found.distance, found.found, asked))
    asked, entries, distance = asked[order], found.found[order], found.distance[order]
    first = np.r_[True, (asked[1:] != asked[:-1]) | (entries[1:] != entries[:-1])][: len(asked)]
    return searching.nearest(asked[first], entries[first], distance[first], most)
