"""The values of VICS fields: hashes, tri-state flags, dates, numbers, lists (vics.md section 3). PURE.

Each function answers None for "not said" and raises Unreadable for what it cannot make sense of; the caller
keeps the original beside the parsed value.
"""

from __future__ import annotations

import binascii
import json
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from hashsets import kinds
from hashsets.exchange.cleaning import clean

MAX_CODE = 40  # characters of a category code
MAX_NESTING = 16
LOW_QUALITY = "low-quality-pdq"  # a picture so flat that its hash says nothing; vics.md section 7
FLAG_FIELDS = {  # our name -> VICS name
    "is_precategorized": "IsPrecategorized",
    "is_suspected": "IsSuspected",
    "victim_identified": "VictimIdentified",
    "offender_identified": "OffenderIdentified",
    "is_distributed": "IsDistributed",
    "self_generated": "SelfGenerated",
}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_FLAGS = {"true": True, "1": True, "false": False, "0": False, "": None, "null": None}
_OFFSET_AND_Z = re.compile(r"[+-]\d\d:?\d\dZ")
_ODATA_DATE = re.compile(r"/Date\((-?\d{1,17})([+-]\d{4})?\)/")
_C_DATE = re.compile(r"[A-Za-z]{3} ([A-Za-z]{3}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4})")
_US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d\d):(\d\d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Unreadable(ValueError):
    """The value is not of its field's kind; it is kept as it stood."""


def code(value: Any) -> str | None:
    """A category as text, verbatim. Null, absent and "" are no verdict; what 0 means is the scheme's affair."""
    if value is None:
        return None
    if type(value) is int:  # a bool is no code
        value = str(value)
    if not isinstance(value, str) or len(value := clean(value).strip()) > MAX_CODE:
        raise Unreadable("no category code")
    return value or None


def number(value: Any) -> int | None:
    """A count or size that fits a database bigint; numeric strings and whole floats are taken."""
    if type(value) is int and 0 <= value < 1 << 63:  # nearly always
        return value
    if value is None or value == "":
        return None
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,19}\s*", value, re.ASCII):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise Unreadable("no number")
    return value


def flag(value: Any) -> bool | None:
    """Tri-state: "false" is False (not bool("false")), and absent is not False."""
    if value is None or isinstance(value, bool):
        return value
    try:
        return _FLAGS[value] if value in ("true", "false") else _FLAGS[str(value).strip().lower()]
    except KeyError:
        raise Unreadable("neither true nor false") from None


def names(value: Any) -> tuple[str, ...]:
    """Series or tags: a comma-separated string, a list, or an object with a Name; order kept, no blanks."""
    if value is None:
        return ()
    if isinstance(value, dict):
        value = next((inner for key, inner in value.items() if key.lower() == "name"), "")
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, str) for part in parts):
        raise Unreadable("no list of names")
    if not isinstance(value, list):
        parts = parts[0].split(",")
    return tuple(name for part in parts if (name := clean(part).strip()))


@lru_cache(4096)
def date(text: str) -> datetime | None:
    """A moment in one of the forms seen; naive when it names no zone. Raises Unreadable."""
    text = text.strip()
    if not text:
        return None
    try:
        return _odd_date(text) or datetime.fromisoformat(text[:-1] if _OFFSET_AND_Z.search(text) else text)
    except (ValueError, OverflowError, KeyError):
        raise Unreadable("no date") from None


def _odd_date(text: str) -> datetime | None:
    if found := _ODATA_DATE.fullmatch(text):
        return _EPOCH + timedelta(milliseconds=int(found[1]))
    if found := _C_DATE.fullmatch(text):
        month, day, hour, minute, second, year = found.groups()
        return datetime(int(year), _MONTHS.index(month.lower()) // 4 + 1, int(day), int(hour), int(minute), int(second))  # noqa: DTZ001
    if found := _US_DATE.fullmatch(text):
        month, day, year, hour, minute, second = map(int, found.groups())
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001
    return None


def date_text(value: datetime | None, original: str | None) -> str | None:
    """For a file: UTC with Z; a moment without a zone as it stood."""
    if value is None or value.tzinfo is None:
        return original
    try:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return original


def photodna(value: Any) -> str | None:
    """144 bytes as 192 base64 characters or 288 hex digits, as received; any other length is refused."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            if len(value) == 192 and len(binascii.a2b_base64(value, strict_mode=True)) == 144:
                return value
            if len(value) == 288 and len(bytes.fromhex(value)) == 144:
                return value
        except ValueError:
            pass
    raise Unreadable("no PhotoDNA")


def pdq(value: Any) -> str:
    """64 lower-case hex digits; a quality may stand behind a comma. Raises Unreadable("bad-pdq" or LOW_QUALITY)."""
    try:
        return kinds.BY_ID["pdq"].parse(str(value)).hex()
    except kinds.LowQuality:
        raise Unreadable(LOW_QUALITY) from None
    except kinds.BadHash:
        raise Unreadable("bad-pdq") from None


def too_deep(value: Any, left: int = MAX_NESTING) -> bool:
    """Whether a value nests deeper than any honest record does."""
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return False
    return left == 0 or any(too_deep(inner, left - 1) for inner in value)


def to_json(value: Any) -> str:
    """One value as JSON text, compact, in the order given."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
