"""PURE: what a file says of itself, in the form in which it leaves the jail: capped, printable, in range.

Keys of `Preview.metadata`, each only where the file says something: `make`, `model`, `serial` (of the body),
`software`, `taken_text` (as written), `taken_at` (ISO 8601 in UTC), `taken_zone` (none, offset, utc),
`latitude`, `longitude` (degrees, north and east positive) and `more` (other values by name). The jail builds it
with `plain`; the worker, who trusts no jail, takes only what `checked` passes.
"""

from contextlib import suppress
from datetime import UTC, datetime
from math import isfinite
from typing import Any

TEXTS = {"make": 80, "model": 80, "serial": 80, "software": 80, "taken_text": 40}  # characters at most
ZONES = ("none", "offset", "utc")
LIMITS = {"latitude": 90.0, "longitude": 180.0}  # degrees
MORE_VALUES, MORE_NAME, MORE_TEXT = 64, 60, 200  # values at most; characters at most


def plain(value: object, most: int) -> str:
    """The value as text of at most `most` characters, what cannot be seen as escapes; "" for none."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    text = str(value)[: 4 * most].strip("\0 \t\r\n")
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)[:most]


def degrees(name: str, value: object) -> float | None:
    """A latitude or longitude that can be one; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    with suppress(OverflowError):
        if isfinite(value) and abs(value) <= LIMITS[name]:
            return float(value)
    return None


def checked(said: object) -> dict[str, Any]:
    """The same metadata with nothing in it that was not announced; raises ValueError over all else."""
    if not isinstance(said, dict) or not said.keys() <= {*TEXTS, *LIMITS, "taken_at", "taken_zone", "more"}:
        raise ValueError("metadata")
    kept: dict[str, Any] = {name: _text(said[name], most) for name, most in TEXTS.items() if name in said}
    for name in LIMITS.keys() & said.keys():
        kept[name] = degrees(name, said[name])
        if kept[name] is None:
            raise ValueError(name)
    if "taken_at" in said:
        kept["taken_at"], kept["taken_zone"] = _instant(said["taken_at"]), said.get("taken_zone")
        if kept["taken_zone"] not in ZONES:
            raise ValueError("taken_zone")
    if "more" in said:
        kept["more"] = _more(said["more"])
    return kept


def _instant(value: object) -> str:
    try:
        moment = datetime.fromisoformat(_text(value, 40))
        if moment.tzinfo is None:
            raise ValueError("taken_at")
        return moment.astimezone(UTC).isoformat()
    except OverflowError as error:
        raise ValueError("taken_at") from error


def _more(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > MORE_VALUES:
        raise ValueError("more")
    return {_text(name, MORE_NAME): _text(text, MORE_TEXT) for name, text in value.items()}


def _text(value: object, most: int) -> str:
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        raise ValueError("text")
    return value
