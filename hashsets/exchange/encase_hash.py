"""EnCase hash sets (`.hash`): a header, then rows of 18 bytes that begin with an MD5. PURE.

Layout as The Sleuth Kit reads it (vics.md section 10): magic at 0, the set's name in UTF-16 at 1032, rows from
1152 on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from hashsets.exchange.base import HashRecord, MalformedDocument, ReadOptions, Report
from hashsets.exchange.cleaning import clean
from hashsets.exchange.peek import Peek
from hashsets.exchange.taking import Taker
from hashsets.exchange.text_source import read_up_to

MAGIC = b"HASH\r\n\xff\0"
NAME_AT, ROWS_AT, ROW = 1032, 1152, 18  # bytes
_BLOCK = ROW * 4096


class EnCaseHash:
    """See the module."""

    id = "encase"
    label = "EnCase .hash"

    def sniff(self, peek: Peek) -> bool:
        """The magic."""
        return peek.head.startswith(MAGIC)

    def read(self, stream: BinaryIO, report: Report, options: ReadOptions) -> Iterator[HashRecord]:
        """See ListFormat."""
        report.format = self.id
        head = read_up_to(stream, ROWS_AT)
        if not head.startswith(MAGIC):
            raise MalformedDocument(0, "not an EnCase hash set; looked")
        if len(head) < ROWS_AT:
            raise MalformedDocument(len(head), "the header looks truncated")
        report.document = clean(head[NAME_AT:].decode("utf-16-le", "replace").partition("\0")[0])[:100]
        taker, at = Taker(report, options), ROWS_AT
        while block := read_up_to(stream, _BLOCK):
            for start in range(0, len(block) - ROW + 1, ROW):
                if record := taker.take({"md5": block[start : start + 16]}, place=f"byte {at + start:,}"):
                    yield record
            at += len(block)
        if (at - ROWS_AT) % ROW:
            raise MalformedDocument(at, "the last row looks truncated")
