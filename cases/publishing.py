"""Giving back: decisions offered to the agency's shared hash set, approved by another person (model.md, Offer).

An offer is a draft made in the decision's transaction. Nothing leaves without a second person; the way back
(withdrawal) takes two people again. Only what somebody looked at (basis viewed) is ever offered.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection, transaction

from cases import events
from cases.errors import AnotherPersonNeeded, NoPublishingSet, OfferMoved, ReasonNeeded
from cases.models import Case, Decision, Offer, Standing
from cases.standing import Written
from hashsets import entries
from hashsets.entries import NewEntry
from hashsets.models import HashSet
from workbench import audit
from workbench.models import User

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


@dataclass(slots=True)
class Outcome:
    """What a step on offers did: how many went through, and why others were held."""

    done: int = 0
    held: Counter[str] = field(default_factory=Counter)


def publishing_set(case: Case) -> HashSet | None:
    """The agency's set that receives decisions under the case's scheme; None if it has none."""
    return HashSet.objects.filter(
        owner=case.agency_id, receives_offers=True, scheme__scheme_id=case.scheme.scheme_id, retired_at__isnull=True
    ).first()


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

    Raises NoPublishingSet.
    """
    target = to or publishing_set(case)
    if target is None:
        raise NoPublishingSet
    outcome = Outcome()
    decisions: list[int] = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.id, CASE WHEN %(closed)s THEN 'restricted case'"
            " WHEN NOT g.publishable THEN 'category is not shared'"
            " WHEN d.basis <> 'viewed' THEN 'not viewed' WHEN c.size = 0 THEN 'empty file' ELSE '' END"
            " FROM cases_standing st JOIN cases_decision d ON d.id = st.decision_id AND d.case_id = %(case)s"
            " JOIN cases_content c ON c.id = st.content_id"
            " JOIN hashsets_category g ON g.scheme_id = d.scheme_id AND g.code = d.code"
            " WHERE NOT EXISTS (SELECT FROM cases_offer o WHERE o.decision_id = d.id AND o.set_id = %(set)s)",
            {"case": case.pk, "set": target.pk, "closed": case.sealed or not case.may_publish},
        )
        for decision, reason in cursor.fetchall():
            if reason:
                outcome.held[reason] += 1
            else:
                decisions.append(decision)
    facts = _make(decisions, target, case, by)
    audit.record_all(facts, by=by, agency=case.agency_id)
    outcome.done = len(facts)
    return outcome


@transaction.atomic
def approve(*, offers: Sequence[UUID], by: User) -> Outcome:
    """Publish drafts, by somebody who neither decided nor offered them.

    An offer whose decision no longer stands is held with that reason. One generation per set.
    Raises AnotherPersonNeeded, OfferMoved.
    """
    rows = _lock(offers, by, Offer.State.DRAFT)
    if any(by.pk in {row.decided_by_id, row.offered_by_id} for row in rows):
        raise AnotherPersonNeeded
    standing = set(
        Standing.objects.filter(decision__in=[row.decision_id for row in rows]).values_list("decision", flat=True)
    )
    outcome, facts = Outcome(), list[audit.Event]()
    stale = [row for row in rows if row.decision_id not in standing]
    facts += _step(stale, Offer.State.HELD, events.HELD, reason="the decision no longer stands")
    outcome.held["the decision no longer stands"] += len(stale)
    for set_id, group in _by_set(row for row in rows if row.decision_id in standing):
        facts += _publish(HashSet.objects.get(pk=set_id), group, by)
        outcome.done += len(group)
    audit.record_all(facts, by=by)
    outcome.held += Counter()
    return outcome


def _publish(target: HashSet, rows: list[Offer], by: User) -> list[audit.Event]:
    fresh = {
        bytes(row.decision.content.sha256): NewEntry(
            sha256=bytes(row.decision.content.sha256),
            md5=bytes(row.decision.content.md5),
            sha1=bytes(row.decision.content.sha1),
            size=row.decision.content.size,
            code=str(row.decision.code),
        )
        for row in rows
    }
    generation = entries.publish(target, list(fresh.values()), by=by, source="approved decisions")
    ids = entries.in_force(target, list(fresh))
    for row in rows:
        row.state, row.reason, row.approved_by, row.generation = Offer.State.PUBLISHED, "", by, generation.number
        row.entry = ids[bytes(row.decision.content.sha256)]
    Offer.objects.bulk_update(rows, ["state", "reason", "approved_by", "generation", "entry"])
    details = {"set": target.name, "generation": generation.number}
    return _replace_earlier(target, rows, by) + [_event(events.APPROVED, row, details=details) for row in rows]


def _replace_earlier(target: HashSet, rows: list[Offer], by: User) -> list[audit.Event]:
    """An earlier decision on the same content leaves the set as the new one comes in: both people stand for both."""
    deciders = {row.decision.content_id: row.decided_by for row in rows}
    earlier = list(
        Offer.objects.filter(
            set=target,
            state__in=[Offer.State.PUBLISHED, Offer.State.WITHDRAWAL],
            decision__content__in=deciders.keys(),
        )
        .exclude(pk__in=[row.pk for row in rows])
        .select_related("decision", "case")
        .select_for_update(of=("self",))
    )
    for row in earlier:
        row.withdrawn_by, row.confirmed_by = deciders[row.decision.content_id], by
    Offer.objects.bulk_update(earlier, ["withdrawn_by", "confirmed_by"])
    return _step(earlier, Offer.State.WITHDRAWN, events.WITHDRAWN, reason="superseded by a later decision")


@transaction.atomic
def settle(*, act: str, offers: Sequence[UUID], by: User, reason: str = "") -> Outcome:
    """A second person's step on what waits, drafts and withdrawals alike: approve, return or hold.

    Raises AnotherPersonNeeded, OfferMoved, ReasonNeeded.
    """
    scoped = Offer.objects.for_actor(by).filter(public_id__in=offers)
    back = set(scoped.filter(state=Offer.State.WITHDRAWAL).values_list("public_id", flat=True))
    drafts, outcome = [offer for offer in offers if offer not in back], Outcome()
    if drafts:
        _add(outcome, _settle_drafts(act, drafts, by, reason))
    if back:
        _add(outcome, _settle_withdrawals(act, sorted(back), by, reason))
    return outcome


def _settle_drafts(act: str, offers: Sequence[UUID], by: User, reason: str) -> Outcome:
    if act == "approve":
        return approve(offers=offers, by=by)
    return (hold if act == "hold" else give_back)(offers=offers, by=by, reason=reason)


def _settle_withdrawals(act: str, offers: Sequence[UUID], by: User, reason: str) -> Outcome:
    if act == "approve":
        return confirm_withdrawal(offers=offers, by=by)
    return keep(offers=offers, by=by, reason=reason) if act == "return" else Outcome()


def _add(whole: Outcome, part: Outcome) -> None:
    whole.done += part.done
    whole.held += part.held


@transaction.atomic
def give_back(*, offers: Sequence[UUID], by: User, reason: str) -> Outcome:
    """Return drafts to the investigator with a reason. Raises ReasonNeeded, OfferMoved."""
    path = (Offer.State.DRAFT, Offer.State.RETURNED)
    return _move(offers, path, events.RETURNED, by=by, reason=_said(reason))


@transaction.atomic
def hold(*, offers: Sequence[UUID], by: User, reason: str) -> Outcome:
    """Keep drafts back with a reason. Raises ReasonNeeded, OfferMoved."""
    path = (Offer.State.DRAFT, Offer.State.HELD)
    return _move(offers, path, events.HELD, by=by, reason=_said(reason))


@transaction.atomic
def ask_withdrawal(*, offers: Sequence[UUID], by: User, reason: str) -> Outcome:
    """Ask for published entries to be taken back; another person confirms. Raises ReasonNeeded, OfferMoved."""
    rows = _lock(offers, by, Offer.State.PUBLISHED)
    Offer.objects.filter(pk__in=[row.pk for row in rows]).update(withdrawn_by=by)
    facts = _step(rows, Offer.State.WITHDRAWAL, events.WITHDRAWAL_OFFERED, reason=_said(reason))
    audit.record_all(facts, by=by)
    return Outcome(done=len(rows))


@transaction.atomic
def confirm_withdrawal(*, offers: Sequence[UUID], by: User) -> Outcome:
    """Withdraw entries from their set, by another person than the one who asked. Raises AnotherPersonNeeded."""
    rows = _lock(offers, by, Offer.State.WITHDRAWAL)
    if any(by.pk == row.withdrawn_by_id for row in rows):
        raise AnotherPersonNeeded
    facts: list[audit.Event] = []
    for set_id, group in _by_set(rows):
        target = HashSet.objects.get(pk=set_id)
        reason = "; ".join(sorted({row.reason for row in group}))
        entries.withdraw(target, [row.entry for row in group if row.entry], by=by, reason=reason)
        Offer.objects.filter(pk__in=[row.pk for row in group]).update(confirmed_by=by)
        facts += _step(group, Offer.State.WITHDRAWN, events.WITHDRAWN, reason=reason)
    audit.record_all(facts, by=by)
    return Outcome(done=len(rows))


@transaction.atomic
def keep(*, offers: Sequence[UUID], by: User, reason: str) -> Outcome:
    """Refuse a withdrawal: the entry stays published. Raises ReasonNeeded, OfferMoved."""
    path = (Offer.State.WITHDRAWAL, Offer.State.PUBLISHED)
    return _move(offers, path, events.WITHDRAWAL_REFUSED, by=by, reason=_said(reason))


def published(decision_ids: Collection[int]) -> set[int]:
    """Those of these decisions that have left the agency. Locks their offers, so that none leaves meanwhile."""
    if not decision_ids:
        return set()
    found = Offer.objects.select_for_update().filter(decision__in=decision_ids).order_by("pk")
    return {row.decision_id for row in found if row.state in {Offer.State.PUBLISHED, Offer.State.WITHDRAWAL}}


def drop_drafts(decision_ids: Iterable[int], *, case: Case, by: User | None = None) -> list[audit.Event]:
    """What becomes of a superseded decision's offers: drafts are returned, published ones wait for withdrawal.

    In the superseding decision's transaction; returns the events to record.
    """
    decisions = list(decision_ids)
    if not decisions:
        return []
    found = Offer.objects.select_for_update().filter(decision__in=decisions, agency=case.agency_id)
    drafts = list(found.filter(state__in=[Offer.State.DRAFT, Offer.State.HELD]))
    facts = _step(drafts, Offer.State.RETURNED, events.RETURNED, reason="the decision was taken back")
    out = list(found.filter(state=Offer.State.PUBLISHED)) if by else []
    Offer.objects.filter(pk__in=[row.pk for row in out]).update(withdrawn_by=by)
    return facts + _step(out, Offer.State.WITHDRAWAL, events.WITHDRAWAL_OFFERED, reason="the decision was superseded")


def _move(
    offers: Sequence[UUID], path: tuple[Offer.State, Offer.State], verb: str, *, by: User, reason: str
) -> Outcome:
    rows = _lock(offers, by, path[0])
    audit.record_all(_step(rows, path[1], verb, reason=reason), by=by)
    return Outcome(done=len(rows))


def _lock(offers: Sequence[UUID], by: User, state: Offer.State) -> list[Offer]:
    """The offers in the person's scope, locked. Raises OfferMoved if one is gone or in another state."""
    scoped = Offer.objects.for_actor(by).filter(public_id__in=offers).values("pk")
    rows = list(
        Offer.objects.filter(pk__in=scoped, agency=by.agency_id)
        .select_related("decision__content", "case", "decided_by")
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    if len(rows) != len(set(offers)) or any(row.state != state for row in rows):
        raise OfferMoved
    return rows


def _step(rows: list[Offer], state: Offer.State, verb: str, *, reason: str = "") -> list[audit.Event]:
    Offer.objects.filter(pk__in=[row.pk for row in rows]).update(state=state, reason=reason[:400])
    return [_event(verb, row, reason=reason) for row in rows]


def _event(verb: str, row: Offer, *, reason: str = "", details: dict[str, object] | None = None) -> audit.Event:
    return audit.Event(verb, audit.subject_of(row), row.case.public_id, details, reason)


def _by_set(rows: Iterable[Offer]) -> list[tuple[int, list[Offer]]]:
    grouped: dict[int, list[Offer]] = {}
    for row in rows:
        grouped.setdefault(row.set_id, []).append(row)
    return sorted(grouped.items())


def _said(reason: str) -> str:
    if not reason.strip():
        raise ReasonNeeded
    return reason.strip()
