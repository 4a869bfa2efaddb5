"""Media inside media (Content.embedded) as rows of the ledger: they lie in the parent's bytes as they are."""

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from django.conf import settings

from cases import events
from cases.ingest import base
from cases.ingest.base import Reading, Row, Spoiled
from cases.ingest.ledger import Counters
from cases.models import Exhibit
from workbench import audit
from workbench.jail import results

BETWEEN = b"+"  # offset and length in a locator; an archive's locator is one number

# For every file of the contents in open cases, once: those that are there already stay. What lies outside the parent
# is no slice. MATERIALIZED and OFFSET 0: few contents hold anything, and their files are found by content; left to
# itself the planner reads every file of the exhibit while the tables are young.
ENTER = """
WITH holders AS MATERIALIZED (
  SELECT id, size, embedded FROM cases_content WHERE id = ANY(%s::bigint[]) AND embedded <> '[]'),
slices AS (
  SELECT f.id AS parent, f.exhibit_id, f.depth + 1 AS depth, convert_to(e.name, 'UTF8') AS raw_path, e.length AS size,
    convert_to(e."offset" || '+' || e.length, 'UTF8') AS locator,
    row_number() OVER (PARTITION BY f.id, e.name ORDER BY e."offset", e.length) - 1 AS ordinal
  FROM holders c
  CROSS JOIN LATERAL (SELECT id, exhibit_id, depth FROM cases_fileinstance WHERE content_id = c.id OFFSET 0) f
  JOIN cases_exhibit x ON x.id = f.exhibit_id AND x.removed_at IS NULL AND x.state <> 'cancelled'
  JOIN cases_case k ON k.id = x.case_id AND k.state = 'open'
  CROSS JOIN LATERAL jsonb_to_recordset(c.embedded) AS e(name text, "offset" bigint, length bigint)
  WHERE f.depth <= %s::int
    AND e."offset" >= 0 AND e.length > 0 AND e.length < c.size AND e."offset" + e.length <= c.size),
added AS (
  INSERT INTO cases_fileinstance (exhibit_id, parent_id, depth, name_key, ordinal, raw_path, locator, size, modified,
    state, reason, tries)
  SELECT exhibit_id, parent, depth, sha256(raw_path), ordinal, raw_path, locator, size, '', 'pending', '', 0
  FROM slices ORDER BY parent, locator ON CONFLICT DO NOTHING RETURNING exhibit_id, size)
SELECT exhibit_id, count(*), 0, 0, 0, 0, 0, count(*), 0, coalesce(sum(size), 0) FROM added GROUP BY exhibit_id
"""


def enter(content_ids: Sequence[int], counters: Counters) -> None:
    """Enter what the contents hold, below each of their files. One statement."""
    counters.add(ENTER, [list(content_ids), settings.ARCHIVE_DEPTH], rows=len(content_ids))


def record(exhibit_ids: Sequence[int]) -> None:
    """The event of exhibits that were done and go on, because a picture in a picture was found."""
    for exhibit in Exhibit.objects.filter(pk__in=exhibit_ids).select_related("case").order_by("pk"):
        audit.record(
            events.INGEST_RESUMED, by=None, on=exhibit, case=exhibit.case.public_id, reason="files within files",
            agency=exhibit.case.agency_id, ref=exhibit.ref,
        )  # fmt: skip


def are_slices(rows: Sequence[Row]) -> bool:
    """Whether these rows, all of one parent, are slices of it; a parent has either slices or members."""
    return BETWEEN in rows[0].locator


def read(container: BinaryIO, rows: Sequence[Row]) -> Iterator[Reading]:
    """The bytes of rows that lie in one file."""
    for row in rows:
        offset, length = map(int, row.locator.split(BETWEEN))
        container.seek(offset)
        yield Reading(row, chunks=_chunks(container.read, length))


def _chunks(read_bytes: Callable[[int], bytes], left: int) -> Iterator[bytes]:
    while left > 0:
        data = read_bytes(min(base.CHUNK, left))
        if not data:
            raise Spoiled(results.TRUNCATED)
        left -= len(data)
        yield data
