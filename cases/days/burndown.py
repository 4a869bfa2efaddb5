"""What was left of cases at the end of each day, and when it may be done (decision 0019)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from django.db import connection

from cases.days import counts, forecast
from cases.days.counts import Counts
from cases.days.forecast import Range
from workbench.models import Agency, User

SHOWN = 60  # days of a case
WINDOW = 28  # whole days that a forecast draws from
ASKED = 2000  # latest decisions that are asked who made them, over all cases

LEVELS = ("items", "stacks")
WHATS = (*LEVELS, "decided", "files")

# Who decided lately: enough to tell one person from two.
PEOPLE = """
SELECT DISTINCT d.by_id FROM unnest(%(cases)s::bigint[]) AS c(id) CROSS JOIN LATERAL (
  SELECT by_id FROM cases_decision WHERE case_id = c.id AND at >= %(since)s ORDER BY id DESC LIMIT %(most)s) d LIMIT 2
"""


class Silence(Enum):
    """Why there is no forecast."""

    FEW_DAYS = "few"
    ONE_PERSON = "one"


@dataclass(frozen=True, slots=True)
class Day:
    """A day: views left at its end, None before anybody noted it; looks made on it; how many files were decided."""

    day: date
    left: int | None
    viewed: int
    veiled: int
    files: int

    @property
    def looks(self) -> int:
        """Decisions in force made on this day on a picture, veiled or not."""
        return self.viewed + self.veiled

    @property
    def followed(self) -> int:
        """Files decided that nobody looked at: copies, look-alikes, what another case had."""
        return max(0, self.files - self.looks)


@dataclass(frozen=True, slots=True)
class Burndown:
    """Days in order, the last one today; `ahead` None: `silence` says why."""

    days: list[Day]
    left: int
    ahead: Range | None
    silence: Silence | None

    @property
    def levels(self) -> list[int]:
        """Views left at the end of each day since they were noted."""
        return [day.left for day in self.days if day.left is not None]

    @property
    def first(self) -> date:
        """The day of the first level."""
        return next((day.day for day in self.days if day.left is not None), self.today)

    @property
    def today(self) -> date:
        """The last day."""
        return self.days[-1].day

    def date_of(self, days: int | None) -> date | None:
        """The date so many days ahead; None beyond what can be said."""
        return None if days is None else self.today + timedelta(days)


def of(cases: Sequence[int], *, agency: Agency | int, by: User, shown: int = SHOWN) -> Burndown:
    """The days of these cases together, and a forecast where several people made them, or `by` alone. Three queries."""
    today = counts.today(agency)
    since = today - timedelta(max(shown, WINDOW + 1) - 1)
    days = _days(counts.by_day(cases, WHATS, since), since, today)
    left = days[-1].left or 0
    ahead = forecast.days_needed(_drawn_from(days), left)
    silence = Silence.FEW_DAYS if ahead is None else None
    if left and ahead is not None and _people(cases, today) not in ("several", by.pk):
        ahead, silence = None, Silence.ONE_PERSON
    return Burndown(days[-shown:], left, ahead, silence)


def period(cases: Sequence[int], today: date, shown: int) -> list[Day]:
    """What was decided on each of the last days in these cases together. One query."""
    since = today - timedelta(shown - 1)
    return _days(counts.by_day(cases, ("decided", "files"), since), since, today)


def _days(changed: dict[date, Counts], since: date, today: date) -> list[Day]:
    """Every day, with the levels as running sums."""
    begun = min((day for day, one in changed.items() if any(what in LEVELS for what, _key in one.of)), default=today)
    running = changed.get(since - timedelta(1), Counts())
    found = []
    for day in (since + timedelta(n) for n in range((today - since).days + 1)):
        one = changed.get(day, Counts())
        running = running.plus([one])
        left = running.views_left if day >= begun else None
        found.append(Day(day, left, one["decided", "viewed"], one["decided", "veiled"], one["files", ""]))
    return found


def _drawn_from(days: Sequence[Day]) -> list[int]:
    """Looks of the last whole days, from the first on which there were any."""
    done = [day.looks for day in days[-WINDOW - 1 : -1]]
    first = next((place for place, n in enumerate(done) if n), len(done))
    return done[first:]


def _people(cases: Sequence[int], today: date) -> int | str | None:
    """`several`, the one who decided lately, or None."""
    most = max(20, ASKED // max(1, len(cases)))
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, {"cases": list(cases), "since": today - timedelta(WINDOW), "most": most})
        found = [row[0] for row in cursor.fetchall()]
    return "several" if len(found) > 1 else found[0] if found else None
