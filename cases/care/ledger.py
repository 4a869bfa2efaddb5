"""The ledger of minutes on screen: never counted twice, never more than has passed (decision 0014)."""

from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_noop as noop

from cases.care import breaks, day, holding, known, state
from cases.care.state import State
from workbench import audit
from workbench.errors import BadInput
from workbench.models import User

OPEN = """
INSERT INTO cases_screenvisit (user_id, token, reported_at, ms)
VALUES (%(user)s, %(visit)s, statement_timestamp(), %(ms)s)
ON CONFLICT DO NOTHING RETURNING token
"""
FORGET = "DELETE FROM cases_screenvisit WHERE user_id = %s AND reported_at < now() - interval '2 days'"

# Newest minute first, as far back as this visit last reported, and only as much of a minute as has passed and is not
# counted. `since` may be long ago: the computer slept, or nobody touched it.
ADD = """
WITH told AS (
  SELECT %(ms)s - v.ms AS new, v.reported_at AS since, statement_timestamp() AS now
  FROM cases_screenvisit v WHERE v.user_id = %(user)s AND v.token = %(visit)s AND %(ms)s > v.ms),
room AS (
  SELECT m AS minute, told.new, greatest(0, 1000 * extract(epoch FROM least(
    least(told.now, m + interval '1 minute') - greatest(told.since, m),
    least(told.now, m + interval '1 minute') - m - coalesce(k.ms, 0) * interval '1 millisecond')))::int AS ms
  FROM told CROSS JOIN generate_series(date_trunc('minute', greatest(told.since, told.now - interval '1 day')),
    told.now, interval '1 minute') AS m
  LEFT JOIN cases_screenminute k ON k.user_id = %(user)s AND k.minute = m),
filled AS (
  SELECT minute, least(ms, new - coalesce(sum(ms) OVER (ORDER BY minute DESC ROWS BETWEEN UNBOUNDED PRECEDING
    AND 1 PRECEDING), 0))::int AS ms FROM room),
added AS (
  INSERT INTO cases_screenminute AS k (user_id, minute, ms) SELECT %(user)s, minute, ms FROM filled WHERE ms > 0
  ON CONFLICT (user_id, minute) DO UPDATE SET ms = k.ms + excluded.ms)
UPDATE cases_screenvisit v SET ms = %(ms)s, reported_at = told.now FROM told
WHERE v.user_id = %(user)s AND v.token = %(visit)s
"""


@transaction.atomic
def note(*, by: User, visit: UUID, ms: int) -> State:
    """Count what a page tells of its time on screen: a running total since it was opened, in milliseconds.

    One transaction: minutes, and where they make a break due or reach the day's limit, that with its event.
    Returns where the person stands then. Raises BadInput for the server's own visit. 7 queries.
    """
    if visit == known.OWN:
        raise BadInput(noop("A visit is a random id of the page."))
    holding.hold(by)
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"user": by.pk, "visit": visit, "ms": ms}
        cursor.execute(OPEN, values)
        if cursor.fetchone():
            cursor.execute(FORGET, [by.pk])
        else:
            cursor.execute(ADD, values)
    return _stand(by)


def keep_up(by: User) -> None:
    """Count what the server knows of the person, where no page of his made it do so in the last minute.

    A break or a limit that comes of it is written, in a transaction of its own: who tells nothing has them too.
    """
    if not known.is_counted(by):
        with transaction.atomic():
            holding.hold(by)
            _stand(by)


def _stand(by: User) -> State:
    known.count(by)
    facts = breaks.end_over(by)
    now = state.of(by)
    follow = breaks.fall_due(by, now) + day.note_limit(by, now)
    audit.record_all(facts + follow, by=by)
    return state.of(by) if follow else now
