"""NSRL RDS version 2: `NSRLFile.txt`, with the newer or the older header (vics.md section 10). PURE.

Its files are known, not good: what no category means is decided by the set. The text is Latin-1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from hashsets.exchange.base import HashRecord, MalformedDocument, ReadOptions, Report
from hashsets.exchange.csv_rows import rows
from hashsets.exchange.peek import Peek, column_name
from hashsets.exchange.taking import Taker
from hashsets.exchange.text_source import TextSource

_OURS = frozenset({"sha1", "filename", "filesize", "productcode", "specialcode"})


class NsrlText:
    """See the module."""

    id = "nsrl2"
    label = "NSRL RDS 2 text"

    def sniff(self, peek: Peek) -> bool:
        """The header names what only the NSRL has."""
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
                    raise MalformedDocument(0, "no header of the NSRL; looked")
                continue
            if record := _record(dict(zip(columns, cells, strict=False)), taker, f"line {number}"):
                yield record
        if not columns:
            raise MalformedDocument(0, "an empty document")


def _record(row: dict[str, str], taker: Taker, place: str) -> HashRecord | None:
    if taker.leaves_out(row.get("filename", "")):
        return None
    return taker.take({"md5": row.get("md5"), "sha1": row.get("sha1")}, size=row.get("filesize"), place=place)
