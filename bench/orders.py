"""Claiming in each order and with filters, and the page behind it, in a case of 10,000 items against one of a million.

What a claim and its page cost must not follow the size of the case; `--items 10000000` takes the largest there is.
With a filter both give a hundred items, of the hundredth of all that fits it, strewn over the case or in one place.
All is CPU, of this process and of its PostgreSQL backend: others may run beside it.
"""

import json
import sys
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection

from bench import ground, stocked
from bench.figures import Row, wall_ms
from bench.queue import TAKES

SMALL, FULL, QUICK = 10_000, 1_000_000, 100_000
REPEATS = 15
MUST = 1.2
STATEMENT = "the statement that takes, order {}"
MUST_MS = 5.0
FITTING = 100  # items of each filter in the small case
FILTERS: dict[str, dict[str, Any]] = {
    "films": {"kind": "video"},
    "camera": {"camera": "tern t1"},
    "camera of one folder": {"camera": "tern late"},
    "days": {"taken_from": "2024-02-01", "taken_to": "2024-02-10"},
    "size": {"size_from": 991_000},
    "place": {"place": True},
    "folder": {"folder": "part50"},
    "exhibit": {"exhibit": "B2"},
}


def run(*, full: bool, items: int = 0) -> list[Row]:
    """Measure in two empty nodes, one after the other and each in a process of its own, with one case each."""
    few, many = (ground.in_a_node("bench.orders", number) for number in (SMALL, items or (FULL if full else QUICK)))
    return [_row(what, few[what], many[what]) for what in few]


def _row(what: str, few: float, many: float) -> Row:
    if what.startswith(STATEMENT.format("")):
        return Row(f"{what}, ms CPU of the database", many, few, must=MUST_MS)
    return Row(f"{what}, ms CPU", many, few, must=None if what.startswith("weighing") else MUST, of_ratio=True)


def _measure(items: int) -> dict[str, float]:
    from cases import ending, review
    from cases.models import Exhibit
    from cases.queue.orders import ORDERS

    case, person, client = stocked.case_and_client(items)
    found = dict[str, float]()
    for order in ORDERS:
        found[f"claim, order {order}"], found[STATEMENT.format(order)] = _claim(case, person, order, {})
    batch = review.claim(case=case, by=person, order="promise")
    for tiles in (60, 200):
        address = f"/api/v1/batches/{batch.public_id}/units?limit={tiles}"
        client.get(address)
        found[f"page of {tiles} tiles"] = min(ground.cpu_ms(partial(client.get, address)) for _ in range(REPEATS))
    ending.close(batch=batch, by=person)
    settings.BATCH_ITEMS = FITTING
    exhibit = {"exhibit": str(Exhibit.objects.get(ref="B2").public_id)}
    for name, wanted in FILTERS.items():
        for order in ORDERS:
            asked = exhibit if name == "exhibit" else wanted
            found[f"claim, {name} by {order}"], _statement = _claim(case, person, order, asked)
    found["weighing an item (wall)"] = _weigh_ms(case, person) / items
    return found


def _weigh_ms(case: Any, person: Any) -> float:
    """Weighing the whole case once something relevant was found in it."""
    from cases import acts, ending, review, tiles
    from cases.queue import promise

    batch = review.claim(case=case, by=person)
    acts.act(batch=batch, by=person, wishes=[stocked.wish(unit) for unit in tiles.units(batch, limit=200)])
    ending.close(batch=batch, by=person)
    return wall_ms(lambda: promise.weigh(case.pk))


def _claim(case: Any, person: Any, order: str, wanted: dict[str, Any]) -> tuple[float, float]:
    """Of a claim, and of its statement that leases stacks; the stacks are given back each time."""
    from cases import ending, review
    from cases.queue.filters import read

    def once() -> tuple[float, float]:
        batches = list[Any]()
        with connection.execute_wrapper(timer := ground.Statements(TAKES, ground.backend_ms)):
            spent = ground.cpu_ms(
                lambda: batches.append(review.claim(case=case, by=person, order=order, wanted=read(wanted)))
            )
        ending.close(batch=batches[0], by=person)
        return spent, timer.ms

    claims, statements = zip(*(once() for _ in range(REPEATS)), strict=True)
    return round(min(claims), 3), round(min(statements), 3)


if __name__ == "__main__":
    with ground.fresh():
        measured = _measure(int(sys.argv[1]))
    sys.stdout.write(f"{json.dumps(measured)}\n")
