"""What a file says of itself, brought into the form that `described` announces. Runs in the jail.

EXIF and PNG texts of stills, tags of film containers. XMP is not read. All of it is evidence and none of it proof.
"""

import re
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

from PIL import Image

from workbench.jail import described, moments
from workbench.jail.exif import Exif

MAKE, MODEL, SOFTWARE, BODY_SERIAL, DNG_SERIAL = 271, 272, 305, 42033, 50735  # EXIF tags
TAKEN, DIGITIZED, TAKEN_OFFSET = 36867, 36868, 36881
TOLD = {MAKE, MODEL, SOFTWARE, BODY_SERIAL, DNG_SERIAL, TAKEN, TAKEN_OFFSET}
APPLE = "com.apple.quicktime."
CONTAINER_STRUCTURE = {"major_brand", "minor_version", "compatible_brands", "language", "handler_name", "vendor_id"}
PLACE = re.compile(r"([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)(?:[+-]\d+(?:\.\d+)?)?(?:CRS\w*)?/?")  # ISO 6709
MOST_CHUNKS = 1000


def of_still(image: Image.Image, stored: tuple[int, int], file: BinaryIO) -> dict[str, Any]:
    """Of a loaded picture whose pixels are stored at the size `stored`."""
    exif, texts = Exif(image), _own_texts(image)
    if image.format == "PNG" and (changed := _png_time(file)):
        texts["Modified"] = changed
    written = exif.text(TAKEN, DIGITIZED)
    said: dict[str, Any] = {
        "make": exif.text(MAKE),
        "model": exif.text(MODEL),
        "serial": exif.text(BODY_SERIAL, DNG_SERIAL),
        "software": exif.text(SOFTWARE) or texts.pop("Software", ""),
        "taken_text": written,
    }
    said["latitude"], said["longitude"] = exif.degrees()
    more = exif.others(TOLD) | texts
    if more or any(said.values()):
        more["Stored size"] = f"{stored[0]} x {stored[1]}"
    return _plain(said, moments.instant(written, exif.text(TAKEN_OFFSET), exif.satellite_time()), more)


def of_film(container: Any, stream: Any) -> dict[str, Any]:
    """Of an open film: the container's tags, then those of its picture track."""
    tags = {str(name).strip(): str(value) for name, value in {**stream.metadata, **container.metadata}.items()}
    written = _first(tags, APPLE + "creationdate", "creation_time", "date")
    latitude, longitude = _place(_first(tags, APPLE + "location.ISO6709", "location", "location-eng"))
    told = {
        "make": _first(tags, APPLE + "make", "make"),
        "model": _first(tags, APPLE + "model", "model"),
        "serial": _first(tags, APPLE + "camera.identifier", "serial_number"),
        "software": _first(tags, APPLE + "software", "software", "encoder"),
        "taken_text": written,
    }
    more = {
        name: value for name, value in tags.items()
        if name not in CONTAINER_STRUCTURE and value not in told.values()
    }  # fmt: skip
    return _plain({**told, "latitude": latitude, "longitude": longitude}, moments.instant(written), more)


def _plain(said: Mapping[str, Any], taken: Any, more: Mapping[str, str]) -> dict[str, Any]:
    """Capped and printable, without what says nothing."""
    kept: dict[str, Any] = {}
    for name, most in described.TEXTS.items():
        if text := described.plain(said[name], most):
            kept[name] = text
    places = {name: described.degrees(name, said[name]) for name in described.LIMITS}
    if None not in places.values():
        kept |= places
    if taken:
        kept["taken_at"], kept["taken_zone"] = taken[0].isoformat(), taken[1]
    pairs = (
        (described.plain(n, described.MORE_NAME), described.plain(v, described.MORE_TEXT)) for n, v in more.items()
    )
    readable = [(name, text) for name, text in pairs if name and text]
    if readable:
        kept["more"] = dict(readable[: described.MORE_VALUES])
    return kept


def _own_texts(image: Image.Image) -> dict[str, str]:
    """Texts of PNG, comments of JPEG and GIF; packets in formats of their own are none."""
    texts = {}
    for name, value in image.info.items():
        lower = str(name).lower()
        if lower == "comment" and isinstance(value, bytes):
            texts["Comment"] = value.decode("utf-8", "replace")
        elif image.format == "PNG" and isinstance(value, str) and "xmp" not in lower and "raw profile" not in lower:
            texts[str(name)] = value
    return texts


def _png_time(file: BinaryIO) -> str:
    """When the picture was last changed, in UTC, from its tIME chunk; "" without one."""
    file.seek(8)
    for _ in range(MOST_CHUNKS):
        head = file.read(8)
        length = int.from_bytes(head[:4], "big")
        if len(head) < 8 or head[4:] == b"IEND":
            return ""
        if head[4:] == b"tIME":
            year, *rest = struct.unpack(">HBBBBB", file.read(7).ljust(7, b"\0"))
            return "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(year, *rest)
        file.seek(length + 4, 1)
    return ""


def _first(tags: Mapping[str, str], *names: str) -> str:
    return next((tags[name] for name in names if tags.get(name)), "")


def _place(text: str) -> tuple[float | None, float | None]:
    """Latitude and longitude of `+51.5334-000.1255+033.9/`."""
    found = PLACE.fullmatch(text.strip())
    return (float(found[1]), float(found[2])) if found else (None, None)
