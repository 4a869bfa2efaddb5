"""A person's own record: today minute by minute, thirty days in sums, and who else read it. One query each."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from cases import events
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

SINCE = """
WITH me AS (SELECT %(user)s::bigint AS id, %(zone)s::text AS zone,
  (statement_timestamp() AT TIME ZONE %(zone)s)::date AS today),
span AS (SELECT me.*, (today - %(days)s + 1)::timestamp AT TIME ZONE zone AS first FROM me),
screen AS (SELECT (k.minute AT TIME ZONE zone)::date AS day, sum(k.ms) AS ms
  FROM span JOIN cases_screenminute k ON k.user_id = span.id AND k.minute >= first GROUP BY 1),
looks AS (SELECT (v.at AT TIME ZONE zone)::date AS day, sum(v.revealed_ms) AS ms, count(DISTINCT i.stack_id) AS stacks
  FROM span JOIN cases_viewing v ON v.user_id = span.id AND v.at >= first AND v.revealed_ms > 0
  JOIN cases_item i ON i.content_id = v.content_id AND i.case_id = v.case_id GROUP BY 1),
rests AS (SELECT (b.started_at AT TIME ZONE zone)::date AS day, count(*) FILTER (WHERE NOT b.skipped) AS taken,
    count(*) FILTER (WHERE b.skipped) AS skipped
  FROM span JOIN cases_break b ON b.user_id = span.id AND b.started_at >= first GROUP BY 1)
SELECT d::date, coalesce(screen.ms, 0), coalesce(looks.ms, 0), coalesce(looks.stacks, 0), coalesce(rests.taken, 0),
  coalesce(rests.skipped, 0)
FROM span CROSS JOIN generate_series(today - %(days)s + 1, today, interval '1 day') AS d
LEFT JOIN screen ON screen.day = d::date LEFT JOIN looks ON looks.day = d::date LEFT JOIN rests ON rests.day = d::date
ORDER BY 1
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
    """The sums of one day: milliseconds, distinct stacks that were unveiled, breaks kept and ended early."""

    day: date
    ms: int
    revealed_ms: int
    looks: int
    breaks: int
    skipped: int


def today(user: User, midnight: datetime) -> list[Minute]:
    """The minutes of today in which there was anything, in order."""
    with connection.cursor() as cursor:
        cursor.execute(TODAY, {"user": user.pk, "midnight": midnight})
        return [Minute(int(at), int(ms), int(revealed)) for at, ms, revealed in cursor.fetchall()]


def days(user: User, zone: str, number: int = DAYS) -> list[Day]:
    """The last days, today last, empty ones too."""
    with connection.cursor() as cursor:
        cursor.execute(SINCE, {"user": user.pk, "zone": zone, "days": number})
        return [Day(day, *(int(part) for part in parts)) for day, *parts in cursor.fetchall()]


def readers(user: User) -> list[dict[str, Any]]:
    """Who else read the person's record, when and why."""
    with connection.cursor() as cursor:
        cursor.execute(READERS, [f"user:{user.public_id}", events.WELLNESS_READ])
        return [dict(zip(("at", "name", "reason"), row, strict=True)) for row in cursor.fetchall()]
