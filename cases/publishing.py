"""Giving back: decisions offered to the agency's shared hash set, approved by another person (model.md, Offer).

An offer is a draft made in the decision's transaction. Nothing leaves without a second person; the way back
(withdrawal) takes two people again. Only what somebody looked at (basis viewed) is ever offered.
Order of locks: offers, sets, each by id, the log's head last.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_noop as noop

from cases import events, reasons
from cases.errors import AnotherPersonNeeded, NoPublishingSet, OfferMoved, ReasonNeeded
from cases.models import Case, Content, Decision, Offer, Standing
from cases.offers import OUT, Locked, Outcome, S, lock, lock_of, move, set_published, set_replaced
from cases.second import holding
from cases.standing import Written
from hashsets import entries
from hashsets.entries import NewEntry
from hashsets.models import HashSet
from workbench import audit
from workbench.models import User

WAITING = {S.DRAFT, S.HELD}  # a second person may still publish it, or give it back

# Offers what a set may receive: publishable, viewed, not the empty file. One row per decision.
MAKE = """
INSERT INTO cases_offer (public_id, decision_id, set_id, agency_id, case_id, state, reason, decided_by_id,
                         offered_by_id, at)
SELECT gen_random_uuid(), d.id, %(set)s, d.agency_id, d.case_id, 'draft', '', d.by_id, %(by)s, now()
FROM cases_decision d
JOIN cases_content c ON c.id = d.content_id AND c.size > 0
JOIN hashsets_category g ON g.scheme_id = d.scheme_id AND g.code = d.code AND g.publishable
WHERE d.id = ANY(%(decisions)s) AND d.basis = 'viewed'
ON CONFLICT (decision_id, set_id) DO NOTHING RETURNING public_id, decision_id
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
WHERE NOT EXISTS (SELECT FROM cases_offer o WHERE o.decision_id = d.id AND o.set_id = %(set)s)
"""


def publishing_set(case: Case) -> HashSet | None:
    """The agency's set that receives decisions under the case's scheme; None if it has none."""
    return HashSet.objects.filter(
        owner=case.agency_id, receives_offers=True, scheme__scheme_id=case.scheme.scheme_id, retired_at__isnull=True
    ).first()


def receives(target: HashSet, *, agency: int, scheme_id: str) -> bool:
    """Whether a set takes decisions of the agency under a scheme: its own, in use, and made for that."""
    theirs = target.owner_id == agency and target.receives_offers and target.retired_at is None
    return theirs and target.scheme.scheme_id == scheme_id


def offer(written: Sequence[Written], *, case: Case, by: User) -> list[audit.Event]:
    """Offer fresh decisions, in their transaction. Returns the events to record; none where nothing may leave."""
    decisions = [row.id for row in written if row.code is not None and row.basis == Decision.Basis.VIEWED]
    target = publishing_set(case) if decisions and case.may_publish and not case.sealed else None
    return _make(decisions, target, case, by) if target else []


def _make(decisions: list[int], target: HashSet, case: Case, by: User) -> list[audit.Event]:
    with connection.cursor() as cursor:
        cursor.execute(MAKE, {"set": target.pk, "by": by.pk, "decisions": decisions})
        return [
            audit.Event(events.OFFERED, f"offer:{public_id}", case.public_id, {"set": target.name})
            for public_id, _decision in cursor.fetchall()
        ]


@transaction.atomic
def offer_case(*, case: Case, by: User, to: HashSet | None = None) -> Outcome:
    """Offer every standing decision of the case that was not offered yet; says why others stay.

    Raises NoPublishingSet, also where `to` is not a set for this agency's decisions under this scheme.
    """
    target = to or publishing_set(case)
    if target is None:
        raise NoPublishingSet
    if not receives(target, agency=case.agency_id, scheme_id=case.scheme.scheme_id):
        raise NoPublishingSet(
            noop("%(name)s does not receive your agency's decisions under %(scheme)s."),
            name=target.name,
            scheme=case.scheme,
        )
    outcome = Outcome()
    decisions: list[int] = []
    with connection.cursor() as cursor:
        closed = case.sealed or not case.may_publish
        cursor.execute(CANDIDATES, WHY_NOT | {"case": case.pk, "set": target.pk, "closed": closed})
        for decision, reason in cursor.fetchall():
            if reason:
                outcome.held[reason] += 1
            else:
                decisions.append(decision)
    outcome.events = _make(decisions, target, case, by)
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
    return _recorded(_approve(locked, locked.chosen, by), by)


@transaction.atomic
def settle(*, act: str, offers: Sequence[UUID], by: User, reason: str = "") -> Outcome:
    """A second person's step on what waits, drafts and withdrawals alike: approve, return or hold.

    Raises AnotherPersonNeeded, OfferMoved, ReasonNeeded.
    """
    locked = lock(offers, by, WAITING | {S.WITHDRAWAL})
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
        return _approve(locked, rows, by)
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


def _approve(locked: Locked, rows: list[Offer], by: User) -> Outcome:
    if any(by.pk in {row.decided_by_id, row.offered_by_id} for row in rows):
        raise AnotherPersonNeeded
    standing = set(
        Standing.objects.filter(decision__in=[row.decision_id for row in rows]).values_list("decision", flat=True)
    )
    kept = {row.pk: why for row in rows if (why := _why_not(row, standing))}
    later = holding.back([row.decision_id for row in rows if row.pk not in kept])
    outcome = Outcome(held=Counter(later[row.decision_id] for row in rows if row.decision_id in later))
    rows = [row for row in rows if row.decision_id not in later]  # they stay as they are
    for why in sorted(set(kept.values())):
        held = move([row for row in rows if kept.get(row.pk) == why], S.HELD, events.HELD, reason=why)
        outcome += Outcome(held=Counter({why: held.done}), events=held.events)
    for target, group in _by_set(row for row in rows if row.pk not in kept):
        outcome += _publish(locked, target, group, by)
    return outcome


def _why_not(row: Offer, standing: Collection[int]) -> str:
    """Why an offer cannot be published now; empty if it can."""
    if row.decision_id not in standing:
        return reasons.STANDS_NO_MORE
    scheme = row.decision.scheme.scheme_id
    return "" if receives(row.set, agency=row.agency_id, scheme_id=scheme) else reasons.SET_TAKES_NONE


def _publish(locked: Locked, target: HashSet, rows: list[Offer], by: User) -> Outcome:
    """Put decisions into their set; earlier ones on the same contents leave it as these come in."""
    fresh = {
        bytes(row.decision.content.sha256): NewEntry(
            sha256=bytes(row.decision.content.sha256),
            md5=bytes(row.decision.content.md5),
            sha1=bytes(row.decision.content.sha1),
            size=row.decision.content.size,
            code=str(row.decision.code),
            pdq=_pdq(row.decision.content),
        )
        for row in rows
    }
    generation, told = entries.publish(target, list(fresh.values()), by=by, source="approved decisions")
    ids = entries.in_force(target, list(fresh))
    outcome = Outcome(events=told)
    if pairs := locked.replaced_by(rows):
        outcome.events += set_replaced(pairs, by=by).events
    outcome += set_published(rows, generation, [ids[bytes(row.decision.content.sha256)] for row in rows], by=by)
    return outcome


def _pdq(content: Content) -> bytes | None:
    """Of a still; that of a film is of one frame, and would be taken for that of a picture."""
    return bytes(content.pdq) if content.pdq is not None and content.kind == Content.Kind.STILL else None


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
    for target, group in _by_set(rows):
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


def _by_set(rows: Iterable[Offer]) -> list[tuple[HashSet, list[Offer]]]:
    """Offers by set, in the order in which sets are locked."""
    grouped: dict[int, list[Offer]] = {}
    for row in rows:
        grouped.setdefault(row.set_id, []).append(row)
    return [(group[0].set, group) for _id, group in sorted(grouped.items())]


def _said(reason: str) -> str:
    if not reason.strip():
        raise ReasonNeeded
    return reason.strip()
