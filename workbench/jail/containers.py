"""Opening films and sound through PyAV, and what their container says. Runs in the jail.

The signature names the one demuxer that sees the bytes, so playlists and lists of files are never parsed, and
whatever a container asks to have opened beside itself is refused: security.md rule 3.6.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO, NoReturn

import av
import av.logging
import av.subtitles.codeccontext
import av.subtitles.subtitle

from workbench.jail import results

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
TICK = Fraction(1, av.time_base)  # of a container's own clock, in seconds

av.logging.set_level(None)


@dataclass(slots=True)
class Film:
    """A picture track: what the container says, set right by what its frames turn out to be."""

    codec: str
    width: int  # pixels, upright once a frame was seen
    height: int
    duration_ms: int  # 0: nobody knows
    frames: int  # 0: nobody counted
    damaged: bool = False


def opened(file: BinaryIO, demuxer: str) -> Any:
    """The container, by one demuxer only, with no protocol at all for anything it names."""
    file.seek(0)
    return av.open(
        file,
        format=demuxer.partition(",")[0],
        container_options={"format_whitelist": demuxer, "protocol_whitelist": "none"},
        metadata_errors="replace",
        io_open=_refuse,
    )


def picture_track(container: Any) -> Any:
    """The first moving picture track, on one thread; cover art of a song is none."""
    for stream in container.streams.video:
        if "attached_pic" not in str(stream.disposition):
            stream.thread_count = 1
            return stream
    return None


def measured(container: Any, stream: Any) -> Film:
    """The film as its header describes it."""
    duration = duration_ms(container) or milliseconds(stream.duration, stream.time_base)
    frames = min(max(0, stream.frames or 0), results.MAX_NUMBER)
    return Film(_codec(stream), max(0, stream.width), max(0, stream.height), duration, frames)


def duration_ms(container: Any) -> int:
    """Of the whole container; 0 where it does not say."""
    return milliseconds(container.duration, TICK)


def milliseconds(count: int | None, unit: Fraction | None) -> int:
    """A time of a container; 0 where it does not say, or says nonsense."""
    if not count or not unit or count < 0:
        return 0
    return min(int(count * unit * 1000), results.MAX_NUMBER)


def _codec(stream: Any) -> str:
    """`h264`: the name of the format, not of the library that reads it."""
    name = stream.codec_context.codec.canonical_name
    return str(name)[:40]


def _refuse(*_asked: object) -> NoReturn:
    raise PermissionError("nothing named inside a file is opened")
