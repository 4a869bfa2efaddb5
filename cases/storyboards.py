"""The keyframes of a film in a batch: what the viewer shows of it (ux.md section 6, "Viewer and storyboard")."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

from cases import known_frames
from cases.known_frames import Known
from cases.models import Item
from cases.veils import as_text
from workbench.perceptual import distance

FRAMES = """
SELECT number, at_ms, scene, folded, pdq, veil FROM cases_keyframe WHERE content_id = %s ORDER BY number
"""


class Frame(NamedTuple):
    """One keyframe as the tables hold it."""

    number: int
    at_ms: int
    scene: bool
    folded: int
    pdq: bytes | None
    veil: bytes


def of(item: Item, *, tell_known: bool) -> dict[str, Any]:
    """All keyframes of an item in order, veiled: the time of each, whether a scene begins, under which other it lies
    (`under`: a number, or None), for how many equal ones more it stands, and with `tell_known` what it is near to.

    At most `workbench.jail.results.MAX_KEYFRAMES`. What of a damaged film could be read has frames, the rest has none.
    """
    with connection.cursor() as cursor:
        cursor.execute(FRAMES, [item.content_id])
        frames = [
            Frame(number, at, scene, folded, pdq and bytes(pdq), bytes(veil))
            for number, at, scene, folded, pdq, veil in cursor.fetchall()
        ]
    known = known_frames.of(item.case.agency_id, [frame.pdq for frame in frames]) if tell_known else {}
    under = heads(frames, known.keys(), settings.STACK_REACH)
    return {
        "item": str(item.public_id),
        "duration_ms": item.content.duration_ms,
        "frames": [_told(frame, under[place], known.get(place)) for place, frame in enumerate(frames)],
    }


def heads(frames: Sequence[Frame], apart: Any, reach: int) -> list[int | None]:
    """For each frame the number of that under which it lies: the first of a run in one scene that one look decides.

    `apart`: places of frames that lie under none and have none under them. Frames without a hash resemble nothing.
    """
    found = list[int | None]()
    head: Frame | None = None
    for place, frame in enumerate(frames):
        if place in apart:
            head = None
        elif not frame.scene and head and head.pdq and frame.pdq and distance(head.pdq, frame.pdq) <= reach:
            found.append(head.number)
            continue
        else:
            head = frame
        found.append(None)
    return found


def _told(frame: Frame, under: int | None, known: Known | None) -> dict[str, Any]:
    return {
        "number": frame.number,
        "at_ms": frame.at_ms,
        "scene": frame.scene,
        "folded": frame.folded,
        "under": under,
        "known": known and known._asdict(),
        "veil": as_text(frame.veil),
    }
