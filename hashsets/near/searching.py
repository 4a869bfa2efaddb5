"""PURE: every hash within a distance, complete (recall 1.0), by tables or one by one.

By tables, what a place holds is read in a row, and nearly all of it falls at the next two chunks: if two hashes differ
in r bits of 16 chunks, then some chunk and the k - 1 that follow it differ in at most k * r / 16 bits, for every k
(start behind the chunk up to which the running excess over the mean is greatest). Source: Qin and Xiao, Pigeonring,
2018.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hashsets.near import tables
from hashsets.near.tables import CHUNKS, Bytes, Numbers, Tables
from workbench.perceptual import PDQ_MAX_DISTANCE

BLOCK = 1024  # hashes asked for at a time
ROOM = 2_000_000  # places compared at a time: some 60 MB
MOST_OF_GROUP = 4_000_000  # places that hashes searched together may lead to: some 300 MB if all of them are near
FLIPS = np.array([0, *(1 << bit for bit in range(16))], dtype=np.uint16)

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Hits:
    """Pairs within the distance: numbers of the asked and of the found hash, and the bits that differ.

    In order of the asked; for each the nearest first, then by number.
    """

    asked: Whole
    found: Whole
    distance: NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.asked)


def joined(parts: Sequence[Hits]) -> Hits:
    """One after the other."""
    if not parts:
        return Hits(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint16))
    return Hits(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("asked", "found", "distance")))


def search(
    hashes: Bytes, index: Tables | None, asked: Bytes, *, radius: int = PDQ_MAX_DISTANCE, most: int | None = None
) -> Hits:
    """All of `hashes` (n x 32) within `radius` bits of each of `asked` (q x 32); at most the `most` nearest of each.

    `radius` is 0 to 31. Without tables, and where they would lead to more than they spare, one by one: a hash that
    resembles half the set costs no more than that.
    """
    if not 0 <= radius <= PDQ_MAX_DISTANCE:
        raise ValueError(f"radius {radius}")
    if index is None or not len(asked) or not len(hashes):
        return scan(hashes, asked, radius=radius, most=most)
    by_tables = _Search(hashes, index, radius, most)
    return joined([by_tables.block(asked[start : start + BLOCK], start) for start in range(0, len(asked), BLOCK)])


def scan(hashes: Bytes, asked: Bytes, *, radius: int = PDQ_MAX_DISTANCE, most: int | None = None) -> Hits:
    """The same, comparing each with each: 4 words of 64 bits."""
    words, wanted = _words(hashes), _words(asked)
    found = list[Hits]()
    for number, value in enumerate(wanted):
        bits = np.zeros(len(words), dtype=np.uint16)
        for word in range(4):
            bits += np.bitwise_count(words[:, word] ^ value[word])
        near = np.flatnonzero(bits <= radius)
        found.append(nearest(np.full(len(near), number), near, bits[near], most))
    return joined(found)


@dataclass(frozen=True, slots=True)
class _Search:
    """A search by tables."""

    hashes: Bytes
    index: Tables
    radius: int
    most: int | None

    def block(self, asked: Bytes, start: int) -> Hits:
        """The hits of one block, whose first hash is number `start` of those asked for."""
        parts = tables.chunks(asked)
        keys = parts[:, :, None] ^ (FLIPS if self.radius >= CHUNKS else FLIPS[:1])  # asked x chunk x flip
        rows = np.arange(CHUNKS)[:, None]
        firsts = self.index.first[rows, keys]
        counts = self.index.first[rows, keys.astype(np.int64) + 1] - firsts
        places = counts.sum(axis=(1, 2), dtype=np.int64)
        heavy = np.flatnonzero(places > len(self.hashes) // 2)
        some = scan(self.hashes, asked[heavy], radius=self.radius, most=self.most)
        found = [Hits(heavy[some.asked], some.found, some.distance)]
        for group in _cut(np.flatnonzero(places <= len(self.hashes) // 2), places):
            pairs = [
                self._chunk(chunk, firsts[group, chunk], counts[group, chunk], tables.following(parts[group], chunk))
                for chunk in range(CHUNKS)
            ]
            found.append(self._verified(asked, group, pairs))
        every = joined(found)
        order = np.argsort(every.asked, kind="stable")
        return Hits(every.asked[order] + start, every.found[order], every.distance[order])

    def _chunk(self, chunk: int, firsts: Numbers, counts: Numbers, wanted: Numbers) -> tuple[Whole, Whole]:
        """(Number within the group, number of the hash) where a place of the table passes the next two chunks."""
        lines = np.repeat(np.arange(len(firsts)), firsts.shape[1])
        begin, length = firsts.ravel().astype(np.int64), counts.ravel().astype(np.int64)
        asked, found = list[Whole](), list[Whole]()
        for run in _runs(length):
            ends = np.cumsum(length[run])
            at = np.repeat(begin[run] - ends + length[run], length[run])
            at += np.arange(len(at))
            differs = self.index.next[chunk].take(at)
            differs ^= np.repeat(wanted[lines[run]], length[run])
            passed = np.flatnonzero(np.bitwise_count(differs) <= 3 * self.radius // CHUNKS)
            asked.append(lines[run][np.searchsorted(ends, passed, side="right")])
            found.append(self.index.hashes[chunk].take(at[passed]).astype(np.int64))
        return np.concatenate(asked), np.concatenate(found)

    def _verified(self, asked: Bytes, group: Whole, pairs: Sequence[tuple[Whole, Whole]]) -> Hits:
        """Each pair once, with its distance, where it is within the radius."""
        number = len(self.hashes)
        codes = np.unique(np.concatenate([of * number + found for of, found in pairs]))
        of, found = group[codes // number], codes % number
        bits = np.bitwise_count(_words(asked)[of] ^ _words(self.hashes)[found]).sum(axis=1, dtype=np.uint16)
        near = bits <= self.radius
        return nearest(of[near], found[near], bits[near], self.most)


def _cut(asked: Whole, places: Whole) -> Iterator[Whole]:
    """Groups that lead to no more than MOST_OF_GROUP places together (or are one hash)."""
    if len(asked):
        group = np.cumsum(places[asked]) // MOST_OF_GROUP
        yield from np.split(asked, np.flatnonzero(np.diff(group)) + 1)


def _runs(length: Whole) -> list[slice]:
    """Slices of places that hold about ROOM together; one that holds more is a slice of its own."""
    group = np.cumsum(length) // ROOM
    cuts = [0, *(np.flatnonzero(np.diff(group)) + 1).tolist(), len(length)]
    return [slice(one, two) for one, two in pairwise(cuts)]


def nearest(asked: Whole, found: Whole, distance: NDArray[np.uint16], most: int | None) -> Hits:
    """By asked, distance, number; cut after the `most` nearest of each."""
    order = np.lexsort((found, distance, asked))
    asked, found, distance = asked[order], found[order], distance[order]
    if most is not None and len(asked):
        starts = np.flatnonzero(np.r_[True, asked[1:] != asked[:-1]])
        rank = np.arange(len(asked)) - np.repeat(starts, np.diff(np.r_[starts, len(asked)]))
        keep = rank < most
        asked, found, distance = asked[keep], found[keep], distance[keep]
    return Hits(asked, found, distance)


def _words(hashes: Bytes) -> NDArray[np.uint64]:
    """n x 4 words of 64 bits; only ever compared with others of this machine."""
    return np.ascontiguousarray(hashes).view(np.uint64)
