"""What holds a decision back from publishing: a second view that is wanted, or a ruling that is awaited."""

from collections.abc import Collection

from django.db import connection
from django.utils.translation import gettext_noop as noop

from cases.models import Case

AWAITED = noop("a second view is awaited")
DIFFERENT = noop("two people differ, a ruling is awaited")
HELD = """
SELECT d.id, EXISTS (SELECT FROM cases_disagreement g WHERE g.decision_id = d.id AND g.closed_at IS NULL)
FROM unnest(%s::bigint[]) AS d(id)
WHERE EXISTS (SELECT FROM cases_disagreement g WHERE g.decision_id = d.id AND g.closed_at IS NULL)
  OR EXISTS (SELECT FROM cases_secondview v WHERE v.decision_id = d.id AND v.state = 'open' AND v.why <> 'check')
"""


OF_CASE = """
SELECT count(*) FROM (
  SELECT v.decision_id FROM cases_secondview v WHERE v.case_id = %(case)s AND v.state = 'open' AND v.why <> 'check'
  UNION ALL SELECT g.decision_id FROM cases_disagreement g WHERE g.case_id = %(case)s AND g.closed_at IS NULL
  LIMIT %(most)s) n
"""
COUNTED = 1000


def of_case(case: Case) -> int:
    """How many second views and rulings a case waits for, counting no further than COUNTED. One query."""
    with connection.cursor() as cursor:
        cursor.execute(OF_CASE, {"case": case.pk, "most": COUNTED})
        return int(cursor.fetchone()[0])


def back(decisions: Collection[int]) -> dict[int, str]:
    """Why these decisions cannot be published yet, in words, by id; those that can be are absent. One query."""
    if not decisions:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(HELD, [list(decisions)])
        return {decision: DIFFERENT if differs else AWAITED for decision, differs in cursor.fetchall()}
