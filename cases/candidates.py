"""The contents whose matches of a set may change: collected into a table of the session, handed out in groups.

Few fresh entries are looked for among the contents by PostgreSQL's indexes; for many, the contents' digests are
searched in the set's mapped index, and only what is found goes back. Nothing here decides: `match_rows` compares.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Sum
from numpy.typing import NDArray

from cases import match_rows
from hashsets import copy_rows
from hashsets.index import shelf
from hashsets.index.searching import Index
from hashsets.models import Generation, HashSet

CHUNK = 10_000  # contents refreshed in one transaction
FEW = 20_000  # fresh entries; PostgreSQL looks for so many in less time than all contents take to be read
ROWS = 250_000  # contents read at once
WIDTH = 76  # bytes of one: id, MD5, SHA-1, SHA-256
PLACES = {"md5": slice(8, 24), "sha1": slice(24, 44), "sha256": slice(44, 76)}  # of the digests, in bytes

CONTENTS = """
SELECT max(id), string_agg(int8send(id) || md5 || sha1 || sha256, ''::bytea) FROM (
  SELECT id, md5, sha1, sha256 FROM cases_content
  WHERE agency_id = %(agency)s AND id > %(after)s AND id <= %(high)s AND size > 0 ORDER BY id LIMIT %(rows)s) c
"""
COPY_IN = "COPY cases_todo (content, entry) FROM STDIN (FORMAT BINARY)"
COPY_ROW = np.dtype([("fields", ">i2"), ("one", ">i4"), ("content", ">i8"), ("other", ">i4"), ("entry", ">i8")])


@dataclass(frozen=True, slots=True)
class Aim:
    """What a re-match brings where: the set's matches of contents in (low, high], from version `since` on."""

    sync: int  # id of the SetSync row
    agency_id: int
    set: HashSet
    since: int
    rules: str
    rules_changed: bool
    low: int = 0
    high: int = 0

    @property
    def values(self) -> dict[str, Any]:
        """Parameters of the statements in `match_rows`."""
        place = {"agency": self.agency_id, "low": self.low, "high": self.high}
        return {"set": self.set.pk, "g": self.set.generation, "since": self.since} | place


def collect(aim: Aim) -> None:
    """Fill the session's table with the contents to look at, and the entries they may match."""
    with connection.cursor() as cursor:
        cursor.execute(match_rows.TO_DO)
        cursor.execute(match_rows.LOOK_AT_LOST, aim.values)
        if aim.rules_changed:
            cursor.execute(match_rows.LOOK_AT_MATCHED, aim.values)
        if index := _index(aim):
            _search(cursor, aim, index)
        else:
            cursor.execute(match_rows.FIND_BY_ENTRIES, aim.values)
        cursor.execute(match_rows.INDEX_TO_DO)


def groups() -> Iterator[list[int]]:
    """Yield the contents to look at in order, so many as one transaction should be about."""
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(match_rows.NEXT_GROUP, {"after": after, "rows": CHUNK})
            group = [content for (content,) in cursor.fetchall()]
        if not group:
            return
        yield group
        after = group[-1]


def _index(aim: Aim) -> Index | None:
    """The set's index, where it is there and so much is fresh that reading all contents is worth it."""
    later = Generation.objects.filter(set=aim.set, number__gt=aim.since, number__lte=aim.set.generation)
    if later.aggregate(fresh=Sum("added", default=0))["fresh"] <= FEW:
        return None
    return shelf.index(aim.set.public_id, aim.set.generation)


def _search(cursor: Any, aim: Aim, index: Index) -> None:
    """Look all contents up, page by page; what is found goes into the table."""
    after = aim.low
    while True:
        cursor.execute(CONTENTS, aim.values | {"after": after, "rows": ROWS})
        after, rows = cursor.fetchone()
        if after is None:
            return
        contents = np.frombuffer(rows, dtype=np.uint8).reshape(-1, WIDTH)
        ids = contents[:, :8].copy().view(">i8").ravel()
        for kind, place in PLACES.items():
            places, entries = index.search(kind, contents[:, place].tobytes())
            if len(places):
                _put(cursor, ids[places], entries)


def _put(cursor: Any, contents: NDArray[np.int64], entries: NDArray[np.int64]) -> None:
    rows = np.empty(len(contents), dtype=COPY_ROW)
    rows["fields"], rows["one"], rows["content"], rows["other"], rows["entry"] = 2, 8, contents, 8, entries
    with cursor.copy(COPY_IN) as copy:
        copy.write(copy_rows.HEAD + rows.tobytes() + copy_rows.END)
