"""A re-match of a million contents after ten million entries came, one in twenty known; and a few entries to matchable.

CPU of this process and of the database. The set and the evidence are made inside PostgreSQL (bench/known.py), each
content an open item in a stack; the index is built before, by its own task, and told apart.
"""

import time
from collections.abc import Callable
from typing import Any

from bench import processes
from bench.figures import Row, cpu_seconds
from bench.ground import fresh

REPEATS = 1
FRESH = 1_000  # entries of a small version


def run(*, full: bool) -> list[Row]:
    """10 million entries and a million contents with `full`, else 100,000 and 20,000."""
    with fresh():
        return _measure(*((10_000_000, 1_000_000) if full else (100_000, 20_000)))


def _measure(entries: int, contents: int) -> list[Row]:
    from bench import known
    from bench.worker import case
    from cases import matching
    from cases.models import Match
    from hashsets import scheme_tables, sets
    from hashsets.index import building
    from workbench.launcher import postgres

    database = postgres.running()
    assert database
    made, lead = case("bench")
    hash_set = sets.create(
        name="Bench", role="relevant", scheme=scheme_tables.latest("landscapes-t1"), owner=lead.agency, by=lead
    )
    in_set = contents // 20
    known.evidence(made, contents, known=in_set, step=entries // contents * 2)
    for pair in matching.behind():
        matching.rematch(*pair)
    known.fill(hash_set, entries, by=lead)

    def used() -> float:
        return cpu_seconds() + processes.cpu_seconds(database.pid)

    cost, wall = _cost(lambda: building.build(hash_set.pk), used)
    again, again_wall = _cost(lambda: matching.rematch(lead.agency_id, hash_set.pk), used)
    assert Match.objects.filter(lost_in=None, strong=True).count() == in_set
    delta, delta_wall = _cost(lambda: _publish(hash_set, lead, behind=in_set), used)
    return [
        Row(f"the index of {entries:,} entries, CPU s", round(cost, 2)),
        Row("the same, wall, s", round(wall, 2)),
        Row(f"re-match of {contents:,} contents, 5 % hits, CPU s", round(again, 2), must=30, aim=10),
        Row("the same, wall, s", round(again_wall, 2), must=30, aim=10),
        Row(f"{FRESH:,} more entries to matchable, CPU s", round(delta, 2), must=2),
        Row("the same, wall, s", round(delta_wall, 2), must=2),
    ]


def _publish(hash_set: Any, by: Any, *, behind: int) -> None:
    """Publish entries, every other that of a content after the first `behind`; until index and matches have them."""
    import hashlib

    from django.db import transaction

    from cases import matching
    from hashsets import entries
    from hashsets.index import building, shelf
    from workbench import audit

    rows = []
    for n in range(FRESH):
        md5 = hashlib.md5(f"content {behind + n if n % 2 else -n - 1}".encode()).digest()
        sha1 = hashlib.sha256(md5).digest()[:20]
        rows.append(entries.NewEntry(sha256=None, md5=md5, sha1=sha1, size=1000, code="1"))
    with transaction.atomic():
        _generation, told = entries.publish(hash_set, rows, by=by, source="a measurement")
        audit.record_all(told, by=by)
    building.build(hash_set.pk)
    moved = matching.rematch(by.agency_id, hash_set.pk)
    assert moved.found == FRESH // 2, moved
    assert shelf.is_made(hash_set.public_id, hash_set.generation)


def _cost(act: Callable[[], object], used: Callable[[], float]) -> tuple[float, float]:
    """CPU and seconds by the wall of one act."""
    before, began = used(), time.perf_counter()
    act()
    return used() - before, time.perf_counter() - began
