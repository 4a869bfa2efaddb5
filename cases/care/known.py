"""What the server itself knows of somebody's looking: pictures it sent him and keys it took (decision 0014).

The least that the ledger of minutes counts, whatever his pages tell, or do not tell.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models.functions import Now

from cases.models import ScreenVisit
from workbench.models import User

OWN = UUID(int=0)  # the visit under which it is kept how far this is counted; no page may have it

# From one thing known to the next of the same batch, a minute at most, as pages count a minute from the last input;
# nothing where none follows within ten minutes, and time that two batches have in common once. Minutes are counted
# anew, whole, from ten before the last time on: nothing counts twice.
COUNT = """
WITH me AS (
  SELECT statement_timestamp() AS now, date_trunc('minute', greatest(
    (SELECT reported_at FROM cases_screenvisit WHERE user_id = %(by)s AND token = %(own)s) - interval '10 minutes',
    statement_timestamp() - interval '1 day')) AS since),
known AS (
  SELECT v.batch_id AS batch, v.at FROM me JOIN cases_viewing v ON v.user_id = %(by)s AND v.at >= me.since
  UNION SELECT b.id, a.at FROM me JOIN cases_batch b ON b.user_id = %(by)s
    AND (b.state = 'open' OR b.closed_at >= me.since)
  JOIN cases_act a ON a.batch_id = b.id AND a.at >= me.since AND a.via <> 'command'),
spans AS (
  SELECT unnest(range_agg(tstzrange(at, least(next, at + interval '1 minute')))) AS span
  FROM (SELECT at, lead(at) OVER (PARTITION BY batch ORDER BY at) AS next FROM known) k
  WHERE next < at + interval '10 minutes'),
least_of AS (
  SELECT m AS minute, sum(1000 * extract(epoch FROM upper(part) - lower(part)))::int AS ms
  FROM spans
  CROSS JOIN LATERAL generate_series(date_trunc('minute', lower(span)), upper(span), interval '1 minute') AS m
  CROSS JOIN LATERAL (SELECT span * tstzrange(m, m + interval '1 minute') AS part) p GROUP BY 1),
counted AS (
  INSERT INTO cases_screenminute AS k (user_id, minute, ms)
  SELECT %(by)s, minute, least(ms, 60000) FROM least_of WHERE ms > 0
  ON CONFLICT (user_id, minute) DO UPDATE SET ms = excluded.ms WHERE k.ms < excluded.ms)
INSERT INTO cases_screenvisit (user_id, token, reported_at, ms) SELECT %(by)s, %(own)s, now, 0 FROM me
ON CONFLICT (user_id, token) DO UPDATE SET reported_at = excluded.reported_at
"""


def count(by: User) -> None:
    """Let the ledger have at least what is known. One statement; the caller holds the person."""
    values: dict[str, Any] = {"by": by.pk, "own": OWN}
    with connection.cursor() as cursor:
        cursor.execute(COUNT, values)


def is_counted(by: User) -> bool:
    """Whether that was done within the last minute. One query by the primary key."""
    return ScreenVisit.objects.filter(user=by, token=OWN, reported_at__gt=Now() - timedelta(minutes=1)).exists()
