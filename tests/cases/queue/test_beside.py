"""Side trips beside a unit: what they find, what they say of it, and taking it into one's batch."""

import json
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client

from cases import acts, ending, members, review, tiles
from cases.errors import BatchIsFull, BatchOver, NoneFree
from cases.models import Batch, Case, Content, Item, Stack
from cases.queue import adding, beside
from cases.queue.filters import Wanted
from cases.second import queue
from cases.stacking import building, waiting
from tests import factories
from tests.cases.queue.test_claiming import described, names
from tests.cases.test_acts import wish
from tests.hashsets.test_near_index import pdq
from tests.people import signed_in
from workbench import checks
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(case: Case) -> dict[str, Item]:
    """Two folders, two cameras, two days; `a`, `b` and `c` resemble each other more and more remotely."""
    exhibit = factories.exhibit(case)
    names = ["in/a.jpg", "in/b.jpg", "in/below/c.jpg", "in/d.jpg", "inside/e.jpg"]
    made = {name[-5]: factories.item(exhibit, name, name) for name in names}
    hashes = {"a": pdq(1), "b": pdq(1, 20), "c": pdq(1, 40), "d": pdq(2), "e": None}
    for name, value in hashes.items():
        Content.objects.filter(pk=made[name].content_id).update(pdq=value, pdq_quality=value and 80)
    waiting.note([item.content_id for item in made.values()])
    for name, model, day in (("a", "T1", 1), ("b", "T2", 1), ("c", "T1", 2), ("d", "T1", 1)):
        described(made[name], make="Tern", model=model, taken_at=datetime(2024, 5, day, ord(name) % 24, tzinfo=UTC))
    for item in made.values():
        item.refresh_from_db()
    return made


def found(batch: Batch, item: Item, kind: str, within: int = 31) -> list[str]:
    return [row["name"][0] for row in beside.look(batch=batch, item=item, kind=kind, within=within).rows]


TRIPS: list[tuple[str, str, int, list[str]]] = [
    ("similar", "a", 31, ["b"]),
    ("similar", "a", 40, ["b", "c"]),
    ("similar", "a", 10, []),
    ("similar", "e", 31, []),
    ("folder", "a", 0, ["b", "d"]),
    ("folder", "c", 0, []),
    ("camera", "a", 0, ["d", "c"]),
    ("camera", "e", 0, []),
    ("day", "b", 0, ["a", "d"]),
    ("day", "e", 0, []),
]


@pytest.mark.parametrize("built", [False, True])
def test_a_side_trip_finds_what_it_says(case: Case, dana: User, scene: dict[str, Item], built: bool) -> None:
    batch = review.claim(case=case, by=dana)  # what is held is not moved into stacks
    if built:
        building.build(case.pk)
    got = [(kind, name, within, found(batch, scene[name], kind, within)) for kind, name, within, _expected in TRIPS]
    assert got == TRIPS
    assert [beside.look(batch=batch, item=scene["a"], kind=kind).filter for kind in beside.KINDS] == [
        {}, {"folder": "in/"}, {"camera": "tern t1"}, {"taken_from": "2024-05-01", "taken_to": "2024-05-01"},
    ]  # fmt: skip


def test_likeness_is_found_anew_where_the_file_is_damaged_or_gone(
    case: Case, dana: User, scene: dict[str, Item]
) -> None:
    batch = review.claim(case=case, by=dana)
    ending.close(batch=batch, by=dana)
    building.build(case.pk)
    path = Path(settings.DATA_DIR, "alike", f"{case.public_id}.hashes")
    whole = path.read_bytes()
    for broken in (whole[:-7], None):
        path.unlink() if broken is None else path.write_bytes(broken)
        assert found(batch, scene["a"], "similar", 40) == ["b", "c"]
        assert path.read_bytes() == whole


def test_it_says_where_each_stands_and_nobodys_category(
    case: Case, dana: User, milo: User, scene: dict[str, Item]
) -> None:
    theirs = review.claim(case=case, by=milo, wanted=Wanted(camera="tern t2"))
    decided = review.claim(case=case, by=dana, wanted=Wanted(folder="in/below"))
    acts.act(batch=decided, by=dana, wishes=[wish(unit, code="2") for unit in tiles.units(decided)])
    ending.close(batch=decided, by=dana)
    batch = review.claim(case=case, by=dana, wanted=Wanted(folder="inside"))
    assert (names(theirs), names(batch)) == (["b"], ["e"])
    looked = beside.look(batch=batch, item=scene["a"], kind="similar", within=40)
    assert [(row["name"], row["state"], row["free"]) for row in looked.rows] == [
        ("b.jpg", "Held by a colleague", False), ("c.jpg", "Decided", False),
    ]  # fmt: skip
    assert set(looked.rows[0]) == {"item", "stack", "name", "distance", "position", "free", "state"}
    [a, b] = beside.look(batch=batch, item=scene["d"], kind="folder").rows
    assert (a["state"], a["free"], b["free"]) == ("New", True, False)


def test_neither_a_side_trip_nor_a_stack_tells_what_somebody_was_of_what_one_owes_a_second_view(
    case: Case, dana: User, milo: User, scene: dict[str, Item]
) -> None:
    doubtful = review.claim(case=case, by=dana, wanted=Wanted(folder="in/below"))
    acts.act(batch=doubtful, by=dana, wishes=[wish(tiles.units(doubtful)[0], "unsure")])
    ending.close(batch=doubtful, by=dana)
    batch = review.claim(case=case, by=milo)

    def said() -> str:
        rows = beside.look(batch=batch, item=scene["d"], kind="camera").rows
        return str({row["name"]: row["state"] for row in rows}["c.jpg"])

    assert said() == "Unsure"
    queue.claim(case=case, by=milo)
    assert said() == "In your second view"
    Item.objects.filter(pk=scene["c"].pk).update(stack=scene["a"].stack_id)
    stack = Stack.objects.get(pk=scene["a"].stack_id)
    assert [one["outcome"] for one in members.of(stack, batch)["members"]] == [None]


def test_what_is_free_can_be_added_to_the_batch_and_looked_at_then(
    case: Case, dana: User, milo: User, scene: dict[str, Item]
) -> None:
    review.claim(case=case, by=milo, wanted=Wanted(camera="tern t2"))
    batch = review.claim(case=case, by=dana, wanted=Wanted(folder="inside"))
    wanted = [scene[name].public_id for name in "dbae"]
    assert adding.add(batch=batch, by=dana, items=wanted) == adding.Added(2, 2, 1)
    assert names(batch) == ["e", "d", "a"]
    batch.refresh_from_db()
    assert batch.size == 3
    assert '"items":2,"stacks":2' in AuditEvent.objects.filter(verb="batch.extend").get().body
    answers = acts.act(batch=batch, by=dana, wishes=[wish(unit) for unit in tiles.units(batch)])
    assert [one["status"] for one in answers] == ["saved"] * 3
    with pytest.raises(NoneFree):
        adding.add(batch=batch, by=dana, items=wanted)
    assert checks.broken(None) == []


def test_a_batch_takes_in_no_more_than_its_limit_and_none_once_it_is_over(
    case: Case, dana: User, scene: dict[str, Item], settings: Any
) -> None:
    settings.BATCH_ITEMS = 2
    batch = review.claim(case=case, by=dana, wanted=Wanted(folder="inside"))
    others = [scene[name].public_id for name in "abd"]
    assert adding.add(batch=batch, by=dana, items=others).items == 1
    with pytest.raises(BatchIsFull):
        adding.add(batch=batch, by=dana, items=others)
    ending.close(batch=batch, by=dana)
    with pytest.raises(BatchOver):
        adding.add(batch=batch, by=dana, items=others)
    assert not Stack.objects.filter(batch__isnull=False).exists()


def test_over_http_it_is_one_answer_with_veils_and_reaches_no_other_case(
    case: Case, dana: User, scene: dict[str, Item]
) -> None:
    batch = review.claim(case=case, by=dana)
    client = signed_in(dana)
    answer = _get(client, batch, scene["a"].public_id)
    assert answer.status_code == 200
    rows, veils = _cut(answer.content)
    assert [row["name"] for row in rows] == ["b.jpg", "d.jpg"]
    assert veils == [bytes(scene[name].content.veil or b"") for name in "bd"]
    other = factories.case(dana)
    elsewhere = factories.item(factories.exhibit(other))
    foreign = factories.item(factories.exhibit(factories.case(factories.person(factories.agency()))))
    for item in (elsewhere, foreign):
        assert _get(client, batch, item.public_id).status_code == 404
        with pytest.raises(NoneFree):
            adding.add(batch=batch, by=dana, items=[item.public_id])
    assert client.get(f"/api/v1/batches/{batch.public_id}/waiting", secure=True).json() == {"waiting": "0 items"}


def _get(client: Client, batch: Batch, item: UUID) -> Any:
    return client.get(f"/api/v1/batches/{batch.public_id}/beside?kind=folder&item={item}", secure=True)


def _cut(answer: bytes) -> tuple[list[dict[str, Any]], list[bytes]]:
    parts, at = [], 0
    while at < len(answer):
        [length] = struct.unpack_from(">I", answer, at)
        parts.append(answer[at + 4 : at + 4 + length])
        at += 4 + length
    return json.loads(parts[0])["rows"], parts[1:]
