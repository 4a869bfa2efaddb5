"""PURE: which of many pictures are shown as one stack, by their PDQ.

Every member resembles its stack's leader, the picture that is shown first; nothing is chained from member to member, so
a stack never drifts from one motif to another. Leaders are those that reach the most others: one look at a leader is
meant to be enough for all within REACH of it. Several such groups whose leader is near a larger group's are shown
with that one as a single stack; each leader then is a look of its own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hashsets.near import dihedral, searching, tables
from hashsets.near.searching import Hits
from hashsets.near.tables import BYTES, Bytes
from workbench.perceptual import PDQ_MAX_DISTANCE

TURNED = 15  # bits: the search for turned copies is seven more, and up to here each costs a tenth
NEIGHBOURS = 64  # nearest of one picture that are looked at in a round; crowds come together in several
MOST = 500  # in one stack: each key on one of them locks and reads them all
ROUNDS = 64  # a chain of pictures that each await the next is cut here; the rest stay alone

Whole = NDArray[np.int64]
Marks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Of each picture: `leader`, the number of the one that leads it or its own. `follows`: how many it leads itself
    within reach, whoever shows it.

    `turned`: which of the eight variants of its hash is nearest to the leader's (0: as it is), `aligned` (n x 32) that
    variant: distances among members are those between aligned hashes. `distance`: bits between it and the leader.
    """

    leader: Whole
    follows: Whole
    turned: NDArray[np.uint8]
    aligned: Bytes
    distance: NDArray[np.uint16]


def gather(hashes: Bytes, *, fixed: int, reach: int, shown: int, taken: Whole | None = None) -> Gathered:
    """Lead each of n x 32 hashes to its stack. The first `fixed` lead stacks already and keep to themselves.

    `reach` and `shown` are bits of 256, at most 31: what one look at a leader decides, and what is shown with it.
    `taken`: how many the stacks of the first `fixed` hold; None: one each. No stack holds more than MOST.
    """
    state = _State(hashes, fixed)
    near = state.neighbours(np.arange(fixed, len(hashes)), reach)
    state.join(near, np.bincount(near.asked, minlength=len(hashes)))
    alone = np.flatnonzero(state.leads & (np.arange(len(hashes)) >= fixed))
    state.join(state.turned_neighbours(alone, min(TURNED, reach)), state.sizes())
    follows = state.sizes() - 1
    while len(loose := np.flatnonzero(state.leads & (np.arange(len(hashes)) >= fixed))):
        before = state.leads.sum()
        state.join(state.neighbours(loose, shown, among=state.leads), state.sizes(), within=shown)
        if state.leads.sum() == before:
            break
    follows = np.where(follows > 0, follows, 0)
    new = state.part(np.ones(fixed, dtype=np.int64) if taken is None else taken, shown)
    follows[new] = np.maximum(follows, state.sizes() - 1)[new]
    return state.gathered(follows)


class _State:
    """Who leads whom so far. Numbers are rows of `hashes`."""

    def __init__(self, hashes: Bytes, fixed: int) -> None:
        self.hashes, self.fixed = hashes, fixed
        self.leader: Whole = np.arange(len(hashes))
        self.index = tables.build(hashes) if len(hashes) >= tables.FEWEST else None

    @property
    def leads(self) -> Marks:
        leads: Marks = self.leader == np.arange(len(self.leader))
        return leads

    def sizes(self) -> Whole:
        """How many each one leads, itself included; 0 for those that are led."""
        return np.bincount(self.leader, minlength=len(self.leader))

    def neighbours(self, asked: Whole, radius: int, *, among: Marks | None = None) -> Hits:
        """Pairs of two different pictures, those asked for and what is near them."""
        if among is None:
            hashes, numbers, index = self.hashes, np.arange(len(self.hashes)), self.index
        else:
            numbers = np.flatnonzero(among)
            hashes = self.hashes[numbers]
            index = tables.build(hashes) if len(numbers) >= tables.FEWEST else None
        found = searching.search(hashes, index, self.hashes[asked], radius=radius, most=NEIGHBOURS + 1)
        one, other = asked[found.asked], numbers[found.found]
        return _different(one, other, found.distance)

    def turned_neighbours(self, asked: Whole, radius: int) -> Hits:
        """The same for what each would be turned or mirrored."""
        every = dihedral.variants(self.hashes[asked])[:, 1:].reshape(-1, BYTES)
        found = searching.search(self.hashes, self.index, every, radius=radius, most=NEIGHBOURS)
        return _different(asked[found.asked // (dihedral.VARIANTS - 1)], found.found, found.distance)

    def join(self, pairs: Hits, weight: Whole, *, within: int | None = None) -> None:
        """Let leaders join weightier ones near them: none that takes somebody in joins another himself.

        `within`: only where all it leads are so near to the new leader; else whoever joins led nobody.
        """
        pairs = self._of_leaders(pairs, within)
        if not len(pairs):
            return
        rank = self._ranked(weight)
        undecided = self.leads
        undecided[: self.fixed] = False
        taking = np.zeros(len(rank), dtype=bool)
        taking[: self.fixed] = self.leads[: self.fixed]
        for _round in range(ROUNDS):
            undecided &= ~self._follow(pairs, taking, undecided)
            if not undecided.any():
                break
            taking |= undecided & (rank > self._highest(pairs, np.where(undecided, rank, -1)))
            undecided &= ~taking

    def _of_leaders(self, pairs: Hits, within: int | None) -> Hits:
        """Both ways, those pairs of which both lead; the first may join the second."""
        one = np.concatenate([pairs.asked, pairs.found])
        other = np.concatenate([pairs.found, pairs.asked])
        distance = np.concatenate([pairs.distance, pairs.distance])
        leads = self.leads
        keep = leads[one] & leads[other] & (one >= self.fixed)
        one, other, distance = one[keep], other[keep], distance[keep]
        if within is not None and len(one):
            fits = self._all_within(one, other, within)
            one, other, distance = one[fits], other[fits], distance[fits]
        return Hits(one, other, distance)

    def _all_within(self, one: Whole, other: Whole, radius: int) -> Marks:
        """Of each pair: whether all that the first leads are within the radius of the second, as they lie."""
        members = np.argsort(self.leader, kind="stable")
        ends = np.searchsorted(self.leader[members], one, side="right")
        starts = np.searchsorted(self.leader[members], one, side="left")
        counts = ends - starts
        of = np.repeat(np.arange(len(one)), counts)
        place = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(starts, counts)
        far = _least(self.hashes[members[place]], self.hashes[other[of]])[1] > radius
        fits: Marks = np.bincount(of[far], minlength=len(one)) == 0
        return fits

    def _ranked(self, weight: Whole) -> Whole:
        """A rank of its own for each: who leads already is above all, then by weight, then who came first."""
        order = np.lexsort((-np.arange(len(weight)), weight))
        rank = np.empty(len(weight), dtype=np.int64)
        rank[order] = np.arange(len(weight))
        rank[: self.fixed] += len(weight)
        return rank

    def _highest(self, pairs: Hits, rank: Whole) -> Whole:
        """The highest rank among the undecided near each."""
        found = np.full(len(rank), -1, dtype=np.int64)
        np.maximum.at(found, pairs.asked, rank[pairs.found])
        return found

    def _follow(self, pairs: Hits, taking: Marks, undecided: Marks) -> Marks:
        """Those still undecided that are near one who takes in join the nearest; returns who did."""
        here = taking[pairs.found] & undecided[pairs.asked]
        one, other, distance = pairs.asked[here], pairs.found[here], pairs.distance[here]
        order = np.lexsort((other, distance, one))
        one, other = one[order], other[order]
        first = np.flatnonzero(np.r_[True, one[1:] != one[:-1]]) if len(one) else one
        target = self.leader.copy()
        target[one[first]] = other[first]
        self.leader = target[self.leader]
        joined = np.zeros(len(taking), dtype=bool)
        joined[one[first]] = True
        return joined

    def part(self, taken: Whole, shown: int) -> Whole:
        """Cut crowds: what is more than MOST, farthest from the leader, gets leaders of its own; returns those."""
        led = np.flatnonzero(~self.leads)
        old = self.leader[led]
        order = np.lexsort((led, _least(self.hashes[led], self.hashes[old])[1], old))
        led, old = led[order], old[order]
        place = np.arange(len(led)) - np.searchsorted(old, old, side="left")
        room = np.full(len(self.leader), MOST - 1, dtype=np.int64)
        room[: self.fixed] = np.maximum(0, MOST - taken)
        over = np.flatnonzero(place >= room[old])
        led, crowd = led[over], np.column_stack([old[over], (place[over] - room[old[over]]) // MOST])
        _, first, of = np.unique(crowd, axis=0, return_index=True, return_inverse=True)
        new = led[first]
        lead = new[of.reshape(-1)]
        fits = _least(self.hashes[led], self.hashes[lead])[1] <= shown
        self.leader[led] = np.where(fits, lead, led)
        return new

    def gathered(self, follows: Whole) -> Gathered:
        """How each lies to its leader."""
        turned, distance = _least(self.hashes, self.hashes[self.leader])
        aligned = self.hashes.copy()
        if len(other := np.flatnonzero(turned)):
            aligned[other] = dihedral.variants(self.hashes[other])[np.arange(len(other)), turned[other]]
        return Gathered(self.leader, follows, turned, aligned, distance)


def _different(one: Whole, other: Whole, distance: NDArray[np.uint16]) -> Hits:
    keep = one != other
    return Hits(one[keep], other[keep], distance[keep])


def _least(one: Bytes, other: Bytes) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Of each pair of rows: the variant of the first that is nearest to the second (as it is, where that is within
    PDQ_MAX_DISTANCE), and the bits that differ then."""
    plain = _bits(one, other)
    turned = np.zeros(len(one), dtype=np.uint8)
    far = np.flatnonzero(plain > PDQ_MAX_DISTANCE)
    if len(far):
        every = dihedral.variants(one[far])
        bits = _bits(every.reshape(-1, BYTES), np.repeat(other[far], dihedral.VARIANTS, axis=0))
        bits = bits.reshape(-1, dihedral.VARIANTS)
        turned[far] = bits.argmin(axis=1)
        plain[far] = bits.min(axis=1)
    return turned, plain


def _bits(one: Bytes, other: Bytes) -> NDArray[np.uint16]:
    """Differing bits, row by row."""
    words = np.ascontiguousarray(one).view(np.uint64) ^ np.ascontiguousarray(other).view(np.uint64)
    counted: NDArray[np.uint16] = np.bitwise_count(words).sum(axis=1, dtype=np.uint16)
    return counted
