"""Records that are all written alike, as a program writes them: read as columns of bytes instead of one by one. PURE.

The first record of a block is the pattern: its fields in their order, and every character that belongs to no value.
Where one byte of another record is different, nothing is said, and the block goes the ordinary way (`plain`).
"""

from __future__ import annotations

import re
from binascii import unhexlify
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

DIGESTS = {"MD5": 32, "SHA1": 40}  # characters
NUMBERS = ("MediaID", "Category", "MediaSize")
MOST_DIGITS = 18
LONGEST = 64  # characters between two values
QUOTES = 2 * (len(NUMBERS) + len(DIGESTS)) + 2 * len(DIGESTS)  # of one record
_ROOM = bytes(LONGEST)  # before and after the text, so that no window leaves it
_BLANK = r"[ \t\r\n]*"
_START = re.compile(rf"\[{_BLANK}{{{_BLANK}")
_VALUE = re.compile(rf'("(\w+)"{_BLANK}:{_BLANK}("?))\w+\3')
_BETWEEN = re.compile(rf"{_BLANK},{_BLANK}")
_CLOSE = re.compile(rf"{_BLANK}}}")
_GAP = re.compile(rf"{_BLANK},{_BLANK}{{{_BLANK}|\]\Z")

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Field:
    """A value's name, and what stands before it (from its name's quote on) and behind it (to the next name's)."""

    name: str
    before: bytes
    behind: bytes


def columns(text: str) -> dict[str, npt.NDArray[Any]] | None:
    """Numbers and digests by field, from the text of a JSON array; None unless all records are written alike."""
    pattern = _pattern(text) if text.isascii() else None
    if pattern is None:
        return None
    fields, close = pattern
    data = np.frombuffer(_ROOM + text.encode() + _ROOM, np.uint8)
    quotes = np.flatnonzero(data == ord('"'))
    if len(quotes) % QUOTES:
        return None
    names = quotes.reshape(-1, QUOTES)[:, _name_quotes(fields)]
    end = len(data) - len(_ROOM) - len(close) - 1
    if data[end : end + len(close) + 1].tobytes() != close + b"]":
        return None
    following = np.append(names.ravel()[1:], end + len(fields[-1].behind)).reshape(names.shape)
    found = {}
    for n, field in enumerate(fields):
        starts, ends = names[:, n] + len(field.before), following[:, n] - len(field.behind)
        checked = ends[:-1] if n == len(fields) - 1 else ends  # behind the last value of all stands the end
        if not (_all(data, names[:, n], field.before) and _all(data, checked, field.behind)):
            return None
        values = _digests(data, starts, ends, field.name) if field.name in DIGESTS else _numbers(data, starts, ends)
        if values is None:
            return None
        found[field.name] = values
    return found


def _pattern(text: str) -> tuple[list[_Field], bytes] | None:
    """The fields of the first record, and what stands from its last value to its end."""
    start = _START.match(text)
    found, gaps = [], []
    between: re.Match[str] | None = start
    while between and (value := _VALUE.match(text, between.end())):
        found.append(value)
        between = _BETWEEN.match(text, value.end())
        gaps.append(between[0] if between else "")
    close = _CLOSE.match(text, found[-1].end()) if found else None
    gap = _GAP.match(text, close.end()) if close else None
    quoted = {value[2]: bool(value[3]) for value in found}
    if not close or not gap or len(found) != 5 or quoted != {name: name in DIGESTS for name in (*DIGESTS, *NUMBERS)}:
        return None
    gaps[-1] = close[0] + gap[0]
    if max(len(value[1]) + len(behind) for value, behind in zip(found, gaps, strict=True)) > LONGEST - MOST_DIGITS:
        return None
    fields = [
        _Field(value[2], value[1].encode(), (value[3] + behind).encode())
        for value, behind in zip(found, gaps, strict=True)
    ]
    return fields, (found[-1][3] + close[0]).encode()


def _name_quotes(fields: list[_Field]) -> list[int]:
    """Which of a record's quotes each field begins with."""
    widths = [4 if field.name in DIGESTS else 2 for field in fields]
    return [sum(widths[:n]) for n in range(len(fields))]


def _windows(data: Bytes, starts: Places, width: int) -> Bytes:
    """So many bytes from each place on, as the rows of a matrix."""
    every: Any = np.ndarray(len(data) - width + 1, f"V{width}", data, strides=(1,))
    matrix: Bytes = every[starts].view(np.uint8).reshape(-1, width)
    return matrix


def _all(data: Bytes, starts: Places, expected: bytes) -> bool:
    """Whether this stands at every one of these places."""
    return bool((_windows(data, starts, len(expected)) == np.frombuffer(expected, np.uint8)).all())


def _digests(data: Bytes, starts: Places, ends: Places, name: str) -> npt.NDArray[np.void] | None:
    length = DIGESTS[name]
    if (ends - starts != length).any():
        return None
    try:
        return np.frombuffer(unhexlify(_windows(data, starts, length).data), f"V{length // 2}")
    except ValueError:
        return None


def _numbers(data: Bytes, starts: Places, ends: Places) -> Places | None:
    """Whole numbers without a sign, as JSON writes them."""
    lengths = ends - starts
    most = int(lengths.max())
    if lengths.min() < 1 or most > MOST_DIGITS or ((data[starts] == ord("0")) & (lengths > 1)).any():
        return None
    digits = _windows(data, ends - most, most) - np.uint8(ord("0"))
    digits *= np.arange(most) >= (most - lengths)[:, None]
    if digits.max() > 9:
        return None
    value = np.zeros(len(digits), np.int64)
    for place in range(most):
        value = value * 10 + digits[:, place]
    return value
