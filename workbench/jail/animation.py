"""What tells a still that moves or has pages: up to 24 pictures spread over it, equal neighbours left out.

Every frame is gone through in order, because most formats store only what changes. Pages of a document are told as
a film of one page a second. Runs in the jail.
"""

import time
from collections.abc import Iterator

from PIL import Image

from workbench.jail import rendering, shrink
from workbench.jail.limits import check
from workbench.jail.results import FRAME_LONGEST, Keyframe
from workbench.perceptual import PDQ_MAX_DISTANCE, distance

MOVING, PAGED = ("GIF", "PNG", "WEBP", "AVIF"), ("TIFF", "HEIF", "DCX")
MOST = 24
EQUAL = 8  # bits of PDQ up to which a frame repeats the one before it
PAGE_MS = 1000


def keyframes(image: Image.Image, frames: int, *, turn: int, until: float) -> tuple[tuple[Keyframe, ...], bool]:
    """The frames that tell the opened image, and whether all of it could be gone through.

    Ends at the monotonic moment `until`; none for a picture that has but one frame, or of another format.
    """
    if frames < 2 or image.format not in MOVING + PAGED:
        return (), True
    kept: list[Keyframe] = []
    try:
        for at_ms, frame in _spread(image, frames, until):
            found = rendering.rendered(frame, turn=turn, stored=frame.size, longest=FRAME_LONGEST)
            scene = not kept or not _are_near(kept[-1], found, PDQ_MAX_DISTANCE)
            one = Keyframe(
                max(at_ms, kept[-1].at_ms + 1) if kept else at_ms, scene, shrink.veil(found.picture),
                shrink.clear(found.picture), found.pdq, found.pdq_quality,
            )  # fmt: skip
            if not kept or not (one.clear == kept[-1].clear or _are_near(kept[-1], found, EQUAL)):
                kept.append(one)
    except EOFError:
        return tuple(kept), True  # fewer frames than were announced
    except Exception:  # plugins raise anything over damaged bytes; what was gone through is told
        return tuple(kept), False
    return tuple(kept), True


def _spread(image: Image.Image, frames: int, until: float) -> Iterator[tuple[int, Image.Image]]:
    """(milliseconds from the start, loaded frame) for the first, the last and those between."""
    wanted = {round(step * (frames - 1) / (MOST - 1)) for step in range(MOST)}
    clock = 0
    for number in range(frames):
        if time.monotonic() > until:
            return
        image.seek(number)
        check(image.size)
        if number in wanted or image.format in MOVING:
            image.load()
        if number in wanted:
            at = PAGE_MS * number if image.format in PAGED else image.info.get("timestamp", clock)
            yield int(at), image
        clock += int(image.info.get("duration") or 0)


def _are_near(before: Keyframe, found: rendering.Rendered, most: int) -> bool:
    """Whether both are telling enough to be compared, and at most so many bits apart."""
    return bool(before.pdq and found.pdq) and distance(before.pdq, found.pdq) <= most
