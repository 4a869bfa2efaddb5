"""NSRL RDS version 3: an SQLite database, full or minimal (vics.md section 10). PURE.

The full one keeps files in the table METADATA, of which FILE is a view; in the minimal one FILE is the table. A view
is a program of whoever made the file, and holds nothing that is not in a table: it is not read. Files are known, not
good: what no category means is decided by the set. Changes as `.sql` are read by `nsrl_delta`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from hashsets import kinds
from hashsets.exchange import sqlite_source
from hashsets.exchange.base import HashRecord, MalformedDocument, ReadOptions, Report
from hashsets.exchange.peek import Peek
from hashsets.exchange.sqlite_source import Database
from hashsets.exchange.taking import Taker

SOURCES = ("metadata", "file")
SIZES, NAMES = ("bytes", "file_size", "size"), ("extension", "file_name")


class NsrlSqlite:
    """See the module."""

    id = "nsrl3"
    label = "NSRL RDS 3 SQLite"

    def sniff(self, peek: Peek) -> bool:
        """It has one of the tables, and packages or a version beside it."""
        named = peek.tables
        return bool({"metadata", "file"} & named) and bool({"pkg", "version", "distinct_hash", "mfg"} & named)

    def read(self, stream: BinaryIO, report: Report, options: ReadOptions) -> Iterator[HashRecord]:
        """See ListFormat."""
        report.format = self.id
        with sqlite_source.opened(stream, SOURCES) as database:
            columns = _source(database, report)
            taker, names = Taker(report, options), list(columns)
            query = f'SELECT {", ".join(columns.values())} FROM "{report.document}"'  # noqa: S608 from our own lists
            for number, row in enumerate(database.rows(query), 1):
                if record := record_of(dict(zip(names, row, strict=True)), taker, f"row {number}"):
                    yield record


def _source(database: Database, report: Report) -> dict[str, str]:
    """The columns to read, each with what to ask for; the table they stand in is told as `report.document`."""
    schema = database.schema()
    for name in SOURCES:
        if schema.get(name) != "table":
            continue
        there = database.columns(name)
        hashes = {each: each for each in kinds.DIGESTS if each in there}
        if not hashes:
            continue
        report.document = name
        size = next((each for each in SIZES if each in there), "NULL")
        ending = next((each for each in NAMES if each in there), "''")
        return {**hashes, "size": size, "ending": ending}
    raise MalformedDocument(0, "no table of files with hashes; looked")


def record_of(row: dict[str, Any], taker: Taker, place: str) -> HashRecord | None:
    """The record of one row: digests by their kind, `size`, and the `ending` or name of its file."""
    ending = str(row.pop("ending") or "")
    if taker.leaves_out(ending if "." in ending else f".{ending}"):
        return None
    size = row.pop("size")
    hashes = {kind: value if isinstance(value, (str, bytes)) else str(value or "") for kind, value in row.items()}
    return taker.take(hashes, size=size, place=place)
