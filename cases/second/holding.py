"""What holds a decision back from publishing: a second view that is wanted, or a ruling that is awaited."""

from collections.abc import Collection

from django.db import connection

AWAITED = "a second view is awaited"
DIFFERENT = "two people differ, a ruling is awaited"
HELD = """
SELECT d.id, EXISTS (SELECT FROM cases_disagreement g WHERE g.decision_id = d.id AND g.closed_at IS NULL)
FROM unnest(%s::bigint[]) AS d(id)
WHERE EXISTS (SELECT FROM cases_disagreement g WHERE g.decision_id = d.id AND g.closed_at IS NULL)
  OR EXISTS (SELECT FROM cases_secondview v WHERE v.decision_id = d.id AND v.state = 'open')
"""


def back(decisions: Collection[int]) -> dict[int, str]:
    """Why these decisions cannot be published yet, in words, by id; those that can be are absent. One query."""
    if not decisions:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(HELD, [list(decisions)])
        return {decision: DIFFERENT if differs else AWAITED for decision, differs in cursor.fetchall()}
