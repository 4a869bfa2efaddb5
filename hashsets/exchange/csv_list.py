"""Lists of hashes as CSV or TSV, with a header or as bare columns (vics.md section 10). PURE.

Separator `,` `;` or tab, `sep=` line, byte order marks and UTF-16 are understood. Without a header the
length of a value tells its kind. A line without a usable hash is counted and named, never fatal.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from hashsets import kinds
from hashsets.exchange import vics_values as values
from hashsets.exchange.base import FLAGS, HashRecord, MalformedDocument, ReadOptions, Report, WriteOptions
from hashsets.exchange.cleaning import clean
from hashsets.exchange.csv_rows import Row, rows, separator_of
from hashsets.exchange.csv_text import cell, plain
from hashsets.exchange.peek import Peek, column_name
from hashsets.exchange.taking import put
from hashsets.exchange.text_source import TextSource

_COLUMNS = ("media_id", "md5", "sha1", "sha256", "size", "category", "series", "tags", "date_updated", "photodna",
            "pdq", *FLAGS)  # fmt: skip
HASH_COLUMNS = frozenset({"hash", *kinds.DIGESTS})
_QUALITY = "pdq_quality"
_SAME = {
    "code": "category", "filesize": "size", "mediasize": "size", "bytes": "size", "seriesname": "series",
    "hash": "hash", "hashvalue": "hash", "value": "hash", "v4hash": "md5", "hashsha1": "sha1", "hashsha256": "sha256",
    "dateupdated": "date_updated", "mediaid": "media_id", "pdqquality": _QUALITY,
    **{name.replace("_", ""): name for name in _COLUMNS},
}  # fmt: skip
_COMMA = "\\u{2c}"  # inside a name, where a comma parts names


class CsvList:
    """See the module. Our own files have a header and every column."""

    id = "csv"
    label = "CSV list"
    extension = ".csv"

    def sniff(self, peek: Peek) -> bool:
        """A header that names a hash kind, or a first line that holds a hash."""
        for line in peek.lines[:1]:
            cells = next(csv.reader([line], delimiter=separator_of(line)), [])
            return bool(_header(cells)) or any(_kind(value) for value in cells)
        return False

    def read(self, stream: BinaryIO, report: Report, options: ReadOptions) -> Iterator[HashRecord]:
        """See ListFormat."""
        report.format = self.id
        columns: list[str] | None = None
        for line, row in rows(TextSource(stream, report), report):
            if columns is None and (columns := _header(row)):
                _note_columns(columns, report)
                continue
            columns = columns or []
            report.read += 1
            record, problem = _record(row, columns, report, options)
            if problem:
                report.skip(problem, report.read, f"line {line}")
                continue
            if record.code is None:
                record.code = options.default_code
            report.count_code(record.code)
            yield record
        if columns is None:
            raise MalformedDocument(0, "not one line to read")

    def write(self, records: Iterable[HashRecord], stream: BinaryIO, options: WriteOptions) -> int:  # noqa: ARG002
        """See ListFormat. A header, CRLF, UTF-8 without BOM."""
        stream.write(_line(_COLUMNS))
        written = 0
        for record in records:
            stream.write(_line(_cells(record)))
            written += 1
        return written


def _header(cells: Sequence[str]) -> list[str]:
    """Our column names, or [] if this is no header."""
    names = named(cells)
    return names if HASH_COLUMNS & set(names) else []


def named(cells: Sequence[str]) -> list[str]:
    """What each cell names as a column; `?Name` is not ours, and kept as unknown."""
    return [_SAME.get(column_name(value)) or f"?{value.strip()}" for value in cells]


def _note_columns(columns: Iterable[str], report: Report) -> None:
    for name in columns:
        if name.startswith("?"):
            report.unknown(name[1:])


def _kind(value: str) -> kinds.Digest | None:
    """The kind a bare value may be, by its length."""
    value = value.strip()
    found = kinds.BY_LENGTH.get(len(value))
    return found if found and re.fullmatch(r"[0-9A-Fa-f]+", value) else None


def _record(row: Row, columns: list[str], report: Report, options: ReadOptions) -> tuple[HashRecord, str]:
    """One row, and why it is no entry ("" = it is)."""
    record = HashRecord(report.read)
    problem = ""
    if not columns:
        problem = _bare(record, row)
    if len(row) > len(columns) > 0:
        report.warn("too-many-cells", position=record.position)
    for name, value in zip(columns, row, strict=False):
        if not value.strip() or name == _QUALITY:
            continue
        if name in kinds.DIGESTS or name == "hash":
            found = _hash(record, name, value)
            problem = problem if problem == "zero-length" else found or problem
        elif name == "pdq":
            _pdq(record, value, _beside(columns, row), report)
        else:
            _field(record, name, value, report, options)
    if record.md5 is record.sha1 is record.sha256 is None:
        return record, problem or "no-hash"
    if problem == "invalid-hash":
        report.warn("bad-hash", position=record.position)
    return record, problem if problem == "zero-length" else ""


def _bare(record: HashRecord, row: Row) -> str:
    """A row of a list without header: what looks like a hash is one."""
    problems = [_hash(record, kind.id, value) for value in row if (kind := _kind(value))]
    return next(filter(None, problems), "" if problems else "invalid-hash")


def _hash(record: HashRecord, name: str, value: str) -> str:
    kind = _kind(value) if name == "hash" else kinds.DIGESTS[name]
    return put(record, kind.id, value) if kind else "invalid-hash"


def _beside(columns: list[str], row: Row) -> str:
    """The quality of the row's PDQ where a column of its own has it; "" where none does."""
    at = columns.index(_QUALITY) if _QUALITY in columns else len(row)
    return row[at].strip() if at < len(row) else ""


def _pdq(record: HashRecord, value: str, quality: str, report: Report) -> None:
    """What is no PDQ stays as it came; one of low quality is left out. Both are counted."""
    text = f"{value},{quality}" if quality and "," not in value else value
    try:
        record.other_hashes["pdq"] = values.pdq(text)
    except values.Unreadable as problem:
        report.warn(str(problem), text[:80], record.position)
        if str(problem) != values.LOW_QUALITY:
            record.raw["pdq"] = clean(value)


def _field(record: HashRecord, name: str, value: str, report: Report, options: ReadOptions) -> None:
    text = clean(plain(value))
    if name.startswith("?"):
        if "metadata" in options.take:
            record.raw[clean(name[1:])] = text
        return
    try:
        if name in FLAGS:
            if name in options.take and (said := values.flag(text)) is not None:
                record.flags[name] = said
        elif name in _SETTERS and (name not in {"series", "tags"} or name in options.take):
            _SETTERS[name](record, text)
    except values.Unreadable:
        if name == "date_updated":
            report.bad_dates += 1
        report.warn(f"bad-{name.replace('_', '-')}", text[:100], record.position)
        record.raw[name] = text


def _set_date(record: HashRecord, text: str) -> None:
    record.date_updated_text = text
    record.date_updated = values.date(text)


def _setter(name: str, parse: Callable[[str], Any]) -> Callable[[HashRecord, str], None]:
    return lambda record, text: setattr(record, name, parse(text))


def _split(text: str) -> tuple[str, ...]:
    return values.names([each.replace(_COMMA, ",") for each in text.split(",")])


_SETTERS: dict[str, Callable[[HashRecord, str], None]] = {
    "category": _setter("code", values.code),
    "size": _setter("size", lambda text: values.number(text) or None),
    "media_id": _setter("media_id", values.number),
    "series": _setter("series", _split),
    "tags": _setter("tags", _split),
    "photodna": _setter("photodna", values.photodna),
    "date_updated": _set_date,
}


def _cells(record: HashRecord) -> Row:
    said = {
        "media_id": record.media_id,
        "size": record.size,
        "category": record.code,
        "series": ",".join(name.replace(",", _COMMA) for name in record.series),
        "tags": ",".join(name.replace(",", _COMMA) for name in record.tags),
        "date_updated": values.date_text(record.date_updated, record.date_updated_text),
        "photodna": record.photodna,
        "pdq": record.other_hashes.get("pdq"),
        **{kind: value.hex() for kind in kinds.DIGESTS if (value := getattr(record, kind))},
        **{name: str(value).lower() for name, value in record.flags.items()},
    }
    return ["" if (value := said.get(name)) is None else str(value) for name in _COLUMNS]


def _line(cells: Iterable[str]) -> bytes:
    quoted = [
        '"' + safe.replace('"', '""') + '"' if re.search('[",;\t]', safe := cell(each)) else safe for each in cells
    ]
    return (",".join(quoted) + "\r\n").encode()
