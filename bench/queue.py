"""The queue with 100,000 open items: claim (database), page data (server CPU), decisions.

Claim and decide are timed by PostgreSQL's own clock around the statements of one call, page data as CPU of the
web process for a whole request (session, person, scope, rows, JSON). Nothing is cached between calls.
"""

import time
from typing import Any

from bench import ground, stocked
from bench.figures import Row, cpu_ms, median, wall_ms

REPEATS = 15
FULL, SMALL = 100_000, 20_000
TAKES = "WITH pick AS"  # so begins the statement that leases stacks


def run(*, full: bool) -> list[Row]:
    """Measure on an empty node with one case of 100,000 (or 20,000) open items."""
    items = FULL if full else SMALL
    with ground.fresh():
        return _measure(items)


def _measure(items: int) -> list[Row]:
    from cases import acts, review, tiles

    case, person, client = stocked.case_and_client(items)
    claim = median(lambda: _claim_ms(case, person), REPEATS)
    batch = review.claim(case=case, by=person)
    address = f"/api/v1/batches/{batch.public_id}/units"
    client.get(f"{address}?limit=60")
    sixty = median(lambda: cpu_ms(lambda: client.get(f"{address}?limit=60")), REPEATS)
    two_hundred = median(lambda: cpu_ms(lambda: client.get(f"{address}?limit=200")), REPEATS)
    units = iter(tiles.units(batch, limit=200))
    one = median(lambda: wall_ms(lambda: acts.act(batch=batch, by=person, wishes=[stocked.wish(next(units))])), REPEATS)
    many = [stocked.wish(next(units)) for _ in range(60)]
    together = wall_ms(lambda: acts.act(batch=batch, by=person, wishes=many))
    return [
        Row(f"batch claim at {items:,} open items, ms of statement time", claim, must=5.0),
        Row("page data of 60 tiles, ms server CPU", sixty, must=12.0),
        Row("page data of 200 tiles, ms server CPU", two_hundred, must=35.0),
        Row("a decision, ms", one, must=10.0),
        Row("60 decisions together against one, ms", round(together, 3), one),
    ]


def _claim_ms(case: Any, person: Any) -> float:
    """Statement time of the claim itself, by PostgreSQL; the batch is given back afterwards."""
    from django.db import connection

    from cases import ending, review

    with connection.execute_wrapper(timer := ground.Statements(TAKES, _wall)):
        batch = review.claim(case=case, by=person)
    ending.close(batch=batch, by=person)
    return timer.ms


def _wall() -> float:
    return time.perf_counter() * 1000
