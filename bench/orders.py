"""Claiming in each order and with filters, and the page behind it, in a case of 10,000 items against one of a million.

What a claim in an order and its page cost must not follow the size of the case. With a filter a claim reads what it
takes to find 200 items that fit: where fewer than a thousand do, these; else 200 by the share that fits, in any case.
All is CPU, of this process and of its PostgreSQL backend: others may run beside it.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import ground
from bench.figures import Row, cpu_seconds
from bench.queue import _case

SMALL, FULL, QUICK = 10_000, 1_000_000, 100_000
REPEATS = 15
MUST = 1.2
PAGE = "page of 200 tiles"
BOUND = {PAGE, *(f"claim, order {order}" for order in ("alike", "promise", "path", "time", "size"))}
# Cameras, times, films and places in equal shares of either case.
DESCRIBE = """
UPDATE cases_item SET camera = CASE WHEN id %% 4 < 2 THEN 'canon eos ' || id %% 20 ELSE '' END,
  taken_at = CASE WHEN id %% 3 < 2 THEN '2024-01-01'::timestamptz + (id * 7919 %% 1000000) * interval '1 minute' END,
  kind = CASE WHEN id %% 50 = 0 THEN 'video' ELSE 'still' END, size = 1000 + id * 104729 %% 1000003,
  latitude = CASE WHEN id %% 20 = 0 THEN (id %% 180) - 90 END,
  longitude = CASE WHEN id %% 20 = 0 THEN id %% 360 - 180 END,
  promise = CASE WHEN id %% 10 = 0 THEN id %% 100 ELSE 0 END
WHERE case_id = %(case)s
"""
FILTERS: dict[str, dict[str, Any]] = {
    "films": {"kind": "video"},
    "camera": {"camera": "canon eos 1"},
    "days": {"taken_from": "2024-02-01", "taken_to": "2024-03-01"},
    "place": {"box": (10.0, -180.0, 30.0, 180.0)},
    "size": {"size_from": 900_000},
    "folder": {"folder": "DCIM/100APPLE"},
}


def run(*, full: bool) -> list[Row]:
    """Measure in two empty nodes, one after the other and each in a process of its own, with one case each."""
    few, many = (_in_a_node(items) for items in (SMALL, FULL if full else QUICK))
    return [
        Row(
            f"{what}, ms CPU",
            round(many[what], 3),
            round(few[what], 3),
            must=MUST if what in BOUND else None,
            of_ratio=True,
        )
        for what in few
    ]


def _in_a_node(items: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.orders", str(items)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measure(items: int) -> dict[str, float]:
    from django.db import connection

    from cases import review
    from cases.queue.orders import ORDERS

    case, person, client = _case(items)
    with connection.cursor() as cursor:
        cursor.execute(DESCRIBE, {"case": case.pk})
    ground.analyze()
    found: dict[str, float] = {f"claim, order {order}": _claim(case, person, order, {}) for order in ORDERS}
    for name, wanted in FILTERS.items():
        for order in ("alike", "time"):
            found[f"claim, {name} by {order}"] = _claim(case, person, order, wanted)
    batch = review.claim(case=case, by=person, order="promise")
    address = f"/api/v1/batches/{batch.public_id}/units?limit=200"
    client.get(address)
    found[PAGE] = _least(lambda: _cpu_ms(lambda: client.get(address)))
    found["weighing an item (wall)"] = _weigh_ms(case, person, batch) / items
    return found


def _weigh_ms(case: Any, person: Any, batch: Any) -> float:
    """Weighing the whole case once something relevant was found in it."""
    from bench.figures import wall_ms
    from bench.queue import _wish
    from cases import acts, ending, tiles
    from cases.queue import promise

    acts.act(batch=batch, by=person, wishes=[_wish(unit) for unit in tiles.units(batch, limit=200)])
    ending.close(batch=batch, by=person)
    return wall_ms(lambda: promise.weigh(case.pk))


def _claim(case: Any, person: Any, order: str, wanted: dict[str, Any]) -> float:
    from cases import ending, review
    from cases.queue.filters import read

    def once() -> float:
        batches = list[Any]()
        spent = _cpu_ms(lambda: batches.append(review.claim(case=case, by=person, order=order, wanted=read(wanted))))
        ending.close(batch=batches[0], by=person)
        return spent

    return _least(once)


def _cpu_ms(act: Callable[[], object]) -> float:
    """Milliseconds of CPU for one call, of this process and of the backend that it speaks to."""
    began, served = cpu_seconds(), _backend_ms()
    act()
    return (cpu_seconds() - began) * 1000 + _backend_ms() - served


def _backend_ms() -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        process = cursor.fetchone()[0]
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e6


def _least(act: Callable[[], float]) -> float:
    """The least of several measurements: whatever else the machine does only adds."""
    return round(min(act() for _ in range(REPEATS)), 3)


if __name__ == "__main__":
    with ground.fresh():
        measured = _measure(int(sys.argv[1]))
    sys.stdout.write(f"{json.dumps(measured)}\n")
