"""Where a case stands, in numbers (model.md section 3, Figures), from the running counts.

files = instances; unique = items not excluded; unmatched = unique - known; left = open + waiting + unsure.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import connection

from cases.days import counts
from cases.models import Case, Exhibit

# All from rows that are kept up to date: at most some 30 per exhibit.
FROM_COUNTS = """
SELECT c.id, coalesce(x.files, 0), coalesce(x.problems, 0), coalesce(x.pending, 0), coalesce(t.unique, 0),
  coalesce(t.known, 0), coalesce(t.decided, 0), coalesce(t.left, 0), coalesce(t.confirm, 0), coalesce(t.waiting, 0)
FROM unnest(%(cases)s::bigint[]) AS c(id)
LEFT JOIN (SELECT case_id, sum(seen) AS files, sum(problems) AS problems, sum(pending + hashed) AS pending
  FROM cases_exhibit WHERE case_id = ANY(%(cases)s) AND removed_at IS NULL GROUP BY 1) x ON x.case_id = c.id
LEFT JOIN (SELECT case_id, sum(items) FILTER (WHERE state <> 'excluded') AS unique,
    sum(known) FILTER (WHERE state <> 'excluded') AS known, sum(items) FILTER (WHERE state = 'decided') AS decided,
    sum(items) FILTER (WHERE state IN ('open', 'waiting', 'unsure')) AS left,
    sum(items) FILTER (WHERE state = 'confirm') AS confirm, sum(items) FILTER (WHERE state = 'waiting') AS waiting
  FROM cases_tally WHERE case_id = ANY(%(cases)s) AND exhibit_id IS NULL GROUP BY 1) t ON t.case_id = c.id
"""

BY_STATE = """
SELECT state, sum(items), sum(known) FROM cases_tally
WHERE case_id = %(case)s AND exhibit_id IS NOT DISTINCT FROM %(exhibit)s GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers of the reduction ladder, from all files down to what somebody must still look at."""

    files: int
    problems: int
    pending: int
    unique: int
    known: int
    decided: int
    left: int
    to_confirm: int
    waiting: int

    @property
    def unmatched(self) -> int:
        """Unique contents that no set in force knows."""
        return self.unique - self.known


@dataclass(frozen=True, slots=True)
class OfState:
    """Items in one state, and how many of them are known."""

    items: int
    known: int


@dataclass(frozen=True, slots=True)
class Detailed:
    """The figures with looks that are still needed (`stacks`; what is looked at alone counts, too), and by category."""

    figures: Figures
    stacks: int
    by_category: dict[str, int] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """What `case status --json` answers."""
        return asdict(self.figures) | {
            "unmatched": self.figures.unmatched,
            "stacks": self.stacks,
            "by_category": self.by_category,
        }


def of(case: Case) -> Figures:
    """The figures of a case. One query over kept counts, whatever the size of the case."""
    return of_each([case])[case.pk]


def of_each(cases: Sequence[Case]) -> dict[int, Figures]:
    """The figures of several cases by id. One query."""
    with connection.cursor() as cursor:
        cursor.execute(FROM_COUNTS, {"cases": [case.pk for case in cases]})
        return {row[0]: Figures(*(int(number) for number in row[1:])) for row in cursor.fetchall()}


def detailed(case: Case) -> Detailed:
    """The figures with views left and decided items by code. Two queries over kept counts."""
    kept = counts.of(case)
    return Detailed(of(case), kept.views_left, kept.by_key("code"))


def by_state(case: Case, exhibit: Exhibit | None = None) -> dict[str, OfState]:
    """Items of the case, or of one of its exhibits, by state, where there are any. One query over kept counts."""
    with connection.cursor() as cursor:
        cursor.execute(BY_STATE, {"case": case.pk, "exhibit": exhibit.pk if exhibit else None})
        return {state: OfState(int(items), int(known)) for state, items, known in cursor.fetchall() if items}
