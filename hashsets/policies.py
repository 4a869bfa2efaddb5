"""What a match of a set does in an agency (model.md section 3).

The rule itself is SQL (views `hashsets_rule` and `hashsets_verdict`, migration 0003), so that whatever
counts, hides or explains uses the same one. Here policies are set and read for the screens.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_noop as noop

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


@dataclass(frozen=True, slots=True)
class InForce:
    """What holds for a disposition, or for all that have no policy of their own, and who said so.

    `chosen`: "own", a policy for just that; "all", the one for all dispositions; "default", nobody.
    """

    action: str
    min_trust: str
    may_discard: bool
    chosen: str


def in_force(hash_set: HashSet, agency: Agency, disposition: str | None, *, beneath: bool = False) -> InForce:
    """What an agency's policy is now; `beneath`: what it would be without the one for just that. One query."""
    rows = {row.disposition: row for row in Policy.objects.filter(agency=agency, set=hash_set)}
    asked = [None] if beneath and disposition else [] if beneath else [disposition, None]
    for one in asked:
        if row := rows.get(one):
            chosen = "own" if one == disposition else "all"
            return InForce(row.action, _least(hash_set, row.min_trust), row.may_discard, chosen)
    own = hash_set.owner_id == agency.pk  # as in the view `hashsets_rule`
    min_trust = _least(hash_set, "provisional") if own else "trusted"
    return InForce("accept" if own else "propose", min_trust, False, "default")


def _least(hash_set: HashSet, min_trust: str) -> str:
    """What people decided is harmless acts from corroborated on, whatever a policy says (migration 0018)."""
    candidates = hash_set.role == HashSet.SetRole.KNOWN_GOOD and hash_set.receives_offers
    return "corroborated" if candidates and min_trust == "provisional" else min_trust


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
    reason: str = "",
) -> Policy:
    """Replace an agency's policy for a set, for one disposition or (None) for all that have none of their own.

    `min_trust` None keeps what holds now. One event, unless that very policy is there already. Raises BadInput, and
    NotAllowed for another agency's policy.
    """
    _check_agency(agency, by)
    _check(action, disposition, min_trust)
    values: dict[str, Any] = {
        "action": action,
        "min_trust": min_trust or in_force(hash_set, agency, disposition).min_trust,
        "may_discard": may_discard,
    }
    there = Policy.objects.filter(agency=agency, set=hash_set, disposition=disposition, **values).first()
    if there:
        return there
    policy, _made = Policy.objects.update_or_create(
        agency=agency, set=hash_set, disposition=disposition, defaults=values
    )
    _record(events.POLICY_SET, policy, by=by, reason=reason)
    generations.announce(hash_set)
    return policy


@transaction.atomic
def back_to_default(hash_set: HashSet, *, agency: Agency, disposition: str | None, by: User, reason: str) -> bool:
    """Remove an agency's policy for one disposition, or (None) for all; False where it has none. One event.

    What then holds is `in_force`. Raises NotAllowed for another agency's policy.
    """
    _check_agency(agency, by)
    rows = Policy.objects.select_for_update().filter(agency=agency, set=hash_set, disposition=disposition)
    policy = rows.first()
    if policy is None:
        return False
    _record(events.POLICY_REMOVED, policy, by=by, reason=reason)
    policy.delete()
    generations.announce(hash_set)
    return True


def _record(verb: str, policy: Policy, *, by: User, reason: str) -> None:
    audit.record(
        verb,
        by=by,
        on=policy,
        agency=policy.agency,
        reason=" ".join(reason.split())[:400],
        set=policy.set.name,
        disposition=policy.disposition or "any",
        action=policy.action,
        min_trust=policy.min_trust,
        may_discard=policy.may_discard,
    )


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


def _check_agency(agency: Agency, by: User) -> None:
    if by.agency_id != agency.pk:
        raise NotAllowed(noop("A policy is set by the agency it is for."))


def _check(action: str, disposition: str | None, min_trust: str | None) -> None:
    if action not in Policy.Action.values:
        raise BadInput(f"Not an action: {action!r}. There are {', '.join(Policy.Action.values)}.")
    if disposition is not None and disposition not in Disposition.values:
        raise BadInput(f"Not a disposition: {disposition!r}. There are {', '.join(Disposition.values)}.")
    if action == Policy.Action.HIDE and disposition in {Disposition.RELEVANT, Disposition.RESTRICTED}:
        raise BadInput(noop("Hiding is for what is harmless: choose the disposition not_relevant, or accept."))
    if min_trust is not None and min_trust not in MINIMA:
        raise BadInput(f"Not a trust to ask for: {min_trust!r}. There are {', '.join(MINIMA)}.")
