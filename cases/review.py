"""The queue: claiming batches of undecided stacks, what their tiles show, giving them back.

A claim is one statement (model.md section 4, `queue/picking.py`); whoever holds a live lease is alone with the stack.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from cases import claiming, events, held_moves, names, nothing_left, problems, states
from cases.errors import BatchOver, NothingFits, NothingLeft
from cases.models import Batch, Case, Item
from cases.queue import picking, promise, unsure
from cases.queue.filters import Wanted
from cases.queue.orders import DEFAULT, ORDERS
from cases.queue.picking import Asked
from cases.veils import packed
from workbench import audit, prepared
from workbench.errors import BadInput
from workbench.models import User

# The scheme's codes, by the database's clock only while the batch is open.
OPEN_CODES = """
SELECT g.code FROM cases_batch b JOIN cases_case c ON c.id = b.case_id
JOIN hashsets_category g ON g.scheme_id = c.scheme_id
WHERE b.id = %s AND b.state = 'open' AND b.lease_until > now()
"""

# What a colleague decided stays hidden until the person's own opinion is kept (ux.md section 1.5).
UNITS = """
SELECT s.public_id, i.public_id, s.position, s.version, i.state, i.flagged, c.kind, c.duration_ms, c.preview,
  c.preview_reason, f.raw_path, f.copies, n.items, n.left, n.near, y.code, a.outcome,
  (SELECT bool_or(m.strong) FROM cases_match m WHERE m.content_id = c.id AND m.lost_in IS NULL)
FROM cases_stack s
JOIN cases_item i ON i.id = s.cover_id
JOIN cases_content c ON c.id = i.content_id
LEFT JOIN LATERAL (
  SELECT count(*) FILTER (WHERE o.state <> 'excluded') AS items, count(*) FILTER (WHERE o.state = 'open') AS left,
    count(*) FILTER (WHERE o.id = i.id OR (o.state = CASE s.state WHEN 'open' THEN 'open' ELSE 'decided' END
      AND cases_away(o, oc, i, c) <= %(reach)s)) AS near
  FROM cases_item o JOIN cases_content oc ON oc.id = o.content_id WHERE o.stack_id = s.id) n ON true
LEFT JOIN LATERAL (
  SELECT min(f.raw_path) AS raw_path, count(*) - 1 AS copies FROM cases_fileinstance f
  JOIN cases_exhibit x ON x.id = f.exhibit_id AND x.case_id = s.case_id AND x.removed_at IS NULL
  WHERE f.content_id = c.id) f ON true
LEFT JOIN LATERAL (
  SELECT answer ->> 'outcome' AS outcome FROM cases_act WHERE stack_id = s.id AND batch_id = s.batch_id
    AND kind <> 'flag' ORDER BY id DESC LIMIT 1) a ON true
LEFT JOIN cases_standing d ON d.content_id = c.id AND d.scheme_id = %(scheme)s
LEFT JOIN cases_decision y ON y.id = d.decision_id AND (y.by_id = %(by)s
  OR EXISTS (SELECT FROM cases_secondopinion o WHERE o.decision_id = y.id AND o.by_id = %(by)s))
WHERE s.batch_id = %(batch)s AND s.position > %(after)s ORDER BY s.position LIMIT %(limit)s
"""

VEILS = """
SELECT c.veil FROM cases_stack s JOIN cases_item i ON i.id = s.cover_id JOIN cases_content c ON c.id = i.content_id
WHERE s.batch_id = %s AND s.position > %s ORDER BY s.position LIMIT %s
"""

# Units of a batch that need no decision any more, because a set or a colleague knows them by now.
LEFT_QUEUE = f"""
WITH computed AS ({states.COMPUTED} WHERE s.batch_id = %(batch)s)
SELECT s.public_id, n.state, n.content_id FROM computed n JOIN cases_stack s ON s.id = n.stack_id
WHERE n.id = s.cover_id AND n.old_state = 'open' AND n.state <> 'open'
  AND NOT EXISTS (SELECT FROM computed o WHERE o.stack_id = s.id AND o.state = 'open')
"""  # noqa: S608 only constants of this module


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is: units in it, without an open decision, and still open."""

    size: int
    decided: int
    left: int


def claim(*, case: Case, by: User, order: str = DEFAULT, wanted: Wanted | None = None) -> Batch:
    """The person's open batch in this case, or a new one of up to 200 items, whole stacks only, of what is wanted.

    Raises NothingLeft, NothingFits, CaseIsClosed, BadInput, and NoMoreToday where only the batch he has may be ended.
    """
    if order not in ORDERS:
        raise BadInput(f"order must be one of {', '.join(ORDERS)}.")
    expire_batches(case=case, user=by)
    asked = Asked(case, by, order, wanted or Wanted())
    return claiming.claim(case, by, Batch.Kind.FIRST, lambda: _claim_new(asked))


@transaction.atomic
def _claim_new(asked: Asked) -> Batch:
    case, by, order, wanted = asked
    batch = claiming.begin(case, by, Batch.Kind.FIRST, order=order, wanted=wanted.as_json())
    reopened, marks = unsure.take_up(asked, batch)
    batch.size = picking.take(asked, batch, among=reopened)
    if not batch.size:
        raise NothingFits if wanted else NothingLeft(nothing_left.why(case))
    batch.save(update_fields=["size"])
    claimed = audit.Event(
        events.BATCH_CLAIMED, audit.subject_of(batch), case.public_id, {"items": batch.size} | asked.told()
    )
    audit.record_all([*marks, claimed], by=by, agency=case.agency_id)
    return batch


def open_codes(batch: Batch) -> frozenset[str]:
    """The codes of the case's scheme. Raises BatchOver unless the batch is open and its lease alive."""
    with prepared.cursor() as cursor:
        cursor.execute(OPEN_CODES, [batch.pk])
        codes = frozenset(row[0] for row in cursor.fetchall())
    if not codes:
        raise BatchOver
    return codes


def units(batch: Batch, *, after: int = 0, limit: int = 60) -> list[dict[str, Any]]:
    """Tiles of a batch behind position `after`, in queue order. One query."""
    values: dict[str, Any] = {
        "batch": batch.pk,
        "after": after,
        "limit": limit,
        "scheme": batch.case.scheme.scheme_id,
        "reach": settings.STACK_REACH,
        "by": batch.user_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(UNITS, values)
        return [_unit(row) for row in cursor.fetchall()]


def _unit(row: tuple[Any, ...]) -> dict[str, Any]:
    (
        stack,
        item,
        position,
        version,
        state,
        flagged,
        kind,
        duration,
        preview,
        reason,
        raw,
        copies,
        items,
        left,
        near,
        code,
        mark,
        strong,
    ) = row
    decided = state == Item.State.DECIDED
    outcome = "unsure" if state == Item.State.UNSURE else "skipped" if mark == "skipped" and not decided else None
    return {
        "id": str(stack),
        "item": str(item),
        "position": position,
        "version": version,
        "items": items,
        "left": left,
        "near": near,
        "copies": max(copies, 0),
        "kind": kind,
        "duration_ms": duration,
        "name": names.base(bytes(raw)) if raw is not None else "",
        "preview": "pending" if preview == "deferred" else preview,
        "reason": problems.words(reason),
        "tags": [] if strong is None else ["known" if strong else "near known"],
        "code": code if decided else None,
        "outcome": outcome,
        "flagged": flagged,
    }


def veils(batch: Batch, *, after: int = 0, limit: int = 200) -> bytes:
    """The veiled pictures of a batch as one answer: for each unit a big-endian length and WebP bytes."""
    with connection.cursor() as cursor:
        cursor.execute(VEILS, [batch.pk, after, limit])
        return packed(bytes(row[0] or b"") for row in cursor.fetchall())


def progress(batch: Batch) -> Progress:
    """Counts of one batch (at most 200 rows)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE state = 'open') FROM cases_stack WHERE batch_id = %s", [batch.pk]
        )
        size, left = cursor.fetchone()
    return Progress(size, size - left, left)


def left_queue(batch: Batch) -> list[dict[str, str]]:
    """Units of the batch that became known or were decided elsewhere since the claim, with the reason."""
    with connection.cursor() as cursor:
        cursor.execute(LEFT_QUEUE, {"batch": batch.pk})
        rows = cursor.fetchall()
        reasons = _reasons([row[2] for row in rows])
    fallback = {
        "decided": "decided by a colleague",
        "excluded": "its exhibit was removed",
        "waiting": "its picture is being made again",
    }
    return [
        {"stack": str(stack), "reason": reasons.get(content) or fallback.get(state, state)}
        if state in {"known", "confirm"}
        else {"stack": str(stack), "reason": fallback.get(state, state)}
        for stack, state, content in rows
    ]


def _reasons(content_ids: Sequence[int]) -> dict[int, str]:
    """`known in Shared set, version 3` per content, from its newest strong match."""
    if not content_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (m.content_id) m.content_id, h.name, m.found_in FROM cases_match m"
            " JOIN hashsets_hashset h ON h.id = m.set_id WHERE m.content_id = ANY(%s) AND m.strong"
            " AND m.lost_in IS NULL ORDER BY m.content_id, m.id DESC",
            [list(content_ids)],
        )
        return {content: f"known in {name}, version {found}" for content, name, found in cursor.fetchall()}


def on_screen(*, batch: Batch, ms: int) -> None:
    """Keep for how long the batch has been on screen so far: a running total, the greatest counts.

    Clamped to the wall: nobody looks longer than the batch is open.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_batch SET on_screen_ms = greatest(on_screen_ms, least(%s,"
            " (extract(epoch FROM clock_timestamp() - opened_at) * 1000)::bigint)) WHERE id = %s",
            [ms, batch.pk],
        )


def close(*, batch: Batch, by: User) -> dict[str, Any]:
    """Give the batch's open stacks back and sum it up; closing twice is harmless."""
    with transaction.atomic():
        over = _release(batch, Batch.State.CLOSED)
        over.record(by, batch.case)
    return over.summary


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
    return Over(summary, facts + _looks_without_decision(batch), held_moves.facts(moved, batch))


def _release_second(batch: Batch, state: Batch.State, *, over: bool) -> Over:
    from cases.second import ending, queue  # which build upon this module

    now = queue.progress(batch)
    summary = ending.summary(batch, now.size or batch.size, now.decided)
    if not over:
        return Over(summary, [], [])
    looks = ending.looks_without_code(batch)
    given = ending.settle(batch)
    verb = events.BATCH_EXPIRED if state == Batch.State.EXPIRED else events.BATCH_CLOSED
    case = batch.case.public_id
    closed = audit.Event(verb, audit.subject_of(batch), case, summary | {"kind": batch.kind})
    return Over(summary, [closed, *looks], [], [(batch.user, given)])


def _summary(batch: Batch) -> dict[str, Any]:
    now = progress(batch)
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
