"""A first look into a document, by which formats recognise their own. PURE."""

from __future__ import annotations

import csv
import re
from functools import cached_property
from typing import BinaryIO

from hashsets.exchange import sqlite_source
from hashsets.exchange.csv_rows import is_passed, separator_of
from hashsets.exchange.text_source import peeked_text, read_up_to

HEAD = 4096  # bytes
_MOST_LINES = 20


class Peek:
    """What the first 4 KiB say; of an SQLite database, what its tables are called."""

    def __init__(self, head: bytes, stream: BinaryIO | None = None) -> None:
        """`stream`: the whole document, where it can be read again from its start."""
        self.head = head
        self._stream = stream

    @classmethod
    def at(cls, stream: BinaryIO) -> Peek:
        """A look at a stream that can be rewound; it stands at its start again."""
        head = read_up_to(stream, HEAD)
        stream.seek(0)
        return cls(head, stream)

    @cached_property
    def text(self) -> str:
        """The head as text; whatever is no text shows as \ufffd."""
        return peeked_text(self.head)

    @cached_property
    def lines(self) -> list[str]:
        """The first lines that are not blank, a comment or `sep=`; the last may be cut."""
        return [line for line in self.text.splitlines()[:_MOST_LINES] if not is_passed(line)]

    @cached_property
    def header(self) -> frozenset[str]:
        """The cells of the first line as bare lower-case names, as a CSV file names its columns."""
        if not self.lines:
            return frozenset()
        cells = next(csv.reader(self.lines[:1], delimiter=separator_of(self.lines[0])), [])
        return frozenset(column_name(cell) for cell in cells)

    @cached_property
    def tables(self) -> frozenset[str]:
        """Lower-case names of the tables and views of an SQLite database; empty for anything else."""
        if self._stream is None or not self.head.startswith(sqlite_source.MAGIC):
            return frozenset()
        return sqlite_source.names(self._stream)


def column_name(cell: str) -> str:
    """`"SHA-1"` and `sha1` are one column."""
    return re.sub(r"[^a-z0-9]", "", cell.lower())
