"""PURE: which of many films are shown as one stack, by the keyframes they share.

Two films look alike where half of what the one with fewer frames shows is found in the other. Every member resembles
its stack's leader; nothing is chained. What one look at a film decides is less: every frame of either is found in the
other, so an excerpt, and whatever holds it, is always looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cases.stacking.gathering import MOST
from hashsets.near import searching, tables
from hashsets.near.tables import BYTES, Bytes

SHARED = 0.5  # of the frames of the film with fewer
NEIGHBOURS = 128  # frames like one that are looked at: what half the films show, as a title, tells nothing
HASHED = 0.9  # of a film's frames must have a hash before it is decided by a look at another
LENGTH = 0.02  # of the duration, or
LENGTH_MS = 1000  # so many milliseconds may two films differ, one of which decides the other

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Film:
    """PDQ of its keyframes (n x 32), how many keyframes have none, and its duration in milliseconds."""

    frames: Bytes
    plain: int
    duration: int

    @property
    def is_told(self) -> bool:
        """Whether its hashes stand for the whole."""
        return len(self.frames) >= HASHED * (len(self.frames) + self.plain)


@dataclass(frozen=True, slots=True)
class Led:
    """Of each film: `leader`, the number of the one that leads it or its own; `apart`, the bits by which the frames of
    the two differ at most, -1 where a look at one says too little of the other; `follows`, how many it would decide.
    """

    leader: Whole
    apart: Whole
    follows: Whole


def gather(films: Sequence[Film], *, fixed: int, reach: int, shown: int, taken: Sequence[int] = ()) -> Led:
    """Lead each film to its stack; the first `fixed` lead stacks already, of `taken` films each."""
    alike = _alike([_folded(film.frames, shown) for film in films], shown)
    leader = _leaders(alike, fixed, taken)
    apart = np.full(len(films), -1, dtype=np.int64)
    for number, lead in enumerate(leader.tolist()):
        if lead != number:
            apart[number] = _apart(films[number], films[lead])
    near = (apart >= 0) & (apart <= reach)
    return Led(leader, apart, np.bincount(leader[near], minlength=len(films)))


def _folded(frames: Bytes, radius: int) -> Bytes:
    """Its frames without those that resemble one before."""
    kept = np.empty((0, BYTES), dtype=np.uint8)
    for frame in frames:
        if not len(kept) or np.bitwise_count(kept ^ frame).sum(axis=1).min() > radius:
            kept = np.vstack([kept, frame])
    return kept


def _alike(folded: Sequence[Bytes], radius: int) -> list[set[int]]:
    """Of each film those that look like it."""
    number = len(folded)
    sizes = np.array([len(frames) for frames in folded], dtype=np.int64)
    frames = np.concatenate([*folded, np.empty((0, BYTES), np.uint8)])
    of = np.repeat(np.arange(number), sizes)
    index = tables.build(frames) if len(frames) >= tables.FEWEST else None
    hits = searching.search(frames, index, frames, radius=radius, most=NEIGHBOURS)
    found = np.unique(np.column_stack([hits.asked, of[hits.found]]), axis=0)  # each frame counts once a film
    pairs, shared = np.unique(np.column_stack([of[found[:, 0]], found[:, 1]]), axis=0, return_counts=True)
    one, other = pairs[:, 0], pairs[:, 1]
    enough = (one != other) & (sizes[one] <= sizes[other]) & (shared >= SHARED * sizes[one])
    alike: list[set[int]] = [set() for _ in range(number)]
    for first, second in pairs[enough].tolist():
        alike[first].add(second)
        alike[second].add(first)
    return alike


def _leaders(alike: Sequence[set[int]], fixed: int, taken: Sequence[int]) -> Whole:
    """Whoever resembles most others takes them in, those first that lead already."""
    leader = np.arange(len(alike))
    room = [MOST - (taken[number] if number < len(taken) else 1) for number in range(len(alike))]
    takes = set(range(fixed))
    for number in sorted(range(len(alike)), key=lambda one: (one >= fixed, -len(alike[one]), one)):
        if leader[number] != number:
            continue
        for other in sorted(alike[number]):
            if room[number] > 0 and leader[other] == other and other not in takes:
                leader[other], room[number] = number, room[number] - 1
                takes.add(number)
    return leader


def _apart(one: Film, other: Film) -> int:
    """The bits by which every frame of either differs at most from one of the other; -1 where that is not told."""
    longest = max(one.duration, other.duration)
    if abs(one.duration - other.duration) > max(LENGTH_MS, LENGTH * longest) or not (one.is_told and other.is_told):
        return -1
    if not len(one.frames) or not len(other.frames):
        return -1
    bits = np.bitwise_count(one.frames[:, None] ^ other.frames[None]).sum(axis=2, dtype=np.int64)
    return int(max(bits.min(axis=0).max(), bits.min(axis=1).max()))
