"""Where a person stands: minutes since the last break, time today, the limits in force. One query."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db import connection

from cases.models import CareRule
from workbench.models import User

MINUTE = 60_000  # milliseconds
LAST = 30  # minutes of a shift in which nothing new is handed out
REST = 6 * 60  # minutes after its end in which it has not begun again
DAY = 24 * 60
USUAL = {name: getattr(CareRule(), name) for name in ("break_after", "break_minutes", "day_minutes")}  # of no row

# The clock is the database's, as it is when the statement comes in. `local` is the clock on the agency's wall.
# A pause off the screen as long as a break is one. Where `extra` is given, both limit and end of shift move.
STATE = """
WITH rule AS (
  SELECT u.id, coalesce(r.zone, 'UTC') AS zone,
    least(coalesce(r.break_after, %(break_after)s),
      CASE WHEN coalesce(r.own_breaks, true) THEN c.break_after END) AS break_after,
    greatest(coalesce(r.break_minutes, %(break_minutes)s),
      CASE WHEN coalesce(r.own_breaks, true) THEN c.break_minutes END) AS length,
    coalesce(r.day_minutes, %(day_minutes)s) AS agency_minutes,
    least(coalesce(r.day_minutes, %(day_minutes)s), c.day_minutes) AS day_minutes,
    least(r.shift_end, c.shift_end) AS shift_end, coalesce(r.contact, '') AS contact,
    coalesce(c.blur, true) OR coalesce(r.keep_blur, false) AS blur, coalesce(c.grey, true) AS grey, c.tile,
    coalesce(r.keep_blur, false) AS keep_blur, statement_timestamp() AS now
  FROM workbench_user u LEFT JOIN cases_carerule r ON r.agency_id = u.agency_id
  LEFT JOIN cases_carechoice c ON c.user_id = u.id WHERE u.id = %(user)s),
me AS (
  SELECT rule.*, now AT TIME ZONE zone AS local, date_trunc('day', now, zone) AS midnight,
    now - make_interval(mins => break_after + length) AS window_from FROM rule),
last AS (
  SELECT max(coalesce(b.ended_at, b.ends_at)) FILTER (WHERE coalesce(b.ended_at, b.ends_at) <= me.now) AS over,
    max(b.ends_at) FILTER (WHERE b.ended_at IS NULL AND b.ends_at > me.now) AS until,
    bool_or(b.asked) FILTER (WHERE b.ended_at IS NULL AND b.ends_at > me.now) AS asked
  FROM me LEFT JOIN cases_break b ON b.user_id = me.id AND b.started_at > me.now - interval '1 day'),
runs AS (
  SELECT k.minute, k.ms, k.minute - lag(k.minute) OVER (ORDER BY k.minute)
    > make_interval(mins => me.length) AS begins
  FROM me JOIN cases_screenminute k ON k.user_id = me.id AND k.minute >= me.window_from),
start AS (
  SELECT greatest(max(minute) FILTER (WHERE begins), (SELECT over FROM last)) AS at, max(minute) AS latest FROM runs)
SELECT me.zone, me.break_after, me.length, me.agency_minutes, me.day_minutes, me.shift_end, me.contact, me.blur,
  me.grey, me.tile, me.keep_blur, me.now, me.local, me.midnight,
  (SELECT coalesce(sum(ms), 0)::bigint FROM runs, start WHERE (start.at IS NULL OR runs.minute >= start.at)
    AND me.now - start.latest < make_interval(mins => me.length + 1)),
  (SELECT coalesce(sum(ms), 0)::bigint FROM cases_screenminute k WHERE k.user_id = me.id AND k.minute >= me.midnight),
  (SELECT coalesce(sum(minutes), 0)::int FROM cases_limitoverride o WHERE o.user_id = me.id AND o.day = me.local::date),
  last.until, coalesce(last.asked, false)
FROM me, last
"""


@dataclass(frozen=True, slots=True)
class State:
    """What holds for a person now. Times in milliseconds, limits in minutes; `local` has no zone: it is in `zone`."""

    zone: str
    break_after: int
    break_minutes: int
    agency_minutes: int  # the limit of a day for everybody; the next one is the person's, at most as long
    day_minutes: int
    shift_end: time | None
    contact: str
    blur: bool
    grey: bool
    tile: int | None
    keep_blur: bool
    now: datetime
    local: datetime
    midnight: datetime
    since_break_ms: int
    today_ms: int
    extra: int
    break_until: datetime | None
    break_asked: bool

    @property
    def break_left_ms(self) -> int:
        """Of the break he is on; 0 without one."""
        return round((self.break_until - self.now) / timedelta(milliseconds=1)) if self.break_until else 0

    @property
    def break_is_due(self) -> bool:
        """Whether he has looked for as long as goes without a break."""
        return self.break_until is None and self.since_break_ms >= self.break_after * MINUTE

    @property
    def limit(self) -> int:
        """Minutes on screen that go today, with what a supervisor gave."""
        return self.day_minutes + self.extra

    @property
    def limit_is_reached(self) -> bool:
        """Whether today's limit is reached."""
        return self.today_ms >= self.limit * MINUTE

    @property
    def agencys_is_reached(self) -> bool:
        """Whether it is the agency's limit that is reached; a lower one of his own is nobody else's affair."""
        return self.today_ms >= (self.agency_minutes + self.extra) * MINUTE

    @property
    def shift_is_over(self) -> bool:
        """Whether this is the last half hour of the shift, or the time behind it."""
        return self.shift_end is not None and shift_is_over(self.local.time(), self.shift_end, self.extra)


def shift_is_over(now: time, end: time, extra: int = 0) -> bool:
    """Whether nothing new is handed out: from LAST minutes before the end until REST minutes after it."""
    behind = (_minutes(now) - _minutes(end) - extra + LAST) % DAY
    return behind < LAST + REST


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def of(user: User) -> State:
    """The person's state by the database's clock. One query."""
    with connection.cursor() as cursor:
        cursor.execute(STATE, USUAL | {"user": user.pk})
        row: tuple[Any, ...] = cursor.fetchone()
    return State(*row)
