"""What the tiles of a batch show: its units in queue order, their veiled pictures, and how many are left."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from cases import moments, names, problems
from cases.models import Batch, Item
from cases.veils import packed

# What a colleague decided stays hidden until the person's own opinion is kept (ux.md section 1.5).
UNITS = """
SELECT s.public_id, i.public_id, s.position, s.version, i.state, i.flagged, c.kind, c.duration_ms, c.preview,
  c.preview_reason, f.raw_path, f.copies, n.items, n.left, n.near, y.code, a.outcome,
  (SELECT bool_or(m.strong) FROM cases_match m WHERE m.content_id = c.id AND m.lost_in IS NULL),
  CASE WHEN y.by_id = %(by)s THEN y.from_ms END, CASE WHEN y.by_id = %(by)s THEN y.until_ms END, k.from_ms, k.until_ms
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
LEFT JOIN cases_keptmoment k ON k.item_id = i.id AND k.by_id = %(by)s
WHERE s.batch_id = %(batch)s AND s.position > %(after)s ORDER BY s.position LIMIT %(limit)s
"""

VEILS = """
SELECT c.veil FROM cases_stack s JOIN cases_item i ON i.id = s.cover_id JOIN cases_content c ON c.id = i.content_id
WHERE s.batch_id = %s AND s.position > %s ORDER BY s.position LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is: units in it, without an open decision, and still open."""

    size: int
    decided: int
    left: int


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
        *marks,
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
        "moment": moments.as_json(moments.of(*(marks[:2] if decided else marks[2:]))),
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
