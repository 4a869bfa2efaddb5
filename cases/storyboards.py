"""The keyframes of a film in a batch: what the viewer shows of it (ux.md section 6, "Viewer and storyboard")."""

from typing import Any

from django.db import connection

from cases.models import Item
from cases.veils import as_text

FRAMES = """
SELECT number, at_ms, scene, veil FROM cases_keyframe WHERE content_id = %s ORDER BY number
"""


def of(item: Item) -> dict[str, Any]:
    """All keyframes of an item in order, veiled, with the time of each and whether a scene begins. One query.

    At most `workbench.jail.results.MAX_KEYFRAMES`. What of a damaged film could be read has frames, the rest has none.
    """
    with connection.cursor() as cursor:
        cursor.execute(FRAMES, [item.content_id])
        rows = cursor.fetchall()
    return {
        "item": str(item.public_id),
        "duration_ms": item.content.duration_ms,
        "frames": [
            {"number": number, "at_ms": at, "scene": scene, "veil": as_text(veil)} for number, at, scene, veil in rows
        ],
    }
