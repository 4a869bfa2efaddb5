"""What an agency sets for its people, and what people choose for themselves."""

from dataclasses import dataclass
from datetime import time
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_noop as noop

from cases import events
from cases.errors import ReasonNeeded
from cases.models import CareChoice, CareRule
from workbench import audit
from workbench.errors import BadInput
from workbench.models import Agency, User

OWN = ("break_after", "break_minutes", "day_minutes", "shift_end", "blur", "grey", "tile", "outcomes")


@dataclass(frozen=True, slots=True)
class Rules:
    """What an agency may set: minutes, the clock on its wall, and whom people may speak to."""

    break_after: int
    break_minutes: int
    day_minutes: int
    shift_end: time | None
    zone: str
    contact: str
    own_breaks: bool
    keep_blur: bool


def of_agency(agency: Agency) -> CareRule:
    """The agency's rules; unsaved defaults where it set none."""
    return CareRule.objects.filter(agency=agency).first() or CareRule(agency=agency)


def of_person(user: User) -> CareChoice:
    """What the person chose; unsaved defaults where that was nothing."""
    return CareChoice.objects.filter(user=user).first() or CareChoice(user=user)


@transaction.atomic
def set_rules(*, agency: Agency, by: User, wanted: Rules, reason: str) -> None:
    """Set the agency's limits and breaks. Raises ReasonNeeded, BadInput. One transaction with its event."""
    if not reason.strip():
        raise ReasonNeeded
    if not is_zone(wanted.zone):
        raise BadInput(
            noop("There is no time zone %(zone)s. Give one like Europe/Berlin, or UTC."), zone=repr(wanted.zone)
        )
    before = _plain(of_agency(agency))
    values = {name: getattr(wanted, name) for name in Rules.__slots__}
    row, _made = CareRule.objects.update_or_create(agency=agency, defaults=values)
    after = _plain(row)
    changed = {name: [before[name], after[name]] for name in values if before[name] != after[name]}
    audit.record(events.CARE_RULES_SET, by=by, on=agency, reason=reason.strip(), changed=changed)


def _plain(row: CareRule) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in Rules.__slots__}
    return {name: str(value) if isinstance(value, time) else value for name, value in values.items()}


def is_zone(name: str) -> bool:
    """Whether the database knows a time zone of that name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = %s)", [name])
        return bool(cursor.fetchone()[0])


@transaction.atomic
def choose(*, by: User, wanted: dict[str, Any]) -> None:
    """Keep a person's own settings, of OWN. One transaction; the event names what changed, not to what: it is his."""
    before = of_person(by)
    changed = sorted(name for name in OWN if name in wanted and getattr(before, name) != wanted[name])
    if not changed:
        return
    CareChoice.objects.update_or_create(user=by, defaults={name: wanted[name] for name in changed})
    audit.record(events.VEIL_SET, by=by, on=by, changed=changed)


@transaction.atomic
def share(*, by: User, on: bool) -> None:
    """Let the welfare officer read the person's record, or no longer. One transaction; the same again is no event."""
    if of_person(by).shared == on:
        return
    CareChoice.objects.update_or_create(user=by, defaults={"shared": on})
    audit.record(events.WELLNESS_SHARED, by=by, on=by, shared=on)
