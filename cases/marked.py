"""Moments of films that are marked before anything is decided: kept, so that a page that is left loses none.

A mark is its person's alone: nobody else is told of it until it is part of a decision (decision 0017).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from cases import events, moments, review
from cases.errors import NotAFilm, NotHeld
from cases.models import Batch
from cases.moments import Moment
from workbench import audit
from workbench.models import User

# Held by the batch, of either kind, and whether it has moments at all.
HELD = """
SELECT i.public_id, i.id, c.kind = ANY(%(films)s) FROM cases_item i JOIN cases_content c ON c.id = i.content_id
WHERE i.public_id = ANY(%(items)s::uuid[]) AND i.case_id = %(case)s AND (
  EXISTS (SELECT FROM cases_stack s WHERE s.id = i.stack_id AND s.batch_id = %(batch)s AND s.lease_until > now())
  OR EXISTS (SELECT FROM cases_secondview v WHERE v.item_id = i.id AND v.batch_id = %(batch)s))
"""
KEEP = """
INSERT INTO cases_keptmoment AS k (by_id, item_id, from_ms, until_ms, at)
SELECT %(by)s, w.item, w.from_ms, w.until_ms, now()
FROM unnest(%(item)s::bigint[], %(from)s::int[], %(until)s::int[]) AS w(item, from_ms, until_ms)
WHERE w.from_ms IS NOT NULL ORDER BY w.item
ON CONFLICT (item_id, by_id) DO UPDATE SET from_ms = excluded.from_ms, until_ms = excluded.until_ms, at = now()
WHERE (k.from_ms, k.until_ms) IS DISTINCT FROM (excluded.from_ms, excluded.until_ms) RETURNING item_id
"""
FORGET = "DELETE FROM cases_keptmoment WHERE by_id = %s AND item_id = ANY(%s) RETURNING item_id"


class Wanted(NamedTuple):
    """A mark as it was sent: under which key, of which unit, on which item; `moment` None takes it away."""

    key: UUID
    unit: UUID
    item: UUID
    moment: Moment | None


@transaction.atomic
def keep(*, batch: Batch, by: User, wanted: Sequence[Wanted]) -> list[dict[str, Any]]:
    """Keep marks on films that the batch holds, of several on one the last; one answer each, in order, as `acts.act`.

    Sent again it changes nothing and is no event. Raises BatchOver. One transaction; at most five queries.
    """
    if not wanted:
        return []
    review.open_codes(batch)
    held = _held(batch, [one.item for one in wanted])
    last = {one.item: one.moment for one in wanted if held.get(one.item, (0, False))[1]}
    changed = _write(by, {held[item][0]: moment for item, moment in last.items()})
    told = [
        audit.Event(events.MOMENT_MARKED, f"item:{item}", batch.case.public_id, moments.told(moment))
        for item, moment in last.items()
        if held[item][0] in changed
    ]
    audit.record_all(told, by=by, agency=batch.case.agency_id)
    return [_answer(one, held) for one in wanted]


def _held(batch: Batch, items: list[UUID]) -> dict[UUID, tuple[int, bool]]:
    values: dict[str, Any] = {"items": items, "case": batch.case_id, "batch": batch.pk, "films": list(moments.FILMS)}
    with connection.cursor() as cursor:
        cursor.execute(HELD, values)
        return {public: (item, is_film) for public, item, is_film in cursor.fetchall()}


def _write(by: User, wanted: dict[int, Moment | None]) -> set[int]:
    """Ids of the items whose mark is another one now."""
    ends = [moment or (None, None) for moment in wanted.values()]
    values: dict[str, Any] = {
        "by": by.pk,
        "item": list(wanted),
        "from": [start for start, _end in ends],
        "until": [end for _start, end in ends],
    }
    with connection.cursor() as cursor:
        cursor.execute(KEEP, values)
        changed = {item for (item,) in cursor.fetchall()}
        cursor.execute(FORGET, [by.pk, [item for item, moment in wanted.items() if moment is None]])
        return changed | {item for (item,) in cursor.fetchall()}


def _answer(one: Wanted, held: dict[UUID, tuple[int, bool]]) -> dict[str, Any]:
    told = {"key": str(one.key), "status": "saved", "message": "", "stack": str(one.unit), "files": 0}
    if one.item not in held:
        return told | {"status": "stale", "message": str(NotHeld())}
    return told if held[one.item][1] else told | {"status": "refused", "message": str(NotAFilm())}
