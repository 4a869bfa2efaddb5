"""Hashes of other kinds than digests, beside the entries they belong to (model.md section 2, EntryHash).

An entry's PDQ is in its `raw`, as it came; here it is as bytes, to be searched. PhotoDNA stays in `raw`: it is kept
and never matched. A row is in force when its entry is.
"""

from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from hashsets.generations import in_force as in_force_at
from hashsets.models import HashSet
from hashsets.near.tables import BYTES, Bytes

FILL = """
INSERT INTO hashsets_entryhash (set_id, entry, kind, value)
SELECT set_id, id, 'pdq', decode(raw -> 'hashes' ->> 'pdq', 'hex') FROM {entries}
WHERE set_id = %s AND {which} AND raw -> 'hashes' ->> 'pdq' IS NOT NULL ORDER BY id
"""
# The rows that a version brought; by the index on the set's versions, but for the first one, which is all there is.
FILL_VERSION = FILL.format(entries="hashsets_entry", which="added_in = %s")
ORPHANS = """
DELETE FROM hashsets_entryhash h WHERE h.set_id = %s
  AND NOT EXISTS (SELECT FROM hashsets_entry e WHERE e.set_id = %s AND e.id = h.entry)
"""
# Every row is 2 bytes (two columns), then each column behind its length of 4 bytes, as COPY writes them.
COPY = """
COPY (SELECT h.entry, h.value FROM hashsets_entryhash h
      JOIN hashsets_entry e ON e.set_id = h.set_id AND e.id = h.entry
      WHERE h.set_id = {set} AND h.kind = 'pdq' AND e.set_id = {set} AND {which}) TO STDOUT (FORMAT binary)
"""
ROW = np.dtype([("columns", ">i2"), ("one", ">i4"), ("entry", ">i8"), ("two", ">i4"), ("value", "u1", (BYTES,))])
HEAD, TAIL = 19, 2  # bytes that COPY puts around the rows
USED = "EXISTS (SELECT FROM hashsets_entryhash n WHERE n.set_id = {set} AND n.kind = 'pdq')"


def fill(hash_set: HashSet, generation: int) -> int:
    """Enter the PDQ of the entries that came with `generation`, in their transaction; the number of rows."""
    with connection.cursor() as cursor:
        cursor.execute(FILL_VERSION, [hash_set.pk, generation])
        rows: int = cursor.rowcount
        return rows


def fill_fresh(hash_set: HashSet) -> None:
    """Enter the PDQ of a partition that is not yet in its place (hashsets/fresh.py)."""
    with connection.cursor() as cursor:
        cursor.execute(FILL.format(entries=f"hashsets_fresh_{int(hash_set.pk)}", which="true"), [hash_set.pk])


def analyse() -> None:
    """Refresh the planner's figures after many rows came in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT hashsets_analyse_hashes()")


def any_of(set_id: int) -> bool:
    """Whether the set holds any PDQ, in whatever version. One look at the index."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {USED.format(set='%s')}", [set_id])
        found: bool = cursor.fetchone()[0]
        return found


def in_force(set_id: int, generation: int, since: int = 0) -> tuple[NDArray[np.int64], Bytes]:
    """Entries (ids, ascending) and hashes (n x 32) in force at `generation` that came after `since`.

    40 bytes a row; one statement, and about a second of CPU for a million.
    """
    which = f"{in_force_at(str(int(generation)))} AND e.added_in > {int(since)}"
    return _copied(COPY.format(set=int(set_id), which=which))


def gone(set_id: int, base: int, generation: int) -> NDArray[np.int64]:
    """Ids of entries with a PDQ that were in force at `base` and are not at `generation`, ascending."""
    which = f"{in_force_at(str(int(base)))} AND e.removed_in <= {int(generation)}"
    return _copied(COPY.format(set=int(set_id), which=which))[0]


def _copied(statement: str) -> tuple[NDArray[np.int64], Bytes]:
    data = bytearray()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for piece in copy:
            data += piece
    rows: Any = np.frombuffer(data, dtype=ROW, count=(len(data) - HEAD - TAIL) // ROW.itemsize, offset=HEAD)
    order = np.argsort(rows["entry"], kind="stable")
    return rows["entry"][order].astype(np.int64), np.ascontiguousarray(rows["value"][order])
