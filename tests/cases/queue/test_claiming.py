"""Orders and filters of the next batch: whatever is asked for, every stack that fits is reached once, by one person."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection

from cases import acts, ending, review, tiles
from cases.errors import NothingFits, NothingLeft
from cases.models import Batch, Case, Exhibit, Item, Metadata, Stack
from cases.queue.filters import Wanted
from cases.queue.orders import ORDERS
from tests import factories
from tests.cases.test_acts import wish
from workbench import checks
from workbench.errors import BadInput
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db


def described(item: Item, **said: Any) -> Item:
    """Give the item's content metadata, as the decoder leaves it just before the item opens."""
    Metadata.objects.update_or_create(content=item.content, defaults=said)
    _again(item)
    return item


def _again(item: Item) -> None:
    Item.objects.filter(pk=item.pk).update(state="waiting")
    Item.objects.filter(pk=item.pk).update(state="open")
    item.refresh_from_db()


@pytest.fixture
def scene(case: Case) -> dict[str, Item]:
    """Five pictures and a film on two exhibits, all different in what filters ask for."""
    phone, laptop = factories.exhibit(case, "NM-01"), factories.exhibit(case, "NM-02")
    made = {
        "a": factories.item(phone, "aaaa", "DCIM/100/a.jpg"),
        "b": factories.item(phone, "bb", "DCIM/100/sub/b.jpg"),
        "c": factories.item(phone, "cccccccc", "DCIM/1000/c.jpg"),
        "d": factories.item(laptop, "d", "Users/d.jpg"),
        "film": factories.item(laptop, "film film film", "\\home\\tern\\film.mp4", kind="video"),
    }
    assert factories.item(laptop, "aaaa", "Users/copy of a.jpg") == made["a"]
    described(made["a"], make="Canon", model="Canon EOS 5D", taken_at=datetime(2024, 5, 1, 12, tzinfo=UTC))
    described(made["b"], make="Canon", model="EOS 90D", latitude=51.5, longitude=-0.1)
    described(
        made["c"], make="Tern", model="T1", taken_at=datetime(2023, 1, 1, tzinfo=UTC), latitude=-17.0, longitude=179.5
    )
    made["d"].content.fileinstance_set.update(modified="2025-02-03T04:05:06")
    _again(made["d"])
    return made


def names(batch: Any) -> list[str]:
    return [unit["name"].split(".")[0] for unit in tiles.units(batch, limit=200)]


ALL = ["a", "b", "c", "d", "film"]
WANTED: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ALL),
    ({"kind": "video"}, ["film"]),
    ({"kind": "still"}, ["a", "b", "c", "d"]),
    ({"folder": "DCIM/100"}, ["a", "b"]),
    ({"folder": "/DCIM/"}, ["a", "b", "c"]),
    ({"folder": "DCIM\\100\\sub"}, ["b"]),
    ({"folder": "home/tern"}, ["film"]),
    ({"folder": "users"}, []),
    ({"folder": "Users"}, ["a", "d"]),
    ({"camera": "canon"}, ["a", "b"]),
    ({"camera": "Canon EOS 9"}, ["b"]),
    ({"camera": "%"}, []),
    ({"taken_from": date(2024, 5, 1)}, ["a", "d"]),
    ({"taken_to": date(2024, 5, 1)}, ["a", "c"]),
    ({"taken_from": date(2024, 5, 2), "taken_to": date(2025, 2, 3)}, ["d"]),
    ({"place": True}, ["b", "c"]),
    ({"box": (50.0, -1.0, 52.0, 1.0)}, ["b"]),
    ({"box": (-20.0, 170.0, -10.0, -170.0)}, ["c"]),
    ({"size_from": 4, "size_to": 8}, ["a", "c"]),
    ({"size_to": 1}, ["d"]),
    ({"state": "skipped"}, []),
    ({"state": "near"}, []),
]


@pytest.mark.parametrize("order", ["path", "time"])
def test_a_filter_holds_what_it_says(case: Case, dana: User, scene: dict[str, Item], order: str) -> None:
    found = [(asked, _claimed(case, dana, order, Wanted(**asked))) for asked, _expected in WANTED]
    assert found == WANTED


def _claimed(case: Case, by: User, order: str, wanted: Wanted) -> list[str]:
    """What is claimed, by name; it is given back."""
    try:
        batch = review.claim(case=case, by=by, order=order, wanted=wanted)
    except NothingFits:
        return []
    assert (batch.order, batch.wanted) == (order, wanted.as_json())
    found = sorted(name.removeprefix("copy of ") for name in names(batch))
    ending.close(batch=batch, by=by)
    return found


def test_a_filter_by_exhibit_finds_copies_of_what_stands_elsewhere(
    case: Case, dana: User, scene: dict[str, Item]
) -> None:
    laptop = Exhibit.objects.get(case=case, ref="NM-02").public_id
    assert sorted(names(review.claim(case=case, by=dana, wanted=Wanted(exhibit=laptop)))) == ["a", "d", "film"]
    assert '"exhibit":"' in AuditEvent.objects.filter(verb="batch.claim").latest("seq").body


ORDERED = {
    "path": ["a", "b", "c", "d", "film"],
    "time": ["c", "a", "d", "b", "film"],
    "size": ["film", "c", "a", "b", "d"],
}


@pytest.mark.parametrize("order", ORDERED)
def test_each_order_is_what_it_says_and_what_was_skipped_comes_last(
    case: Case, dana: User, scene: dict[str, Item], order: str
) -> None:
    batch = review.claim(case=case, by=dana, order=order)
    assert names(batch) == ORDERED[order]
    units = tiles.units(batch)
    acts.act(batch=batch, by=dana, wishes=[wish(units[0], "skip")])
    ending.close(batch=batch, by=dana)
    again = review.claim(case=case, by=dana, order=order)
    first, *rest = ORDERED[order]
    assert names(again) == ([*rest, first] if order == "path" else rest)


def test_stacks_of_several_come_first_and_then_what_stands_alone_by_its_place(
    case: Case, dana: User, scene: dict[str, Item]
) -> None:
    target = scene["d"].stack
    Item.objects.filter(pk=scene["film"].pk).update(stack=target)
    Stack.objects.filter(pk=target.pk).update(open_items=2)
    Stack.objects.filter(pk=scene["film"].stack_id).update(open_items=0, state="done", cover=None)
    assert names(review.claim(case=case, by=dana)) == ["d", "a", "b", "c"]


def test_an_order_nobody_knows_and_a_filter_that_means_nothing_are_refused(case: Case, dana: User) -> None:
    with pytest.raises(BadInput):
        review.claim(case=case, by=dana, order="random")
    for bad in (
        {"kind": "sound"},
        {"box": (9.0, 0.0, 1.0, 0.0)},
        {"size_from": -1},
        {"state": "open'"},
        {"folder": "\0"},
    ):
        with pytest.raises(BadInput):
            Wanted(**bad)


def test_a_filter_reaches_no_other_case(case: Case, dana: User, scene: dict[str, Item]) -> None:
    other = factories.case(dana)
    x = factories.exhibit(other)
    factories.item(x, "elsewhere", "DCIM/100/e.jpg")
    with pytest.raises(NothingFits):
        review.claim(case=case, by=dana, wanted=Wanted(exhibit=x.public_id))
    assert names(review.claim(case=other, by=dana, wanted=Wanted(folder="DCIM/100"))) == ["e"]


def test_what_one_was_unsure_of_can_be_taken_up_again(
    case: Case, dana: User, milo: User, scene: dict[str, Item]
) -> None:
    batch = review.claim(case=case, by=dana, order="path")
    units = {unit["name"][0]: unit for unit in tiles.units(batch)}
    acts.act(
        batch=batch, by=dana, wishes=[wish(units["a"], "unsure"), wish(units["b"], "unsure"), wish(units["c"], "skip")]
    )
    ending.close(batch=batch, by=dana)
    with pytest.raises(NothingFits):
        review.claim(case=case, by=milo, wanted=Wanted(state="my-unsure"))
    with pytest.raises(NothingFits):
        review.claim(case=case, by=milo, wanted=Wanted(state="my-skipped"))
    again = review.claim(case=case, by=dana, wanted=Wanted(state="my-unsure"))
    assert names(again) == ["a", "b"]
    assert Item.objects.filter(case=case, state="open").count() == 5
    assert [unit["outcome"] for unit in tiles.units(again)] == [None, None]
    ending.close(batch=again, by=dana)
    assert names(review.claim(case=case, by=dana, wanted=Wanted(state="my-skipped"))) == ["c"]
    assert checks.broken(None) == []


ASKED: list[dict[str, Any]] = [{}, {"kind": "still"}, {"camera": "canon"}, {"size_from": 12, "size_to": 15}]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("order", ORDERS)
def test_several_people_reach_every_stack_that_fits_exactly_once(
    order: str, settings: Any, case: Case, dana: User
) -> None:
    settings.BATCH_ITEMS = 4
    exhibit = factories.exhibit(case)
    for n in range(24):
        made = factories.item(
            exhibit, f"{order} picture {n}"[: 10 + n % 8] + str(n), kind="video" if n % 3 == 0 else "still"
        )
        if n % 2:
            described(made, make="Canon", model=f"C{n % 5}", taken_at=datetime(2024, 1, 1 + n % 7, tzinfo=UTC))
    for n in range(0, 24, 8):
        _put_together(*Item.objects.filter(case=case).order_by("pk")[n : n + 3])
    people = [factories.person(case.agency) for _ in range(3)]
    for asked in ASKED:
        wanted, taken = Wanted(**asked), list[str]()
        fitting = _fitting(wanted)

        def work(person: User, wanted: Wanted = wanted, taken: list[str] = taken) -> None:
            try:
                while True:
                    batch = review.claim(case=Case.objects.get(pk=case.pk), by=person, order=order, wanted=wanted)
                    taken += [str(unit["id"]) for unit in tiles.units(batch, limit=200)]
                    Batch.objects.filter(pk=batch.pk).update(state="closed")  # its stacks stay leased: none comes back
            except NothingLeft:
                connection.close()

        _together([lambda person=person: work(person) for person in people])  # type: ignore[misc]
        assert sorted(taken) == fitting
        Stack.objects.update(batch=None, lease_until=None, position=0)


def _put_together(first: Item, *others: Item) -> None:
    """One stack of several, as look-alikes are."""
    for other in others:
        Stack.objects.filter(pk=other.stack_id).update(open_items=0, state="done", cover=None)
        Item.objects.filter(pk=other.pk).update(stack=first.stack_id)
    Stack.objects.filter(pk=first.stack_id).update(open_items=1 + len(others))


def _together(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _fitting(wanted: Wanted) -> list[str]:
    """The stacks of which an item fits, told without SQL."""
    fitting = {
        str(item.stack.public_id)
        for item in Item.objects.select_related("stack")
        if (not wanted.kind or item.content.kind == wanted.kind)
        and (not wanted.camera or Metadata.objects.filter(content=item.content, make="Canon").exists())
        and (wanted.size_from is None or wanted.size_from <= item.content.size <= (wanted.size_to or 0))
    }
    return sorted(fitting)


MOMENTS = [
    ("2024-05-01T12:00:00+02:00", "2024-05-01 10:00:00+00"),
    ("2024-05-01T12:00:00Z", "2024-05-01 12:00:00+00"),
    ("2024-05-01 12:00:00", "2024-05-01 12:00:00+00"),
    ("2024-05-01", "2024-05-01 00:00:00+00"),
    ("2024-02-30T00:00:00", None),
    ("2024-13-01", None),
    ("9999-12-31T23:59:59-14:00", None),  # no calendar of ours reaches there, so nobody could open the item
    ("9999-12-31 24:00:00", None),
    ("0001-01-01T00:00:00+14:00", None),
    ("4713-01-01 BC", None),
    ("now", None),
    ("infinity", None),
    ("", None),
]


def test_times_of_evidence_are_read_where_they_are_times() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m, (cases_moment(m) AT TIME ZONE 'UTC')::text || '+00'"
            " FROM unnest(%s::text[]) WITH ORDINALITY AS t(m, n) ORDER BY n",
            [[said for said, _read in MOMENTS]],
        )
        assert cursor.fetchall() == MOMENTS
