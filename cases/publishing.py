"""Giving back: decisions offered to the agency's shared hash set, approved by another person (model.md, Offer).

An offer is a draft made in the decision's transaction. Nothing leaves without a second person; the way back
(withdrawal) takes two people again. Only what somebody looked at (basis viewed) is ever offered.
Order of locks: offers, sets, each by id, the log's head last.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop as noop

from cases import approving, events, leaving, reasons
from cases.errors import AnotherPersonNeeded, NoPublishingSet, OfferMoved, ReasonNeeded
from cases.models import Case, Decision, Offer
from cases.offers import OUT, Locked, Outcome, S, lock, lock_of, move
from cases.standing import Written
from hashsets import entries
from hashsets.models import HashSet
from workbench import audit
from workbench.models import User

WAITING = {S.DRAFT, S.HELD}  # a second person may still publish it, or give it back

# Offers what a set may receive: publishable, viewed, not the empty file. One row per decision. What is harmless goes to
# the set for that, where there is one.
MAKE = """
INSERT INTO cases_offer (public_id, decision_id, set_id, agency_id, case_id, state, reason, decided_by_id,
                         offered_by_id, at)
SELECT gen_random_uuid(), d.id, CASE WHEN g.disposition = 'not_relevant' THEN %(harmless)s ELSE %(set)s END,
  d.agency_id, d.case_id, 'draft', '', d.by_id, %(by)s, now()
FROM cases_decision d
JOIN cases_content c ON c.id = d.content_id AND c.size > 0
JOIN hashsets_category g ON g.scheme_id = d.scheme_id AND g.code = d.code AND g.publishable
WHERE d.id = ANY(%(decisions)s) AND d.basis = 'viewed'
ON CONFLICT (decision_id, set_id) DO NOTHING RETURNING public_id, set_id
"""

WHY_NOT = {
    "restricted": reasons.RESTRICTED,
    "not_shared": reasons.NOT_SHARED,
    "not_viewed": reasons.NOT_VIEWED,
    "empty": reasons.EMPTY,
}
CANDIDATES = """
SELECT d.id, CASE WHEN %(closed)s THEN %(restricted)s WHEN NOT g.publishable THEN %(not_shared)s
  WHEN d.basis <> 'viewed' THEN %(not_viewed)s WHEN c.size = 0 THEN %(empty)s ELSE '' END
FROM cases_standing st JOIN cases_decision d ON d.id = st.decision_id AND d.case_id = %(case)s
JOIN cases_content c ON c.id = st.content_id
JOIN hashsets_category g ON g.scheme_id = d.scheme_id AND g.code = d.code
WHERE NOT EXISTS (SELECT FROM cases_offer o WHERE o.decision_id = d.id AND o.set_id IN (%(set)s, %(harmless)s))
"""


def publishing_set(case: Case) -> HashSet | None:
    """The agency's set that receives decisions under the case's scheme; None if it has none."""
    return _receiving(case).exclude(role=HashSet.SetRole.KNOWN_GOOD).first()


def harmless_set(case: Case) -> HashSet | None:
    """The agency's set of what it decided is harmless, if it keeps that apart: known-good, and receiving offers.

    It saves the most work elsewhere and risks most, so it proposes nothing below `corroborated` and closes nothing
    below `trusted` (migration 0019 of hashsets).
    """
    return _receiving(case).filter(role=HashSet.SetRole.KNOWN_GOOD).first()


def _receiving(case: Case) -> QuerySet[HashSet]:
    return HashSet.objects.filter(
        owner=case.agency_id, receives_offers=True, scheme__scheme_id=case.scheme.scheme_id, retired_at__isnull=True
    ).order_by("pk")


def offer(written: Sequence[Written], *, case: Case, by: User) -> list[audit.Event]:
    """Offer fresh decisions, in their transaction. Returns the events to record; none where nothing may leave."""
    decisions = [row.id for row in written if row.code is not None and row.basis == Decision.Basis.VIEWED]
    target = publishing_set(case) if decisions and case.may_publish and not case.sealed else None
    return _make(decisions, target, harmless_set(case) or target, case, by) if target else []


def _make(decisions: list[int], target: HashSet, harmless: HashSet, case: Case, by: User) -> list[audit.Event]:
    names = {target.pk: target.name, harmless.pk: harmless.name}
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"set": target.pk, "harmless": harmless.pk, "by": by.pk, "decisions": decisions}
        cursor.execute(MAKE, values)
        return [
            audit.Event(events.OFFERED, f"offer:{public_id}", case.public_id, {"set": names[set_id]})
            for public_id, set_id in cursor.fetchall()
        ]


@transaction.atomic
def offer_case(*, case: Case, by: User, to: HashSet | None = None) -> Outcome:
    """Offer every standing decision of the case that was not offered yet; says why others stay.

    Raises NoPublishingSet, also where `to` is not a set for this agency's decisions under this scheme.
    """
    target = to or publishing_set(case)
    harmless = to or harmless_set(case) or target
    if target is None or harmless is None:
        raise NoPublishingSet
    if not leaving.receives(target, agency=case.agency_id, scheme_id=case.scheme.scheme_id):
        raise NoPublishingSet(
            noop("%(name)s does not receive your agency's decisions under %(scheme)s."),
            name=target.name,
            scheme=case.scheme,
        )
    outcome = Outcome()
    decisions: list[int] = []
    with connection.cursor() as cursor:
        closed = case.sealed or not case.may_publish
        values: dict[str, Any] = {"case": case.pk, "set": target.pk, "harmless": harmless.pk, "closed": closed}
        cursor.execute(CANDIDATES, WHY_NOT | values)
        for decision, reason in cursor.fetchall():
            if reason:
                outcome.held[reason] += 1
            else:
                decisions.append(decision)
    outcome.events = _make(decisions, target, harmless, case, by)
    audit.record_all(outcome.events, by=by, agency=case.agency_id)
    outcome.done = len(outcome.events)
    return outcome


@transaction.atomic
def approve(*, offers: Sequence[UUID], by: User) -> Outcome:
    """Publish drafts, and what was held, by somebody who neither decided nor offered them.

    What waits for a second view or a ruling stays as it is, and is counted with that reason. An offer whose decision no
    longer stands, or whose set does not take it, is held with that reason. One generation per set. Raises
    AnotherPersonNeeded, OfferMoved.
    """
    locked = lock(offers, by, WAITING)
    return _recorded(approving.approve(locked, locked.chosen, by, ""), by)


@transaction.atomic
def settle(
    *, act: str, offers: Sequence[UUID], by: User, reason: str = "", shown: Mapping[UUID, str] | None = None
) -> Outcome:
    """A second person's step on what waits, drafts and withdrawals alike: approve, return or hold.

    `shown`: the states in which he saw them. What is held since a list calls it harmless is published with a reason
    only. Raises AnotherPersonNeeded, OfferMoved, ReasonNeeded.
    """
    locked = lock(offers, by, WAITING | {S.WITHDRAWAL})
    if shown and any(row.state != shown[row.public_id] for row in locked.chosen):
        raise OfferMoved
    back = [row for row in locked.chosen if row.state == S.WITHDRAWAL]
    waiting = [row for row in locked.chosen if row.state != S.WITHDRAWAL]
    outcome = _settle_waiting(act, locked, waiting, by, reason) if waiting else Outcome()
    left = [row for row in back if row.state == S.WITHDRAWAL]  # some were replaced by what was just published
    outcome.done += len(back) - len(left)
    outcome += _settle_withdrawals(act, left, by, reason) if left else Outcome()
    return _recorded(outcome, by)


def _recorded(outcome: Outcome, by: User) -> Outcome:
    audit.record_all(outcome.events, by=by)
    return outcome


def _settle_waiting(act: str, locked: Locked, rows: list[Offer], by: User, reason: str) -> Outcome:
    if act == "approve":
        return approving.approve(locked, rows, by, reason.strip())
    if act == "return":
        return move(rows, S.RETURNED, events.RETURNED, reason=_said(reason))
    if any(row.state == S.HELD for row in rows):
        raise OfferMoved
    return move(rows, S.HELD, events.HELD, reason=_said(reason))


def _settle_withdrawals(act: str, rows: list[Offer], by: User, reason: str) -> Outcome:
    if act == "approve":
        return _withdraw(rows, by)
    if act == "return":
        return move(rows, S.PUBLISHED, events.WITHDRAWAL_REFUSED, reason=_said(reason))
    return Outcome()


@transaction.atomic
def ask_withdrawal(*, offers: Sequence[UUID], by: User, reason: str) -> Outcome:
    """Ask for published entries to be taken back; another person confirms. Raises ReasonNeeded, OfferMoved."""
    rows = lock(offers, by, {S.PUBLISHED}).chosen
    outcome = move(rows, S.WITHDRAWAL, events.WITHDRAWAL_OFFERED, reason=_said(reason), withdrawn_by=by)
    return _recorded(outcome, by)


def _withdraw(rows: list[Offer], by: User) -> Outcome:
    """Withdraw entries from their sets, by another person than the one who asked."""
    if any(by.pk == row.withdrawn_by_id for row in rows):
        raise AnotherPersonNeeded
    outcome = Outcome()
    for target, group in approving.by_set(rows):
        reason = "; ".join(sorted({row.reason for row in group}))
        _generation, told = entries.withdraw(target, [row.entry for row in group if row.entry], by=by, reason=reason)
        outcome += Outcome(events=told)
        outcome += move(group, S.WITHDRAWN, events.WITHDRAWN, reason=reason, confirmed_by=by)
    return outcome


def published(decision_ids: Collection[int]) -> set[int]:
    """Those of these decisions that have left the agency. Locks their offers, so that none leaves meanwhile."""
    return {row.decision_id for row in lock_of(decision_ids) if row.state in OUT}


def drop_drafts(decision_ids: Collection[int], *, by: User) -> list[audit.Event]:
    """What becomes of superseded decisions' offers: drafts are returned, published ones wait for withdrawal.

    In the superseding decision's transaction; returns the events to record.
    """
    rows = lock_of(decision_ids)
    drafts = [row for row in rows if row.state in WAITING]
    out = [row for row in rows if row.state == S.PUBLISHED]
    outcome = Outcome()
    if drafts:
        outcome += move(drafts, S.RETURNED, events.RETURNED, reason=reasons.DECISION_TAKEN_BACK)
    if out:
        outcome += move(
            out, S.WITHDRAWAL, events.WITHDRAWAL_OFFERED, reason=reasons.DECISION_SUPERSEDED, withdrawn_by=by
        )
    return outcome.events


def _said(reason: str) -> str:
    if not reason.strip():
        raise ReasonNeeded
    return reason.strip()
