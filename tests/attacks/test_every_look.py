"""The ledger of looks is exact: each answer that holds a clear picture is one row, whoever asks for it; no other is.

Every route is asked, so one that comes later and sends a picture without its row is seen here.
"""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db.models import Max

from cases import acts, ending, tiles
from cases.models import Batch, Item, Keyframe, Viewing
from cases.second import queue
from cases.units import Wish
from tests.access_table import ROUTES, Route
from tests.damage import rolled_back
from tests.test_access import World, address, asked, body_of, built, world  # noqa: F401 fixtures
from workbench import storage
from workbench.models import AuditEvent

pytestmark = pytest.mark.django_db
CLEAR = b"\xff\xd8\xff a clear picture \xff\xd9"
LOOKERS = ["investigator", "colleague", "supervisor"]
SENDING = {"cases:media_clear", "cases:media_frame_clear"}


@pytest.fixture
def pictures(world: World) -> World:  # noqa: F811 the fixture of the same name
    """The world, with a clear picture of everything in the store, and a frame of everything."""
    items = list(Item.objects.filter(case=world.case).select_related("content"))
    for item in items:
        frame = {"at_ms": 0, "veil": b"RIFF", "offset": 0, "length": len(CLEAR)}
        Keyframe.objects.update_or_create(content=item.content, number=0, defaults=frame)
    with storage.Batch(world.case.agency) as batch:
        for item in items:
            batch.put_preview(bytes(item.content.sha256), CLEAR)
            batch.put_storyboard(bytes(item.content.sha256), [CLEAR])
        batch.commit()
    return world


def look(world: World, actor: str, route: Route, ids: dict[str, Any]) -> bool:  # noqa: F811
    """Ask a route; whether it sent a clear picture. Each is exactly one row, of this person, under its own token."""
    before = Viewing.objects.aggregate(last=Max("pk"))["last"] or 0
    opened = AuditEvent.objects.filter(verb="media.open").count()
    answer = asked(world.client(actor, route), route.method, address(route, ids), route, body_of(route, world))
    sent = b"".join(answer) if answer.streaming else answer.content  # type: ignore[attr-defined]
    number = sent.count(CLEAR)
    rows = list(Viewing.objects.filter(pk__gt=before).select_related("user", "batch"))
    assert len(rows) == number, f"{route.name} for {actor}: {number} pictures, {len(rows)} rows"
    assert number <= 1
    for row in rows:
        assert (row.user, answer.headers["X-Viewing"]) == (world.actor(actor), str(row.token))
        assert "no-store" in answer.headers["Cache-Control"]
        outside = AuditEvent.objects.filter(verb="media.open").count() - opened
        assert outside == (row.batch is None)  # what no batch will ever tell of has its event at once
    return bool(number)


def test_each_answer_with_a_clear_picture_is_one_row_and_no_other_answer_is(pictures: World) -> None:
    sent = set[str]()
    for actor in LOOKERS:
        for item in held_by(pictures, actor):
            for route in ROUTES:
                once = actor == "colleague" or item != pictures.ids["item"]
                if route.by_peer or (route.of != "item" and once):
                    continue  # for two roles, and once where the address names no item
                with rolled_back():
                    if look(pictures, actor, route, pictures.ids | {"item": item}):
                        sent.add(f"{actor} {route.name}")
    expected = {f"{actor} {name}" for actor in ("investigator", "supervisor") for name in SENDING}
    assert sent == expected  # the colleague holds nothing


def held_by(world: World, actor: str) -> list[UUID]:  # noqa: F811
    """The item of the world, and for who holds batches one of each kind: a first and a second view."""
    mine = Batch.objects.filter(user=world.actor(actor), state="open")
    first = Item.objects.filter(stack__batch__in=mine).values_list("public_id", flat=True)[:1]
    second = Item.objects.filter(pk__in=mine.values("second_views__item")).values_list("public_id", flat=True)[:1]
    return [world.ids["item"], *first, *second]


def test_looks_of_all_places_add_up_picture_by_picture(pictures: World) -> None:
    """First view, a stack one by one, second view, the page of an item or a ruling: as many rows as pictures."""
    [clear], [frame] = ([route for route in ROUTES if route.name == name] for name in sorted(SENDING))
    mine = Batch.objects.get(user=pictures.people.investigator, kind="first", state="open")
    members = list(Item.objects.filter(stack__batch=mine).values_list("public_id", flat=True))
    assert members
    second = Batch.objects.get(user=pictures.people.investigator, kind="second", state="open")
    views = [UUID(unit["item"]) for unit in queue.units(second)]
    looks = [("investigator", route, item) for route in (clear, frame) for item in (*members, *views)]
    looks += [("supervisor", route, pictures.ids["item"]) for route in (clear, clear, frame)]
    began = Viewing.objects.count()
    seen = [look(pictures, actor, route, pictures.ids | {"item": item}) for actor, route, item in looks]
    assert all(seen)
    assert Viewing.objects.count() - began == len(looks)
    unit = tiles.units(mine)[0]
    wish = Wish(uuid4(), "decide", UUID(unit["id"]), unit["version"], "1")
    acts.act(batch=mine, by=pictures.people.investigator, wishes=[wish])  # decided and left: no row comes or goes
    ending.close(batch=mine, by=pictures.people.investigator)
    assert Viewing.objects.count() - began == len(looks)
    assert not look(pictures, "investigator", clear, pictures.ids | {"item": members[0]})
