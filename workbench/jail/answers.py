"""PURE: a Preview on its way from the jail to the worker: packed on one side, checked on the other.

Nothing that comes back is trusted: a decoder that was taken over could answer anything, so the worker takes
only what an honest one could have said, and no more of it than is capped here.
"""

import re
import struct
from collections.abc import Iterator
from typing import Any

from workbench.jail import described, results, wire
from workbench.jail.results import MAX_KEYFRAMES, Keyframe, Preview, Slice

MAX_VEIL, MAX_CLEAR = 1024, 2 * 1024 * 1024  # bytes; a veil of pure noise takes 534
MAX_FRAME = 256 * 1024  # bytes of one keyframe's clear picture
MAX_BODY = MAX_VEIL + MAX_CLEAR + results.MAX_STORYBOARD + MAX_KEYFRAMES * MAX_VEIL
MAX_SLICES = 64
KINDS, STATES = ("still", "video", "audio", "other"), ("made", "partial", "none")
TEXTS = ("kind", "mime", "state", "reason", "codec")
NUMBERS = ("width", "height", "duration_ms", "frames", "pdq_quality", "pdq_width")
JPEG = b"\xff\xd8\xff"
VEIL = struct.Struct("<4sI8sI3s3sHH")  # RIFF, bytes left, WEBP and the one chunk, its bytes, tag, start, width, height


def packed(preview: Preview) -> tuple[wire.Header, list[bytes]]:
    """The header and the bodies that follow it: veil and clear preview, then those of each keyframe."""
    header: wire.Header = {name: getattr(preview, name) for name in (*TEXTS, *NUMBERS, "metadata")}
    bodies = [preview.veil, preview.clear]
    frames = []
    for frame in preview.keyframes:
        bodies += [frame.veil, frame.clear]
        sizes = (len(frame.veil), len(frame.clear))
        frames.append((frame.at_ms, frame.scene, *sizes, frame.pdq.hex(), frame.pdq_quality, frame.folded))
    header["veil"], header["clear"] = len(preview.veil), len(preview.clear)
    header["pdq"], header["keyframes"] = preview.pdq.hex(), frames
    header["embedded"] = [(one.name, one.offset, one.length) for one in preview.embedded]
    header["tired"] = preview.reason == results.DECODER_LIMIT
    return header, bodies


def checked(header: wire.Header, body: bytes, size: int) -> Preview:
    """The answer about a file of `size` bytes; raises ValueError over one that no honest decoder gives."""
    if header.get("kind") not in KINDS or header.get("state") not in STATES:
        raise ValueError("kind")
    pictures = _Pictures(body)
    plain: dict[str, Any] = {name: _text(header.get(name), 80) for name in TEXTS}
    plain |= {name: _number(header.get(name)) for name in NUMBERS}
    answer = Preview(
        **plain,
        veil=_veil(pictures.next(_number(header.get("veil")), MAX_VEIL)),
        clear=_clear(pictures.next(_number(header.get("clear")), MAX_CLEAR)),
        pdq=_pdq(header.get("pdq")),
        metadata=described.checked(header.get("metadata")),
        embedded=tuple(_slices(header.get("embedded"), size)),
        keyframes=tuple(_keyframes(header.get("keyframes"), pictures)),
    )
    if pictures.left or answer.pdq_quality > 100 or len(answer.codec) > 40:
        raise ValueError("body")
    if answer.reason not in results.REASONS:
        raise ValueError("reason")
    if (answer.state == "none") == bool(answer.clear) or (answer.state == "made") == bool(answer.reason):
        raise ValueError("state")
    if bool(answer.clear) != bool(answer.veil):
        raise ValueError("veil")
    return answer


class _Pictures:
    """The pictures of a body, one after the other."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    @property
    def left(self) -> int:
        """Bytes that no picture claimed."""
        return len(self._body) - self._at

    def next(self, size: int, most: int) -> bytes:
        """The next `size` bytes, empty for none."""
        found = self._body[self._at : self._at + size]
        if size > most or len(found) < size:
            raise ValueError("picture")
        self._at += size
        return found


def _clear(picture: bytes) -> bytes:
    """A JPEG, or nothing."""
    if picture and not picture.startswith(JPEG):
        raise ValueError("clear")
    return picture


def _veil(picture: bytes) -> bytes:
    """A WebP of one lossy image of 64 x 48 and nothing beside it, or nothing."""
    if not picture:
        return picture
    if len(picture) < VEIL.size:
        raise ValueError("veil")
    riff, left, kind, chunk, _tag, start, width, height = VEIL.unpack_from(picture)
    if (riff, kind, start, (width, height)) != (b"RIFF", b"WEBPVP8 ", b"\x9d\x01\x2a", results.VEIL_SIZE):
        raise ValueError("veil")
    if left + 8 != len(picture) or chunk + chunk % 2 + 20 != len(picture):
        raise ValueError("veil")
    return picture


def _keyframes(value: object, pictures: _Pictures) -> Iterator[Keyframe]:
    before = -1
    for one in _rows(value, MAX_KEYFRAMES, 7):
        at, scene, veil, clear, pdq, quality, folded = one
        if not isinstance(scene, bool) or _number(at) <= before or _number(quality) > 100:
            raise ValueError("keyframe")
        before = at
        frame = Keyframe(
            at, scene, _veil(pictures.next(_number(veil), MAX_VEIL)),
            _clear(pictures.next(_number(clear), MAX_FRAME)), _pdq(pdq), quality, _number(folded),
        )  # fmt: skip
        if not frame.veil or not frame.clear:
            raise ValueError("keyframe")
        yield frame


def _slices(value: object, size: int) -> Iterator[Slice]:
    for name, offset, length in _rows(value, MAX_SLICES, 3):
        whole = isinstance(offset, int) and isinstance(length, int)
        if not whole or offset < 0 or length <= 0 or offset + length > size:
            raise ValueError("slice")
        if not re.fullmatch(r"[a-z0-9-]{1,40}\.[a-z0-9]{2,4}", _text(name, 48)):
            raise ValueError("slice")
        yield Slice(name, offset, length)


def _rows(value: object, most: int, columns: int) -> list[list[Any]]:
    if not isinstance(value, list) or len(value) > most:
        raise ValueError("rows")
    if any(not isinstance(row, list) or len(row) != columns for row in value):
        raise ValueError("rows")
    return value


def _pdq(value: object) -> bytes:
    if not isinstance(value, str) or not re.fullmatch(r"(?:[0-9a-f]{64})?", value):
        raise ValueError("pdq")
    return bytes.fromhex(value)


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= results.MAX_NUMBER:
        raise ValueError("number")
    return value


def _text(value: object, most: int) -> str:
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        raise ValueError("text")
    return value
