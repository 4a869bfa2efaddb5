"""The end of a batch: closed by its person, expired, or taken from him; its open stacks go back to the queue."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from cases import events, held_moves, played, states, tiles
from cases.models import Batch, Case
from cases.queue import promise
from cases.stacking import arrivals, building, waiting
from workbench import audit
from workbench.models import User


def close(*, batch: Batch, by: User) -> dict[str, Any]:
    """Give the batch's open stacks back and sum it up; closing twice is harmless.

    What came meanwhile and looks like what they show joins them then: `joined` tells how many.
    """
    awaited = waiting.awaited(batch.pk)
    with transaction.atomic():
        over = _release(batch, Batch.State.CLOSED)
        over.record(by, batch.case)
    return over.summary | {"joined": building.arrive(batch.case_id, list(awaited))}


def expire_batches(*, case: Case | None = None, user: User | None = None) -> int:
    """Return the stacks of batches whose time is over; returns how many batches. The sweeper's and the claim's."""
    late = Batch.objects.filter(state=Batch.State.OPEN, lease_until__lte=Now())
    if case is not None:
        late = late.filter(case=case)
    if user is not None:
        late = late.filter(user=user)
    found = list(late.select_related("case", "user")[:100])
    for batch in found:
        with transaction.atomic():
            _release(batch, Batch.State.EXPIRED).record(None, batch.case)
    return len(found)


class Over(NamedTuple):
    """What the end of batches came to, and the events to record: those of a person, and what matching had moved.

    `given`: of second views, by whoever gave them, however the batch ended.
    """

    summary: dict[str, Any]
    facts: list[audit.Event]
    moved: list[audit.Event]
    given: list[tuple[User, list[audit.Event]]] = []

    def record(self, by: User | None, case: Case) -> None:
        """Record them, last in the transaction; nobody's doing is what matching moved."""
        for giver, told in self.given:
            audit.record_all(told, by=giver, agency=case.agency_id)
        audit.record_all(self.facts, by=by, agency=case.agency_id)
        audit.record_all(self.moved, by=None, agency=case.agency_id)


def release(*, case: Case, user: User | None = None) -> Over:
    """Give back the open batches of a case, or one person's: the case closes, or the person leaves it.

    Inside the caller's transaction; returns the events to record. Contents of all batches are locked first.
    """
    found = Batch.objects.filter(case=case, state=Batch.State.OPEN).order_by("pk")
    if user is not None:
        found = found.filter(user=user)
    batches = list(found.select_related("case", "user"))
    states.lock(_contents([batch.pk for batch in batches]))
    every = [_release(batch, Batch.State.RELEASED) for batch in batches]
    facts = [fact for over in every for fact in over.facts]
    return Over(
        {}, facts, [fact for over in every for fact in over.moved], [one for over in every for one in over.given]
    )


def _contents(batches: Sequence[int]) -> list[int]:
    """Ids of the contents that these batches hold."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.content_id FROM cases_stack s JOIN cases_item i ON i.stack_id = s.id WHERE s.batch_id = ANY(%s)"
            " UNION SELECT content_id FROM cases_secondview WHERE batch_id = ANY(%s)",
            [list(batches)] * 2,
        )
        return [row[0] for row in cursor.fetchall()]


def _release(batch: Batch, state: Batch.State) -> Over:
    """Close the batch, free its stacks and catch up on what happened to their contents meanwhile.

    There are no events to record where it was over already.
    """
    over = Batch.objects.filter(pk=batch.pk, state=Batch.State.OPEN).update(state=state, closed_at=timezone.now())
    if batch.kind == Batch.Kind.SECOND:
        return _release_second(batch, state, over=bool(over))
    summary = _summary(batch)
    if not over:
        return Over(summary, [], [])
    contents = _contents([batch.pk])
    arrivals.waited(batch.pk)
    with connection.cursor() as cursor, states.settling(contents, batch=batch.pk) as moved:
        cursor.execute(
            "UPDATE cases_stack SET batch_id = NULL, lease_until = NULL, position = 0 WHERE batch_id = %s",
            [batch.pk],
        )
    if summary["decided"]:
        promise.note([batch.case_id])  # what was found tells what to look at next
    verb = events.BATCH_EXPIRED if state == Batch.State.EXPIRED else events.BATCH_CLOSED
    case = batch.case
    facts = [audit.Event(verb, audit.subject_of(batch), case.public_id, summary)]
    facts += [*_looks_without_decision(batch), *played.facts(batch)]
    return Over(summary, facts, held_moves.facts(moved, batch))


def _release_second(batch: Batch, state: Batch.State, *, over: bool) -> Over:
    from cases.second import ending as second_ending  # which build upon this module
    from cases.second import queue

    now = queue.progress(batch)
    summary = second_ending.summary(batch, now.size or batch.size, now.decided)
    if not over:
        return Over(summary, [], [])
    looks = second_ending.looks_without_code(batch)
    given = second_ending.settle(batch)
    verb = events.BATCH_EXPIRED if state == Batch.State.EXPIRED else events.BATCH_CLOSED
    case = batch.case.public_id
    closed = audit.Event(verb, audit.subject_of(batch), case, summary | {"kind": batch.kind})
    return Over(summary, [closed, *looks, *played.facts(batch)], [], [(batch.user, given)])


def _summary(batch: Batch) -> dict[str, Any]:
    now = tiles.progress(batch)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT content_id) FILTER (WHERE revealed_ms > 0), coalesce(sum(revealed_ms), 0),"
            " count(DISTINCT content_id) FROM cases_viewing WHERE batch_id = %s",
            [batch.pk],
        )
        views, revealed, sent = cursor.fetchone()
    minutes = round((timezone.now() - batch.opened_at).total_seconds() / 60, 1)
    return {
        "items": now.size,
        "decided": now.decided,
        "views": views,  # what the browser says was unveiled
        "sent": sent,  # what it was given: clear pictures of so many contents
        "revealed_ms": int(revealed),
        "on_screen_ms": batch.on_screen_ms,
        "minutes": minutes,
    }


def _looks_without_decision(batch: Batch) -> list[audit.Event]:
    """One event per content whose clear picture was sent in this batch and that was not decided in it.

    Whatever the browser says of unveiling: it is not ours, and a picture that was sent can have been seen.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.public_id, coalesce(sum(v.revealed_ms), 0) FROM cases_viewing v"
            " JOIN cases_item i ON i.content_id = v.content_id AND i.case_id = v.case_id"
            " WHERE v.batch_id = %(batch)s AND NOT EXISTS (SELECT FROM cases_decision d"
            " JOIN cases_act a ON a.id = d.act_id WHERE a.batch_id = %(batch)s AND d.content_id = v.content_id)"
            " GROUP BY 1",
            {"batch": batch.pk},
        )
        rows = cursor.fetchall()
    case = batch.case.public_id
    return [
        audit.Event(events.REVEALED, f"item:{item}", case, {"revealed_ms": int(ms), "batch": batch.number})
        for item, ms in rows
    ]
