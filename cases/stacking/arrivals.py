"""What came to a person's stacks when he had no hand on them any more, so that he is told of it (decision 0020).

Noted when a batch ends, however it does, of pictures that waited for its stacks; and when pictures join a stack on
which somebody acted in a batch that is over. Told while the picture is open and nobody holds it, for some days.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from cases.models import Case
from workbench.models import User

DAYS = 14  # so long somebody is told

WAITED = """
INSERT INTO cases_arrival (case_id, user_id, item_id, at)
SELECT i.case_id, b.user_id, i.id, now() FROM cases_batch b JOIN cases_stack s ON s.batch_id = b.id
JOIN cases_uncompared u ON u.to_id = s.id JOIN cases_item i ON i.id = u.item_id AND i.stack_id <> s.id
WHERE b.id = %s ON CONFLICT (user_id, item_id) DO NOTHING
"""
JOINED = """
INSERT INTO cases_arrival (case_id, user_id, item_id, at)
SELECT a.case_id, a.user_id, m.item, now() FROM unnest(%s::bigint[], %s::bigint[]) AS m(item, stack)
CROSS JOIN LATERAL (SELECT a.case_id, a.user_id FROM cases_act a WHERE a.stack_id = m.stack AND a.batch_id IS NOT NULL
  ORDER BY a.id DESC LIMIT 1) a
ON CONFLICT (user_id, item_id) DO NOTHING
"""
FORGET = "DELETE FROM cases_arrival WHERE case_id = %s AND at < now() - make_interval(days => %s)"
# `by` null: whoever's they were.
OPEN = """
SELECT a.case_id, count(DISTINCT a.item_id), min(a.at) FROM cases_arrival a
JOIN cases_item i ON i.id = a.item_id AND i.state IN ('open', 'waiting')
JOIN cases_stack s ON s.id = i.stack_id AND s.batch_id IS NULL
WHERE a.case_id = ANY(%(cases)s) AND (%(by)s::bigint IS NULL OR a.user_id = %(by)s)
  AND a.at > now() - make_interval(days => %(days)s) GROUP BY 1
"""


class Arrived(NamedTuple):
    """How many pictures came and are still to be decided, and since when the first of them."""

    case: int
    number: int
    since: datetime


def waited(batch: int) -> None:
    """Note what waits for the stacks of a batch that ends now. One statement, in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(WAITED, [batch])


def joined(case: int, pairs: Sequence[tuple[int, int]]) -> None:
    """Note items that joined stacks, for whoever acted on these last. In the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [case, DAYS])
        cursor.execute(JOINED, [list(column) for column in zip(*pairs, strict=True)])


def still_open(cases: Sequence[Case], by: User | None = None) -> dict[int, Arrived]:
    """Of each case with any what came to the person's stacks, or to anybody's, and is open. One query."""
    with connection.cursor() as cursor:
        cursor.execute(OPEN, {"cases": [case.pk for case in cases], "by": by.pk if by else None, "days": DAYS})
        return {row[0]: Arrived(*row) for row in cursor.fetchall()}
