"""Films and sound through PyAV: kind, upright size, duration and one poster frame. Runs in the jail.

The signature names the one demuxer that sees the bytes, so playlists and lists of files are never parsed, and
whatever a container asks to have opened beside itself is refused: security.md rule 3.6.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO, NoReturn

import av
import av.logging
import av.subtitles.codeccontext
import av.subtitles.subtitle
from PIL import Image, ImageStat

from workbench.jail import results, shrink
from workbench.jail.cut_short import cut_short
from workbench.jail.results import Preview
from workbench.media_types import MediaType

MOV = "mov,mp4,m4a,3gp,3g2,mj2"
DEMUXERS = {
    "video/mp4": MOV,
    "video/quicktime": MOV,
    "video/x-m4v": MOV,
    "video/3gpp": MOV,
    "audio/mp4": MOV,
    "video/x-matroska": "matroska,webm",
    "video/webm": "matroska,webm",
    "video/x-msvideo": "avi",
    "video/x-flv": "flv",
    "video/x-ms-asf": "asf",
    "video/mp2t": "mpegts",
    "video/mpeg": "mpeg",
    "video/ogg": "ogg",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/x-wav": "wav",
    "audio/flac": "flac",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "application/vnd.rn-realmedia": "rm",
}
PLACES = (Fraction(1, 10), Fraction(3, 10), Fraction(1, 2), Fraction(7, 10))  # where a poster frame is looked for
TELLING = 12.0  # standard deviation of grey, of 255, above which a frame is more than black or a fade
MAX_TRIES = 48  # packets that may fail, or frames looked at, before a place is given up

av.logging.set_level(None)


@dataclass(slots=True)
class Film:
    """What the container says about its picture track."""

    width: int = 0
    height: int = 0
    duration_ms: int = 0
    frames: int = 0


def preview(file: BinaryIO, media: MediaType) -> Preview:
    """Kind, size, duration and a poster frame; a film whose frames cannot be had keeps what its header said."""
    demuxer = DEMUXERS.get(media.mime)
    if not demuxer:
        return Preview(media.kind, media.mime, reason=results.UNSUPPORTED)
    file.seek(0)
    with _open(file, demuxer) as container:
        stream = _picture_track(container)
        if stream is None:
            return _without_picture(container, media)
        stream.thread_count = 1
        film = _measured(container, stream)
        picture, whole = _poster(container, stream, film)
    if picture is None:
        return _film(film, media, results.UNDECODABLE)
    if not whole or cut_short(file):
        return _film(film, media, results.TRUNCATED, picture)
    return _film(film, media, "", picture)


def _film(film: Film, media: MediaType, reason: str, picture: Image.Image | None = None) -> Preview:
    state = "none" if picture is None else "partial" if reason else "made"
    return Preview(
        "video", media.mime, film.width, film.height, film.duration_ms, film.frames, state, reason,
        veil=shrink.veil(picture) if picture else b"", clear=shrink.clear(picture) if picture else b"",
    )  # fmt: skip


def _open(file: BinaryIO, demuxer: str) -> Any:
    """The container, by one demuxer only, with no protocol at all for anything it names."""
    return av.open(
        file,
        format=demuxer.partition(",")[0],
        container_options={"format_whitelist": demuxer, "protocol_whitelist": "none"},
        metadata_errors="replace",
        io_open=_refuse,
    )


def _refuse(*_asked: object) -> NoReturn:
    raise PermissionError("nothing named inside a file is opened")


def _picture_track(container: Any) -> Any:
    """The first moving picture track; cover art of a song is none."""
    for stream in container.streams.video:
        if "attached_pic" not in str(stream.disposition):
            return stream
    return None


def _without_picture(container: Any, media: MediaType) -> Preview:
    kind = "audio" if container.streams.audio else media.kind
    reason = results.NO_PICTURE if kind == "audio" else results.UNDECODABLE
    duration = _milliseconds(container.duration, Fraction(1, av.time_base))
    return Preview(kind, media.mime, duration_ms=duration, reason=reason)


def _measured(container: Any, stream: Any) -> Film:
    duration = _milliseconds(container.duration, Fraction(1, av.time_base))
    if not duration:
        duration = _milliseconds(stream.duration, stream.time_base)
    frames = min(max(0, stream.frames or 0), results.MAX_NUMBER)
    return Film(max(0, stream.width), max(0, stream.height), duration, frames)


def _milliseconds(count: int | None, unit: Fraction | None) -> int:
    """0 where the container does not say, or says nonsense."""
    if not count or not unit or count < 0:
        return 0
    return min(int(count * unit * 1000), results.MAX_NUMBER)


def _poster(container: Any, stream: Any, film: Film) -> tuple[Image.Image | None, bool]:
    """The first telling frame among a few places, else the best of them; and whether nothing failed on the way."""
    best: Image.Image | None = None
    best_spread, whole = -1.0, True
    for picture, sound in _candidates(container, stream, film):
        whole = whole and sound
        if picture is None:
            continue
        spread = ImageStat.Stat(picture.convert("L").reduce(4)).stddev[0] if min(picture.size) >= 4 else 0.0
        if spread > best_spread:
            best, best_spread = picture, spread
        if spread >= TELLING:
            break
    return best, whole


def _candidates(container: Any, stream: Any, film: Film) -> Iterator[tuple[Image.Image | None, bool]]:
    """(picture or None, undamaged) for each place; at last the very start with every frame allowed."""
    found = False
    for place in PLACES if film.duration_ms else PLACES[:1]:
        picture = _at(container, stream, film, place, "NONKEY")
        found = found or picture is not None
        yield picture, True
    if not found:
        picture = _at(container, stream, film, Fraction(0), "DEFAULT")
        yield picture, picture is None or _without_keyframes(stream)


def _without_keyframes(stream: Any) -> bool:
    """Whether the codec marks no frame as key, which is a habit of some and no damage."""
    return stream.codec_context.name in ("h263", "mpeg1video", "mpeg2video", "wmv2", "msmpeg4v3")


def _at(container: Any, stream: Any, film: Film, place: Fraction, skip: str) -> Image.Image | None:
    """The next frame that decodes after `place`, a share of the duration."""
    start = container.start_time or 0
    with suppress(av.FFmpegError, OSError, ValueError):  # a container that cannot seek is read from where it is
        container.seek(start + int(film.duration_ms * place) * 1000, backward=True)
    stream.codec_context.skip_frame = skip
    for frame in _frames(container, stream):
        return _picture(frame, film)
    return None


def _frames(container: Any, stream: Any) -> Iterator[Any]:
    """Frames as far as they decode; damaged packets are passed over, up to MAX_TRIES of them."""
    failed = 0
    with suppress(av.FFmpegError, EOFError):  # the data ends in the middle
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.FFmpegError:
                failed += 1
            if failed > MAX_TRIES:
                return


def _picture(frame: Any, film: Film) -> Image.Image:
    """The frame upright, in RGB and no larger than a preview; sets the upright size of the film."""
    if frame.width * frame.height > results.MAX_PIXELS:
        raise MemoryError
    width, height = shrink.within((frame.width, frame.height))
    picture: Image.Image = frame.reformat(width=width, height=height, format="rgb24", threads=1).to_image()
    film.width, film.height = frame.width, frame.height
    quarter_turns = _quarter_turns(frame.rotation)
    if quarter_turns % 2:
        film.width, film.height = frame.height, frame.width
    return picture.rotate(90 * quarter_turns, expand=True) if quarter_turns else picture


def _quarter_turns(degrees: float) -> int:
    """Turns to the left; 0 for angles that are no quarter turn (one known file says -2^63)."""
    return int(degrees // 90) % 4 if degrees % 90 == 0 and abs(degrees) <= 360 else 0
