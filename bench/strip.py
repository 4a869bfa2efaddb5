"""The context strip and the map in a case of 10,000 items against a million, in folders a hundred times as large.

What stands beside an item must cost the same whatever its folder holds; the map costs what has a place (a hundredth).
All is CPU, of this process and of its PostgreSQL backend: others may run beside it.
"""

import json
import sys
from collections.abc import Callable

from bench import ground, stocked
from bench.figures import Row
from bench.orders import FULL, QUICK, REPEATS, SMALL

MUST_MS = 5.0


def run(*, full: bool, items: int = 0) -> list[Row]:
    """Measure in two empty nodes, one after the other and each in a process of its own."""
    few, many = (ground.in_a_node("bench.strip", number) for number in (SMALL, items or (FULL if full else QUICK)))
    return [Row(f"{what}, ms CPU", many[what], few[what], must=MUST_MS if what == "strip" else None) for what in few]


def _measure(items: int) -> dict[str, float]:
    from cases import found_at, graticule, strip
    from cases.models import Item

    case, _person, client = stocked.case_and_client(items)
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


def _least(act: Callable[[], object]) -> float:
    return round(min(ground.cpu_ms(act) for _ in range(REPEATS)), 3)


if __name__ == "__main__":
    with ground.fresh():
        print(json.dumps(_measure(int(sys.argv[1]))))
