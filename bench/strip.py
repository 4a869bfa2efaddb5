"""The context strip and the map in a case of 10,000 items against a million, in folders a hundred times as large.

What stands beside an item must cost the same whatever its folder holds; the map costs what has a place (a hundredth).
All is CPU, of this process and of its PostgreSQL backend: others may run beside it.
"""

import json
import subprocess
import sys
from typing import Any

from bench import ground
from bench.figures import Row
from bench.orders import FULL, QUICK, REPEATS, SMALL, _cpu_ms
from bench.queue import _case

MUST_MS = 5.0


def run(*, full: bool, items: int = 0) -> list[Row]:
    """Measure in two empty nodes, one after the other and each in a process of its own."""
    few, many = (_in_a_node(number) for number in (SMALL, items or (FULL if full else QUICK)))
    return [Row(f"{what}, ms CPU", many[what], few[what], must=MUST_MS if what == "strip" else None) for what in few]


def _in_a_node(items: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.strip", str(items)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measure(items: int) -> dict[str, float]:
    from cases import found_at, graticule, strip
    from cases.models import Item

    case, _person, client = _case(items)
    middle = Item.objects.select_related("content").get(pk=items // 2)
    box = found_at.extent(case)
    assert box is not None
    sheet = graticule.sheet(box)
    return {
        "strip": _least(lambda: strip.of(middle)),
        "extent of the map": _least(lambda: found_at.extent(case)),
        "spots of the map": _least(lambda: found_at.spots(case, sheet.box)),
        "page of the map": _least(lambda: client.get(f"/cases/{case.public_id}/map/")),
    }


def _least(act: Any) -> float:
    return round(min(_cpu_ms(act) for _ in range(REPEATS)), 3)


if __name__ == "__main__":
    with ground.fresh():
        print(json.dumps(_measure(int(sys.argv[1]))))
