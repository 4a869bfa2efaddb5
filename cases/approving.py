"""The second signature: approved offers go into their sets, or are held with the reason; part of `publishing`."""

from collections import Counter
from collections.abc import Iterable, Sequence

from cases import events, leaving, reasons
from cases.errors import AnotherPersonNeeded
from cases.models import Content, Offer, Standing
from cases.offers import Locked, Outcome, S, lock_sets, move, set_published, set_replaced
from cases.second import holding
from hashsets import entries
from hashsets.entries import NewEntry
from hashsets.models import HashSet
from workbench.models import User


def approve(locked: Locked, rows: list[Offer], by: User, reason: str) -> Outcome:
    """Publish locked offers. `reason`: why, against a list that says harmless. Raises AnotherPersonNeeded."""
    if any(by.pk in {row.decided_by_id, row.offered_by_id} for row in rows):
        raise AnotherPersonNeeded
    kept = _why_not(rows, reason)
    later = holding.back([row.decision_id for row in rows if row.pk not in kept])
    outcome = Outcome(held=Counter(later[row.decision_id] for row in rows if row.decision_id in later))
    rows = [row for row in rows if row.decision_id not in later]  # they stay as they are
    for why in sorted(set(kept.values())):
        held = move([row for row in rows if kept.get(row.pk) == why], S.HELD, events.HELD, reason=why)
        outcome += Outcome(held=Counter({why: held.done}), events=held.events)
    rows = [row for row in rows if row.pk not in kept]
    lock_sets(locked, rows)
    for target, group in by_set(rows):
        outcome += _publish(locked, target, group, by, reason)
    return outcome


def _why_not(rows: Sequence[Offer], reason: str) -> dict[int, str]:
    """Why offers cannot be published now, by offer; those that can be are absent. Two queries."""
    decisions = [row.decision_id for row in rows]
    standing = set(Standing.objects.filter(decision__in=decisions).values_list("decision", flat=True))
    rules = leaving.why_not([(row.decision_id, row.set_id) for row in rows])
    found = {}
    for row in rows:
        judged = reason and row.state == S.HELD and row.reason == reasons.KNOWN_GOOD  # somebody looked, and says why
        why = rules.get(row.decision_id, "")
        if row.decision_id not in standing:
            found[row.pk] = reasons.STANDS_NO_MORE
        elif not leaving.receives(row.set, agency=row.agency_id, scheme_id=row.decision.scheme.scheme_id):
            found[row.pk] = reasons.SET_TAKES_NONE
        elif why and not (judged and why == reasons.KNOWN_GOOD):
            found[row.pk] = why
    return found


def _publish(locked: Locked, target: HashSet, rows: list[Offer], by: User, reason: str) -> Outcome:
    """Put decisions into their set; earlier ones on the same contents leave theirs as these come in."""
    fresh = {bytes(row.decision.content.sha256): as_entry(row) for row in rows}
    generation, told = entries.publish(target, list(fresh.values()), by=by, source="approved decisions")
    ids = entries.in_force(target, list(fresh.values()))
    outcome = Outcome(events=told)
    if pairs := locked.replaced_by(rows):
        for other, group in by_set(old for old, _new in pairs if old.set_id != target.pk):
            ended = [old.entry for old in group if old.entry]
            outcome += Outcome(events=entries.withdraw(other, ended, by=by, reason=reasons.REPLACED)[1])
        outcome.events += set_replaced(pairs, by=by).events
    ids_of_rows = [ids[bytes(row.decision.content.sha256)] for row in rows]
    outcome += set_published(rows, generation, ids_of_rows, by=by, reason=reason)
    return outcome


def as_entry(row: Offer) -> NewEntry:
    """What an offer puts into its set: hashes, size, media type and category, and nothing else."""
    content = row.decision.content
    return NewEntry(
        sha256=bytes(content.sha256),
        md5=bytes(content.md5),
        sha1=bytes(content.sha1),
        size=content.size,
        code=str(row.decision.code),
        pdq=_pdq(content),
        mime=content.mime,
    )


def _pdq(content: Content) -> bytes | None:
    """Of a still; that of a film is of one frame, and would be taken for that of a picture."""
    return bytes(content.pdq) if content.pdq is not None and content.kind == Content.Kind.STILL else None


def by_set(rows: Iterable[Offer]) -> list[tuple[HashSet, list[Offer]]]:
    """Offers by set, in the order in which sets are locked."""
    grouped: dict[int, list[Offer]] = {}
    for row in rows:
        grouped.setdefault(row.set_id, []).append(row)
    return [(group[0].set, group) for _id, group in sorted(grouped.items())]
