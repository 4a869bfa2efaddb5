"""PURE: what the jail answers with, and the reason codes it uses."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

# Why there is no picture, or only part of one. Stored with the content and shown to the reviewer in words.
TRUNCATED = "truncated"  # shown as far as it could be decoded
EMBEDDED_PREVIEW = "embedded-preview"  # camera raw that cannot be developed: the small picture inside is shown
UNDECODABLE = "undecodable"  # the decoder refused the bytes
UNSUPPORTED = "unsupported-format"  # a medium by its signature, but none that this jail opens
NOT_MEDIA = "not-media"
NO_PICTURE = "no-picture"  # sound only
NO_SOUND = "no-sound"  # a film without any; never the reason of a preview
TOO_MANY_PIXELS = "too-many-pixels"
DECODER_LIMIT = "decoder-limit"  # needed more memory than the jail has
DECODER_TIMEOUT = "decoder-timeout"
DECODER_KILLED = "decoder-killed"

# Why a member of an archive has no bytes, or why its bytes are not what the archive promised.
ENCRYPTED = "encrypted"
BAD_CRC = "bad-crc"
CORRUPT = "corrupt"
UNSUPPORTED_COMPRESSION = "unsupported-compression"
IS_LINK = "is-link"
OVER_LIMIT = "over-limit"
NOT_REGULAR = "not-regular-file"
ARCHIVE_PART = "archive-part"  # of an archive in several files

# Why a file of a disk image has no bytes.
NO_FILE_SYSTEM = "no-file-system"
REALLOCATED = "reallocated"
NOT_RECOVERABLE = "not-recoverable"

# Every code above, and none; whatever else the jail says was said by somebody who took it over.
REASONS = frozenset({"", *(code for name, code in globals().items() if name.isupper() and isinstance(code, str))})

MAX_PIXELS = 256_000_000  # security.md rule 3.5
MAX_FRAMES = 1000  # frames or pages looked at when counting; security.md rule 3.5
CLEAR_LONGEST = 640  # pixels
VEIL_SIZE = (64, 48)  # pixels
MAX_NUMBER = 2**31 - 1  # sizes, durations and counts are stored in four bytes
MAX_KEYFRAMES = 240
MAX_STORYBOARD = 16 * 1024 * 1024  # bytes of all clear keyframes of one content
FRAME_LONGEST = 320  # pixels of a keyframe
SECONDS, SECONDS_A_MEGABYTE, SECONDS_AT_MOST = 20.0, 2.0, 120.0  # security.md rule 3.5; the cap is ours
CHUNK_BYTES = 256 * 1024  # most of a member that is sent at once


def seconds_for(size: int) -> float:
    """How long the jail may work on a file of `size` bytes before it is ended."""
    return min(SECONDS_AT_MOST, SECONDS + SECONDS_A_MEGABYTE * size / 1e6)


@dataclass(frozen=True, slots=True)
class Slice:
    """A medium of its own inside a file: its bytes lie there as they are (the film of a Motion Photo, a thumbnail)."""

    name: str  # ours, such as "motion-photo.mp4"
    offset: int  # bytes
    length: int


@dataclass(frozen=True, slots=True)
class Keyframe:
    """One picture of a content that moves; `veil` and `clear` as in Preview, but `clear` at most 320 pixels."""

    at_ms: int
    scene: bool  # begins a new scene
    veil: bytes
    clear: bytes
    pdq: bytes = b""  # 32 bytes; empty below quality 50
    pdq_quality: int = 0  # 0 to 100
    folded: int = 0  # times EVERY_MS of storyboard.py for which nothing changed behind it


@dataclass(frozen=True, slots=True)
class Preview:
    """What a content is and what may be shown of it; width and height are upright pixels, 0 when unknown."""

    kind: str  # still, video, audio, other
    mime: str
    width: int = 0
    height: int = 0
    duration_ms: int = 0  # 0 for stills
    frames: int = 0
    state: str = "none"  # made, partial, none
    reason: str = ""
    veil: bytes = b""  # WebP, 64 x 48, grey, blurred, about 200 bytes; empty when there is none
    clear: bytes = b""  # JPEG, longest side at most 640, no metadata; empty when there is none
    codec: str = ""  # of the picture track
    pdq: bytes = b""  # 32 bytes; empty when there is no picture or its quality is below 50
    pdq_quality: int = 0  # 0 to 100
    pdq_width: int = 0  # pixels of the picture it was taken from
    metadata: dict[str, Any] = field(default_factory=dict)  # what the file says of itself; metadata.py names the keys
    embedded: tuple[Slice, ...] = ()
    keyframes: tuple[Keyframe, ...] = ()


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """Caps on one archive; what lies beyond them is named, never read."""

    bytes: int = 1 << 30
    members: int = 10_000
    depth: int = 5  # archives inside archives; counted by the caller, the jail opens one level


@dataclass(slots=True)
class Member:
    """One member of an archive, in the order of its directory.

    `index` is the place in the archive; -1 speaks of the archive itself, which then ends with `reason`.
    `raw_name` are the stored bytes (UTF-8 when `utf8`, else of unknown encoding, often code page 437) and
    `ordinal` tells same-named members apart, from 0. A single packed file may carry no name and no size (None).
    `mtime_text` is the stored local time as text.
    With a `reason` there are no bytes. `chunks` can be read once, before the next member is asked for;
    afterwards `problem` says what was wrong with them ("" = nothing; the bytes are whole).
    """

    index: int
    raw_name: bytes
    size: int | None
    mtime_text: str
    reason: str = ""
    utf8: bool = False
    ordinal: int = 0
    problem: str = ""
    chunks: Iterator[bytes] = field(default_factory=lambda: iter(()))
