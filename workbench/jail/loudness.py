"""How loud a film is along its length: one byte for each of so many equal parts. Runs in the jail.

It comes piece by piece, each after a short time, because who plays a film waits behind it. Of long parts only the
beginning is listened to.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

import av
import numpy as np
from numpy.typing import NDArray

from workbench.jail import containers, results, tape
from workbench.jail.containers import Film
from workbench.jail.cut_short import cut_short
from workbench.jail.pieces import MAX_PEAKS, RATE, Piece
from workbench.jail.reel import demuxer_of

WORK_SECONDS = 0.5  # of reading for one piece, once a part is known
APPROACH_SECONDS = 4.0  # to the first part
SPARSE_MS = 4000  # of film in a part, from which on only its beginning is listened to
LISTEN_MS = 250
LOUDEST = 32_768

Heard = Iterator[tuple[int, bytes]]  # milliseconds from the start of the film, samples


def piece(file: BinaryIO, start: int, part: int) -> Piece:
    """Peaks of the parts from `start` on, each `part` long, both in milliseconds; raises what a container raises."""
    is_cut = cut_short(file)
    with containers.opened(file, demuxer_of(file)) as container:
        track = tape.track(container)
        if track is None:
            return Piece(start, reason=results.NO_SOUND)
        film = Film("", 0, 0, 0, 0)
        measure = _sparsely if part >= SPARSE_MS else _wholly
        peaks, is_over = measure(container, track, film, start, part)
    reason = results.TRUNCATED if film.damaged or (is_over and is_cut) else ""
    if not peaks and not start:
        reason = results.UNDECODABLE
    return Piece(start, None if is_over else start + len(peaks) * part, reason, peaks=bytes(peaks))


def _wholly(container: Any, track: Any, film: Film, start: int, part: int) -> tuple[bytearray, bool]:
    """Every sample is listened to; the part in which time is over is left for the next piece."""
    if start:
        _go(container, start)
    peaks, until = bytearray(), time.monotonic() + APPROACH_SECONDS
    for at, samples in tape.heard(container, track, film):
        for place, loudest in _by_part(samples, at - start, part):
            if not peaks:
                until = min(until, time.monotonic() + WORK_SECONDS)
            if place >= MAX_PEAKS:
                return peaks, False
            peaks += bytes(max(0, place + 1 - len(peaks)))
            peaks[place] = max(peaks[place], loudest)
        if time.monotonic() > until and len(peaks) != 1:
            return peaks[:-1], not peaks
    return peaks, True


def _by_part(samples: bytes, at: int, part: int) -> Iterator[tuple[int, int]]:
    """The place and the peak of each part that has some of the samples; `at`: milliseconds from the first part on."""
    values, first, wide = np.frombuffer(samples, dtype=np.int16), RATE * at // 1000, RATE * part // 1000
    if first < 0:
        values, first = values[-first:], 0
    while len(values):
        place, inside = divmod(first, wide)
        here = values[: wide - inside]
        yield place, _peak(here)
        values, first = values[len(here) :], first + len(here)


def _sparsely(container: Any, track: Any, film: Film, start: int, part: int) -> tuple[bytearray, bool]:
    """Of each part the beginning."""
    peaks, until = bytearray(), time.monotonic() + WORK_SECONDS
    while len(peaks) < MAX_PEAKS:
        at = start + len(peaks) * part
        _go(container, at)
        loudest = _beginning(tape.heard(container, track, film), at, at + part)
        if loudest is None:
            return peaks, True
        peaks.append(loudest)
        if time.monotonic() > until:
            break
    return peaks, False


def _beginning(heard: Heard, start: int, end: int) -> int | None:
    """The loudest of a part's first sounds; 0 where it has none; None where the film is over."""
    loudest, until, is_there = 0, time.monotonic() + APPROACH_SECONDS, False
    for at, samples in heard:
        if samples and at >= end:
            return loudest
        if samples and at >= start:
            is_there, loudest = True, max(loudest, _peak(np.frombuffer(samples, dtype=np.int16)))
            end = min(end, start + LISTEN_MS)
        if time.monotonic() > until:
            return loudest
    return loudest if is_there else None


def _go(container: Any, at: int) -> None:
    with suppress(av.FFmpegError, OSError, ValueError):
        container.seek((container.start_time or 0) + at * 1000, backward=True)


def _peak(samples: NDArray[np.int16]) -> int:
    """0 to 255, by the square root, so that soft sounds are seen beside loud ones."""
    loudest = int(np.abs(samples.astype(np.int32)).max())
    return int(255 * (min(loudest, LOUDEST) / LOUDEST) ** 0.5)
