"""A person's own record: today minute by minute, thirty days in sums, and who else read it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from cases import events
from cases.care import kinds
from cases.care.kinds import Kind
from cases.care.state import State
from workbench.models import User

DAYS = 30

# By the minute since midnight in which a look began, and how much of it was on screen.
TODAY = """
WITH seen AS (
  SELECT minute, ms, 0 AS revealed FROM cases_screenminute WHERE user_id = %(user)s AND minute >= %(midnight)s
  UNION ALL
  SELECT date_trunc('minute', at), 0, revealed_ms FROM cases_viewing
  WHERE user_id = %(user)s AND at >= %(midnight)s AND revealed_ms > 0),
minutes AS (
  SELECT (extract(epoch FROM minute - %(midnight)s) / 60)::int AS at, sum(ms) AS ms, sum(revealed) AS revealed
  FROM seen GROUP BY minute)
SELECT at, ms, revealed FROM minutes ORDER BY at
"""

# Each picture once a day before its stack is asked for: somebody looks at thousands a day.
SINCE = """
WITH screen AS (
  SELECT date_trunc('day', minute, %(zone)s) AS day, sum(ms) AS ms
  FROM cases_screenminute WHERE user_id = %(user)s AND minute >= %(first)s GROUP BY 1),
pictures AS MATERIALIZED (
  SELECT date_trunc('day', at, %(zone)s) AS day, case_id, content_id, sum(revealed_ms) AS ms,
    sum(enlarged_ms) AS large
  FROM cases_viewing WHERE user_id = %(user)s AND at >= %(first)s AND revealed_ms > 0 GROUP BY 1, 2, 3),
looks AS (
  SELECT day, sum(ms) AS ms, sum(large) AS large, count(*) AS stacks FROM (
    SELECT p.day, i.stack_id, sum(p.ms) AS ms, sum(p.large) AS large FROM pictures p
    JOIN cases_item i ON i.case_id = p.case_id AND i.content_id = p.content_id GROUP BY 1, 2) s GROUP BY 1),
rests AS (
  SELECT date_trunc('day', started_at, %(zone)s) AS day, count(*) FILTER (WHERE NOT skipped) AS taken,
    count(*) FILTER (WHERE skipped) AS skipped
  FROM cases_break WHERE user_id = %(user)s AND started_at >= %(first)s GROUP BY 1)
SELECT (d.day AT TIME ZONE %(zone)s)::date, coalesce(screen.ms, 0), coalesce(looks.ms, 0), coalesce(looks.large, 0),
  coalesce(looks.stacks, 0), coalesce(rests.taken, 0), coalesce(rests.skipped, 0)
FROM generate_series(%(first)s, statement_timestamp(), interval '1 day', %(zone)s) AS d(day)
LEFT JOIN screen USING (day) LEFT JOIN looks USING (day) LEFT JOIN rests USING (day)
ORDER BY d.day
"""

FIRST = """
SELECT ((statement_timestamp() AT TIME ZONE %(zone)s)::date - %(days)s + 1)::timestamp AT TIME ZONE %(zone)s
"""

# Who else read the record, newest first.
READERS = """
SELECT at, body::json ->> 'name', body::json ->> 'reason' FROM workbench_auditevent
WHERE subject = %s AND verb = %s ORDER BY at DESC LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute of today, counted from midnight: milliseconds on screen, and unveiled in looks that began in it."""

    at: int
    ms: int
    revealed_ms: int


@dataclass(frozen=True, slots=True)
class Day:
    """The sums of one day: milliseconds, distinct stacks that were unveiled, breaks kept and ended early.

    `enlarged_ms`: of those unveiled, larger than usual.
    """

    day: date
    ms: int
    revealed_ms: int
    enlarged_ms: int
    looks: int
    breaks: int
    skipped: int


def today(user: User, midnight: datetime) -> list[Minute]:
    """The minutes of today in which there was anything, in order."""
    with connection.cursor() as cursor:
        cursor.execute(TODAY, {"user": user.pk, "midnight": midnight})
        return [Minute(int(at), int(ms), int(revealed)) for at, ms, revealed in cursor.fetchall()]


def days(user: User, zone: str, number: int = DAYS) -> list[Day]:
    """The last days, today last, empty ones too. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(FIRST, {"zone": zone, "days": number})
        cursor.execute(SINCE, {"user": user.pk, "zone": zone, "first": cursor.fetchone()[0]})
        return [Day(day, *(int(part) for part in parts)) for day, *parts in cursor.fetchall()]


def kinds_of(user: User, now: State) -> list[Kind]:
    """What the person's looks were, of each kind, today and in the last days. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(FIRST, {"zone": now.zone, "days": DAYS})
        return kinds.of(user, midnight=now.midnight, first=cursor.fetchone()[0])


def readers(user: User) -> list[dict[str, Any]]:
    """Who else read the person's record, when and why."""
    with connection.cursor() as cursor:
        cursor.execute(READERS, [f"user:{user.public_id}", events.WELLNESS_READ])
        return [dict(zip(("at", "name", "reason"), row, strict=True)) for row in cursor.fetchall()]
