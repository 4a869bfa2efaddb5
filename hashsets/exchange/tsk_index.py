"""The Sleuth Kit's sorted indexes (`.idx`): two lines of header, then `HASH|offset` into the list. PURE.

All that is left when only the index of a list was handed on. Header as hfind writes it: forty-one digits, a
bar, the kind of list; then the name of the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from hashsets import kinds
from hashsets.exchange.base import HashRecord, MalformedDocument, ReadOptions, Report
from hashsets.exchange.csv_rows import lines
from hashsets.exchange.peek import Peek
from hashsets.exchange.taking import Taker
from hashsets.exchange.text_source import TextSource

_HEADER = re.compile(r"0{40,}[01]\|.*")
_ROW = re.compile(r"([0-9A-Fa-f]{32}|[0-9A-Fa-f]{40})\|\d+\s*")


class TskIndex:
    """See the module."""

    id = "idx"
    label = "Sleuth Kit .idx"

    def sniff(self, peek: Peek) -> bool:
        """The first line is the header's."""
        return bool(peek.lines) and bool(_HEADER.fullmatch(peek.lines[0]))

    def read(self, stream: BinaryIO, report: Report, options: ReadOptions) -> Iterator[HashRecord]:
        """See ListFormat."""
        report.format = self.id
        taker, headers = Taker(report, options), 0
        for number, line in enumerate(lines(TextSource(stream, report)), 1):
            if line is not None and (not line.strip() or _HEADER.fullmatch(line)):
                headers += bool(line.strip())
                continue
            found = _ROW.fullmatch(line) if line is not None else None
            if found is None:
                taker.pass_over("too-long" if line is None else "not-a-row", f"line {number}")
            elif record := taker.take({kinds.BY_LENGTH[len(found[1])].id: found[1]}, place=f"line {number}"):
                yield record
        if not headers:
            raise MalformedDocument(0, "no header of an index; looked")
