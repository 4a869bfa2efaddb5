"""The PDQ hashes of a case's items as a file that all processes map: 32 bytes each, read as a whole at every question.

`WINNOW_DATA/alike/CASE.hashes`, a cache: written before stacks are built, and anew where it is missing or cut short.
What came since waits in `cases_uncompared`, so file and table together are all. A row is the item's id and its hash.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray

from cases.models import Case
from hashsets.near import dihedral, searching
from hashsets.near.tables import BYTES

ROW = np.dtype([("item", ">i8"), ("hash", "u1", (BYTES,))])
PAGE = 250_000  # rows read at a time

ALL = """
SELECT max(id), string_agg(int8send(id) || pdq, ''::bytea) FROM (
  SELECT i.id, c.pdq FROM cases_item i JOIN cases_content c ON c.id = i.content_id
  WHERE i.case_id = %s AND i.id > %s AND c.pdq IS NOT NULL ORDER BY i.id LIMIT %s) r
"""
SINCE = """
SELECT max(id), string_agg(int8send(id) || pdq, ''::bytea) FROM (
  SELECT i.id, c.pdq FROM cases_uncompared u JOIN cases_item i ON i.id = u.item_id
  JOIN cases_content c ON c.id = i.content_id
  WHERE u.case_id = %s AND u.item_id > %s AND c.pdq IS NOT NULL ORDER BY i.id LIMIT %s) r
"""

Rows = NDArray[Any]


def write(case_id: int) -> None:
    """Write the file anew, all or nothing. Before any of the case's items is taken off `cases_uncompared`."""
    path = _path(_public_id(case_id))
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            for part in _pages(ALL, case_id):
                file.write(part)
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def near(case: Case, asked: bytes, *, radius: int, most: int) -> list[tuple[int, int]]:
    """Items of the case within `radius` bits of a hash, turned and mirrored ones too: (id, distance), nearest first."""
    found = dict[int, int]()
    wanted = dihedral.variants(np.frombuffer(asked, dtype=np.uint8).reshape(1, BYTES))[0]
    fresh = np.frombuffer(b"".join(_pages(SINCE, case.pk)), dtype=ROW)
    for rows in (fresh, _mapped(case)):  # what was decoded anew counts as it is by now
        hits = searching.scan(np.ascontiguousarray(rows["hash"]), wanted, radius=radius, most=most)
        again = set(fresh["item"].tolist()) if rows is not fresh else set()
        for number, distance in zip(hits.found.tolist(), hits.distance.tolist(), strict=True):
            item = int(rows["item"][number])
            if item not in again:
                found[item] = min(found.get(item, distance), distance)
    return sorted(found.items(), key=lambda one: (one[1], one[0]))[:most]


def _mapped(case: Case) -> Rows:
    path = _path(case.public_id)
    for _attempt in range(2):
        with suppress(OSError, ValueError):
            if path.stat().st_size == 0:
                return np.empty(0, dtype=ROW)
            return np.memmap(path, dtype=ROW, mode="r")  # ValueError: cut short in the middle of a row
        write(case.pk)
    return np.empty(0, dtype=ROW)


def _pages(sql: str, case_id: int) -> Iterator[bytes]:
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(sql, [case_id, after, PAGE])
            after, rows = cursor.fetchone()
        if after is None:
            return
        yield bytes(rows)


def _public_id(case_id: int) -> UUID:
    return Case.objects.values_list("public_id", flat=True).get(pk=case_id)


def _path(case: UUID) -> Path:
    return Path(settings.DATA_DIR, "alike", f"{case}.hashes")
