"""The counts that the database notes day by day (migration 0026): reading them, and folding the rows of a day.

What there is, each with its key: `items` by state (open, waiting, unsure); `stacks` that have open items; `files` of
decided items; `code`, decided items by the code that stands; `decided`, decisions in force by the day they were made on
and their basis; `shown`, contents by the day they were first unveiled; `published`, offers by the day of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db import connection

from cases.models import Case
from workbench.models import Agency

FOLDED = 50_000  # rows at once

NOW = "SELECT case_id, what, key, sum(n)::bigint FROM cases_daycount WHERE case_id = ANY(%s) GROUP BY 1, 2, 3"
# `since`: what came before that day is one sum, on the day before.
BY_DAY = """
SELECT greatest(day, %(since)s::date - 1), what, key, sum(n)::bigint FROM cases_daycount
WHERE case_id = ANY(%(cases)s) AND what = ANY(%(whats)s) GROUP BY 1, 2, 3 ORDER BY 1
"""
TODAY = """
SELECT (statement_timestamp() AT TIME ZONE coalesce((
  SELECT zone FROM cases_carerule WHERE agency_id = %s), 'UTC'))::date
"""
# Of a day's rows the folded one is changed by nobody but this.
FOLD = """
WITH taken AS (
  DELETE FROM cases_daycount WHERE id IN (
    SELECT id FROM cases_daycount WHERE NOT folded ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
  RETURNING case_id, day, what, key, n)
INSERT INTO cases_daycount AS d (case_id, day, what, key, n, folded)
SELECT case_id, day, what, key, sum(n), true FROM taken GROUP BY 1, 2, 3, 4 ORDER BY 1, 3, 4, 2
ON CONFLICT (case_id, what, key, day) WHERE folded DO UPDATE SET n = d.n + excluded.n
"""


@dataclass(slots=True)
class Counts:
    """Counts of one case or of several together, as of a moment; what is absent is 0."""

    of: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def __getitem__(self, name: tuple[str, str]) -> int:
        return self.of.get(name, 0)

    def total(self, what: str) -> int:
        """Over all keys."""
        return sum(n for (one, _key), n in self.of.items() if one == what)

    def by_key(self, what: str) -> dict[str, int]:
        """Each key's, where there are any."""
        return {key: n for (one, key), n in sorted(self.of.items()) if one == what and n}

    @property
    def views_left(self) -> int:
        """Looks that are still needed: stacks with open items, and what is looked at one by one."""
        return self.total("stacks") + self["items", "unsure"] + self["items", "waiting"]

    @property
    def looks(self) -> int:
        """Decisions in force that somebody made on a picture before him, veiled or not; none that followed."""
        return self["decided", "viewed"] + self["decided", "veiled"]

    def plus(self, others: Iterable["Counts"]) -> "Counts":
        """These and others together."""
        found = Counts()
        for counts in (self, *others):
            for name, n in counts.of.items():
                found.of[name] += n
        return found


def now(cases: Sequence[Case]) -> dict[int, Counts]:
    """The counts of each case as they are, by id. One query, over rows of days."""
    found = {case.pk: Counts() for case in cases}
    with connection.cursor() as cursor:
        cursor.execute(NOW, [list(found)])
        for case, what, key, n in cursor.fetchall():
            found[case].of[what, key] = n
    return found


def of(case: Case) -> Counts:
    """The counts of one case. One query."""
    return now([case])[case.pk]


def by_day(cases: Sequence[int], whats: Sequence[str], since: date) -> dict[date, Counts]:
    """What changed on each day from `since`, of these cases together; all earlier days are one, the day before.

    Days without a change are absent. One query.
    """
    found: dict[date, Counts] = {}
    with connection.cursor() as cursor:
        cursor.execute(BY_DAY, {"cases": list(cases), "whats": list(whats), "since": since})
        for day, what, key, n in cursor.fetchall():
            found.setdefault(day, Counts()).of[what, key] = n
    return found


def today(agency: Agency | int) -> date:
    """The day it is for an agency. One query."""
    with connection.cursor() as cursor:
        cursor.execute(TODAY, [agency if isinstance(agency, int) else agency.pk])
        day: date = cursor.fetchone()[0]
    return day


def fold() -> int:
    """Make one row of those of a day, as far as they are committed; returns how many there were. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(FOLD, [FOLDED])
        return int(cursor.rowcount)
