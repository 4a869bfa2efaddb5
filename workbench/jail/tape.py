"""The sound of a film, piece by piece, without its picture: 16-bit samples of one channel. Runs in the jail."""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

import av

from workbench.jail import containers, frames, results
from workbench.jail.containers import Film
from workbench.jail.cut_short import cut_short
from workbench.jail.pieces import MAX_SOUND, RATE, Piece
from workbench.jail.reel import demuxer_of

WORK_SECONDS = 6.0  # of reading for one piece
SILENCE_MS = 250  # from which on a gap is heard as one


def piece(file: BinaryIO, start: int) -> Piece:
    """Ten seconds of sound from `start` (milliseconds) on; less at the end. Raises what a container raises."""
    is_cut = cut_short(file)
    with containers.opened(file, demuxer_of(file)) as container:
        stream = track(container)
        if stream is None:
            return Piece(start, reason=results.NO_SOUND)
        if start:
            with suppress(av.FFmpegError, OSError, ValueError):
                container.seek((container.start_time or 0) + start * 1000, backward=True)
        film = Film("", 0, 0, 0, 0)
        sound, is_over = _taken(heard(container, stream, film), start)
    reason = results.TRUNCATED if film.damaged or (is_over and is_cut) else ""
    if not sound and not start:
        reason = results.UNDECODABLE
    return Piece(start, None if is_over else start + len(sound) * 1000 // (2 * RATE), reason, sound=bytes(sound))


def warm_up() -> None:
    """Change the shape of some samples once."""
    frame = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
    frame.sample_rate = 44_100
    _resampler().resample(frame)


def track(container: Any) -> Any:
    """The first track of sound, on one thread."""
    for stream in container.streams.audio:
        stream.thread_count = 1
        return stream
    return None


def _resampler() -> Any:
    return av.AudioResampler(format="s16", layout="mono", rate=RATE)


def _taken(sounds: Iterator[tuple[int, bytes]], start: int) -> tuple[bytearray, bool]:
    """Samples from `start` on, gaps as silence, and whether the sound is over."""
    sound, until = bytearray(), time.monotonic() + WORK_SECONDS
    for at, samples in sounds:
        place = 2 * (RATE * (at - start) // 1000)
        if place < 0:
            samples = samples[-place:]  # noqa: PLW2901 what lies before the place
        elif place - len(sound) > 2 * RATE * SILENCE_MS // 1000:
            sound += bytes(min(place, MAX_SOUND) - len(sound))
        sound += samples[: MAX_SOUND - len(sound)]
        if len(sound) >= MAX_SOUND or time.monotonic() > until:
            return sound, False
    return sound, True


def heard(container: Any, stream: Any, film: Film) -> Iterator[tuple[int, bytes]]:
    """(milliseconds from the start of the film, samples); empty ones between packets, so that time can be looked at."""
    change, origin = _resampler(), _began(container)
    for packet in frames.packets(container, stream, film):
        failed, film.damaged = film.damaged, False
        for frame in frames.decoded(packet, film):
            at = containers.milliseconds(frame.pts, frame.time_base) - origin
            yield max(0, at), b"".join(_bytes(one) for one in change.resample(frame))
        film.damaged |= failed
        yield 0, b""


def _bytes(frame: Any) -> bytes:
    return bytes(frame.planes[0])[: 2 * frame.samples]


def _began(container: Any) -> int:
    """When the container's clock begins."""
    return containers.milliseconds(container.start_time, containers.TICK)
