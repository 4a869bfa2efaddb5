"""VICS-shaped JSON as list formats: reads 1.1 to 2.0, writes 2.0 and 1.3. PURE.

The official model is not public; this reads and writes what tools are seen to exchange (vics.md section 0),
and claims nothing more. Parts: text_source, text_window, json_cutter, vics_document, vics_record, vics_hashset; cases
are in vics_case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from hashsets.exchange import vics_hashset
from hashsets.exchange.base import HashRecord, ReadOptions, Report, WriteOptions
from hashsets.exchange.peek import Peek
from hashsets.exchange.plain import Stretch


class Vics:
    """One version to write; reading takes them all."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.extension = f".vics{version}.json"  # two versions of one set are told apart by their names
        self.id = f"vics{version}"
        self.label = f"VICS {version} JSON"

    def sniff(self, peek: Peek) -> bool:
        """JSON it must be; of which version, only reading tells."""
        return peek.text.lstrip(" \t\r\n")[:1] in ("{", "[")

    def read(self, stream: BinaryIO, report: Report, options: ReadOptions) -> Iterator[HashRecord]:
        """See ListFormat."""
        report.format = self.id
        yield from vics_hashset.read(stream, report, options)

    def read_parts(self, stream: BinaryIO, report: Report, options: ReadOptions) -> Iterator[Stretch]:
        """As `read`, with the records that have nothing but the five usual fields as rows of many."""
        report.format = self.id
        yield from vics_hashset.read_parts(stream, report, options)

    def write(self, records: Iterable[HashRecord], stream: BinaryIO, options: WriteOptions) -> int:
        """See ListFormat."""
        return vics_hashset.write(records, stream, options, self.version)
