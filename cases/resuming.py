"""How a person finds a batch again after leaving it: where to go on, what can be taken back, what was seen."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from cases.models import Batch
from cases.tiles import Progress

PACE_FROM = 5  # decisions before an estimate is worth saying

# The first unit without a decision or a mark: its last act says whether it was skipped.
PLACE = """
SELECT s.position FROM cases_stack s
JOIN cases_item i ON i.id = s.cover_id
LEFT JOIN LATERAL (
  SELECT answer ->> 'outcome' AS outcome FROM cases_act WHERE stack_id = s.id AND batch_id = s.batch_id
    AND kind <> 'flag' ORDER BY id DESC LIMIT 1) a ON true
WHERE s.batch_id = %s AND i.state NOT IN ('decided', 'unsure') AND a.outcome IS DISTINCT FROM 'skipped'
ORDER BY s.position LIMIT 1
"""

# Acts nobody took back, oldest first, each with what its unit showed afterwards.
STEPS = """
SELECT a.idempotency_key, a.kind, s.public_id, a.answer ->> 'code', a.answer ->> 'outcome'
FROM cases_act a JOIN cases_stack s ON s.id = a.stack_id AND s.batch_id = a.batch_id
WHERE a.batch_id = %s AND a.kind NOT IN ('undo', 'cover')
  AND NOT EXISTS (SELECT FROM cases_act u WHERE u.undoes_id = a.id)
ORDER BY a.id
"""

SEEN = """
SELECT s.public_id, i.public_id, sum(v.revealed_ms) FROM cases_viewing v
JOIN cases_item i ON i.content_id = v.content_id AND i.case_id = v.case_id
JOIN cases_stack s ON s.id = i.stack_id
WHERE v.batch_id = %s AND v.revealed_ms > 0 GROUP BY 1, 2
"""


def place(batch: Batch) -> int | None:
    """The position to go on at, from 1; None when every unit is decided or marked. One query."""
    with connection.cursor() as cursor:
        cursor.execute(PLACE, [batch.pk])
        row = cursor.fetchone()
    return row[0] if row else None


def steps(batch: Batch) -> list[dict[str, Any]]:
    """The acts that Z can take back, oldest first, with the code and outcome each left on its unit. One query."""
    with connection.cursor() as cursor:
        cursor.execute(STEPS, [batch.pk])
        return told(cursor.fetchall())


def told(rows: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Acts as the page takes them up: key, kind, unit, and the code and outcome each left there."""
    return [dict(zip(("key", "act", "stack", "code", "outcome"), row, strict=True)) for row in rows]


def seen(batch: Batch) -> list[dict[str, Any]]:
    """For how many milliseconds each item of the batch was unveiled. One query."""
    with connection.cursor() as cursor:
        cursor.execute(SEEN, [batch.pk])
        return [{"stack": stack, "item": item, "revealed_ms": int(ms)} for stack, item, ms in cursor.fetchall()]


def minutes_left(batch: Batch, now: Progress) -> int | None:
    """How long the rest takes at the pace so far, idle time not counted; None before the first few decisions."""
    if now.decided < PACE_FROM or not batch.on_screen_ms:
        return None
    return max(1, round(batch.on_screen_ms * now.left / now.decided / 60_000))
