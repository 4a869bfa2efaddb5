"""Takes frames out of a film in the order of time, as few as its storyboard needs. Runs in the jail.

A film that is short in bytes is read once from end to end, which counts its frames as well; of a long one only
sampled places are read. Every way ends at a moment given by the caller, so no film costs more than its share.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import av
from PIL import Image

from workbench.jail import results, shrink
from workbench.jail.containers import Film, milliseconds

SHORT_BYTES = 256 << 20  # a film of so many bytes is read from end to end
LEAST_STEP_MS, SEEK_STEP_MS, PLAIN_STEP_MS = 250, 8000, 1000  # between frames taken by each of the three ways
PLAIN_SECONDS = 8.0  # of decoding, where keyframes are too rare
MAX_FAILURES = 48  # packets that may fail before the rest is given up

Taken = Iterator[tuple[int, Image.Image]]  # milliseconds from the start of the film; upright, of a preview's size


def keyframes(container: Any, stream: Any, film: Film, size: int, until: float) -> Taken:
    """Keyframes of a film of `size` bytes, spread over it, until the monotonic moment `until`."""
    stream.codec_context.skip_frame = "NONKEY"
    if size <= SHORT_BYTES or not film.duration_ms:
        return _in_order(container, stream, film, until)
    return _by_seeking(container, stream, film, until)


def plain(container: Any, stream: Any, film: Film, until: float) -> Taken:
    """Any frames, a second apart, as far as PLAIN_SECONDS go, and keyframes from there on.

    For a film whose keyframes are too rare or missing; in a freshly opened container.
    """
    plain_until, due = time.monotonic() + PLAIN_SECONDS, 0
    for packet in packets(container, stream, film):
        for frame in decoded(packet, film):
            at = at_ms(frame, stream)
            if at >= due:
                due = at + PLAIN_STEP_MS
                yield at, _picture(frame, film)
        if (now := time.monotonic()) > until:
            return
        if now > plain_until:
            stream.codec_context.skip_frame = "NONKEY"


def _in_order(container: Any, stream: Any, film: Film, until: float) -> Taken:
    step = max(LEAST_STEP_MS, film.duration_ms // results.MAX_KEYFRAMES)
    due = counted = end = 0
    for packet in packets(container, stream, film):
        at = milliseconds(packet.pts or packet.dts, packet.time_base)
        counted += bool(packet.size) and not packet.is_discard
        end = max(end, at + milliseconds(packet.duration, packet.time_base))
        if packet.size and not (packet.is_keyframe and at >= due):
            continue
        due = at + step
        for frame in decoded(packet, film):
            yield at_ms(frame, stream), _picture(frame, film)
        if time.monotonic() > until:
            return
    film.frames = min(counted, results.MAX_NUMBER)
    film.duration_ms = film.duration_ms or min(end, results.MAX_NUMBER)


def _by_seeking(container: Any, stream: Any, film: Film, until: float) -> Taken:
    """A keyframe at each of some places; where a seek costs much, the places lie farther apart."""
    began, tries, place, last = time.monotonic(), 0, 0, -1
    step = max(SEEK_STEP_MS, film.duration_ms // results.MAX_KEYFRAMES)
    while place < film.duration_ms and (left := until - time.monotonic()) > 0:
        with suppress(av.FFmpegError, OSError, ValueError):  # a container that cannot seek is read from where it is
            container.seek((container.start_time or 0) + place * 1000, backward=True)
        frame = next(_frames(container, stream, film), None)
        if frame is not None and (at := at_ms(frame, stream)) > last:
            last = at
            yield at, _picture(frame, film)
        tries += 1
        cost = (time.monotonic() - began) / tries
        place += max(step, int(cost * (film.duration_ms - place) / left))


def _frames(container: Any, stream: Any, film: Film) -> Iterator[Any]:
    failures = 0
    for packet in packets(container, stream, film):
        yield from decoded(packet, film)
        failures += film.damaged
        if failures > MAX_FAILURES:
            return


def packets(container: Any, stream: Any, film: Film) -> Iterator[Any]:
    """Packets as far as the container goes."""
    try:
        yield from container.demux(stream)
    except EOFError:
        return
    except av.FFmpegError:  # the data ends in the middle
        film.damaged = True


def decoded(packet: Any, film: Film) -> list[Any]:
    """The frames of a packet; none of a damaged one."""
    try:
        return list(packet.decode())
    except EOFError:
        return []
    except av.FFmpegError:
        film.damaged = True
        return []


def at_ms(frame: Any, stream: Any) -> int:
    """Milliseconds from the start of the film."""
    return milliseconds((frame.pts or 0) - (stream.start_time or 0), frame.time_base or stream.time_base)


def _picture(frame: Any, film: Film) -> Image.Image:
    """The frame upright, in RGB and no larger than a preview; sets the upright size of the film."""
    picture = upright(frame, results.CLEAR_LONGEST)
    film.width, film.height = frame.width, frame.height
    if _quarter_turns(frame.rotation) % 2:
        film.width, film.height = frame.height, frame.width
    return picture


def upright(frame: Any, longest: int) -> Image.Image:
    """A decoded frame upright, in RGB, its longest side at most `longest`.

    Raises MemoryError for one of too many pixels.
    """
    if frame.width * frame.height > results.MAX_PIXELS:
        raise MemoryError
    width, height = shrink.within((frame.width, frame.height), longest)
    picture: Image.Image = frame.reformat(width=width, height=height, format="rgb24", threads=1).to_image()
    quarter_turns = _quarter_turns(frame.rotation)
    return picture.rotate(90 * quarter_turns, expand=True) if quarter_turns else picture


def _quarter_turns(degrees: float) -> int:
    """Turns to the left; 0 for angles that are no quarter turn (one known file says -2^63)."""
    return int(degrees // 90) % 4 if degrees % 90 == 0 and abs(degrees) <= 360 else 0
