"""Offers under lock: which rows a step is about, and what it leaves on them. The steps are in publishing.py."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from cases import events, reasons
from cases.errors import OfferMoved
from cases.models import Offer
from hashsets.models import Generation, HashSet
from workbench import audit
from workbench.models import User

S = Offer.State
OTHER_IN_USE = Q(Exists(HashSet.objects.filter(pk=OuterRef(OuterRef("set")), retired_at=None)))
OUT = {S.PUBLISHED, S.WITHDRAWAL}  # in force in the set

PUBLISH = """
UPDATE cases_offer o SET state = 'published', reason = %s, approved_by_id = %s, generation = %s, entry = p.entry
FROM unnest(%s::bigint[], %s::bigint[]) AS p(id, entry) WHERE o.id = p.id
"""
REPLACE = """
UPDATE cases_offer o SET state = 'withdrawn', reason = %s, confirmed_by_id = %s, withdrawn_by_id = r.by_id
FROM unnest(%s::bigint[], %s::bigint[]) AS r(id, by_id) WHERE o.id = r.id
"""


@dataclass(slots=True)
class Outcome:
    """What a step did: how many went through, why others were held, and the events to record last."""

    done: int = 0
    held: Counter[str] = field(default_factory=Counter)
    events: list[audit.Event] = field(default_factory=list)

    def __iadd__(self, other: "Outcome") -> "Outcome":
        self.done += other.done
        self.held += other.held
        self.events += other.events
        return self


@dataclass(frozen=True, slots=True)
class Locked:
    """The chosen offers, and all that are locked with them: what publishing the chosen ones would replace."""

    chosen: list[Offer]
    every: list[Offer]

    def replaced_by(self, rows: Sequence[Offer]) -> list[tuple[Offer, Offer]]:
        """What is in force of the same contents, each with the one that takes its place.

        In whichever set of the scheme: what was relevant and turns out harmless goes from one into another.
        """
        new = {(row.set.scheme.scheme_id, row.decision.content_id): row for row in rows}
        return [
            (old, new[key])
            for old in self.every
            if old.state in OUT
            and (key := (old.set.scheme.scheme_id, old.decision.content_id)) in new
            and old not in rows
        ]


def lock(offers: Sequence[UUID], by: User, states: Collection[str]) -> Locked:
    """Lock offers of the person's agency in his scope, and what they would replace, by id in one statement.

    Raises OfferMoved if one of the chosen is gone or in none of `states`.
    """
    chosen = Offer.objects.for_actor(by).filter(public_id__in=offers, agency=by.agency_id)
    replacing = chosen.filter(
        Q(set=OuterRef("set")) | Q(set__scheme__scheme_id=OuterRef("set__scheme__scheme_id")) & OTHER_IN_USE,
        decision__content=OuterRef("decision__content"),
    )
    every = list(
        Offer.objects.filter(Q(pk__in=chosen.values("pk")) | Q(Exists(replacing), agency=by.agency_id, state__in=OUT))
        .select_related("decision__content", "decision__scheme", "set__scheme", "case")
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    wanted = set(offers)
    rows = [row for row in every if row.public_id in wanted]
    if len(rows) != len(wanted) or any(row.state not in states for row in rows):
        raise OfferMoved
    return Locked(rows, every)


def lock_sets(locked: Locked, rows: Sequence[Offer]) -> None:
    """Lock the sets these offers go into and those they replace something in, by id. One query."""
    involved = {row.set_id for row in rows} | {old.set_id for old, _new in locked.replaced_by(rows)}
    if len(involved) > 1:
        list(HashSet.objects.select_for_update(no_key=True).filter(pk__in=involved).order_by("pk").values_list("pk"))


def lock_of(decision_ids: Collection[int]) -> list[Offer]:
    """All offers of these decisions, locked by id; no query where there are none."""
    found = Offer.objects.filter(decision__in=decision_ids).select_related("case")
    return list(found.select_for_update(of=("self",)).order_by("pk")) if decision_ids else []


def move(rows: Sequence[Offer], state: Offer.State, verb: str, *, reason: str = "", **people: User) -> Outcome:
    """Put locked offers into a state, with the reason and the people who answer for it."""
    Offer.objects.filter(pk__in=[row.pk for row in rows]).update(state=state, reason=reason[:400], **people)
    return _moved(rows, state, verb, reason=reason)


def set_published(
    rows: Sequence[Offer], generation: Generation, entries: Sequence[int], *, by: User, reason: str = ""
) -> Outcome:
    """Note that locked offers are in force as these entries of their set."""
    with connection.cursor() as cursor:
        cursor.execute(PUBLISH, [reason[:400], by.pk, generation.number, [row.pk for row in rows], list(entries)])
    details = {"set": generation.set.name, "generation": generation.number}
    return _moved(rows, S.PUBLISHED, events.APPROVED, reason=reason[:400], details=details)


def set_replaced(pairs: Sequence[tuple[Offer, Offer]], *, by: User) -> Outcome:
    """Note that offers left their set as others took their place: the people of the new one answer for both."""
    with connection.cursor() as cursor:
        ids, deciders = [old.pk for old, _new in pairs], [new.decided_by_id for _old, new in pairs]
        cursor.execute(REPLACE, [reasons.REPLACED, by.pk, ids, deciders])
    return _moved([old for old, _new in pairs], S.WITHDRAWN, events.WITHDRAWN, reason=reasons.REPLACED)


def _moved(
    rows: Sequence[Offer], state: Offer.State, verb: str, *, reason: str = "", details: dict[str, object] | None = None
) -> Outcome:
    for row in rows:
        row.state = state
    told = [audit.Event(verb, audit.subject_of(row), row.case.public_id, details, reason) for row in rows]
    return Outcome(done=len(rows), events=told)
