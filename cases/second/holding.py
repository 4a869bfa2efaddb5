"""What holds a decision back from publishing: a second view that is wanted, or a ruling that is awaited."""

from collections.abc import Collection

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_noop as noop

from cases.models import Case, Decision, Disagreement, SecondView

AWAITED = noop("a second view is awaited")
DIFFERENT = noop("two people differ, a ruling is awaited")
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
    held = Decision.objects.filter(different("pk") | awaited("pk"), pk__in=list(decisions))
    found = held.annotate(differs=different("pk")).values_list("pk", "differs")
    return {decision: DIFFERENT if differs else AWAITED for decision, differs in found}


def different(decision: str) -> Q:
    """The condition that a ruling on the decision, by the name of its column, is awaited."""
    return Q(Exists(Disagreement.objects.filter(decision=OuterRef(decision), closed_at__isnull=True)))


def awaited(decision: str) -> Q:
    """The condition that a second view of it is awaited; hidden checks hold nothing back."""
    views = SecondView.objects.filter(decision=OuterRef(decision), state=SecondView.State.OPEN)
    return Q(Exists(views.exclude(why="check")))
