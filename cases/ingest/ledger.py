"""The ledger's statements: listing, claiming, rejecting, settling. One statement for any number of rows.

Every transaction that moves rows moves the exhibit's counters too, so that seen = pending + hashed + accepted +
without preview + rejected holds at any moment (security.md 1.3).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import zip_longest
from typing import Any

from django.db import connection

from cases.ingest.base import Container, Found, Record, Row
from workbench import prepared

CLAIM_ROWS = 128
LEASE = "15 seconds"  # renewed every few seconds while the worker lives (leases.py)
DEATHS = 3  # workers that died over one row before it is given up; model.md section 3
GIVEN_UP = "decoder-killed"

ADD = """
WITH added AS (
  INSERT INTO cases_fileinstance
    (exhibit_id, parent_id, depth, name_key, ordinal, raw_path, locator, size, modified, state, reason, record, about,
     tries)
  SELECT %(exhibit)s, %(parent)s::bigint, %(depth)s::smallint, name_key, ordinal, raw_path, locator, size, modified,
    CASE WHEN reason = '' THEN 'pending' ELSE 'rejected' END, reason, record, about::jsonb, 0
  FROM unnest(%(name_key)s::bytea[], %(ordinal)s::int[], %(raw_path)s::bytea[], %(locator)s::bytea[],
    %(size)s::bigint[], %(modified)s::text[], %(reason)s::text[], %(record)s::int[], %(about)s::text[])
    WITH ORDINALITY AS f(name_key, ordinal, raw_path, locator, size, modified, reason, record, about, place)
  ORDER BY place
  ON CONFLICT DO NOTHING RETURNING state, size),
counted AS (SELECT count(*) AS seen, count(*) FILTER (WHERE state = 'pending') AS pending,
  coalesce(sum(size) FILTER (WHERE state = 'pending'), 0) AS bytes FROM added)
UPDATE cases_exhibit x SET seen = x.seen + n.seen, pending = x.pending + n.pending,
  rejected = x.rejected + n.seen - n.pending, problems = x.problems + n.seen - n.pending,
  bytes_listed = x.bytes_listed + n.bytes
FROM counted n WHERE x.id = %(exhibit)s AND n.seen > 0
"""

ADD_RECORDS = """
INSERT INTO cases_importedrecord (exhibit_id, position, raw, md5, path_key)
SELECT %s, * FROM unnest(%s::int[], %s::bytea[], %s::bytea[], %s::text[]) ON CONFLICT DO NOTHING
"""

# Fresh rows first, many at once. A row whose lease ran out killed its worker, or was beside one that did: such
# rows go one at a time, so that a death is counted against the right one.
CLAIM = f"""
WITH pick AS (
  SELECT id FROM cases_fileinstance
  WHERE exhibit_id = %(exhibit)s::bigint AND state = 'pending' AND {{which}}
  ORDER BY id LIMIT {{limit}} FOR UPDATE SKIP LOCKED),
claimed AS (
  UPDATE cases_fileinstance f SET lease_until = now() + '{LEASE}', tries = f.tries + {{deaths}}
  FROM pick WHERE f.id = pick.id
  RETURNING f.id, f.raw_path, f.ordinal, f.locator, f.size, f.record, f.depth, f.parent_id, f.tries)
SELECT c.id, c.raw_path, c.ordinal, c.locator, c.size, r.md5, c.depth, c.parent_id, t.sha256, c.tries
FROM claimed c LEFT JOIN cases_importedrecord r ON r.exhibit_id = %(exhibit)s::bigint AND r.position = c.record
LEFT JOIN cases_fileinstance p ON p.id = c.parent_id LEFT JOIN cases_content t ON t.id = p.content_id
ORDER BY c.id
"""  # noqa: S608 only constants of this module
CLAIM_FRESH = CLAIM.format(which="lease_until IS NULL", limit=CLAIM_ROWS, deaths=0)
CLAIM_SUSPECT = CLAIM.format(which="lease_until < now()", limit=1, deaths=1)

REJECT = """
WITH gone AS (
  UPDATE cases_fileinstance f SET state = 'rejected', reason = r.reason, lease_until = NULL
  FROM unnest(%s::bigint[], %s::text[]) AS r(id, reason)
  WHERE f.id = r.id AND f.state = 'pending' RETURNING f.exhibit_id, f.size)
UPDATE cases_exhibit x SET pending = x.pending - n.files, rejected = x.rejected + n.files,
  problems = x.problems + n.files, bytes_listed = x.bytes_listed - n.bytes
FROM (SELECT exhibit_id, count(*) AS files, coalesce(sum(size), 0) AS bytes FROM gone GROUP BY 1) n
WHERE x.id = n.exhibit_id
"""

HASHED = """
WITH hashed AS (
  UPDATE cases_fileinstance f SET state = 'hashed', content_id = r.content, size = r.size, reason = r.reason,
    members = r.members, lease_until = NULL, tries = 0
  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[])
    AS r(id, content, size, reason, members)
  WHERE f.id = r.id AND f.state = 'pending' RETURNING f.exhibit_id, f.size, f.reason)
SELECT exhibit_id, -count(*), count(*), 0, 0, count(*) FILTER (WHERE reason <> ''), sum(size)
FROM hashed GROUP BY exhibit_id
"""

# What became of the files of contents whose preview is no longer awaited. A reason of the file's own stays.
SETTLE = """
WITH old AS (
  SELECT f.id, f.exhibit_id, f.reason AS had, c.preview, c.preview_reason
  FROM cases_fileinstance f JOIN cases_content c ON c.id = f.content_id
  WHERE f.content_id = ANY(%s::bigint[]) AND f.state = 'hashed' AND c.preview <> 'pending'
  ORDER BY f.id FOR UPDATE OF f),
settled AS (
  UPDATE cases_fileinstance f SET state = CASE WHEN old.preview = 'none' THEN 'without_preview' ELSE 'accepted' END,
    reason = CASE WHEN old.had <> '' THEN old.had ELSE old.preview_reason END
  FROM old WHERE f.id = old.id
  RETURNING f.exhibit_id, f.state, old.had = '' AND f.reason <> '' AS new_problem)
SELECT exhibit_id, 0, -count(*), count(*) FILTER (WHERE state = 'accepted'),
  count(*) FILTER (WHERE state <> 'accepted'), count(*) FILTER (WHERE new_problem), 0
FROM settled GROUP BY exhibit_id
"""

# A name claims a picture where the same bytes were no medium before: they are looked at again. A reason of the
# file's own stays, and closed cases keep what they had.
REOPEN = """
WITH lifted AS (
  UPDATE cases_fileinstance f SET state = 'hashed',
    reason = CASE WHEN f.members <> '' OR f.reason IN ('too-deep', 'hash-mismatch') THEN f.reason ELSE '' END
  FROM cases_exhibit x JOIN cases_case k ON k.id = x.case_id AND k.state = 'open'
  WHERE x.id = f.exhibit_id AND f.content_id = ANY(%s::bigint[]) AND f.state = 'without_preview'
  RETURNING f.exhibit_id, f.reason = '' AS cleared)
SELECT exhibit_id, 0, count(*), 0, -count(*), -count(*) FILTER (WHERE cleared), 0 FROM lifted GROUP BY exhibit_id
"""

# Exhibits are locked last, after tallies, in the order of their ids: two workers never wait for each other in a ring.
MOVE = """
WITH locked AS MATERIALIZED (
  SELECT id, state FROM cases_exhibit WHERE id = ANY(%(exhibit)s::bigint[]) ORDER BY id FOR NO KEY UPDATE)
UPDATE cases_exhibit x SET seen = x.seen + n.seen, rejected = x.rejected + n.rejected,
  state = CASE WHEN x.state = 'done' AND n.pending > 0 THEN 'running' ELSE x.state END,
  ended_at = CASE WHEN x.state = 'done' AND n.pending > 0 THEN NULL ELSE x.ended_at END,
  pending = x.pending + n.pending, hashed = x.hashed + n.hashed,
  accepted = x.accepted + n.accepted, without_preview = x.without_preview + n.without_preview,
  problems = x.problems + n.problems, bytes_read = x.bytes_read + n.bytes_read,
  bytes_listed = x.bytes_listed + n.bytes_listed
FROM locked JOIN unnest(%(exhibit)s::bigint[], %(pending)s::bigint[], %(hashed)s::bigint[], %(accepted)s::bigint[],
  %(without_preview)s::bigint[], %(problems)s::bigint[], %(bytes_read)s::bigint[], %(seen)s::bigint[],
  %(rejected)s::bigint[], %(bytes_listed)s::bigint[])
  AS n(id, pending, hashed, accepted, without_preview, problems, bytes_read, seen, rejected, bytes_listed)
  ON n.id = locked.id
WHERE x.id = locked.id RETURNING x.id, x.state <> locked.state
"""
MOVED = (
    "pending", "hashed", "accepted", "without_preview", "problems", "bytes_read", "seen", "rejected", "bytes_listed",
)  # fmt: skip


class Counters:
    """What the statements of one transaction moved, by exhibit; written once, at its end."""

    def __init__(self) -> None:
        self._moved: dict[int, list[int]] = {}

    def add(self, statement: str, values: Sequence[Any], *, rows: int = prepared.MANY) -> None:
        """Run a statement that returns (exhibit, moves...), in the order of MOVED; the last ones may be left out.

        `rows` is how many it is about, where the caller knows.
        """
        with prepared.cursor(rows=rows) as cursor:
            cursor.execute(statement, values)
            for exhibit, *moves in cursor.fetchall():
                so_far = self._moved.get(exhibit, [0] * len(MOVED))
                self._moved[exhibit] = [old + int(new) for old, new in zip_longest(so_far, moves, fillvalue=0)]

    @property
    def pending(self) -> int:
        """How many files became pending, in all exhibits."""
        return sum(moves[0] for moves in self._moved.values())

    def write(self) -> list[int]:
        """Move the counters of the exhibits; returns those that were done and go on, because more came."""
        rows = [(exhibit, *moves) for exhibit, moves in sorted(self._moved.items()) if any(moves)]
        if not rows:
            return []
        columns = (list(column) for column in zip(*rows, strict=True))
        with prepared.cursor(rows=len(rows)) as cursor:
            cursor.execute(MOVE, dict(zip(("exhibit", *MOVED), columns, strict=True)))
            return [exhibit for exhibit, goes_on in cursor.fetchall() if goes_on]


@dataclass(frozen=True, slots=True)
class Claim:
    """Rows held under a lease; one alone when workers died over it."""

    rows: list[Row]
    given_up: list[int]  # rows that killed too many workers


def add(exhibit_id: int, found: Sequence[Found], *, parent: int | None = None, depth: int = 0) -> None:
    """Enter nodes into the ledger, below `parent`; those that are there already stay as they are. One statement."""
    columns: dict[str, Any] = {
        "exhibit": exhibit_id,
        "parent": parent,
        "depth": depth,
        "name_key": [sha256(node.raw_path).digest() for node in found],
        **{name: [getattr(node, name) for node in found] for name in COLUMNS},
        "about": [json.dumps(node.about) for node in found],
    }
    _run(ADD, columns)


COLUMNS = ("ordinal", "raw_path", "locator", "size", "modified", "reason", "record")


def add_records(exhibit_id: int, records: Sequence[Record]) -> None:
    """Keep records of a case document, verbatim. One statement."""
    columns = [[getattr(row, name) for row in records] for name in ("position", "raw", "md5", "path_key")]
    _run(ADD_RECORDS, [exhibit_id, *columns])


def claim(exhibit_id: int) -> Claim:
    """Take rows to read: up to 128 fresh ones, else one that a worker died over, else none."""
    with prepared.cursor() as cursor:
        cursor.execute(CLAIM_FRESH, {"exhibit": exhibit_id})
        taken = cursor.fetchall()
        if not taken:
            cursor.execute(CLAIM_SUSPECT, {"exhibit": exhibit_id})
            taken = cursor.fetchall()
    given_up = [row[0] for row in taken if row[-1] >= DEATHS]
    return Claim([_row(row) for row in taken if row[-1] < DEATHS], given_up)


def _row(row: tuple[Any, ...]) -> Row:
    row_id, raw_path, ordinal, locator, size, md5, depth, parent, sha256_, _tries = row
    inside = Container(parent, bytes(sha256_)) if parent else None
    return Row(row_id, bytes(raw_path), ordinal, bytes(locator), size, bytes(md5) if md5 else None, depth, inside)


def give_back(row_ids: Sequence[int]) -> None:
    """Let others claim rows that were not read."""
    _run("UPDATE cases_fileinstance SET lease_until = NULL WHERE id = ANY(%s) AND state = 'pending'", [list(row_ids)])


def reject(reasons: dict[int, str]) -> None:
    """Rows whose bytes cannot be had, each with its reason."""
    if reasons:
        _run(REJECT, [list(reasons), list(reasons.values())])


def hashed(rows: Sequence[tuple[int, int, int, str, str]], counters: Counters) -> None:
    """(row, content, size, reason, members) of rows whose bytes are in the store. Inside `states.changing`."""
    if rows:
        counters.add(HASHED, [list(column) for column in zip(*rows, strict=True)], rows=len(rows))


def settle(content_ids: Sequence[int], counters: Counters) -> None:
    """Give the files of these contents their outcome, where their preview is no longer awaited."""
    counters.add(SETTLE, [list(content_ids)], rows=len(content_ids))


def reopen(content_ids: Sequence[int], counters: Counters) -> None:
    """Take back the outcome `without preview` of these contents' files."""
    counters.add(REOPEN, [list(content_ids)], rows=len(content_ids))


def _run(statement: str, values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
