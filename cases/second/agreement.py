"""How far two people agree, by category: read from second opinions, for supervisors; never by person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from cases.models import Case
from cases.second import blind, kappa
from cases.second.holding import COUNTED
from cases.second.kappa import LEAST_PAIRS, Kappa
from hashsets.models import Category, Scheme
from workbench.models import User

DAYS = (7, 14, 30, 90, 365)
PAGE = 60

THEIRS = """
FROM cases_secondopinion o JOIN cases_decision d ON d.id = o.decision_id
JOIN hashsets_scheme v ON v.id = d.scheme_id AND v.scheme_id = %(scheme)s
WHERE o.reason {checks} 'check' AND o.at >= now() - make_interval(days => %(days)s)
  AND d.case_id = ANY(%(cases)s) AND d.code IS NOT NULL
"""
PAIRS = f"SELECT d.code, o.code, count(*) {THEIRS.format(checks='<>')} GROUP BY 1, 2"
ITEMS = f"""
SELECT t.id, i.public_id, c.preview, k.number, t.at, r.code FROM (
  SELECT o.id, o.at, d.id AS decision, d.content_id, d.case_id {THEIRS.format(checks="<>")}
    AND d.code = %(first)s AND o.code = %(second)s AND d.content_id <> ALL(%(blind)s::bigint[])
    AND (%(before)s = 0 OR o.id < %(before)s) ORDER BY o.id DESC LIMIT %(limit)s) t
JOIN cases_content c ON c.id = t.content_id JOIN cases_case k ON k.id = t.case_id
JOIN cases_item i ON i.case_id = t.case_id AND i.content_id = t.content_id
LEFT JOIN cases_disagreement g ON g.opinion_id = t.id LEFT JOIN cases_decision r ON r.id = g.ruling_id
ORDER BY t.id DESC
"""  # noqa: S608 only a constant
CHECKS = f"""
SELECT count(*), count(*) FILTER (WHERE o.code = d.code) {THEIRS.format(checks="=")}
"""
AWAITED = """
SELECT k.public_id, k.number, k.name, n.views, n.since FROM cases_case k CROSS JOIN LATERAL (
  SELECT count(*) AS views, min(w.at) AS since FROM (
    SELECT v.at FROM cases_secondview v WHERE v.case_id = k.id AND v.state = 'open' AND v.why <> 'check'
      AND (v.decision_id IS NOT NULL OR EXISTS (SELECT FROM cases_item i WHERE i.id = v.item_id AND i.state = 'unsure'))
    LIMIT %(counted)s) w) n
WHERE k.id = ANY(%(reached)s) AND k.state = 'open' AND n.views > 0 ORDER BY n.since, k.id LIMIT %(cases)s
"""


@dataclass(frozen=True, slots=True)
class OfCategory:
    """Of one category, or of all (None): pairs in which somebody gave it, percent that agree, kappa; None: too few."""

    category: Category | None
    pairs: int
    percent: float | None
    kappa: Kappa | None

    @property
    def missing(self) -> bool:
        """Whether too few pairs are there to say anything."""
        return self.pairs < LEAST_PAIRS


@dataclass(frozen=True, slots=True)
class PairedItem:
    """An item of one cell of the matrix; `ruled` is the code of the ruling, if there was one."""

    id: int
    item: UUID
    preview: str
    case: str
    at: datetime
    ruled: str | None


@dataclass(frozen=True, slots=True)
class Awaited:
    """How many second views a case waits for, counting no further than COUNTED, and since when the oldest of these."""

    case: UUID
    number: str
    name: str
    views: int
    since: datetime

    @property
    def is_more(self) -> bool:
        """Whether nobody counted to the end."""
        return self.views >= COUNTED


def pairs(by: User, scheme: Scheme, days: int) -> dict[tuple[str, str], int]:
    """How often which two codes met, the first decision's first, in cases within reach. Two queries."""
    values: dict[str, Any] = {"scheme": scheme.scheme_id, "days": days, "cases": _reached(by)}
    with connection.cursor() as cursor:
        cursor.execute(PAIRS, values)
        return {(first, second): number for first, second, number in cursor.fetchall()}


def by_category(scheme: Scheme, met: dict[tuple[str, str], int]) -> list[OfCategory]:
    """A line for each category of the scheme, then one for all of them."""
    lines = [_line(category, met) for category in scheme.categories.all()]
    total = sum(met.values())
    agreed = sum(number for (first, second), number in met.items() if first == second)
    known = total >= LEAST_PAIRS
    return [*lines, OfCategory(None, total, 100 * agreed / total if known else None, kappa.of(met) if known else None)]


def _line(category: Category, met: dict[tuple[str, str], int]) -> OfCategory:
    number = kappa.with_code(met, category.code)
    if number < LEAST_PAIRS:
        return OfCategory(category, number, None, None)
    both = met.get((category.code, category.code), 0)
    return OfCategory(category, number, 100 * both / number, kappa.of(kappa.against_rest(met, category.code)))


def items(by: User, scheme: Scheme, days: int, pair: tuple[str, str], before: int = 0) -> list[PairedItem]:
    """Items of a cell of the matrix, newest first, one more than a page if there are more. Three queries."""
    values: dict[str, Any] = {"scheme": scheme.scheme_id, "days": days, "cases": _reached(by)}
    values["blind"] = blind.contents(by)
    with connection.cursor() as cursor:
        cursor.execute(ITEMS, values | {"first": pair[0], "second": pair[1], "before": before, "limit": PAGE + 1})
        return [PairedItem(*row) for row in cursor.fetchall()]


def checks(by: User, scheme: Scheme, days: int) -> tuple[int, int]:
    """How many hidden check items were given, and how many of them as known; of all people together. Two queries."""
    values: dict[str, Any] = {"scheme": scheme.scheme_id, "days": days, "cases": _reached(by)}
    with connection.cursor() as cursor:
        cursor.execute(CHECKS, values)
        given, same = cursor.fetchone()
        return given, same


def awaited(by: User, *, most: int | None = None) -> list[Awaited]:
    """At most so many cases in reach that wait for second views, the longest first; None: all. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(AWAITED, {"reached": _reached(by), "counted": COUNTED, "cases": most})
        return [Awaited(*row) for row in cursor.fetchall()]


def _reached(by: User) -> list[int]:
    return list(Case.objects.for_actor(by).filter(agency=by.agency_id).values_list("pk", flat=True))
