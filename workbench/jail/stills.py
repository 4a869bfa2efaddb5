"""Still pictures: one decode gives veil, clear preview, hash, size and the number of frames. Runs in the jail."""

import io
import time
from typing import BinaryIO

from PIL import Image, ImageFile

from workbench.jail import animation, embedded, gif_frames, metadata, rendering, results, shrink
from workbench.jail.limits import TooManyPixels, check
from workbench.jail.opening import ALLOWED, opened
from workbench.jail.results import Preview
from workbench.media_types import MediaType


def preview(file: BinaryIO, media: MediaType) -> Preview:
    """Veil and clear preview of a still; damaged ones as far as they go, marked partial."""
    if media.mime not in ALLOWED:
        return Preview(media.kind, media.mime, reason=results.UNSUPPORTED)
    try:
        return _strict_then_tolerant(file, media)
    except TooManyPixels as error:
        width, height = (min(side, results.MAX_NUMBER) for side in error.size)
        return Preview(media.kind, media.mime, width, height, reason=results.TOO_MANY_PIXELS)
    except Image.DecompressionBombError:
        return Preview(media.kind, media.mime, reason=results.TOO_MANY_PIXELS)


def _strict_then_tolerant(file: BinaryIO, media: MediaType) -> Preview:
    """Whole files are decoded once; only those that fail are decoded again as far as they go."""
    try:
        return _decoded(file, media)
    except (MemoryError, TooManyPixels, Image.DecompressionBombError):
        raise
    except Exception:  # plugins raise anything over damaged bytes; the second attempt answers
        pass_reason = results.TRUNCATED
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        return _decoded(file, media, reason=pass_reason)
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def _decoded(file: BinaryIO, media: MediaType, reason: str = "") -> Preview:
    until = time.monotonic() + results.seconds_for(file.seek(0, io.SEEK_END)) / 3
    source = opened(file, media.mime)
    image = source.image
    stored = image.size
    rendering.load(image)
    check(image.size)  # icons and JPEG 2000 may hold more than their header said
    stored = stored if image.format in ("JPEG", "MPO") else image.size
    turn = rendering.turn_of(image)
    width, height = source.size or rendering.turned_size(stored, turn)
    reason = source.reason or reason
    found = rendering.rendered(image, turn=turn, stored=stored)
    if reason == results.TRUNCATED and _is_empty(found.picture):
        raise OSError("not one row was decoded")
    said = metadata.of_still(image, stored, file)
    slices = embedded.found(file, image, rendering.as_stored(found.picture, turn))
    hashed = source.reason != results.EMBEDDED_PREVIEW  # thumbnails that stand for exposures resemble each other
    frames = _frames(image, file)
    board, whole = animation.keyframes(image, frames, turn=turn, until=until)
    reason = reason or ("" if whole else results.TRUNCATED)
    return Preview(
        media.kind, media.mime, width, height, frames=frames,
        state="partial" if reason else "made", reason=reason,
        veil=shrink.veil(found.picture), clear=shrink.clear(found.picture),
        pdq=found.pdq if hashed else b"", pdq_quality=found.pdq_quality if hashed else 0,
        pdq_width=found.hashed_width if hashed else 0, metadata=said,
        embedded=slices, keyframes=board,
    )  # fmt: skip


def _is_empty(picture: Image.Image) -> bool:
    """One colour throughout: what Pillow fills in for what it could not decode."""
    return picture.getcolors(1) is not None


def _frames(image: Image.Image, file: BinaryIO) -> int:
    """Frames or pages, at most MAX_FRAMES looked at; 1 when a damaged file does not tell."""
    try:
        if image.format == "GIF":
            return gif_frames.count(file, results.MAX_FRAMES)
        if image.format == "TIFF":
            return _pages(image)
        return max(1, min(results.MAX_FRAMES, getattr(image, "n_frames", 1)))
    except Exception:  # the count is a courtesy
        return 1


def _pages(image: Image.Image) -> int:
    for page in range(1, results.MAX_FRAMES):
        try:
            image.seek(page)
        except EOFError:
            return page
    return results.MAX_FRAMES
