"""The pictures of a stack one by one: what the stack view shows (ux.md "Stack handling")."""

from typing import Any

from django.conf import settings
from django.db import connection

from cases import inspector, names, problems
from cases.models import Batch, Stack
from cases.second import blind
from cases.units import is_near
from cases.veils import as_text

# In the order of the view: what is shown first, then by likeness to it. Decided by others, or known: only counted.
MEMBERS = """
SELECT i.public_id, i.state, i.flagged, i.unsure, i.joined = 'person', i.id = s.cover_id, d.distance, i.turned,
  o.turned, c.kind, c.duration_ms, c.preview, c.preview_reason, f.raw_path, f.copies, v.code, w.opened, c.veil
FROM cases_stack s JOIN cases_case e ON e.id = s.case_id JOIN hashsets_scheme h ON h.id = e.scheme_id
JOIN cases_item o ON o.id = s.cover_id JOIN cases_content k ON k.id = o.content_id
JOIN cases_item i ON i.stack_id = s.id JOIN cases_content c ON c.id = i.content_id
LEFT JOIN cases_standing st ON st.content_id = c.id AND st.scheme_id = h.scheme_id
LEFT JOIN cases_decision v ON v.id = st.decision_id AND v.by_id = %(by)s
CROSS JOIN LATERAL (SELECT cases_away(i, c, o, k) AS distance) d
LEFT JOIN LATERAL (
  SELECT min(f.raw_path) AS raw_path, count(*) - 1 AS copies FROM cases_fileinstance f
  JOIN cases_exhibit x ON x.id = f.exhibit_id AND x.case_id = s.case_id AND x.removed_at IS NULL
  WHERE f.content_id = c.id) f ON true
CROSS JOIN LATERAL (
  SELECT EXISTS (SELECT FROM cases_viewing l WHERE l.content_id = c.id AND l.batch_id = s.batch_id
                 AND l.user_id = %(by)s AND l.revealed_ms > 0) AS opened) w
WHERE s.id = %(stack)s AND (i.state IN ('open', 'unsure') OR (i.state = 'decided' AND v.id IS NOT NULL))
  AND (i.id = s.cover_id OR i.content_id <> ALL(%(owed)s::bigint[]))
ORDER BY i.id <> s.cover_id, d.distance NULLS LAST, i.id LIMIT %(most)s
"""
MOST = 600  # more than a stack ever has (cases.stacking.gathering.MOST)


def of(stack: Stack, batch: Batch) -> dict[str, Any]:
    """The members that a person of the batch may decide or has decided, the one shown first before all others.

    Three queries. `elsewhere`: how many more are known, excluded, decided by colleagues, or owed a second view.
    """
    with connection.cursor() as cursor:
        owed = blind.contents(batch.user)
        cursor.execute(MEMBERS, {"stack": stack.pk, "by": batch.user_id, "most": MOST, "owed": owed})
        rows = cursor.fetchall()
    return {
        "id": str(stack.public_id),
        "version": stack.version,
        "reach": settings.STACK_REACH,
        "members": [_member(row) for row in rows],
        "elsewhere": stack.items.count() - len(rows),
    }


def _member(row: tuple[Any, ...]) -> dict[str, Any]:
    item, state, flagged, unsure, by_hand, cover, distance, turned, shown, *rest = row
    kind, duration, preview, reason, raw, copies, code, opened, veil = rest
    return {
        "item": str(item),
        "open": state == "open",
        "cover": cover,
        "by_hand": by_hand,
        "distance": distance,
        "near": cover or is_near(distance),
        "lies": inspector.lies(turned, shown),
        "kind": kind,
        "duration_ms": duration,
        "preview": "pending" if preview == "deferred" else preview,
        "reason": problems.words(reason),
        "name": names.base(bytes(raw)) if raw is not None else "",
        "copies": max(copies, 0),
        "code": code if state == "decided" else None,
        "outcome": "unsure" if unsure and state == "unsure" else None,
        "flagged": flagged,
        "opened": opened,
        "veil": as_text(veil),
    }
