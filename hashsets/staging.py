"""Stage: streams a list into a temporary table and makes one row of each identity (vics.md section 8).

The table belongs to the database session, so whatever happens to the process, nothing is left behind.
"""

import json
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
from hashsets.exchange import HashRecord
from hashsets.exchange.plain import Rows, Stretch, different
from hashsets.sorting import SortedRows

BLOCK = 10_000  # single records of one COPY
PLACEHOLDER_AT = 20  # different files under one PhotoDNA; vics.md section 7
NULL = "\\N"  # as COPY's text form writes it
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

# Records of one identity whose digests contradict each other are told apart by `grp`, in file order.
# What one of them lacks is taken from another it agrees with.
CONTRADICTIONS = """
WITH contested AS (
  SELECT ident FROM hashsets_staged JOIN (
    SELECT ident FROM hashsets_staged GROUP BY ident HAVING count(*) > 1) twice USING (ident)
  GROUP BY ident HAVING count(DISTINCT sha1) > 1 OR count(DISTINCT sha256) > 1),
rows AS (
  SELECT s.position, s.ident,
    coalesce(encode(s.sha1, 'hex'), CASE WHEN s.sha256 IS NOT NULL
      THEN min(encode(s.sha1, 'hex')) OVER (PARTITION BY s.ident, s.sha256) END) AS one,
    coalesce(encode(s.sha256, 'hex'), CASE WHEN s.sha1 IS NOT NULL
      THEN min(encode(s.sha256, 'hex')) OVER (PARTITION BY s.ident, s.sha1) END) AS two
  FROM hashsets_staged s JOIN contested USING (ident)),
groups AS (
  SELECT ident, one, two, row_number() OVER (PARTITION BY ident ORDER BY min(position)) - 1 AS grp
  FROM rows WHERE one IS NOT NULL OR two IS NOT NULL GROUP BY ident, one, two)
UPDATE hashsets_staged s SET grp = g.grp
FROM rows r JOIN groups g ON g.ident = r.ident AND g.one IS NOT DISTINCT FROM r.one AND g.two IS NOT DISTINCT FROM r.two
WHERE s.position = r.position AND g.grp > 0
"""

# One row per identity: the first record's, with the digests it lacks. The strongest disposition stands; two
# different ones are a conflict, and all categories that were seen are kept. `said`: where several say something, the
# first record of each category.
STRENGTH = (
    "array_position(ARRAY['relevant', 'relevant_restricted', 'comparison', 'unmapped', 'not_relevant', 'no_verdict'],"
    " disposition)"
)
MERGE = f"""
WITH twice AS (SELECT ident, grp FROM hashsets_staged GROUP BY ident, grp HAVING count(*) > 1),
gone AS (DELETE FROM hashsets_staged s USING twice t WHERE t.ident = s.ident AND t.grp = s.grp RETURNING s.*)
INSERT INTO hashsets_staged
SELECT min(position), ident, grp,
  (array_agg(md5 ORDER BY position) FILTER (WHERE md5 IS NOT NULL))[1],
  (array_agg(sha1 ORDER BY position) FILTER (WHERE sha1 IS NOT NULL))[1],
  (array_agg(sha256 ORDER BY position) FILTER (WHERE sha256 IS NOT NULL))[1],
  (array_agg(size ORDER BY position) FILTER (WHERE size IS NOT NULL))[1],
  (array_agg(code ORDER BY {STRENGTH}, position))[1],
  (array_agg(disposition ORDER BY {STRENGTH}, position))[1],
  count(DISTINCT disposition) FILTER (WHERE disposition <> 'no_verdict') > 1,
  (array_agg(flags ORDER BY position))[1],
  (array_agg(photodna ORDER BY position) FILTER (WHERE photodna IS NOT NULL))[1],
  (array_agg(raw ORDER BY position))[1] || coalesce((
    array_agg(jsonb_build_object('hashes', raw -> 'hashes') ORDER BY position)
    FILTER (WHERE raw -> 'hashes' IS NOT NULL))[1], '{{}}') || CASE WHEN count(DISTINCT code) > 1
    THEN jsonb_build_object('codes', to_jsonb(array_agg(DISTINCT code))) ELSE '{{}}' END,
  CASE WHEN count(DISTINCT code) FILTER (WHERE disposition <> 'no_verdict') > 1
    THEN jsonb_object_agg(code, position ORDER BY position DESC) FILTER (WHERE disposition <> 'no_verdict') END
FROM gone GROUP BY ident, grp
"""  # noqa: S608 only constants of this module

PLACEHOLDERS = """
UPDATE hashsets_staged SET photodna = NULL
WHERE photodna = ANY(%s::text[]) OR photodna IN (
  SELECT photodna FROM hashsets_staged WHERE photodna IS NOT NULL GROUP BY photodna HAVING count(DISTINCT ident) >= %s)
"""

MOST_CONFLICTS = 200  # of a kind named one by one; all are counted
MOST_CODES = 20  # of one hash; a list may be made to give it any number, each of any length
CONFLICTS = """
SELECT position, encode(ident, 'hex'), (
    SELECT jsonb_object_agg(left(key, 80), value)
    FROM (SELECT key, value FROM jsonb_each(said) ORDER BY value LIMIT %s) c)::text,
  (SELECT count(*) FROM jsonb_object_keys(said))
FROM hashsets_staged WHERE said IS NOT NULL AND conflict = %s ORDER BY position LIMIT %s
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


class Filled(NamedTuple):
    """Records copied, and how many of them hold a PDQ."""

    records: int
    pdq: int


def fill(
    parts: Iterable[Stretch], dispositions: Mapping[str, str], rows: SortedRows, *, start: int, tell: Callable[[], None]
) -> Filled:
    """Copy single records in, and put plain ones into `rows`.

    `start` is above the position of every record that is there already. `dispositions` by code; others are
    unmapped, "" is no verdict.
    """
    waiting: list[HashRecord] = []
    number = pdq = 0
    for records, plain in parts:
        waiting += records
        if len(plain):
            plain["position"] += start
            rows.add(plain)
        number += len(records) + len(plain)
        if len(waiting) >= BLOCK:
            pdq += _copy(waiting, dispositions, rows, start)
        if len(plain) or not waiting:
            tell()
    pdq += _copy(waiting, dispositions, rows, start)
    return Filled(number, pdq)


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


def merge(placeholders: list[str]) -> int:
    """Make one row per identity and drop PhotoDNA shared by many files; the number of values dropped."""
    _run("ANALYZE hashsets_staged")
    dropped = _run(PLACEHOLDERS, [placeholders, PLACEHOLDER_AT])
    _run(CONTRADICTIONS)
    _run(MERGE)
    _run("ANALYZE hashsets_staged")
    return dropped


def counts(alone: Mapping[str, int], dispositions: Mapping[str, str]) -> dict[str, Any]:
    """Rows; how many of them hold conflicting dispositions, or several categories of one; the rows by category.

    `alone`: entries by category that are not in the table.
    """
    codes = {code: (dispositions.get(code, "unmapped"), rows) for code, rows in alone.items()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE conflict), count(*) FILTER (WHERE said IS NOT NULL AND NOT conflict)"
            " FROM hashsets_staged"
        )
        conflicts, several = cursor.fetchone()
        cursor.execute("SELECT code, min(disposition), count(*) FROM hashsets_staged GROUP BY code")
        for code, disposition, rows in cursor.fetchall():
            codes[code] = disposition, rows + alone.get(code, 0)
    stored = sum(rows for _disposition, rows in codes.values())
    return {
        "stored": stored,
        "conflicts": conflicts,
        "two_categories": several,
        "codes": dict(sorted(codes.items())),
    }


class Contradiction(NamedTuple):
    """A hash that the list gives several categories, with the first record of each of the first 20."""

    position: int
    ident: str
    records: dict[str, int]
    codes: int  # all of them

    @property
    def detail(self) -> str:
        """`0f31...: 1, 2`."""
        more = f" and {self.codes - len(self.records):,} more" if self.codes > len(self.records) else ""
        return f"{self.ident}: {', '.join(sorted(self.records))}{more}"


def contradictions(*, conflict: bool) -> list[Contradiction]:
    """The first hashes under categories that mean different things, or under several that mean the same."""
    with connection.cursor() as cursor:
        cursor.execute(CONFLICTS, [MOST_CODES, conflict, MOST_CONFLICTS])
        return [Contradiction(place, ident, json.loads(said), codes) for place, ident, said, codes in cursor.fetchall()]


def _copy(records: list[HashRecord], dispositions: Mapping[str, str], rows: SortedRows, start: int) -> int:
    """Copy single records in, and forget them; `rows` hears of their hashes. Returns how many hold a PDQ."""
    if not records:
        return 0
    lines = [_line(record, start + record.position, dispositions) for record in records]
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        copy.write("".join(lines))
    rows.note(record.md5 or record.sha1 or record.sha256 or b"" for record in records)
    pdq = sum("pdq" in record.other_hashes for record in records)
    records.clear()
    return pdq


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


def _raw(record: HashRecord) -> str:
    """What has no column, as JSON; `listing` reads it back."""
    raw: dict[str, Any] = {} if record.media_id is None else {"media_id": record.media_id}
    if record.series:
        raw["series"] = record.series
    if record.tags:
        raw["tags"] = record.tags
    if record.date_updated_text:
        raw["date_updated"] = record.date_updated_text
    if record.other_hashes:
        raw["hashes"] = record.other_hashes
    if record.raw:
        raw["more"] = record.raw
    return f'{{"media_id":{record.media_id}}}' if len(raw) == 1 and "media_id" in raw else _json(raw)
