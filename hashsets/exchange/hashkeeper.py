"""HashKeeper file lists (`.hsh`): CSV whose column `hash` is an MD5 (vics.md section 10). PURE."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from hashsets.exchange.base import HashRecord, MalformedDocument, ReadOptions, Report
from hashsets.exchange.csv_rows import rows
from hashsets.exchange.peek import Peek, column_name
from hashsets.exchange.taking import Taker
from hashsets.exchange.text_source import TextSource

_OURS = frozenset({"fileid", "hashsetid", "filename", "hash"})


class HashKeeper:
    """See the module."""

    id = "hashkeeper"
    label = "HashKeeper .hsh"

    def sniff(self, peek: Peek) -> bool:
        """The header names HashKeeper's columns."""
        return peek.header >= _OURS

    def read(self, stream: BinaryIO, report: Report, options: ReadOptions) -> Iterator[HashRecord]:
        """See ListFormat."""
        report.format = self.id
        taker = Taker(report, options)
        columns: list[str] = []
        for number, cells in rows(TextSource(stream, report, "latin-1"), report):
            if not columns:
                columns = [column_name(cell) for cell in cells]
                if not set(columns) >= _OURS:
                    raise MalformedDocument(0, "no header of HashKeeper; looked")
                continue
            row = dict(zip(columns, cells, strict=False))
            if taker.leaves_out(row.get("filename", "")):
                continue
            if record := taker.take({"md5": row.get("hash")}, size=row.get("filesize"), place=f"line {number}"):
                yield record
        if not columns:
            raise MalformedDocument(0, "an empty document")
