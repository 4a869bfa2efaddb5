"""What an archive and all archives in it may hold together: counted at the outermost one (security.md 2.6)."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from workbench.jail import ArchiveLimits

RATIO = 100  # a bomb unpacks to more than the limit, and to more than so many times its size

ROOT = """
WITH RECURSIVE up AS (
  SELECT id, parent_id FROM cases_fileinstance WHERE id = %s
  UNION ALL SELECT p.id, p.parent_id FROM up JOIN cases_fileinstance p ON p.id = up.parent_id)
SELECT f.id, coalesce(f.size, 0), coalesce(f.inside_members, 0), coalesce(f.inside_bytes, 0)
FROM up JOIN cases_fileinstance f ON f.id = up.id WHERE up.parent_id IS NULL
"""

SPEND = """
UPDATE cases_fileinstance SET inside_members = coalesce(inside_members, 0) + %s,
  inside_bytes = coalesce(inside_bytes, 0) + %s WHERE id = %s
"""

# What single packed files turned out to hold, once they were read.
CHARGE = """
WITH RECURSIVE up AS (
  SELECT id, parent_id, size FROM cases_fileinstance WHERE id = ANY(%s)
  UNION ALL SELECT p.id, p.parent_id, up.size FROM up JOIN cases_fileinstance p ON p.id = up.parent_id)
UPDATE cases_fileinstance f SET inside_bytes = coalesce(f.inside_bytes, 0) + n.bytes
FROM (SELECT id, sum(size) AS bytes FROM up WHERE parent_id IS NULL GROUP BY id) n WHERE f.id = n.id
"""


@dataclass(frozen=True, slots=True)
class Budget:
    """The outermost archive of a row, what it may hold and what is left of that."""

    root: int
    bytes: int
    bytes_left: int
    members_left: int


def most_bytes(size: int) -> int:
    """What an archive of `size` bytes may unpack to."""
    return max(settings.ARCHIVE_BYTES, RATIO * size)


def of_source(size: int) -> ArchiveLimits:
    """The limits of an archive that is a whole exhibit."""
    return ArchiveLimits(bytes=most_bytes(size), members=settings.ARCHIVE_MEMBERS)


def of(row_id: int) -> Budget:
    """The budget that the archive in this row of the ledger shares. One query."""
    with connection.cursor() as cursor:
        cursor.execute(ROOT, [row_id])
        root, size, members, spent = cursor.fetchone()
    most = most_bytes(size)
    return Budget(root, most, max(0, most - spent), max(0, settings.ARCHIVE_MEMBERS - members))


def spend(root: int, *, members: int, bytes_: int) -> None:
    """Count what was listed below an outermost archive. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(SPEND, [members, bytes_, root])


def charge(row_ids: Sequence[int]) -> None:
    """Count the bytes of members whose size nobody knew when they were listed. One statement."""
    if row_ids:
        with connection.cursor() as cursor:
            cursor.execute(CHARGE, [list(row_ids)])
