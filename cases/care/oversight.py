"""What others may know of a person's viewing: limits and breaks of today, limits crossed, and what he shares.

No times, no counts of files, no order but that of names (ux.md sections 1.6 and 6).
"""

from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet

from cases import events
from cases.care.errors import NotShared
from cases.errors import ReasonNeeded
from cases.models import CareChoice
from workbench import access, audit
from workbench.models import Agency, Membership, Role, User
from workbench.people import OPERATOR

TODAY = """
WITH rule AS (
  SELECT zone, (statement_timestamp() AT TIME ZONE zone)::date AS today,
    date_trunc('day', statement_timestamp(), zone) AS midnight
  FROM (SELECT coalesce((SELECT zone FROM cases_carerule WHERE agency_id = %(agency)s), 'UTC') AS zone) z)
SELECT u.public_id, u.name, b.until, coalesce(b.kept, 0), coalesce(b.skipped, 0),
  EXISTS (SELECT FROM cases_limitreached l WHERE l.user_id = u.id AND l.day = rule.today),
  coalesce((SELECT sum(o.minutes) FROM cases_limitoverride o WHERE o.user_id = u.id AND o.day = rule.today), 0)
FROM rule CROSS JOIN workbench_user u
LEFT JOIN LATERAL (
  SELECT max(ends_at) FILTER (WHERE ended_at IS NULL AND ends_at > statement_timestamp()) AS until,
    count(*) FILTER (WHERE NOT skipped AND ends_at <= statement_timestamp()) AS kept,
    count(*) FILTER (WHERE skipped AND NOT asked) AS skipped
  FROM cases_break WHERE user_id = u.id AND started_at >= rule.midnight) b ON true
WHERE u.agency_id = %(agency)s AND u.is_active AND u.username <> %(operator)s AND EXISTS (
  SELECT FROM workbench_membership m WHERE m.user_id = u.id AND m.agency_id = u.agency_id AND m.role = ANY(%(roles)s))
ORDER BY u.name, u.id
"""

CROSSED = """
SELECT u.name, l.day, l.minutes, coalesce((SELECT sum(o.minutes) FROM cases_limitoverride o
  WHERE o.user_id = u.id AND o.day = l.day), 0)
FROM cases_limitreached l JOIN workbench_user u ON u.id = l.user_id
WHERE u.agency_id = %s AND l.day > current_date - 30 ORDER BY l.day DESC, u.name LIMIT %s
"""


MOST = 500  # limits reached that the page shows


class OfToday(NamedTuple):
    """One person today: on a break until when, breaks kept, ended early, limit reached, minutes given more."""

    public_id: Any
    name: str
    until: datetime | None
    kept: int
    skipped: int
    reached: bool
    extra: int


class Crossed(NamedTuple):
    """A day on which somebody reached the limit, in minutes, and what a supervisor gave more on it."""

    name: str
    day: date
    minutes: int
    extra: int


def today(agency: Agency) -> list[OfToday]:
    """Everybody of the agency who may review, by name. One query."""
    roles = [str(role) for role in access.roles_for("care.own")]
    values: dict[str, Any] = {"agency": agency.pk, "roles": roles, "operator": OPERATOR}
    with connection.cursor() as cursor:
        cursor.execute(TODAY, values)
        return [OfToday(*row) for row in cursor.fetchall()]


def crossed(agency: Agency) -> list[Crossed]:
    """Limits reached in thirty days, the newest MOST of them."""
    with connection.cursor() as cursor:
        cursor.execute(CROSSED, [agency.pk, MOST])
        return [Crossed(*row) for row in cursor.fetchall()]


def people(of: User) -> QuerySet[User]:
    """Whom somebody who oversees can ask about: the people of his agency."""
    return User.objects.filter(agency=of.agency_id, is_active=True)


def sharing(agency: Agency) -> list[User]:
    """People who share their record with the welfare officer, by name."""
    shared = CareChoice.objects.filter(shared=True).values("user")
    return list(User.objects.filter(agency=agency, is_active=True, pk__in=shared).order_by("name"))


def reviewers(agency: Agency) -> list[User]:
    """Whose record there can be, by name."""
    roles = [str(role) for role in access.roles_for("care.own")]
    held = Membership.objects.filter(agency=agency, role__in=roles).values("user")
    found = User.objects.filter(agency=agency, is_active=True, pk__in=held).exclude(username=OPERATOR)
    return list(found.order_by("name"))


@transaction.atomic
def read(*, person: User, by: User, reason: str = "") -> None:
    """Let somebody read a person's record: a welfare officer what is shared, an auditor with a reason. An event.

    Raises NotShared, ReasonNeeded.
    """
    shared = CareChoice.objects.filter(user=person, shared=True).exists()
    if not (shared and Role.WELFARE in access.roles(by)):
        if Role.AUDITOR not in access.roles(by):
            raise NotShared
        if not reason.strip():
            raise ReasonNeeded
    audit.record(events.WELLNESS_READ, by=by, on=person, reason=reason.strip(), agency=person.agency_id)
