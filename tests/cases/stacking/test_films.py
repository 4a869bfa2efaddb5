"""Films in stacks: by frames they share; one decides another only where each frame of either is found in the other."""

from collections.abc import Callable

import numpy as np
import pytest
from django.db import transaction

from cases import acts, members, review, states, tiles
from cases.models import Case, Content, Item, Keyframe, Stack
from cases.stacking import building, films, waiting
from cases.stacking.films import Film
from tests.cases import material
from tests.cases.test_acts import counts, wish
from tests.hashsets.test_near_index import pdq
from workbench import checks
from workbench.models import User

REACH, SHOWN = 16, 31


def film(*frames: bytes | None, duration: int = 60_000) -> Film:
    hashed = [frame for frame in frames if frame]
    values = np.frombuffer(b"".join(hashed), np.uint8).reshape(-1, 32)
    return Film(values, len(frames) - len(hashed), duration)


def scenes(first: int, number: int, bits: int = 0) -> list[bytes]:
    """Frames of so many scenes, each so many bits from what it was."""
    return [pdq(scene, bits) for scene in range(first, first + number)]


def led(*some: Film, fixed: int = 0, taken: list[int] | None = None) -> list[tuple[int, int]]:
    """Leader and bits of each."""
    found = films.gather(some, fixed=fixed, reach=REACH, shown=SHOWN, taken=taken or [])
    return list(zip(found.leader.tolist(), found.apart.tolist(), strict=True))


def test_a_film_saved_anew_is_measured_by_its_worst_frame() -> None:
    other = [*scenes(1, 5, 4), pdq(6, 13)]
    assert led(film(*scenes(1, 6)), film(*other)) == [(0, -1), (0, 13)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (film(*scenes(1, 8)), film(*scenes(1, 5), duration=40_000)),  # an excerpt
        (film(*scenes(1, 6)), film(*scenes(1, 6), duration=90_000)),  # one goes on for longer
        (film(*scenes(1, 6)), film(*scenes(1, 6), None)),  # a frame without a hash in seven
    ],
)
def test_what_shares_frames_but_may_hold_more_is_shown_and_never_decided_by_a_look_at_another(
    one: Film, other: Film
) -> None:
    assert sorted(led(one, other), key=lambda pair: pair[1]) == [(0, -1), (0, -1)]


def test_two_films_with_the_same_title_are_two() -> None:
    title = pdq(99)
    assert led(film(title, *scenes(1, 5)), film(title, *scenes(11, 5))) == [(0, -1), (1, -1)]


def test_films_are_not_chained_and_none_joins_what_is_full() -> None:
    a, between, b = film(*scenes(1, 4)), film(*scenes(3, 4)), film(*scenes(5, 4))
    assert [leader for leader, _bits in led(a, between, b)] == [1, 1, 1]  # both share half with the one between
    assert [leader for leader, _bits in led(a, b)] == [0, 1]
    assert [leader for leader, _bits in led(a, between, fixed=1, taken=[500])] == [0, 1]


def test_films_without_frames_stay_alone() -> None:
    assert led(film(), film(None, None), film(*scenes(1, 3))) == [(0, -1), (1, -1), (2, -1)]


@pytest.fixture
def take(case: Case, dana: User) -> Callable[..., dict[str, Content]]:
    """Takes films into the case: a name and the hashes of keyframes each."""

    def made(**frames: list[bytes]) -> dict[str, Content]:
        contents = dict(zip(frames, material.pictures(case, dana, list(frames)), strict=True))
        ids = [content.pk for content in contents.values()]
        with transaction.atomic(), states.changing(ids):
            films_of = Content.objects.filter(pk__in=ids)
            films_of.update(kind="video", pdq=pdq(50), pdq_quality=80, duration_ms=60_000)  # all with the same poster
            Item.objects.filter(content__in=ids).update(kind="video")  # as the queue has it of what opens as a film
        for name, content in contents.items():
            Keyframe.objects.bulk_create(
                Keyframe(
                    content=content, number=number, at_ms=8000 * number, veil=b"v", offset=0, length=1, pdq=value,
                    pdq_quality=80,
                )
                for number, value in enumerate(frames[name])
            )  # fmt: skip
        waiting.note(ids)
        building.build(case.pk)
        return contents

    return made


@pytest.mark.django_db
def test_shift_decides_the_film_saved_anew_and_leaves_the_excerpt(
    case: Case, dana: User, take: Callable[..., dict[str, Content]]
) -> None:
    frames = scenes(1, 6)
    take(whole=frames, anew=scenes(1, 6, 3), excerpt=frames[:3], other=scenes(20, 6))
    batch = review.claim(case=case, by=dana)
    units = sorted(tiles.units(batch), key=lambda unit: -unit["items"])
    assert [(unit["items"], unit["near"]) for unit in units] == [(3, 2), (1, 1)]
    stack = Stack.objects.get(public_id=units[0]["id"])
    *told, excerpt = [(one["distance"], one["near"]) for one in members.of(stack, batch)["members"]]
    assert told == [(0, True), (3, True)]
    assert (excerpt[0] > SHOWN, excerpt[1]) == (True, False)
    acts.act(batch=batch, by=dana, wishes=[wish(units[0], scope="stack")])
    assert counts(case) == {"decided": 2, "open": 2}
    assert checks.broken(None) == []


@pytest.mark.django_db
def test_a_film_and_a_picture_with_the_hash_of_its_poster_are_two(
    case: Case, dana: User, take: Callable[..., dict[str, Content]]
) -> None:
    take(whole=scenes(1, 6))
    [picture] = material.pictures(case, dana, ["picture"])
    Content.objects.filter(pk=picture.pk).update(pdq=pdq(50), pdq_quality=80)
    waiting.note([picture.pk])
    building.build(case.pk)
    assert Item.objects.values("stack").distinct().count() == 2


@pytest.mark.django_db
def test_films_that_come_later_join_the_stack_and_are_measured_against_its_leader(
    case: Case, dana: User, take: Callable[..., dict[str, Content]]
) -> None:
    first = take(whole=scenes(1, 6), anew=scenes(1, 6, 3))
    later = take(again=scenes(1, 6, 5))
    leader = Item.objects.get(content__in=[one.pk for one in first.values()], joined="")
    assert (leader.stack.cover_id, leader.stack.open_items) == (leader.pk, 3)
    joined = Item.objects.get(content=later["again"])
    assert (joined.joined, joined.stack_id, joined.apart) == ("frames", leader.stack_id, joined.apart)
    assert joined.apart in {2, 5, 8}  # to whichever of the first two leads
