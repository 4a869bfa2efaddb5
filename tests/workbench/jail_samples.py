"""Harmless pictures, clips and archives made on the spot, and how tests hand bytes to the jail."""

import io
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pillow_heif
from PIL import Image
from pillow_jxl import JpegXLImagePlugin

from workbench.jail import Decoder, Preview

WRITERS = (JpegXLImagePlugin,)  # importing it is enough for Pillow to write the format
pillow_heif.register_heif_opener()


@contextmanager
def read_only(data: bytes) -> Iterator[int]:
    """A read-only descriptor on a file that holds `data`, its offset at the end, as hashing leaves it."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        descriptor = os.open(file.name, os.O_RDONLY)
        try:
            os.lseek(descriptor, 0, os.SEEK_END)
            yield descriptor
        finally:
            os.close(descriptor)


def veil_of(size: tuple[int, int] = (64, 48), data: bytes = b"") -> bytes:
    """A WebP of one lossy image, as its headers tell; `data` is what would be the picture (an even number of bytes)."""
    frame = b"\xb0\x07\0\x9d\x01\x2a" + struct.pack("<HH", *size) + data
    chunk = b"WEBPVP8 " + struct.pack("<I", len(frame)) + frame
    return b"RIFF" + struct.pack("<I", len(chunk)) + chunk


def preview_of(decoder: Decoder, data: bytes) -> Preview:
    with read_only(data) as descriptor:
        return decoder.preview(descriptor, size=len(data))


def preview_file(decoder: Decoder, path: Path) -> Preview:
    with path.open("rb") as file:
        return decoder.preview(file.fileno(), size=path.stat().st_size)


def shown(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture))


def landscape(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    """Sky above, field below, a bright sun at the upper left: every orientation looks different."""
    picture = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    sun = Image.new("RGB", (max(1, width // 4), max(1, height // 4)), (255, 220, 40))
    picture.paste(sun, (width // 10, height // 10))
    return picture.convert(mode)


def encoded(picture: Image.Image, name: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, name, **options)
    return stream.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A PNG whose header promises a size and whose data holds nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def clip(
    pictures: list[Image.Image], *, rate: int | Fraction = 5, name: str = "mp4", codec: str = "mpeg4", gop: int = 5
) -> bytes:
    """A film of the pictures, one a frame, at least every `gop`th of them a keyframe."""
    stream = io.BytesIO()
    with av.open(stream, "w", format=name) as container:
        track: Any = container.add_stream(codec, rate=rate)
        track.width, track.height, track.pix_fmt = *pictures[0].size, "yuv420p"
        track.gop_size = gop
        frames: Any = av.VideoFrame
        for picture in pictures:
            container.mux(track.encode(frames.from_image(picture)))
        container.mux(track.encode(None))
    return stream.getvalue()


def zipped(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, (2021, 3, 4, 5, 6, 8)), data, method)
    return stream.getvalue()


def zip_of(members: list[tuple[bytes, bytes]], *, flags: int = 0, method: int = 0, mode: int = 0o100644) -> bytes:
    """A zip written field by field, so that names may be any bytes at all and members may repeat a name."""
    body, directory = b"", b""
    for name, data in members:
        sizes = (zlib.crc32(data), len(data), len(data))
        at = len(body)
        body += struct.pack("<4s5H3L2H", b"PK\3\4", 20, flags, method, 0, 0x21, *sizes, len(name), 0) + name + data
        directory += struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", 3 << 8, 20, flags, method, 0, 0x21, *sizes, len(name), 0, 0, 0, 0, mode << 16, at
        )
        directory += name
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(members), len(members), len(directory), len(body), 0)
    return body + directory + end


def dng(width: int = 96, height: int = 64, *, orientation: int = 1, picture: bytes = b"") -> bytes:
    """A camera's raw file: 12 bits a pixel behind a Bayer mosaic, bright above, dark below; `picture` is its JPEG."""
    rows = (struct.pack("<H", 4000 - 3900 * row // height) * width for row in range(height))
    data = b"".join(rows)
    exposure: dict[int, tuple[int, list[int]]] = {
        0x00FE: (4, [0]), 0x0100: (4, [width]), 0x0101: (4, [height]), 0x0102: (3, [16]), 0x0103: (3, [1]),
        0x0106: (3, [32803]), 0x0111: (4, [0]), 0x0115: (3, [1]), 0x0116: (4, [height]), 0x0117: (4, [len(data)]),
        0x828D: (3, [2, 2]), 0x828E: (1, [0, 1, 1, 2]), 0xC61D: (4, [4095]),
    }  # fmt: skip
    first: dict[int, tuple[int, list[int]]] = {
        0x00FE: (4, [1]), 0x0112: (3, [orientation]), 0x014A: (4, [0]), 0xC612: (1, [1, 4, 0, 0]),
    }  # fmt: skip
    if picture:
        first |= {0x0103: (3, [7]), 0x0106: (3, [6]), 0x0111: (4, [0]), 0x0117: (4, [len(picture)])}
    at = 8 + 6 + 12 * len(first)
    for tags, strip in ((first, at + 6 + 12 * len(exposure)), (exposure, at + 6 + 12 * len(exposure) + len(picture))):
        if 0x0111 in tags:
            tags[0x0111] = (4, [strip])
    first[0x014A] = (4, [at])
    return b"II*\0\x08\0\0\0" + directory(first) + directory(exposure) + picture + data


def directory(tags: dict[int, tuple[int, list[int]]]) -> bytes:
    """A TIFF directory whose values all fit into four bytes each."""
    packing = {1: "B", 3: "H", 4: "I"}
    body = struct.pack("<H", len(tags))
    for tag, (kind, values) in sorted(tags.items()):
        value = struct.pack(f"<{len(values)}{packing[kind]}", *values)
        body += struct.pack("<HHI", tag, kind, len(values)) + value.ljust(4, b"\0")
    return body + bytes(4)
