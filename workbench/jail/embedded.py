"""Media of their own inside a still: the film of a Motion Photo, further pictures, a thumbnail that shows another.

Only what lies in the file as it is, byte after byte, is reported; each place is looked at before it is. Runs in
the jail.
"""

import io
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

from PIL import Image, ImageChops, ImageOps, ImageStat
from PIL.ExifTags import IFD

from workbench.jail.results import Slice

MOST = 16  # in one file
JPEG = b"\xff\xd8\xff"
# What Google's cameras write into XMP: bytes of the film, counted from the end of the file.
FILM_LENGTHS = (
    re.compile(rb'MicroVideoOffset(?:="|>)(\d{1,12})'),
    re.compile(rb'Semantic="MotionPhoto"[^>]{0,200}?Length="(\d{1,12})'),
    re.compile(rb'Length="(\d{1,12})"[^>]{0,200}?Semantic="MotionPhoto"'),
)
SAMSUNG_END, SAMSUNG_FILM = b"SEFT", b"MotionPhoto_Data"
CONTENTS = (b"mdat", b"moov", b"moof")  # boxes that are a film even if their end is missing
SEARCHED = 64 << 20  # bytes of a Samsung picture
MP_HEADER, MP_ENTRIES = b"MPF\0", 0xB002  # CIPA DC-007
THUMBNAIL_OFFSET, THUMBNAIL_LENGTH = 513, 514  # EXIF, in the second directory
HEAD = 256 << 10  # bytes of the file in which a thumbnail is looked for
CELLS = (32, 32)  # grey values by which a thumbnail is compared
OTHER_PICTURE = 28.0  # mean difference of grey, of 255, above which a thumbnail shows something else


def found(file: BinaryIO, image: Image.Image, picture: Image.Image) -> tuple[Slice, ...]:
    """Slices of the file; `image` is open on it, `picture` is what it shows, small and not yet turned upright."""
    slices = []
    for search in (_film(file, image), _further_pictures(file, image, picture), _thumbnail(file, image, picture)):
        with suppress(Exception):  # a file may lie about every place; the picture itself must not suffer
            slices += list(search)
    return tuple(slices[:MOST])


def _film(file: BinaryIO, image: Image.Image) -> Iterator[Slice]:
    end = file.seek(0, io.SEEK_END)
    for offset in _film_places(file, image, end):
        if length := _film_length(file, offset, end):
            yield Slice("motion-photo.mp4", offset, length)
            return


def _film_places(file: BinaryIO, image: Image.Image, end: int) -> Iterator[int]:
    """Where a film may begin, as the file says."""
    if image.format not in ("JPEG", "MPO"):
        yield from (offset + 8 for offset, _size, kind in _boxes(file, 0, end) if kind == b"mpvd")
        return
    packet = image.info.get("xmp", b"")
    for pattern in FILM_LENGTHS:
        yield from (end - int(length) for length in pattern.findall(packet))
    if _read(file, end - 4, 4) == SAMSUNG_END:
        at = _read(file, 0, SEARCHED).find(SAMSUNG_FILM)
        if at >= 0:
            yield at + len(SAMSUNG_FILM)


def _film_length(file: BinaryIO, offset: int, end: int) -> int:
    """Bytes of the boxes of an MP4 from `offset` on; 0 where there is none."""
    if not 0 < offset < end or _read(file, offset + 4, 4) != b"ftyp":
        return 0
    stop = offset
    for at, size, _kind in _boxes(file, offset, end):
        stop = at + size
    return stop - offset


def _boxes(file: BinaryIO, offset: int, end: int) -> Iterator[tuple[int, int, bytes]]:
    """(offset, size, kind) of the boxes of an ISO file one after the other; the last one may be cut short."""
    for _ in range(1000):
        head = _read(file, offset, 16)
        size, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if size == 0 or (kind in CONTENTS and size > end - offset):
            size = end - offset
        if len(head) < 8 or not kind.isalnum() or size < 8 or offset + size > end:
            return
        yield offset, size, kind
        offset += size


def _further_pictures(file: BinaryIO, image: Any, picture: Image.Image) -> Iterator[Slice]:
    """The pictures of an MPO after the first; a larger thumbnail of the first only where it shows another."""
    if image.format != "MPO":
        return
    end = file.seek(0, io.SEEK_END)
    base = _read(file, 0, HEAD).find(MP_HEADER) + len(MP_HEADER)  # offsets are counted from here
    for number, entry in enumerate(image.mpinfo[MP_ENTRIES][1:], 2):
        offset = entry["DataOffset"] + base
        length = min(entry["Size"], end - offset)  # some writers count too much
        if length <= 0 or _read(file, offset, 3) != JPEG:
            continue
        thumbnail = "Thumbnail" in str(entry["Attribute"]["MPType"])
        if not thumbnail or _shows_another(_read(file, offset, length), picture):
            yield Slice(f"mpo-{number}.jpg", offset, length)


def _thumbnail(file: BinaryIO, image: Image.Image, picture: Image.Image) -> Iterator[Slice]:
    """The EXIF thumbnail, where it shows another picture than the one it belongs to."""
    packet = image.info.get("exif")
    if image.format not in ("JPEG", "MPO") or not packet:
        return
    second = image.getexif().get_ifd(IFD.IFD1)
    start, length = 6 + int(second.get(THUMBNAIL_OFFSET, 0)), int(second.get(THUMBNAIL_LENGTH, 0))
    data = packet[start : start + length]
    if start > 6 and data.startswith(JPEG) and _shows_another(data, picture):
        offset = _read(file, 0, HEAD).find(data)
        if offset > 0:
            yield Slice("exif-thumbnail.jpg", offset, len(data))


def _shows_another(data: bytes, picture: Image.Image) -> bool:
    """Whether a thumbnail differs from its picture stretched, with bars, and cut to the thumbnail's shape."""
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as small:
        small.draft("L", (160, 160))
        small.load()
        grey = small.convert("L")
    if grey.getcolors(1) is not None:
        return False
    whole = picture.convert("L")
    shape = (min(grey.width, 160), max(1, round(grey.height * min(grey.width, 160) / grey.width)))
    likely = (whole, ImageOps.pad(whole, shape), ImageOps.fit(whole, shape))
    cells = _cells(grey)
    return min(_difference(cells, _cells(one)) for one in likely) > OTHER_PICTURE


def _cells(grey: Image.Image) -> Image.Image:
    return ImageOps.autocontrast(grey.resize(CELLS, Image.Resampling.BOX))


def _difference(one: Image.Image, other: Image.Image) -> float:
    return ImageStat.Stat(ImageChops.difference(one, other)).mean[0]


def _read(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)
