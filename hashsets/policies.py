"""What a match of a set does in an agency (model.md section 3).

The rule itself is SQL (views `hashsets_rule` and `hashsets_verdict`, migrations 0003 and 0012), so that whatever
counts, hides or explains uses the same one. Here policies are set and read for the screens.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from hashsets import events, generations
from hashsets.models import Disposition, HashSet, Policy
from hashsets.trust import MINIMA
from workbench import audit
from workbench.errors import BadInput, NotAllowed
from workbench.models import Agency, User


@dataclass(frozen=True, slots=True)
class Rule:
    """The policy in force for one agency, set and disposition, defaults filled in."""

    set_id: int
    disposition: str
    action: str
    min_trust: str
    may_discard: bool


@transaction.atomic
def set_policy(
    hash_set: HashSet,
    *,
    agency: Agency,
    action: str,
    by: User,
    disposition: str | None = None,
    min_trust: str | None = None,
    may_discard: bool = False,
) -> Policy:
    """Replace an agency's policy for a set, for one disposition or (None) for all that have none of their own.

    `min_trust` None keeps what holds now. One event. Raises BadInput, and NotAllowed for another agency's policy.
    """
    if by.agency_id != agency.pk:
        raise NotAllowed("A policy is set by the agency it is for.")
    _check(action, disposition, min_trust)
    values: dict[str, Any] = {
        "action": action,
        "min_trust": min_trust or _min_trust_now(hash_set, agency, disposition),
        "may_discard": may_discard,
    }
    policy, _made = Policy.objects.update_or_create(
        agency=agency, set=hash_set, disposition=disposition, defaults=values
    )
    audit.record(
        events.POLICY_SET,
        by=by,
        on=policy,
        agency=agency,
        set=hash_set.name,
        disposition=disposition or "any",
        **values,
    )
    generations.announce(hash_set)
    return policy


def effective(agency_id: int, set_id: int | None = None) -> list[Rule]:
    """The rules in force for every set the agency uses (or one of them). One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_id, disposition, action, min_trust, may_discard FROM hashsets_rule"
            " WHERE agency_id = %(agency)s AND NOT retired AND (%(set)s::bigint IS NULL OR set_id = %(set)s)"
            " ORDER BY set_id, disposition",
            {"agency": agency_id, "set": set_id},
        )
        return [Rule(*row) for row in cursor.fetchall()]


def _min_trust_now(hash_set: HashSet, agency: Agency, disposition: str | None) -> str:
    if disposition is None:
        kept = Policy.objects.filter(agency=agency, set=hash_set, disposition__isnull=True).first()
        return kept.min_trust if kept else ("provisional" if hash_set.owner_id == agency.pk else "trusted")
    rules = effective(agency.pk, hash_set.pk)
    return next((rule.min_trust for rule in rules if rule.disposition == disposition), "trusted")


def _check(action: str, disposition: str | None, min_trust: str | None) -> None:
    if action not in Policy.Action.values:
        raise BadInput(f"Not an action: {action!r}. There are {', '.join(Policy.Action.values)}.")
    if disposition is not None and disposition not in Disposition.values:
        raise BadInput(f"Not a disposition: {disposition!r}. There are {', '.join(Disposition.values)}.")
    if action == Policy.Action.HIDE and disposition in {Disposition.RELEVANT, Disposition.RESTRICTED}:
        raise BadInput("Hiding is for what is harmless: choose the disposition not_relevant, or accept.")
    if min_trust is not None and min_trust not in MINIMA:
        raise BadInput(f"Not a trust to ask for: {min_trust!r}. There are {', '.join(MINIMA)}.")
