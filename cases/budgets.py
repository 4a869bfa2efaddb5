"""How much a person may look at, search, export and fetch in an hour; more takes a reason (security.md 5.6 and 7.5).

The hour is the clock's. What is refused counts, and an alarm stands on the supervisors' page as long as the numbers do.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import gettext_noop as noop

from cases import events
from cases.errors import BudgetSpent, ReasonNeeded
from cases.models import BudgetLift
from workbench import audit
from workbench.models import Agency, User

LOOKS, OUTSIDE, SEARCHES, EXPORTS, DOWNLOADS = "looks", "outside", "searches", "exports", "downloads"
WORDS = {
    LOOKS: noop("clear pictures and pieces of films"),
    OUTSIDE: noop("clear pictures outside batches"),
    SEARCHES: noop("searches"),
    EXPORTS: noop("exports"),
    DOWNLOADS: noop("downloads"),
}
LIFT = timedelta(hours=1)
HOUR = "date_trunc('hour', statement_timestamp(), 'UTC')"

SPEND = f"""
INSERT INTO cases_spent AS s (user_id, what, hour, number)
SELECT %(by)s, what, {HOUR}, %(number)s FROM unnest(%(what)s::text[]) AS what
ON CONFLICT (user_id, what, hour) DO UPDATE SET number = s.number + excluded.number
RETURNING what, number, ceil(3600 - extract(epoch FROM statement_timestamp() - hour))::int,
  EXISTS (SELECT FROM cases_budgetlift l WHERE l.user_id = %(by)s AND l.until > statement_timestamp())
"""  # noqa: S608 only a constant
FORGET = "DELETE FROM cases_spent WHERE user_id = %s AND hour < now() - interval '30 days'"
ALARMS = """
SELECT u.name, s.what, s.hour, s.number, coalesce((SELECT l.reason FROM cases_budgetlift l WHERE l.user_id = u.id
  AND l.at < s.hour + interval '1 hour' AND l.until > s.hour ORDER BY l.id DESC LIMIT 1), '')
FROM workbench_user u JOIN cases_spent s ON s.user_id = u.id AND s.hour > now() - make_interval(hours => %s)
WHERE u.agency_id = %s AND s.number > (%s::jsonb ->> s.what)::int ORDER BY s.hour DESC, u.name, s.what LIMIT 100
"""


class Alarm(NamedTuple):
    """Somebody who came to the end of a budget: of what, in which hour, how many were asked for, and his reason."""

    name: str
    what: str
    hour: datetime
    number: int
    reason: str


def spend(by: User, what: Sequence[str], number: int = 1) -> BudgetSpent | None:
    """Count `number` more of each, inside the caller's transaction, which must last; returns the refusal that is due.

    Whoever meets the end of a budget first in an hour leaves an event, lifted or not. One statement.
    """
    with connection.cursor() as cursor:
        cursor.execute(SPEND, {"by": by.pk, "what": sorted(what), "number": number})
        rows = cursor.fetchall()
        if any(total == number for _one, total, _seconds, _lifted in rows):  # the first of an hour
            cursor.execute(FORGET, [by.pk])
    refused = None
    for one, total, seconds, lifted in rows:
        most = settings.BUDGETS[one]
        if total - number <= most < total:
            audit.record(events.BUDGET_SPENT, by=by, on=by, budget=one, most=most)
        if total > most and not lifted:
            refused = BudgetSpent.of(lazy(WORDS[one]), most, seconds)
    return refused


def charge(by: User, what: str, number: int = 1) -> None:
    """Count `number` more in a transaction of its own. Raises BudgetSpent."""
    with transaction.atomic():
        refused = spend(by, [what], number)
    if refused:
        raise refused


def search(by: User) -> None:
    """One search of the person's; a look-up of hashes is one. Raises BudgetSpent."""
    charge(by, SEARCHES)


@transaction.atomic
def lift(*, by: User, reason: str) -> BudgetLift:
    """Let no budget bind the person for an hour, for a reason. Raises ReasonNeeded. One event."""
    if not reason.strip():
        raise ReasonNeeded
    made = BudgetLift.objects.create(user=by, reason=reason.strip(), until=Now() + LIFT)
    audit.record(events.BUDGET_LIFTED, by=by, on=by, reason=made.reason)
    return made


def alarms(agency: Agency, hours: int = 7 * 24) -> list[Alarm]:
    """Who came to the end of a budget in so many hours, newest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(ALARMS, [hours, agency.pk, json.dumps(settings.BUDGETS)])
        return [Alarm(*row) for row in cursor.fetchall()]


def shown(found: Sequence[Alarm]) -> list[dict[str, object]]:
    """Alarms for a page, with words for what they are of."""
    return [{"row": row, "what": _(WORDS[row.what])} for row in found]
