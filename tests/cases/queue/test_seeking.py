"""What a filter lets through comes in the exact order that was asked for, however it is sought."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from cases import review
from cases.errors import NothingFits, NothingLeft
from cases.ingest.contents import sort_key
from cases.models import Batch, Case, Exhibit, FileInstance, Item, Stack
from cases.models.review import ASKED
from cases.queue import seeking
from cases.queue.filters import Wanted
from cases.queue.orders import ORDERS
from tests import factories
from tests.cases.queue.test_claiming import _put_together
from workbench.models import User

pytestmark = pytest.mark.django_db
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
MADE = 40


@pytest.fixture
def scene(case: Case) -> Case:
    """Forty items, drawn by a fixed seed: copies in the other exhibit, stacks of three, some skipped, some held."""
    drawn = random.Random(20)
    exhibits = [factories.exhibit(case, ref) for ref in ("NM-01", "NM-02")]
    for n in range(MADE):
        here, there = drawn.sample(exhibits, 2)
        path = f"{drawn.choice(['DCIM', 'DCIM/100', 'Users'])}/{drawn.randrange(1000):03}-{n}.jpg"
        made = factories.item(
            here, f"picture {n}" * drawn.randrange(1, 9), path, drawn.choice(["still", "still", "video"])
        )
        Stack.objects.filter(pk=made.stack_id).update(sort_key=sort_key(here.pk, path.encode()))
        if drawn.random() < 0.3:
            factories.file(there, made.content, f"DCIM/copy of {n}.jpg")
        Item.objects.filter(pk=made.pk).update(
            taken_at=drawn.choice([None, FIRST + timedelta(hours=drawn.randrange(1000))]),
            camera=drawn.choice(["", "tern t1", "tern t2", "canon"]), promise=drawn.randrange(4),
            near=drawn.random() < 0.2, latitude=(at := drawn.choice([None, 10.0, 0.0])), longitude=20.0 * bool(at),
        )  # fmt: skip
    items = list(Item.objects.filter(case=case).select_related("stack").order_by("pk"))
    for n in range(0, MADE, 10):
        _put_together(*items[n : n + 3])
    for item in items[4:MADE:7]:
        Stack.objects.filter(pk=item.stack_id).update(sort_key="~" + item.stack.sort_key)
    Stack.objects.filter(pk=items[9].stack_id).update(lease_until=datetime(2100, 1, 1, tzinfo=UTC), position=99)
    return case


def _filters(case: Case) -> list[Wanted]:
    second = Exhibit.objects.get(case=case, ref="NM-02").public_id
    asked: list[dict[str, Any]] = [
        {}, {"kind": "video"}, {"camera": "tern"}, {"camera": "tern t2", "kind": "still"}, {"state": "near"},
        {"taken_from": date(2024, 1, 10), "taken_to": date(2024, 1, 30)}, {"size_from": 20, "size_to": 60},
        {"place": True}, {"exhibit": second}, {"folder": "DCIM/100"}, {"folder": "DCIM", "exhibit": second},
        {"state": "skipped"}, {"folder": "DCIM", "camera": "canon"},
    ]  # fmt: skip
    return [Wanted(**one) for one in asked]


@pytest.mark.parametrize("order", ORDERS)
def test_every_filter_gives_in_each_order_what_a_plain_sort_gives(
    scene: Case, dana: User, order: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BATCH_ITEMS = 4
    monkeypatch.setattr(seeking, "WALK", 12)  # enough for what is common, too few for what is rare
    facts = _Facts(scene)
    for wanted in _filters(scene):
        assert _claimed(scene, dana, order, wanted) == facts.sorted(order, wanted), wanted


def _claimed(case: Case, by: User, order: str, wanted: Wanted) -> list[int]:
    """Stacks in the order in which batch after batch brings them; they are free again afterwards."""
    found = list[int]()
    try:
        while True:
            batch = review.claim(case=case, by=by, order=order, wanted=wanted)
            stacks = Stack.objects.filter(batch=batch).order_by("position")
            found += stacks.values_list("pk", flat=True)
            Batch.objects.filter(pk=batch.pk).update(state="closed")  # its stacks stay leased
    except (NothingFits, NothingLeft):
        Stack.objects.filter(batch__isnull=False).update(batch=None, lease_until=None, position=0)
        return found


class _Facts:
    """What the tables hold, and what a filter and an order make of it without SQL."""

    def __init__(self, case: Case) -> None:
        items = Item.objects.filter(case=case, state="open", stack__position=0).select_related("stack", "content")
        self.items = list(items.order_by("pk"))
        self.files = dict[int, list[FileInstance]]()
        for file in FileInstance.objects.filter(exhibit__case=case).select_related("exhibit"):
            self.files.setdefault(file.content_id or 0, []).append(file)

    def sorted(self, order: str, wanted: Wanted) -> list[int]:
        """Ids of stacks of which an item fits, each where its first one stands."""
        fitting = sorted(
            (item for item in self.items if self._fits(item, wanted)), key=lambda i: self._key(i, order, wanted)
        )
        return list(dict.fromkeys(item.stack_id for item in fitting))

    def _fits(self, item: Item, wanted: Wanted) -> bool:
        day = item.taken_at and item.taken_at.date()
        return all([
            not wanted.kind or item.content.kind == wanted.kind,
            item.camera.startswith(wanted.camera),
            not wanted.taken_from or bool(day and wanted.taken_to and wanted.taken_from <= day <= wanted.taken_to),
            wanted.size_from is None or wanted.size_from <= item.content.size <= (wanted.size_to or 0),
            not wanted.place or bool(item.latitude),  # 0, 0 is none
            wanted.state != "near" or item.near,
            wanted.state != "skipped" or item.stack.sort_key.startswith("~"),
            any(self._lies(file, wanted) for file in self.files[item.content_id]),
        ])  # fmt: skip

    def _lies(self, file: FileInstance, wanted: Wanted) -> bool:
        below = f"{wanted.folder}/".encode() if wanted.folder else b""
        return wanted.exhibit in (None, file.exhibit.public_id) and bytes(file.raw_path).startswith(below)

    def _key(self, item: Item, order: str, wanted: Wanted) -> tuple[Any, ...]:
        stack = item.stack
        skipped = stack.sort_key.startswith("~")
        if order in ("alike", "path"):
            several = order == "alike" and stack.open_items > 1 and not skipped
            return (
                bool(wanted.folder or wanted.exhibit) and not self._stands(stack, wanted),
                skipped,
                not several,
                stack.sort_key,
            )
        time = (item.taken_at is None, item.taken_at or FIRST)
        return (skipped, *{"promise": (-item.promise,), "time": time, "size": (-item.content.size,)}[order], item.pk)

    def _stands(self, stack: Stack, wanted: Wanted) -> bool:
        """Whether the stack's place is in the folder or exhibit that is asked for."""
        exhibits = Exhibit.objects.filter(case=stack.case_id)
        kept = [one for one in exhibits if wanted.exhibit in (None, one.public_id)]
        below = f"{wanted.folder}/" if wanted.folder else ""
        return any(stack.sort_key.startswith(f"{one.pk:012d}/{below}") for one in kept)


def test_the_index_of_an_order_holds_all_that_filters_ask_of_an_item() -> None:
    held = {name.removeprefix("i.").removesuffix("_id") for name in seeking.HELD.split(", ")}
    assert held == {"id", "case", *ASKED}
