"""Stage: streams a list into a temporary table, of which `merging` makes one row of each identity.

The table belongs to the database session, so whatever happens to the process, nothing is left behind.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from django.db import connection

from hashsets import copy_rows
from hashsets.copy_rows import fixed, json_numbers, numbers
from hashsets.entry_rows import DATE_ALIKE
from hashsets.exchange import HashRecord
from hashsets.exchange.plain import Rows, Stretch, different
from hashsets.exchange.vics_values import date_text
from hashsets.sorting import SortedRows

BLOCK = 10_000  # single records of one COPY
NULL = "\\N"  # as COPY's text form writes it
_date_alike = re.compile(DATE_ALIKE, re.ASCII).fullmatch
_encode = json.JSONEncoder(separators=(",", ":")).encode

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

CREATE = """
DROP TABLE IF EXISTS hashsets_staged;
CREATE TEMPORARY TABLE hashsets_staged (
  position bigint, ident bytea, grp integer DEFAULT 0, md5 bytea, sha1 bytea, sha256 bytea, size bigint, code text,
  disposition text, conflict boolean DEFAULT false, flags jsonb DEFAULT '{}', photodna text, raw jsonb, said jsonb)
"""
COPY = """
COPY hashsets_staged (position, ident, grp, md5, sha1, sha256, size, code, disposition, conflict, flags, photodna, raw)
FROM STDIN
"""
COPY_PLAIN = """
COPY hashsets_staged (position, ident, md5, sha1, size, raw, code, disposition) FROM STDIN (FORMAT BINARY)
"""


@contextmanager
def table() -> Iterator[None]:
    """Have the empty temporary table `hashsets_staged` inside the block."""
    _run(CREATE)
    try:
        yield
    finally:
        if not connection.needs_rollback and connection.is_usable():
            _run("DROP TABLE IF EXISTS hashsets_staged")


@dataclass(frozen=True, slots=True)
class Staged:
    """A list as it was read: what is in the temporary table and, for a new partition, the rows beside it."""

    rows: SortedRows
    fresh: bool
    dispositions: Mapping[str, str]
    says_more: bool  # some record has fields without a place


class Filled(NamedTuple):
    """Records copied, how many of them hold a PDQ, and how many fields that have no place."""

    records: int
    pdq: int
    more: int


def fill(
    parts: Iterable[Stretch], dispositions: Mapping[str, str], rows: SortedRows, *, start: int, tell: Callable[[], None]
) -> Filled:
    """Copy single records in, and put plain ones into `rows`.

    `start` is above the position of every record that is there already. `dispositions` by code; others are
    unmapped, "" is no verdict.
    """
    waiting: list[HashRecord] = []
    number = pdq = more = 0
    for records, plain in parts:
        waiting += records
        if len(plain):
            plain["position"] += start
            rows.add(plain)
        number += len(records) + len(plain)
        pdq += sum("pdq" in record.other_hashes for record in records)
        more += sum(_says_more(record) for record in records)
        if len(waiting) >= BLOCK:
            _copy(waiting, dispositions, rows, start)
        if len(plain) or not waiting:
            tell()
    _copy(waiting, dispositions, rows, start)
    return Filled(number, pdq, more)


def settle(rows: SortedRows, dispositions: Mapping[str, str], *, all_of_them: bool) -> Counter[str]:
    """Copy in the plain rows that may have company, or all; entries by category of those left out."""
    left: Counter[str] = Counter()
    for part in rows.parts():
        bring(part.contested, dispositions)
        if all_of_them:
            bring(part.alone, dispositions)
        else:
            codes, which = different(part.alone["code"])
            left.update({str(code): int(n) for code, n in zip(codes, np.bincount(which), strict=True)})
    return left


def _copy(records: list[HashRecord], dispositions: Mapping[str, str], rows: SortedRows, start: int) -> None:
    """Copy single records in, and forget them; `rows` hears of their hashes."""
    if not records:
        return
    lines = [_line(record, start + record.position, dispositions) for record in records]
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        copy.write("".join(lines))
    rows.note(record.md5 or record.sha1 or record.sha256 or b"" for record in records)
    records.clear()


def bring(rows: Rows, dispositions: Mapping[str, str]) -> None:
    """Copy plain rows into the temporary table."""
    if not len(rows):
        return
    md5 = fixed(rows["md5"])
    columns = [
        numbers(rows["position"]), md5, md5, fixed(rows["sha1"]), numbers(rows["size"]),
        json_numbers(b'{"media_id":', rows["media_id"]),
    ]  # fmt: skip
    with connection.cursor() as cursor, cursor.copy(COPY_PLAIN) as copy:
        copy.write(copy_rows.HEAD)
        for block in copy_rows.packed(columns, *verdicts(rows, dispositions)):
            copy.write(block)
        copy.write(copy_rows.END)


def verdicts(rows: Rows, dispositions: Mapping[str, str]) -> tuple[list[bytes], npt.NDArray[np.int64]]:
    """Code and disposition for COPY: the different ones that occur, and which of them each row has."""
    codes, which = different(rows["code"])
    texts = [str(code) for code in codes]
    return [copy_rows.texts(text.encode(), dispositions.get(text, "unmapped").encode()) for text in texts], which


def _run(statement: str, values: list[Any] | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        touched: int = cursor.rowcount
        return touched


def _line(record: HashRecord, position: int, dispositions: Mapping[str, str]) -> str:
    """One record in COPY's text form, in the order of the table's columns."""
    md5, sha1, sha256, size, code = record.md5, record.sha1, record.sha256, record.size, record.code or ""
    disposition = dispositions.get(code, "unmapped") if code else "no_verdict"
    return (
        f"{position}\t{_bytes(md5 or sha1 or sha256)}\t0\t{_bytes(md5)}\t{_bytes(sha1)}\t{_bytes(sha256)}\t"
        f"{NULL if size is None else size}\t{code.translate(_ESCAPES)}\t{disposition}\tf\t"
        f"{_json(record.flags)}\t{record.photodna or NULL}\t{_raw(record)}\n"
    )


def _bytes(value: bytes | None) -> str:
    return NULL if value is None else "\\\\x" + value.hex()


def _json(value: dict[str, Any]) -> str:
    """JSON for COPY: it is ASCII without tabs or line ends, so only back-slashes mean something."""
    return _encode(value).replace("\\", "\\\\") if value else "{}"


def _says_more(record: HashRecord) -> bool:
    """Whether it has fields without a place; names as they were written have one."""
    return bool(record.raw) and any(name.lower() not in {"series", "tags"} for name in record.raw)


def _raw(record: HashRecord) -> str:
    """What has no column, as JSON; `listing` reads it back."""
    raw: dict[str, Any] = {} if record.media_id is None else {"media_id": record.media_id}
    if record.series:
        raw["series"] = record.series
    if record.tags:
        raw["tags"] = record.tags
    if record.date_updated_text:
        raw["date_updated"] = text = record.date_updated_text
        if not _date_alike(text) and (moment := date_text(record.date_updated, text)) != text:
            raw["date_updated_utc"] = moment
    if record.other_hashes:
        raw["hashes"] = record.other_hashes
    if record.raw:
        raw["more"] = record.raw
    return f'{{"media_id":{record.media_id}}}' if len(raw) == 1 and "media_id" in raw else _json(raw)
