"""NSRL RDS version 3 as changes: SQL statements on the last full database (vics.md section 10). PURE.

They are read, never run. Rows put into the tables of files are records; what is taken away or changed is told and
stays as it is, since a list holds what is known and nothing else. It is no list of its own: imported as one, it
becomes the whole set.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from hashsets import kinds
from hashsets.exchange.base import MAX_NAMES, HashRecord, MalformedDocument, ReadOptions, Report
from hashsets.exchange.nsrl_sqlite import NAMES, SIZES, SOURCES, record_of
from hashsets.exchange.peek import Peek
from hashsets.exchange.sql_inserts import Inserts, Other, Row
from hashsets.exchange.sql_tokens import Tokens
from hashsets.exchange.taking import Taker
from hashsets.exchange.text_source import TextSource

# The columns of the minimal list's table, where a statement does not name them.
FILE_COLUMNS = ("sha256", "sha1", "md5", "crc32", "file_name", "file_size", "package_id")
_TABLES = "metadata|file|pkg|package_object|os|mfg|version|application|object"
_COMMENTS = r"\s*+(?:(?:--[^\n]*+\n|/\*(?:[^*]|\*(?!/))*+\*/)\s*+)*+"
_BEGINS = re.compile(_COMMENTS + r"(?:BEGIN|PRAGMA|INSERT|REPLACE|UPDATE|DELETE|CREATE|DROP)\b", re.IGNORECASE)
_CHANGES = re.compile(rf"\b(?:INTO|FROM|UPDATE)\s+(?:main\.)?[\"'`\[]?(?:{_TABLES})\b", re.IGNORECASE)
_REASONS = {
    "delete": "taken-away",
    "update": "changed-in-place",
    "unknown": "unknown-statement",
    "bad": "not-a-row",
}


class NsrlDelta:
    """See the module."""

    id = "nsrl3-delta"
    label = "NSRL RDS 3 delta (.sql)"

    def sniff(self, peek: Peek) -> bool:
        """It begins as SQL and changes one of the tables."""
        return bool(_BEGINS.match(peek.text) and _CHANGES.search(peek.text))

    def read(self, stream: BinaryIO, report: Report, options: ReadOptions) -> Iterator[HashRecord]:
        """See ListFormat."""
        report.format, report.document = self.id, "delta"
        report.warn("only-changes")
        taker, others = Taker(report, options), Counter[str]()
        for found in Inserts(Tokens(TextSource(stream, report))):
            if isinstance(found, Other):
                taker.pass_over(_REASONS[found.what], f"line {found.line}: {found.words}")
            elif found.table not in SOURCES:
                others[found.table if found.table in others or len(others) < MAX_NAMES else "(other)"] += 1
            elif record := _record(found, taker):
                yield record
        for table, rows in others.items():
            report.warn("other-table", f"{table}: {rows:,} rows")
        if not (report.read or others):
            raise MalformedDocument(0, "no row of any table; looked")


def _record(row: Row, taker: Taker) -> HashRecord | None:
    columns = row.columns or (FILE_COLUMNS if row.table == "file" and len(row.values) == len(FILE_COLUMNS) else ())
    if not columns:
        taker.pass_over("columns-unsaid", f"line {row.line}")
        return None
    said = dict(zip(columns, row.values, strict=True))
    fields = {kind: said.get(kind) for kind in kinds.DIGESTS}
    fields["size"] = next((said[name] for name in SIZES if name in said), None)
    fields["ending"] = next((said[name] for name in NAMES if name in said), "")
    return record_of(fields, taker, f"line {row.line}")
