"""The Sleuth Kit's hash databases (`.kdb`): SQLite with hashes as bytes (vics.md section 10). PURE.

Names of files and people's comments beside the hashes are the sender's and are not taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from hashsets.exchange import sqlite_source
from hashsets.exchange.base import HashRecord, MalformedDocument, ReadOptions, Report
from hashsets.exchange.peek import Peek
from hashsets.exchange.taking import Taker

_COLUMNS = {"md5": "md5", "sha1": "sha1", "sha2_256": "sha256"}  # theirs -> ours


class TskKdb:
    """See the module."""

    id = "kdb"
    label = "Sleuth Kit .kdb"

    def sniff(self, peek: Peek) -> bool:
        """It has the table of hashes, and one of those beside it."""
        return "hashes" in peek.tables and bool({"db_properties", "file_names", "comments"} & peek.tables)

    def read(self, stream: BinaryIO, report: Report, options: ReadOptions) -> Iterator[HashRecord]:
        """See ListFormat."""
        report.format = self.id
        with sqlite_source.opened(stream, {"hashes"}) as database:
            if database.schema().get("hashes") != "table":
                raise MalformedDocument(0, "no table of hashes; looked")
            there = database.columns("hashes")
            theirs = [name for name in _COLUMNS if name in there]
            if not theirs:
                raise MalformedDocument(0, "no column of hashes; looked")
            taker = Taker(report, options)
            for number, row in enumerate(database.rows(f"SELECT {', '.join(theirs)} FROM hashes"), 1):  # noqa: S608
                hashes = {_COLUMNS[name]: _value(value) for name, value in zip(theirs, row, strict=True)}
                if record := taker.take(hashes, place=f"row {number}"):
                    yield record


def _value(value: Any) -> str | bytes | None:
    return value if value is None or isinstance(value, (str, bytes)) else str(value)
