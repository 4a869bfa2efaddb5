"""Rows for PostgreSQL's binary COPY, made of columns instead of one by one. PURE.

Columns of values with one length each come first, in the order the wire has them (big-endian); what varies comes
last, as one of few endings, whose bytes `texts` makes.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = b"\xff\xff"
_AT_ONCE = 8192  # rows; more do not fit into the processor's cache
Bytes = npt.NDArray[np.uint8]


def packed(columns: Sequence[Bytes], endings: Sequence[bytes], which: npt.NDArray[np.int64]) -> Iterator[bytes]:
    """Rows, between HEAD and END: row n is row n of each column, and then `endings[which[n]]`; nothing is null.

    A column is a matrix of bytes. Every ending has as many fields as the others.
    """
    widths = [column.shape[1] for column in columns]
    frame, places = _frame(widths, fields=len(columns) + _fields(endings[0]))
    for start in range(0, len(which), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        rows = frame[: len(which[part])]
        for column, place, width in zip(columns, places, widths, strict=True):
            rows[:, place : place + width] = column[part]
        beginnings: Any = rows.view(np.dtype(("V", rows.shape[1]))).ravel().tolist()
        yield b"".join(chain.from_iterable(zip(beginnings, [endings[n] for n in which[part].tolist()], strict=True)))


def texts(*values: bytes) -> bytes:
    """The bytes of some fields that follow each other."""
    return b"".join(len(value).to_bytes(4, "big") + value for value in values)


def numbers(values: npt.NDArray[np.int64]) -> Bytes:
    """A column of bigint."""
    return values.astype(">i8").view(np.uint8).reshape(-1, 8)


def json_numbers(before: bytes, values: npt.NDArray[np.int64]) -> Bytes:
    """A column of jsonb: an object that ends in these numbers, none negative. They are filled up with blanks."""
    digits = len(str(int(values.max())))
    made = np.empty((len(values), 1 + len(before) + digits + 1), np.uint8)
    made[:, 0], made[:, -1] = 1, ord("}")  # version of the wire form; end of the object
    made[:, 1 : 1 + len(before)] = np.frombuffer(before, np.uint8)
    last, rest = len(before) + digits, values
    for place in range(last, last - digits, -1):
        blank = (rest == 0) & (place < last)
        rest, digit = np.divmod(rest, 10)
        made[:, place] = np.where(blank, ord(" "), digit + ord("0"))
    return made


def fixed(values: npt.NDArray[np.void]) -> Bytes:
    """A column of values that all have the same number of bytes."""
    return np.ascontiguousarray(values).view(np.uint8).reshape(len(values), -1)


def _frame(widths: Sequence[int], *, fields: int) -> tuple[Bytes, list[int]]:
    """Rows with everything but the values in its place, and where the values go."""
    row, places = fields.to_bytes(2, "big"), []
    for width in widths:
        places.append(len(row) + 4)
        row += width.to_bytes(4, "big") + bytes(width)
    return np.tile(np.frombuffer(row, np.uint8), (_AT_ONCE, 1)), places


def _fields(ending: bytes) -> int:
    """How many fields an ending has."""
    number, at = 0, 0
    while at < len(ending):
        at += 4 + int.from_bytes(ending[at : at + 4], "big")
        number += 1
    return number
