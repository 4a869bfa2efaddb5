"""Taking up again what one marked unsure: it comes back into the queue, and the wish for a second view is dropped."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import connection

from cases import events, states
from cases.models import Batch, Case
from cases.queue.filters import conditions
from cases.queue.picking import Asked
from cases.second import drawing
from cases.units import LAST
from workbench import audit
from workbench.models import User

# The person's own marks that stand: the last of them on the stack, which nobody took back. Newest first.
MARKS = """
SELECT a.stack_id, a.kind, max(a.id) AS id FROM cases_act a
WHERE a.user_id = %(by)s AND a.case_id = %(case)s AND a.kind IN ('unsure', 'skip') AND a.kind = ANY(%(kinds)s)
  AND NOT EXISTS (SELECT FROM cases_act u WHERE u.undoes_id = a.id)
GROUP BY 1, 2 ORDER BY 3 DESC
"""
UNSURE = f"""
SELECT i.id, i.content_id FROM ({MARKS}) m JOIN cases_stack s ON s.id = m.stack_id
JOIN cases_item i ON i.stack_id = s.id AND i.state = 'unsure'
WHERE (s.lease_until IS NULL OR s.lease_until < now()){{conditions}} ORDER BY m.id, i.id LIMIT %(most)s
"""  # noqa: S608 only constants of this module
CLEAR = """
UPDATE cases_item i SET unsure = false FROM cases_stack s WHERE i.id = ANY(%s) AND i.unsure AND s.id = i.stack_id
  AND (s.lease_until IS NULL OR s.lease_until < now())
RETURNING i.id, s.public_id
"""
COUNTED = f"""
SELECT count(*) FILTER (WHERE m.kind = 'unsure' AND i.state = 'unsure'),
  count(*) FILTER (WHERE m.kind = 'skip' AND starts_with(s.sort_key, '{LAST}') AND i.state IN ('open', 'waiting'))
FROM (SELECT * FROM ({MARKS}) m LIMIT 10000) m JOIN cases_stack s ON s.id = m.stack_id
JOIN cases_item i ON i.stack_id = s.id
"""  # noqa: S608 only constants of this module


def take_up(asked: Asked, batch: Batch) -> tuple[list[int] | None, list[audit.Event]]:
    """Where the filter asks for them: ends the person's own marks "unsure" on up to a batch of items.

    Returns the items and the events to record, one per stack; None where the filter asks for something else. Inside the
    caller's transaction.
    """
    if asked.wanted.state != "my-unsure":
        return None, []
    found = _found(asked)
    with states.settling([content for _item, content in found]), connection.cursor() as cursor:
        cursor.execute(CLEAR, [[item for item, _content in found]])
        ended = cursor.fetchall()
        drawing.unsure([item for item, _stack in ended], batch=batch.pk, by=asked.by.pk)
    case = asked.case.public_id
    marks = [
        audit.Event(events.MARKED, f"stack:{stack}", case, {"mark": "unsure taken up"})
        for stack in sorted({stack for _item, stack in ended})
    ]
    return [item for item, _stack in ended], marks


def _found(asked: Asked) -> Sequence[tuple[int, int]]:
    asks = conditions(asked.wanted, case=asked.case.pk, by=asked.by.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            UNSURE.format(conditions=asks.tests), asks.values | {"kinds": ["unsure"], "most": settings.BATCH_ITEMS}
        )
        rows: list[tuple[int, int]] = cursor.fetchall()
        return rows


def number(asked: Asked) -> int:
    """How many items of the person's "unsure" fit, up to a batch of them."""
    return len(_found(asked))


def mine(case: Case, by: User) -> tuple[int, int]:
    """How many items the person marked unsure and skipped that are so still, of his latest 10,000 marks."""
    values: dict[str, Any] = {"by": by.pk, "case": case.pk, "kinds": ["unsure", "skip"]}
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, values)
        unsure, skipped = cursor.fetchone()
        return unsure, skipped
