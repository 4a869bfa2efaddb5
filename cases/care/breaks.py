"""Breaks: they fall due, are asked for, end by themselves or early; while one lasts no clear picture is sent."""

from django.db import connection, transaction
from django.db.models.functions import Now

from cases import events
from cases.care import holding, state
from cases.care.errors import OnBreak
from cases.care.state import State
from cases.models import Break
from workbench import audit
from workbench.models import User

BEGIN = """
INSERT INTO cases_break (public_id, user_id, started_at, ends_at, asked, skipped)
VALUES (gen_random_uuid(), %s, statement_timestamp(), statement_timestamp() + make_interval(mins => %s), %s, false)
RETURNING public_id
"""
# A break that is over was over when it was to end, whoever notices it when.
END = """
UPDATE cases_break b SET ended_at = b.ends_at FROM workbench_user u
WHERE u.id = b.user_id AND b.ended_at IS NULL AND b.ends_at <= statement_timestamp()
  AND (%(user)s::bigint IS NULL OR u.id = %(user)s)
RETURNING b.public_id, u.agency_id
"""
SKIP = """
UPDATE cases_break SET ended_at = statement_timestamp(), skipped = true
WHERE user_id = %s AND ended_at IS NULL AND ends_at > statement_timestamp() RETURNING public_id, asked
"""


def require_none(user: User) -> None:
    """Raise OnBreak while the person is on a break. One query by an index of breaks that last."""
    running = Break.objects.filter(user=user, ended_at=None, ends_at__gt=Now()).values_list("ends_at", flat=True)
    if running.exists():
        raise OnBreak


def fall_due(by: User, now: State) -> list[audit.Event]:
    """Begin the break that is due, if one is; the caller holds the person and records the event."""
    return [_begin(by, now, asked=False)] if now.break_is_due else []


def _begin(by: User, now: State, *, asked: bool) -> audit.Event:
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, [by.pk, now.break_minutes, asked])
        public_id = cursor.fetchone()[0]
    return audit.Event(events.BREAK_STARTED, f"break:{public_id}", details={"asked": asked})


@transaction.atomic
def start(*, by: User) -> State:
    """Begin a break that the person asks for; on a break already, that one goes on."""
    holding.hold(by)
    facts, now = end_over(by), state.of(by)
    if now.break_until is None:
        facts.append(_begin(by, now, asked=True))
    audit.record_all(facts, by=by)
    return state.of(by)


@transaction.atomic
def skip(*, by: User) -> State:
    """End the person's break early. Where it was over already, nothing is early. Counting begins anew."""
    holding.hold(by)
    facts = end_over(by)
    with connection.cursor() as cursor:
        cursor.execute(SKIP, [by.pk])
        facts += [
            audit.Event(events.BREAK_SKIPPED, f"break:{public_id}", details={"asked": asked})
            for public_id, asked in cursor.fetchall()
        ]
    audit.record_all(facts, by=by)
    return state.of(by)


ACTS = {"start": start, "skip": skip}  # what a page may ask for


def end_over(by: User) -> list[audit.Event]:
    """Note that the person's break is over, if one is; the caller holds the person and records the event."""
    return [event for event, _agency in _end(by.pk)]


@transaction.atomic
def sweep() -> None:
    """Note whatever breaks are over, of people who did not come back yet. The sweeper's."""
    ended = _end(None)
    for agency in sorted({agency for _event, agency in ended}):
        audit.record_all([event for event, of in ended if of == agency], by=None, agency=agency)


def _end(user: int | None) -> list[tuple[audit.Event, int]]:
    with connection.cursor() as cursor:
        cursor.execute(END, {"user": user})
        return [
            (audit.Event(events.BREAK_ENDED, f"break:{public_id}"), agency) for public_id, agency in cursor.fetchall()
        ]
