"""In which sets the known items of a case are: counted on the page where a case is small, else kept by a task."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from cases import figures
from cases.models import Case, KnownIn

LIVE = 20_000  # items of a case that a page may count
REST = 20  # times as long as counting took, before it is done again

# Known items by the sets that close them, by the agency's policies; an item two sets close counts in both.
COUNT = """
SELECT k.set_id, count(*) FROM (SELECT DISTINCT i.id, m.set_id FROM cases_item i
  JOIN cases_match m ON m.content_id = i.content_id AND m.strong AND m.lost_in IS NULL
  JOIN hashsets_verdict v ON v.agency_id = %(agency)s AND v.set_id = m.set_id AND v.entry_id = m.entry AND v.effect = 2
  WHERE i.case_id = %(case)s AND i.known AND i.state <> 'excluded') k GROUP BY 1
"""
SETS = """
SELECT h.public_id, h.name, h.owner_id = %(agency)s, h.generation, g.at, n.items
FROM unnest(%(sets)s::bigint[], %(items)s::bigint[]) AS n(id, items) JOIN hashsets_hashset h ON h.id = n.id
LEFT JOIN hashsets_generation g ON g.set_id = h.id AND g.number = h.generation ORDER BY n.items DESC, h.name
"""
# Large open cases whose known items, or whose sets, changed since they were counted.
DUE = """
SELECT c.id FROM cases_case c JOIN (
  SELECT case_id, sum(items) AS items, coalesce(sum(known), 0) AS known FROM cases_tally
  WHERE exhibit_id IS NULL AND state <> 'excluded' GROUP BY 1) t ON t.case_id = c.id AND t.items > %(live)s
LEFT JOIN cases_knownin k ON k.case_id = c.id
WHERE c.state = 'open' AND (k.case_id IS NULL OR ((k.known <> t.known OR EXISTS (
    SELECT FROM cases_setsync y JOIN hashsets_generation g ON g.set_id = y.set_id AND g.number = y.generation
    WHERE y.agency_id = c.agency_id AND g.at > k.at))
  AND k.at + %(rest)s * k.took_ms * interval '1 millisecond' <= statement_timestamp()))
"""


@dataclass(frozen=True, slots=True)
class Known:
    """Rows of sets, most first; `at` when they were counted, None: now; `rows` None: they were not counted yet."""

    rows: list[dict[str, Any]] | None
    at: datetime | None = None


def where(case: Case) -> Known:
    """Which sets knew how many of the case's items. Two or three queries."""
    if figures.of(case).unique <= LIVE:
        return Known(_named(case, _count(case)))
    kept = KnownIn.objects.filter(case=case).first()
    return Known(_named(case, kept.sets), kept.at) if kept else Known(None)


def due() -> list[int]:
    """Ids of cases to count again. One query."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"live": LIVE, "rest": REST})
        return [row[0] for row in cursor.fetchall()]


def keep(case_id: int) -> None:
    """Count a case and keep what comes of it."""
    case = Case.objects.get(pk=case_id)
    known, began = figures.of(case).known, time.monotonic()
    sets = _count(case)
    took = round(1000 * (time.monotonic() - began))
    KnownIn.objects.update_or_create(case=case, defaults={"sets": sets, "known": known, "at": Now(), "took_ms": took})


def _count(case: Case) -> list[list[int]]:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"case": case.pk, "agency": case.agency_id})
        return [list(row) for row in cursor.fetchall()]


def _named(case: Case, counted: list[list[int]]) -> list[dict[str, Any]]:
    columns = {"sets": [row[0] for row in counted], "items": [row[1] for row in counted]}
    with connection.cursor() as cursor:
        cursor.execute(SETS, columns | {"agency": case.agency_id})
        names = ("set", "name", "own", "generation", "at", "items")
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
