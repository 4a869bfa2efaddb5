"""Swap of an empty set's first list: loaded into a new partition beside it, indexed, put in its place (migration 0011).

The caller's one transaction holds it all, so whatever happens, nothing of it stays.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected, LockNotAvailable

from hashsets import copy_rows, entry_hashes, staging
from hashsets.copy_rows import fixed, numbers
from hashsets.exchange.plain import Rows
from hashsets.models import HashSet
from hashsets.sorting import SortedRows
from workbench.errors import WorkbenchError

WORTH_IT = 20_000  # rows; fewer go into the partition as it is, without locking the table
WAIT = 1  # seconds for the table at a time, since whoever comes after us waits with us
PAUSE = 4  # seconds in which those have their turn
MOST_WAITS = 420  # 35 minutes: longer than any comparison of two sets may run (patience.WORKER)

# The commit has less to wait for on the disk, with everybody waiting for it.
WRITE_BACK = "SET LOCAL backend_flush_after = '2MB'"
# FREEZE: the table is of this very transaction, so nobody need look again whether its rows may be seen.
COPY = """COPY hashsets_fresh_{set} (public_id, ident, md5, sha1, size, media_id, code, disposition)
FROM STDIN (FORMAT BINARY, FREEZE)"""
MERGED = """
INSERT INTO hashsets_fresh_{set} (ident, twin, md5, sha1, sha256, size, code, disposition, conflict, flags, raw)
SELECT ident, row_number() OVER (PARTITION BY ident ORDER BY grp) - 1, md5, sha1, sha256, size, code, disposition,
  conflict, flags, CASE WHEN photodna IS NULL THEN raw ELSE raw || jsonb_build_object('photodna', photodna) END
FROM hashsets_staged ORDER BY ident, grp
"""


class SetInUse(WorkbenchError):
    """Long work on hash sets goes on, so the new version could not be put in place. Import again later."""

    code = "set-in-use"
    permanent = False


def fits(hash_set: HashSet, rows: int) -> bool:
    """Whether the set never had an entry, and so many plain rows are worth a new partition."""
    if rows < WORTH_IT:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOT EXISTS (SELECT FROM hashsets_entry WHERE set_id = %s)", [hash_set.pk])
        empty: bool = cursor.fetchone()[0]
        return empty


def write(
    hash_set: HashSet,
    rows: SortedRows,
    dispositions: Mapping[str, str],
    *,
    pdq: bool,
    tell: Callable[[str, int, int], None],
) -> int:
    """Store the plain rows that are alone, and what is merged in `hashsets_staged`, with their PDQ if there are any.

    Inside the transaction that moves the set's generation, the set locked; all work is done before the partition is
    put in place, since from then on nobody reads any set. Returns the number of entries. Raises SetInUse.
    """
    with connection.cursor() as cursor:
        cursor.execute(WRITE_BACK)
        cursor.execute("SELECT hashsets_fresh_make(%s, %s, %s)", [hash_set.pk, hash_set.generation + 1, hash_set.trust])
        stored: int = 0
        with cursor.copy(COPY.format(set=hash_set.pk)) as copy:
            copy.write(copy_rows.HEAD)
            for part in rows.parts():
                for block in _packed(part.alone, dispositions) if len(part.alone) else ():
                    copy.write(block)
                stored += len(part.alone)
                tell(_("Storing"), stored, len(rows))
            copy.write(copy_rows.END)
        cursor.execute(MERGED.format(set=hash_set.pk))
        stored += cursor.rowcount
        tell(_("Indexing"), 0, 0)
        cursor.execute("SELECT hashsets_fresh_index(%s)", [hash_set.pk])
        if pdq:
            entry_hashes.fill_fresh(hash_set)
    tell(_("Putting in place"), 0, 0)
    _take(hash_set)
    return stored


def _take(hash_set: HashSet) -> None:
    """Put the new partition in place, letting others through between two tries."""
    for _try in range(MOST_WAITS):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{WAIT}s'")
                cursor.execute("SELECT hashsets_fresh_take(%s)", [hash_set.pk])
                cursor.execute("SET LOCAL lock_timeout = DEFAULT")
                return
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
                raise
        time.sleep(PAUSE)
    raise SetInUse


def drop_replaced() -> int:
    """Drop the empty tables that new partitions replaced, unless somebody is in the way; how many."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT hashsets_gone_drop()")
            dropped: int = cursor.fetchone()[0]
            return dropped
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
            raise
        return 0


def _packed(rows: Rows, dispositions: Mapping[str, str]) -> Iterator[bytes]:
    """The rows for COPY."""
    md5 = fixed(rows["md5"])
    columns = [
        _random_uuids(len(rows)), md5, md5, fixed(rows["sha1"]), numbers(rows["size"]), numbers(rows["media_id"]),
    ]  # fmt: skip
    return copy_rows.packed(columns, *staging.verdicts(rows, dispositions))


def _random_uuids(number: int) -> copy_rows.Bytes:
    """UUIDs of version 4; the database would open a device for each."""
    uuids = np.frombuffer(os.urandom(16 * number), np.uint8).reshape(-1, 16).copy()
    uuids[:, 6] = uuids[:, 6] & 0x0F | 0x40
    uuids[:, 8] = uuids[:, 8] & 0x3F | 0x80
    return uuids
