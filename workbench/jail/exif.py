"""EXIF of a still through Pillow, whatever state it is in: plain values by name. Runs in the jail."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from PIL import Image
from PIL.ExifTags import GPSTAGS, IFD, TAGS

# What lies where in the file, how pixels are stored, blocks in formats of their own: nothing a person reads.
STRUCTURE = {
    254, 255, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 282, 283, 284, 292, 293, 296, 317, 318, 319, 320, 321,
    322, 323, 324, 325, 330, 338, 339, 347, 512, 513, 514, 529, 530, 531, 532, 700, 33723, 34377, 34665, 34675, 34853,
    36864, 37121, 37500, 37724, 40960, 40965, 41730, 50341, 50740, 59932,
}  # fmt: skip
USER_COMMENT = 37510  # begins with eight bytes that name its alphabet
WINDOWS_TEXTS = range(40091, 40096)  # title, comment, author, keywords, subject, in UTF-16
MOST_NUMBERS = 8  # of one value; longer ones are tables


class Exif:
    """The tags of one picture; whatever cannot be read is as if it were not there."""

    def __init__(self, image: Image.Image) -> None:
        self._main, self._detail, self._place = {}, {}, {}
        with suppress(Exception):  # written by anybody, broken in every way
            found = image.getexif()
            self._main = dict(found)
            self._detail = _part(found, IFD.Exif)
            self._place = _part(found, IFD.GPSInfo)

    def text(self, *tags: int) -> str:
        """The first of the tags that says something, as text."""
        found = (_text(tag, part.get(tag)) for tag in tags for part in (self._main, self._detail))
        return next((text.strip() for text in found if text.strip()), "")

    def others(self, told: set[int]) -> dict[str, str]:
        """Every value that can be read as text, by the tag's name, but for the tags told elsewhere."""
        parts = ((self._main, TAGS), (self._detail, TAGS), (self._place, GPSTAGS))
        return {
            str(names.get(tag, f"Tag {tag}")): text
            for part, names in parts
            for tag, value in part.items()
            if (names is GPSTAGS or tag not in told | STRUCTURE) and (text := _text(tag, value))
        }

    def degrees(self) -> tuple[float | None, float | None]:
        """(latitude, longitude), both or none."""
        place = self._place
        latitude, longitude = _degrees(place.get(2), place.get(1), "S"), _degrees(place.get(4), place.get(3), "W")
        return (None, None) if latitude is None or longitude is None else (latitude, longitude)

    def satellite_time(self) -> datetime | None:
        """UTC as the receiver knew it."""
        with suppress(Exception):
            year, month, day = (int(part) for part in str(self._place[29]).strip("\0 ").split(":"))
            hour, minute, second = (int(part) for part in self._place[7])
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        return None


def _part(found: Image.Exif, which: int) -> dict[int, Any]:
    with suppress(Exception):
        return dict(found.get_ifd(which))
    return {}


def _text(tag: int, value: object) -> str:
    """The value as text; "" for bytes in a format of their own and for tables."""
    if isinstance(value, tuple | list):
        few = 0 < len(value) <= MOST_NUMBERS and not any(isinstance(one, bytes | tuple) for one in value)
        return " ".join(str(one) for one in value) if few else ""
    if isinstance(value, bytes):
        if tag == USER_COMMENT:
            return value[8:].decode("utf-8", "replace").strip("\0 ")
        return value.decode("utf-16-le", "replace") if tag in WINDOWS_TEXTS else ""
    return "" if value is None or isinstance(value, Mapping) else str(value).partition("\0")[0]


def _degrees(value: Any, reference: object, negative: str) -> float | None:
    with suppress(Exception):
        hours: float = sum(float(part) / 60**place for place, part in enumerate(value))
        return -hours if str(reference).strip("\0 ").upper().startswith(negative) else hours
    return None
