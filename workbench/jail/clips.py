"""Films and sound: kind, upright size, duration, frames, codec, poster frame and storyboard. Runs in the jail."""

import os
import time
from dataclasses import replace
from typing import Any, BinaryIO

from workbench.jail import containers, frames, metadata, pdq, results, shrink
from workbench.jail.containers import DEMUXERS, Film
from workbench.jail.cut_short import cut_short
from workbench.jail.results import Preview
from workbench.jail.storyboard import EVERY_MS, Storyboard
from workbench.media_types import MediaType

SHARE = 0.4  # of the time the jail has for a file, for its keyframes
SPARSE_MS = 2 * EVERY_MS  # of film to each keyframe, above which other frames are looked at too
ENOUGH = results.MAX_KEYFRAMES // 2  # keyframes of a film of any length
WITHOUT_KEYFRAMES = ("h263", "mpeg1video", "mpeg2video", "wmv2", "msmpeg4v3")  # may mark none: a habit, no damage


def preview(file: BinaryIO, media: MediaType) -> Preview:
    """What a film is and shows; one whose frames cannot be had keeps what its header said."""
    demuxer = DEMUXERS.get(media.mime)
    if not demuxer:
        return Preview(media.kind, media.mime, reason=results.UNSUPPORTED)
    size = file.seek(0, os.SEEK_END)
    until = time.monotonic() + SHARE * results.seconds_for(size)
    with containers.opened(file, demuxer) as container:
        stream = containers.picture_track(container)
        if stream is None:
            return _without_picture(container, media)
        film = containers.measured(container, stream)
        said = metadata.of_film(container, stream)
        board = _watched(frames.keyframes(container, stream, film, size, until), film)
    if not board.seen or (board.seen < ENOUGH and film.duration_ms >= SPARSE_MS * board.seen):
        board = _by_any_frame(file, demuxer, film, board, until)
    reason = results.TRUNCATED if film.damaged or cut_short(file) else ""
    return replace(_film(film, media, reason if board.poster else results.UNDECODABLE, board), metadata=said)


def _watched(taken: frames.Taken, film: Film) -> Storyboard:
    board = Storyboard(film.duration_ms)
    for at, picture in taken:
        board.add(at, picture)
    return board


def _by_any_frame(file: BinaryIO, demuxer: str, film: Film, rare: Storyboard, until: float) -> Storyboard:
    """The storyboard from other frames than keyframes, where that shows more than those that were found."""
    with containers.opened(file, demuxer) as container:
        stream = containers.picture_track(container)
        board = _watched(frames.plain(container, stream, film, until), film)
    if not rare.seen and film.codec not in WITHOUT_KEYFRAMES:
        film.damaged = True
    return board if board.seen >= rare.seen else rare


def _film(film: Film, media: MediaType, reason: str, board: Storyboard) -> Preview:
    picture = board.poster
    described = Preview(
        "video", media.mime, film.width, film.height, film.duration_ms, film.frames, "none", reason, codec=film.codec
    )
    if not picture:
        return described
    value, quality = pdq.compute(picture)
    return replace(
        described, state="partial" if reason else "made", veil=shrink.veil(picture), clear=shrink.clear(picture),
        pdq=value, pdq_quality=quality, pdq_width=picture.width, keyframes=tuple(board.keyframes),
    )  # fmt: skip


def _without_picture(container: Any, media: MediaType) -> Preview:
    kind = "audio" if container.streams.audio else media.kind
    reason = results.NO_PICTURE if kind == "audio" else results.UNDECODABLE
    return Preview(kind, media.mime, duration_ms=containers.duration_ms(container), reason=reason)
