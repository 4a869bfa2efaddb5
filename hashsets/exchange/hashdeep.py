"""hashdeep's own lists: a `%%%%` header names the columns, `#` begins a comment. PURE.

vics.md section 10. The name of the file is the last column and may hold commas.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from hashsets import kinds
from hashsets.exchange.base import HashRecord, MalformedDocument, ReadOptions, Report
from hashsets.exchange.csv_rows import lines
from hashsets.exchange.peek import Peek
from hashsets.exchange.taking import Taker
from hashsets.exchange.text_source import TextSource

_HEADER = "%%%%"
_MAGIC = "%%%% HASHDEEP-"


class Hashdeep:
    """See the module."""

    id = "hashdeep"
    label = "hashdeep"

    def sniff(self, peek: Peek) -> bool:
        """The first line says so."""
        return peek.text.startswith(_MAGIC)

    def read(self, stream: BinaryIO, report: Report, options: ReadOptions) -> Iterator[HashRecord]:
        """See ListFormat. A list may hold several headers, as when two were put together."""
        report.format = self.id
        taker = Taker(report, options)
        columns: list[str] = []
        for number, line in enumerate(lines(TextSource(stream, report)), 1):
            place = f"line {number}"
            if line is None:
                taker.pass_over("too-long", place)
            elif line.startswith(_HEADER):
                columns = _columns(line, columns, report)
            elif not line.strip() or line.startswith("#"):
                continue
            elif record := _record(line, columns, taker, place):
                yield record
        if not columns:
            raise MalformedDocument(0, "no header that names the columns; looked")


def _columns(line: str, before: list[str], report: Report) -> list[str]:
    """The columns that a header line names; those before, when it is the line with the version."""
    if line.startswith(_MAGIC):
        report.version = line.removeprefix(_MAGIC).strip()[:20]
        return before
    named = [name.strip().lower() for name in line.removeprefix(_HEADER).split(",")][:50]
    for name in named:
        if name not in {"size", "filename", *kinds.DIGESTS}:
            report.unknown(name)
    return named


def _record(line: str, columns: list[str], taker: Taker, place: str) -> HashRecord | None:
    cells = line.split(",", max(len(columns) - 1, 0))
    if not columns or len(cells) != len(columns):
        taker.pass_over("not-a-row", place)
        return None
    row = dict(zip(columns, cells, strict=True))
    if taker.leaves_out(row.get("filename", "")):
        return None
    hashes = {kind: row.get(kind) for kind in kinds.DIGESTS}
    return taker.take(hashes, size=row.get("size"), place=place)
