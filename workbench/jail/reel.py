"""A film that is being played: grey pictures in the order of time, piece by piece. Runs in the jail.

It stays open between two pieces that follow each other, so that nothing is decoded twice. Every piece ends after some
pictures or some time, whatever the film is like.
"""

import io
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any, BinaryIO

import av

from workbench.jail import containers, frames, results
from workbench.jail.containers import DEMUXERS
from workbench.jail.cut_short import cut_short
from workbench.jail.frames import MAX_FAILURES
from workbench.jail.pieces import LONGEST, MAX_PICTURES, Piece
from workbench.media_types import HEAD_BYTES, sniff

QUALITY = 68  # of the JPEGs
WORK_SECONDS = 1.5  # of decoding for one piece, once its first picture is there
FIRST_SECONDS = 0.4  # for the first piece from a place: somebody waits for it
APPROACH_SECONDS = 5.0  # from the keyframe before a place to the place
FAST_MS = 800  # of film between two pictures, from which on keyframes do if they are near enough to each other
GAP_MS = 4000  # between them, at most
WIDE_GAP_MS = 12_000  # the same where other frames come slower than they are played: a late picture shows less
PACE_MS = 100  # of playing between two pictures (cases/playing.py)
PACKETS_ASKED = 600  # packets whose keyframes are looked at
SCALE_MS = 400  # of film between two pictures, from which on frames that no other one needs are left out

Frames = Iterator[tuple[int, Any]]  # milliseconds from the start of the film, decoded frame


class NotPlayed(Exception):
    """The file has nothing that could be played; carries the reason."""


class Reel:
    """One film, open."""

    def __init__(self, file: BinaryIO) -> None:
        """Takes the file over. Raises NotPlayed, and whatever a container raises."""
        self._file = file
        self._is_cut = cut_short(file)
        demuxer = demuxer_of(file)
        self._container = containers.opened(file, demuxer)
        self._stream = containers.picture_track(self._container)
        if self._stream is None:
            raise NotPlayed(results.NO_PICTURE)
        self._film = containers.measured(self._container, self._stream)
        self._skip = "DEFAULT"
        self._failures = 0
        self._frames: Frames | None = None
        self._moved = False  # something of it was read
        self._is_late = False  # at this step frames come slower than they are played
        self._step = 0
        self._gap = 0  # by which it was chosen what is decoded
        self._is_first = True  # nothing was sent from the place it stands at
        self.next: int | None = None  # where the piece after the last one begins

    def close(self) -> None:
        """Let go of the film."""
        self._container.close()
        self._file.close()

    def piece(self, start: int, step: int) -> Piece:
        """Pictures from the place `start` on, `step` apart; both in milliseconds of film."""
        self._is_late &= step == self._step
        self._step = step
        skip = self._skips(start, step)
        if self._frames is None or start != self.next or skip != self._skip:
            self._seek(start, skip)
            self._is_first = True
        self._film.damaged = False
        pictures, following = self._take(start, step, FIRST_SECONDS if self._is_first else WORK_SECONDS)
        self._is_first = not pictures
        self.next = following
        damaged = self._film.damaged or (following is None and self._is_cut)
        never = not pictures and not start and following is None
        reason = results.UNDECODABLE if never else results.TRUNCATED if damaged else ""
        return Piece(start, following, reason, tuple(pictures))

    def _take(self, start: int, step: int, seconds: float) -> tuple[list[tuple[int, bytes]], int | None]:
        """Pictures, and where to go on; None at the end."""
        pictures: list[tuple[int, bytes]] = []
        until, before, due = time.monotonic() + APPROACH_SECONDS, None, start
        for at, frame in self._frames or ():
            if frame is not None and at < due and not pictures:
                before = frame  # what is to be seen at the place itself, if nothing comes in time
            elif frame is not None and at >= due:
                if not pictures:
                    until = time.monotonic() + seconds
                    if before is not None and at >= due + step:
                        pictures.append((start, _jpeg(before)))
                pictures.append((at, _jpeg(frame)))
                due = at + step
            if len(pictures) >= MAX_PICTURES - 1:
                return pictures, due
            if time.monotonic() > until:
                self._is_late |= bool(pictures) and due - pictures[0][0] < 1000 * seconds * step / PACE_MS
                return pictures, due  # without a picture: the place is not reached so far
        return pictures, None

    def _seek(self, start: int, skip: str) -> None:
        """To the keyframe at or before a place; a container that cannot seek is read from its beginning."""
        self._skip = skip
        if start or self._moved:
            self._go(start)
        self._stream.codec_context.skip_frame = skip
        self._failures = 0
        self._frames = self._decoded()

    def _go(self, start: int) -> None:
        with suppress(av.FFmpegError, OSError, ValueError):
            self._container.seek((self._container.start_time or 0) + start * 1000, backward=True)

    def _decoded(self) -> Frames:
        """Frames in order; (-1, None) between packets, so that time can be looked at."""
        self._moved, last = True, -1
        for packet in frames.packets(self._container, self._stream, self._film):
            for frame in self._of(packet):
                at = frames.at_ms(frame, self._stream)
                if at > last:
                    last = at
                    yield at, frame
            yield -1, None
            if self._failures > MAX_FAILURES:
                return

    def _of(self, packet: Any) -> list[Any]:
        before, self._film.damaged = self._film.damaged, False
        found = frames.decoded(packet, self._film)
        self._failures += self._film.damaged
        self._film.damaged |= before
        return found

    def _skips(self, start: int, step: int) -> str:
        """Which frames need no decoding at such a step."""
        if step < SCALE_MS:
            return "DEFAULT"
        if step < FAST_MS:
            return "NONREF"
        goes_on = self._frames is not None and start == self.next
        gap = WIDE_GAP_MS if self._is_late else GAP_MS
        if goes_on and self._skip != "DEFAULT" and gap == self._gap:
            return self._skip
        self._gap = gap
        return "NONKEY" if self._has_many_keyframes(start, gap) else "NONREF"

    def _has_many_keyframes(self, start: int, most: int) -> bool:
        """Whether keyframes lie at most so far apart, as some packets tell; moves the place in the container."""
        self._frames, self._moved = None, True
        self._go(start)
        found: list[int] = []
        for number, packet in enumerate(frames.packets(self._container, self._stream, self._film)):
            if packet.is_keyframe and packet.size:
                found.append(containers.milliseconds(packet.pts or packet.dts, packet.time_base))
            if number >= PACKETS_ASKED or len(found) > 3:
                break
        return len(found) > 1 and max(later - one for one, later in pairwise(found)) <= most


def demuxer_of(file: BinaryIO) -> str:
    """The one demuxer that may see the file, by its signature. Raises NotPlayed."""
    file.seek(0)
    media = sniff(file.read(HEAD_BYTES))
    if media.kind not in ("video", "audio"):
        raise NotPlayed(results.NOT_MEDIA)
    if media.mime not in DEMUXERS:
        raise NotPlayed(results.UNSUPPORTED)
    return DEMUXERS[media.mime]


def _jpeg(frame: Any) -> bytes:
    stream = io.BytesIO()
    frames.upright(frame, LONGEST).convert("L").save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()
