"""Rows for PostgreSQL's binary COPY, made of columns instead of one by one. PURE.

A column is a matrix with one row of bytes per row, in the order the wire has them (big-endian), or one of few
texts, by number.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = b"\xff\xff"
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of few different texts: row n has `texts[which[n]]`."""

    texts: Sequence[bytes]
    which: npt.NDArray[np.int64]


Column = Bytes | Texts


def packed(columns: Sequence[Column]) -> bytes:
    """Rows of these columns, none of them null; between HEAD and END."""
    number = len(columns[0].which if isinstance(columns[0], Texts) else columns[0])
    parts, kept = zip(*(_field(column, number) for column in columns), strict=True)
    count = np.broadcast_to(_wire(len(columns), ">i2"), (number, 2))
    rows = np.concatenate([count, *parts], axis=1)
    if all(mask is None for mask in kept):
        return rows.tobytes()
    masks = [np.ones(part.shape, bool) if mask is None else mask for part, mask in zip(parts, kept, strict=True)]
    return rows[np.concatenate([np.ones(count.shape, bool), *masks], axis=1)].tobytes()


def numbers(values: npt.NDArray[np.int64]) -> Bytes:
    """A column of bigint."""
    return values.astype(">i8").view(np.uint8).reshape(-1, 8)


def json_numbers(before: bytes, values: npt.NDArray[np.int64]) -> Bytes:
    """A column of jsonb: an object that ends in these numbers, none negative. They are filled up with blanks."""
    digits = len(str(int(values.max())))
    texts = np.empty((len(values), 1 + len(before) + digits + 1), np.uint8)
    texts[:, 0], texts[:, -1] = 1, ord("}")  # version of the wire form; end of the object
    texts[:, 1 : 1 + len(before)] = np.frombuffer(before, np.uint8)
    rest = values.copy()
    for place in range(len(before) + digits, len(before), -1):
        blank = rest == 0 if place < len(before) + digits else False
        rest, digit = np.divmod(rest, 10)
        texts[:, place] = np.where(blank, ord(" "), digit + ord("0"))
    return texts


def fixed(values: npt.NDArray[np.void]) -> Bytes:
    """A column of values that all have the same number of bytes."""
    return np.ascontiguousarray(values).view(np.uint8).reshape(len(values), -1)


def _field(column: Column, number: int) -> tuple[Bytes, npt.NDArray[np.bool_] | None]:
    """Length and value of each row, side by side; and which of the bytes count, None for all."""
    if not isinstance(column, Texts):
        length = np.broadcast_to(_wire(column.shape[1], ">i4"), (number, 4))
        return np.concatenate([length, column], axis=1), None
    fields = [_wire(len(text), ">i4").tobytes() + text for text in column.texts]
    width = max(map(len, fields))
    table = np.frombuffer(b"".join(field.ljust(width, b"\0") for field in fields), np.uint8).reshape(-1, width)
    if len(set(map(len, fields))) == 1:
        return table[column.which], None
    mask = np.arange(width) < np.array([len(field) for field in fields])[:, None]
    return table[column.which], mask[column.which]


def _wire(value: int, kind: str) -> Bytes:
    return np.array([value], kind).view(np.uint8)
