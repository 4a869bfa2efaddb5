"""A batch found again: where to go on, what Z can still take back, what was seen of it, how long the rest takes."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases import acts, overview, resuming, review, tiles
from cases.models import Batch, Case, Item, Viewing
from cases.units import Wish
from tests.cases import material
from workbench.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(case: Case, dana: User) -> Batch:
    material.pictures(case, dana, [f"p{n}" for n in range(70)])
    return review.claim(case=case, by=dana)


def press(batch: Batch, unit: dict[str, Any], kind: str, code: str | None = None, undoes: UUID | None = None) -> UUID:
    """One act on a unit as the server holds it now; returns its key."""
    [now] = [row for row in tiles.units(batch, limit=200) if row["id"] == unit["id"]]
    wish = Wish(uuid4(), kind, UUID(now["id"]), now["version"], code, undoes=undoes)
    [answer] = acts.act(batch=batch, by=batch.user, wishes=[wish])
    assert answer["status"] == "saved"
    return wish.key


def test_a_batch_goes_on_at_the_first_unit_that_is_neither_decided_nor_marked(batch: Batch) -> None:
    units = tiles.units(batch, limit=200)
    assert resuming.place(batch) == 1
    for unit in units[:65]:
        press(batch, unit, {2: "skip", 3: "unsure"}.get(unit["position"], "decide"), "1")
    assert resuming.place(batch) == 66
    undone = press(batch, units[66], "skip")
    press(batch, units[66], "undo", undoes=undone)
    press(batch, units[65], "decide", "2")
    assert resuming.place(batch) == 67
    for unit in units[66:]:
        press(batch, unit, "decide", "1")
    assert resuming.place(batch) is None


def test_my_work_names_the_place_the_batch_opens_at(batch: Batch, dana: User) -> None:
    units = tiles.units(batch, limit=200)
    press(batch, units[0], "skip")
    press(batch, units[1], "decide", "1")
    stopped = overview.open_batch(dana)
    assert stopped
    assert (stopped.place, stopped.size, stopped.minutes) == (3, 70, None)
    assert stopped.items[0] == units[2]["item"]


def test_the_steps_are_what_z_can_take_back_in_the_order_they_were_made(batch: Batch) -> None:
    one, two = tiles.units(batch, limit=2)
    first = press(batch, one, "decide", "1")
    skipped = press(batch, two, "skip")
    press(batch, one, "undo", undoes=press(batch, one, "decide", "2"))
    flagged = press(batch, two, "flag")
    made = [(step["key"], step["act"], str(step["stack"]), step["code"]) for step in resuming.steps(batch)]
    assert made == [
        (first, "decide", one["id"], "1"),
        (skipped, "skip", two["id"], None),
        (flagged, "flag", two["id"], None),
    ]


def test_the_rest_is_estimated_from_the_time_on_screen_once_there_is_a_pace(batch: Batch, dana: User) -> None:
    batch.on_screen_ms = 60_000
    assert resuming.minutes_left(batch, tiles.Progress(size=70, decided=4, left=66)) is None
    assert resuming.minutes_left(batch, tiles.Progress(size=70, decided=10, left=60)) == 6
    assert resuming.minutes_left(batch, tiles.Progress(size=70, decided=69, left=1)) == 1


def test_the_batch_tells_all_of_it_at_once_for_as_many_queries_however_much_was_done(
    case: Case, dana: User, batch: Batch
) -> None:
    client, address = Client(), f"/api/v1/batches/{batch.public_id}"
    client.force_login(dana, backend="workbench.people.PasswordBackend")
    with CaptureQueriesContext(connection) as before:
        assert client.get(address).json()["place"] == 1
    units = tiles.units(batch, limit=20)
    for unit in units:
        press(batch, unit, "decide", "1")
    content = Item.objects.get(public_id=units[0]["item"]).content
    for milliseconds in (700, 500, None):
        Viewing.objects.create(user=dana, content=content, case=case, batch=batch, revealed_ms=milliseconds)
    with CaptureQueriesContext(connection) as after:
        told = client.get(address).json()
    assert len(before) == len(after)
    assert (told["place"], len(told["steps"]), told["on_screen_ms"]) == (21, 20, 0)
    assert told["seen"] == [{"stack": units[0]["id"], "item": units[0]["item"], "revealed_ms": 1200}]
