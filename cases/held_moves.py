"""What matching did to items that somebody's batch holds: they stay until it is over (model.md section 4).

Until then every count goes on counting them where they stand. Here, and only here, it is worked out which of them will
leave the queue, or come back to it, because of which version of which set; when the batch is over, the same is told.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cases import events, states
from cases.models import Batch, Case, Item
from cases.tallies import Moved
from workbench import audit

QUEUE = {Item.State.OPEN, Item.State.WAITING}
KNOWN = {Item.State.KNOWN, Item.State.CONFIRM}
STEPS = ("known", "proposed", "back")

# Items of these batches that matching is done with, or that it wants back. Only what has a strong match, or had one
# when it was claimed, can be either: for few the rules are asked.
HELD = f"""
WITH computed AS ({states.COMPUTED} WHERE s.batch_id = ANY(%(batches)s::bigint[])
  AND (%(item)s::bigint IS NULL OR i.id = %(item)s::bigint) AND (i.state = ANY(%(known)s) OR EXISTS (
    SELECT FROM cases_match k WHERE k.content_id = i.content_id AND k.strong AND k.lost_in IS NULL)))
SELECT s.batch_id, n.case_id, n.content_id, n.old_state, n.old_known, n.state, n.known
FROM computed n JOIN cases_stack s ON s.id = n.stack_id WHERE n.state <> n.old_state
"""  # noqa: S608 only constants of this module

# Of each content the strong match that changed last since its batch was claimed; where none did, a policy was changed,
# and what acts most stands for it, with the version that was matched by then.
CAUSES = """
SELECT DISTINCT ON (b.content) b.content, h.name, CASE WHEN g.at > b.since THEN g.number ELSE y.generation END
FROM unnest(%s::bigint[], %s::timestamptz[]) AS b(content, since)
JOIN cases_content c ON c.id = b.content JOIN cases_match m ON m.content_id = c.id AND m.strong
JOIN hashsets_hashset h ON h.id = m.set_id
JOIN hashsets_generation g ON g.set_id = m.set_id AND g.number = coalesce(m.lost_in, m.found_in)
JOIN cases_setsync y ON y.set_id = m.set_id AND y.agency_id = c.agency_id
JOIN hashsets_verdict v ON v.agency_id = c.agency_id AND v.set_id = m.set_id AND v.entry_id = m.entry
ORDER BY b.content, g.at > b.since DESC, CASE WHEN g.at > b.since THEN g.at END DESC, m.lost_in IS NULL DESC,
  v.effect DESC, m.id DESC
"""


class Cause(NamedTuple):
    """A set, and the version of it that changed what is known of a content."""

    set: str = ""  # none can be named any more
    version: int = 0

    @property
    def text(self) -> str:
        """`Reference, version 3`."""
        return _("%(set)s, version %(n)s") % {"set": self.set, "n": self.version} if self.set else ""


@dataclass(frozen=True, slots=True)
class Held:
    """Items of one batch that leave the queue, or come back to it, when it is over, by what caused it."""

    batch: int  # its number in the case
    holder: int  # id of the person
    holder_name: str
    until: datetime  # it is over by then
    cause: Cause
    known: int  # they leave the queue for good
    proposed: int  # they leave it to be confirmed
    back: int


def of_case(case: Case) -> list[Held]:
    """Of all batches of a case that are open, by batch. At most three queries."""
    return _held(Batch.objects.filter(case=case, state=Batch.State.OPEN), None)


def of_batch(batch: Batch) -> list[Held]:
    """Of one batch. At most three queries."""
    return _held(Batch.objects.filter(pk=batch.pk, state=Batch.State.OPEN), None)


def of_item(item: Item) -> Held | None:
    """What waits to become of one item; None where nothing does. At most three queries."""
    found = _held(Batch.objects.filter(stack__items=item, state=Batch.State.OPEN), item.pk)
    return found[0] if found else None


def _held(batches: QuerySet[Batch], item: int | None) -> list[Held]:
    by_id = {batch.pk: batch for batch in batches.select_related("user")}
    if not by_id:
        return []
    with connection.cursor() as cursor:
        cursor.execute(HELD, {"batches": list(by_id), "item": item, "known": sorted(KNOWN)})
        moves = [(batch, Moved(*row)) for batch, *row in cursor.fetchall()]
    moves = [(batch, move) for batch, move in moves if _step(move)]
    causes = _causes({move.content_id: by_id[batch].opened_at for batch, move in moves})
    steps = Counter((batch, causes[move.content_id], _step(move)) for batch, move in moves)
    several = sorted({(batch, cause) for batch, cause, _step in steps})
    return [_told(by_id[batch], cause, [steps[batch, cause, step] for step in STEPS]) for batch, cause in several]


def _told(batch: Batch, cause: Cause, numbers: list[int]) -> Held:
    return Held(batch.number, batch.user_id, batch.user.name, batch.lease_until, cause, *numbers)


def _step(move: Moved) -> str:
    """Which of STEPS matching takes with an item; empty for none: it was decided, or the like."""
    if move.old_state in QUEUE and move.state in KNOWN:
        return "known" if move.state == Item.State.KNOWN else "proposed"
    return "back" if move.old_state in KNOWN and move.state in QUEUE else ""


def _causes(since: Mapping[int, datetime]) -> dict[int, Cause]:
    """By content; `since` when its batch was claimed. One query, none where there are none."""
    if not since:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(CAUSES, [list(since), list(since.values())])
        return dict.fromkeys(since, Cause()) | {content: Cause(*cause) for content, *cause in cursor.fetchall()}


def facts(moved: Sequence[Moved], batch: Batch) -> list[audit.Event]:
    """The events of what left the queue, or came back, as a batch gave it free: one for each version that caused it.

    Of its contents, batches in other cases hold copies. Where their time is up, these move at the same moment, and are
    told of here: nobody can tell it afterwards. `known`: how many more are known by that; as in the events of a
    re-match (requeueing.py).
    """
    of_batch = defaultdict[Batch, list[Moved]](list)
    moves = [move for move in moved if _step(move)]
    elsewhere = _overdue([move for move in moves if move.case_id != batch.case_id])
    for move in moves:
        holder = batch if move.case_id == batch.case_id else elsewhere.get((move.case_id, move.content_id))
        if holder:
            of_batch[holder].append(move)
    return [fact for holder, of_it in of_batch.items() for fact in _facts_of(of_it, holder)]


def _overdue(moves: Sequence[Moved]) -> dict[tuple[int, int], Batch]:
    """The open batches that hold these items, by case and content. One query, none for no items."""
    if not moves:
        return {}
    contents = {move.content_id for move in moves}
    held = Item.objects.filter(content__in=contents, case__in={move.case_id for move in moves})
    places = held.filter(stack__batch__state=Batch.State.OPEN).select_related("stack__batch__case")
    return {(one.case_id, one.content_id): one.stack.batch for one in places}


def _facts_of(moves: Sequence[Moved], batch: Batch) -> list[audit.Event]:
    causes = _causes({move.content_id: batch.opened_at for move in moves})
    total: dict[Cause, Counter[str]] = {}
    for move in moves:
        change = {"back" if _step(move) == "back" else "left": 1, "known": move.known - move.old_known}
        total.setdefault(causes[move.content_id], Counter()).update(change)
    case: UUID = batch.case.public_id
    return [
        audit.Event(
            events.MATCH_UPDATED,
            f"case:{case}",
            case,
            {"set": cause.set, "generation": cause.version, "batch": batch.number}
            | {name: change[name] for name in ("left", "back", "known")},
        )
        for cause, change in sorted(total.items())
    ]
