"""The limit of a day and the end of a shift: nothing new is handed out then; a supervisor may give somebody more."""

from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from cases import events
from cases.care import holding, state
from cases.care.errors import NoMoreToday, NotForYourself
from cases.care.state import State
from cases.errors import ReasonNeeded
from cases.models import LimitOverride
from workbench import audit
from workbench.errors import BadInput
from workbench.models import User

LEAST, MOST = 15, 60  # minutes that a supervisor gives at once; ux.md section 2

REACHED = """
INSERT INTO cases_limitreached (user_id, day, minutes) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING day
"""


def note_limit(by: User, now: State) -> list[audit.Event]:
    """Note that the person reached the agency's limit, once a day; the caller holds him and records the event."""
    if not now.agencys_is_reached:
        return []
    day = now.local.date()
    with connection.cursor() as cursor:
        cursor.execute(REACHED, [by.pk, day, now.agency_minutes + now.extra])
        noted = cursor.fetchone()
    told = {"day": day.isoformat(), "minutes": now.agency_minutes + now.extra}
    return [audit.Event(events.LIMIT_REACHED, audit.subject_of(by), details=told)] if noted else []


def require_more(user: User) -> None:
    """Raise NoMoreToday where nothing new is handed out to the person today. One query."""
    if text := why_no_more(state.of(user)):
        raise NoMoreToday(text)


def why_no_more(now: State) -> str:
    """Why nothing new is handed out, in a sentence or two; empty where it is."""
    if now.limit_is_reached:
        return _("You have looked for as long as goes in a day: %(limit)s.") % {"limit": in_words(now.limit)}
    if now.shift_is_over and now.shift_end:
        return _("Your shift ends at %(at)s.") % {"at": now.shift_end.strftime("%H:%M")}
    return ""


def in_words(minutes: int) -> str:
    """`4 h`, `3 h 30 min`, `45 min`."""
    hours, rest = divmod(minutes, 60)
    parts = [_("%(n)s h") % {"n": hours}] if hours else []
    return " ".join([*parts, _("%(n)s min") % {"n": rest}] if rest or not hours else parts)


@transaction.atomic
def override(*, person: User, by: User, minutes: int, reason: str) -> LimitOverride:
    """Give another person 15 to 60 minutes more today; the end of the shift moves with it.

    Raises NotForYourself, ReasonNeeded, BadInput. One transaction with its event.
    """
    if person.pk == by.pk:
        raise NotForYourself
    if not reason.strip():
        raise ReasonNeeded
    if not LEAST <= minutes <= MOST:
        raise BadInput(noop("Give from %(least)d to %(most)d minutes."), least=LEAST, most=MOST)
    holding.hold(person)
    made = LimitOverride.objects.create(
        user=person, by=by, by_name=by.name, day=state.of(person).local.date(), minutes=minutes, reason=reason.strip()
    )
    told: dict[str, Any] = {"person": person.username, "minutes": minutes, "day": made.day.isoformat()}
    audit.record(events.LIMIT_OVERRIDDEN, by=by, on=made, agency=person.agency_id, reason=made.reason, **told)
    return made
