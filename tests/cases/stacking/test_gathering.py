"""Which pictures are one stack: planted look-alikes come together, strangers do not, leaders are nobody's followers."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cases.stacking.gathering import MOST, gather
from hashsets.near import dihedral, searching
from hashsets.near.tables import Bytes
from workbench.perceptual import distance

REACH, SHOWN = 16, 31


def strangers(number: int, seed: int = 1) -> Bytes:
    return np.random.default_rng(seed).integers(0, 256, (number, 32), dtype=np.uint8)


def changed(hashes: Bytes, bits: int, seed: int = 2) -> Bytes:
    """The same hashes with so many other bits each."""
    draw = np.random.default_rng(seed)
    plain = np.unpackbits(hashes, axis=1)
    for row in plain:
        row[draw.choice(256, bits, replace=False)] ^= 1
    return np.packbits(plain, axis=1)


def test_look_alikes_follow_one_of_them_and_strangers_stay_alone() -> None:
    originals = strangers(5)
    hashes = np.concatenate([originals, changed(originals[:2], 10), changed(originals[:2], 12, seed=3)])
    found = gather(hashes, fixed=0, reach=REACH, shown=SHOWN)
    stacks = [set(np.flatnonzero(found.leader == leader).tolist()) for leader in np.unique(found.leader)]
    assert sorted(map(sorted, stacks)) == [[0, 5, 7], [1, 6, 8], [2], [3], [4]]
    assert [found.leader[n] for n in (0, 1)] == [0, 1]  # in the middle of the three, so it reaches both others


def test_who_leads_already_goes_on_leading_and_is_never_moved() -> None:
    old = strangers(1)
    twins = np.concatenate([old, changed(old, 4), changed(old, 8)])  # the first two lead stacks of their own
    found = gather(twins, fixed=2, reach=REACH, shown=SHOWN)
    assert found.leader[:2].tolist() == [0, 1]
    assert found.leader[2] in {0, 1}


def test_what_is_farther_than_one_look_reaches_is_shown_with_a_leader_of_its_own() -> None:
    one = strangers(1)
    other = changed(one, 26)
    hashes = np.concatenate([one, changed(one, 3), changed(one, 4), other, changed(other, 2)])
    found = gather(hashes, fixed=0, reach=REACH, shown=SHOWN)
    assert len(set(found.leader.tolist())) == 1
    assert found.leader[0] == found.leader[3]
    assert sorted(found.follows.tolist()) == [0, 0, 0, 1, 2]  # one look each for the two groups


def test_a_chain_is_cut_so_that_every_member_resembles_its_leader() -> None:
    links = [strangers(1)[0]]
    for n in range(30):
        links.append(changed(links[-1][None], 12, seed=n)[0])
    hashes = np.array(links)
    found = gather(hashes, fixed=0, reach=REACH, shown=SHOWN)
    away = [distance(hashes[n].tobytes(), hashes[leader].tobytes()) for n, leader in enumerate(found.leader)]
    assert max(away) <= SHOWN
    assert len(set(found.leader.tolist())) > 1


@pytest.mark.parametrize("variant", range(dihedral.VARIANTS))
def test_turned_and_mirrored_copies_join_and_say_how_they_lie(variant: int) -> None:
    one = strangers(1)
    other = changed(dihedral.variants(one)[:, variant], 5)
    found = gather(np.concatenate([one, other]), fixed=1, reach=REACH, shown=SHOWN)
    assert found.leader.tolist() == [0, 0]
    assert distance(found.aligned[1].tobytes(), one[0].tobytes()) == found.distance[1] == 5
    assert bool(found.turned[1]) == bool(variant)


@pytest.mark.parametrize(("fixed", "taken"), [(0, None), (1, np.array([MOST - 10])), (1, np.array([MOST]))])
def test_a_crowd_of_near_equal_pictures_is_cut_into_stacks_of_a_bearable_size(
    fixed: int, taken: NDArray[np.int64] | None
) -> None:
    hashes = changed(np.repeat(strangers(1), 3000, axis=0), 3)
    found = gather(hashes, fixed=fixed, reach=REACH, shown=SHOWN, taken=taken)
    leaders, sizes = np.unique(found.leader, return_counts=True)
    assert sizes.max() <= MOST
    assert len(leaders) <= 3000 // MOST + fixed
    assert (found.leader[leaders] == leaders).all()
    if taken is not None:
        assert sizes[0] - 1 <= MOST - taken[0]


def test_large_sets_come_out_like_small_ones() -> None:
    """More than are compared one by one: here the search goes by tables."""
    originals = strangers(4000)
    hashes = np.concatenate([originals, changed(originals[:1000], 9)])
    found = gather(hashes, fixed=0, reach=REACH, shown=SHOWN)
    assert sum(found.leader == np.arange(len(hashes))) == 4000
    assert ((found.leader[4000:] == np.arange(1000)) | (found.leader[:1000] == np.arange(4000, 5000))).all()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a machine at other work is no finding
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20)), min_size=1, max_size=30), st.integers(0, 5))
def test_whatever_comes_each_is_led_by_a_leader_within_the_limit(made: list[tuple[int, int]], fixed: int) -> None:
    motifs = strangers(4)
    hashes = np.concatenate([changed(motifs[of : of + 1], bits, seed=n) for n, (of, bits) in enumerate(made)])
    fixed = min(fixed, len(hashes))
    found = gather(hashes, fixed=fixed, reach=REACH, shown=SHOWN)
    leaders = found.leader[found.leader]
    assert (leaders == found.leader).all()  # nobody follows a follower
    assert found.leader[:fixed].tolist() == list(range(fixed))
    for n, leader in enumerate(found.leader):
        assert distance(found.aligned[n].tobytes(), hashes[leader].tobytes()) == found.distance[n] <= SHOWN
    # No new leader is so near to another one, old or new, that one look should have been enough.
    leads = np.flatnonzero(found.leader == np.arange(len(hashes)))
    near = searching.scan(hashes[leads], hashes[leads[leads >= fixed]], radius=REACH)
    assert len(near) == (leads >= fixed).sum()  # each finds itself
