"""What the dashboard shows of an agency's cases: read models over counts of days and a few bounded statements.

Nothing here is of one person: no speed, no order of people (ux.md sections 1.6 and 6). Every figure is defined in
docs/figures.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from cases import figures
from cases.days import burndown, counts
from cases.days.burndown import Burndown, Day, Silence
from cases.days.counts import Counts
from cases.models import Case
from workbench.models import Agency, User

PERIODS = (7, 14, 90)  # days
LATEST = 1000  # published offers that times and matches are told of
HOUR = 3_600_000  # milliseconds

# The open item that came first into each case, and when its evidence was added.
OLDEST = """
SELECT k.number, k.public_id, x.at FROM unnest(%s::bigint[]) AS c(id) JOIN cases_case k ON k.id = c.id
CROSS JOIN LATERAL (SELECT content_id FROM cases_item i WHERE i.case_id = c.id AND i.state = 'open'
  ORDER BY i.id LIMIT 1) i
CROSS JOIN LATERAL (SELECT min(y.added_at) AS at FROM cases_fileinstance f
  JOIN cases_exhibit y ON y.id = f.exhibit_id AND y.case_id = c.id AND y.removed_at IS NULL
  WHERE f.content_id = i.content_id) x WHERE x.at IS NOT NULL ORDER BY x.at, k.id LIMIT 1
"""
# Of the latest that were published: how long it took since the decision, and how many lie in another agency's files.
PUBLISHED = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY p.took), count(*), count(*) FILTER (WHERE p.elsewhere)
FROM (SELECT g.at - d.at AS took, EXISTS (SELECT FROM cases_match m JOIN cases_content t ON t.id = m.content_id
      WHERE m.set_id = o.set_id AND m.entry = o.entry AND m.strong AND m.lost_in IS NULL
        AND t.agency_id <> %(agency)s) AS elsewhere
  FROM (SELECT set_id, entry, generation, decision_id FROM cases_offer
    WHERE agency_id = %(agency)s AND case_id = ANY(%(cases)s) AND state IN ('published', 'withdrawal')
    ORDER BY id DESC LIMIT %(most)s) o
  JOIN cases_decision d ON d.id = o.decision_id
  JOIN hashsets_generation g ON g.set_id = o.set_id AND g.number = o.generation) p
"""
# How long a look took lately, over everybody: time on screen in batches of first looks, per look of those batches.
PACE = """
SELECT sum(b.on_screen_ms), sum(n.looks), count(DISTINCT b.user_id) FROM (
  SELECT id, user_id, on_screen_ms FROM cases_batch WHERE case_id = ANY(%(cases)s) AND kind = 'first'
    AND opened_at >= %(since)s AND on_screen_ms > 0 ORDER BY id DESC LIMIT %(most)s) b
CROSS JOIN LATERAL (SELECT count(DISTINCT a.stack_id) AS looks FROM cases_act a
  WHERE a.batch_id = b.id AND a.kind = 'decide') n
"""
BATCHES = 50  # whose looks are counted for the pace: at most 200 each


@dataclass(frozen=True, slots=True)
class Published:
    """Of the `latest` that were published: the median time since the decision, how many matched elsewhere."""

    in_period: int
    latest: int
    median: timedelta | None
    elsewhere: int


@dataclass(frozen=True, slots=True)
class Oldest:
    """The case with the open item that has waited longest, and since when."""

    number: str
    case: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Everything but agreement and people. `hours`: of views left at the pace of the last weeks; None: not known."""

    period: list[Day]
    backlog: Burndown
    counts: Counts  # of the open cases
    cases: int
    unique: int
    known: int
    hours: float | None
    oldest: Oldest | None
    published: Published

    @property
    def never_shown(self) -> float | None:
        """Per cent of the unique media that nobody unveiled."""
        shown = min(self.counts.total("shown"), self.unique)
        return 100 * (self.unique - shown) / self.unique if self.unique else None

    @property
    def views_per_file(self) -> float | None:
        """Looks that decided, for each file decided."""
        files = self.counts["files", ""]
        return self.counts.looks / files if files > 0 else None


def of(by: User, days: int) -> Dashboard:
    """The figures of the cases within reach, the period being the last `days`. Ten queries, none over items."""
    agency = by.agency
    every = list(Case.objects.for_actor(by).filter(agency=agency).only("pk", "state"))
    opened = [case for case in every if case.state == Case.State.OPEN]
    ids, of_open = [case.pk for case in every], [case.pk for case in opened]
    numbers = figures.of_each(opened).values()
    backlog = burndown.of(of_open, agency=agency, by=by, shown=days)
    return Dashboard(
        burndown.period(ids, backlog.today, days),
        backlog,
        Counts().plus(counts.now(opened).values()),
        len(opened),
        sum(one.unique for one in numbers),
        sum(one.known for one in numbers),
        _hours(of_open, backlog),
        _oldest(of_open),
        _published(agency, ids, backlog, days),
    )


def _hours(cases: Sequence[int], backlog: Burndown) -> float | None:
    """None where a pace would be one person's, or nobody has one yet."""
    if backlog.silence is Silence.ONE_PERSON or backlog.ahead is None:
        return None
    since = backlog.today - timedelta(burndown.WINDOW)
    with connection.cursor() as cursor:
        cursor.execute(PACE, {"cases": list(cases), "since": since, "most": BATCHES})
        ms, looks, people = cursor.fetchone()
    return float(backlog.left * ms / looks / HOUR) if looks and people > 1 else None


def _oldest(cases: Sequence[int]) -> Oldest | None:
    with connection.cursor() as cursor:
        cursor.execute(OLDEST, [list(cases)])
        row = cursor.fetchone()
    return Oldest(row[0], str(row[1]), row[2]) if row else None


def _published(agency: Agency, cases: Sequence[int], backlog: Burndown, days: int) -> Published:
    changed = counts.by_day(cases, ["published"], backlog.today - timedelta(days - 1))
    within = sum(one["published", ""] for day, one in changed.items() if day > backlog.today - timedelta(days))
    with connection.cursor() as cursor:
        cursor.execute(PUBLISHED, {"agency": agency.pk, "cases": list(cases), "most": LATEST})
        median, latest, elsewhere = cursor.fetchone()
    return Published(within, latest, median, elsewhere)
