"""Reads tables of an SQLite database that somebody else made, and trusts nothing in it. PURE.

Views, generated columns and virtual tables of a hostile file are programs, and the branches of a damaged tree may
meet again. So the file is opened unchangeable, its schema is not trusted, an authorizer lets statements read the named
tables and nothing else, values and statements have a greatest length, nobody gets more rows than the file has room
for, and SQLite is stopped when it works longer than a file of that length may take.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from typing import Any, BinaryIO
from urllib.parse import quote

from hashsets.exchange.base import MalformedDocument
from hashsets.exchange.on_disk import on_disk, path_of

MAGIC = b"SQLite format 3\0"
MAX_VALUE = 1 << 20  # bytes of one value, one row, one statement
MAX_SECONDS = 60  # that SQLite itself may work, beside a second for each SLOWEST bytes of the file
SLOWEST = 1 << 20  # bytes a second
SMALLEST = 8  # bytes of the file that a row takes at least; one with a hash takes more
_TICK = 10_000  # steps of SQLite's machine between two looks at the clock
_MOST_NAMES = 1000  # tables and views
_MEMORY = 128 << 20  # bytes that SQLite may hold in this process
_SCHEMA = frozenset({"sqlite_master"})
_HARMLESS = frozenset({"upper", "lower"})  # the functions that columns may call
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: MAX_VALUE,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: MAX_VALUE,
    sqlite3.SQLITE_LIMIT_COLUMN: 200,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 25_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 10,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
}
_PRAGMAS = ("trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0", "query_only=ON", "cache_size=-1024",
            f"hard_heap_limit={_MEMORY}")  # fmt: skip


class Database:
    """One database, open for reading what `allowed` names (lower case)."""

    def __init__(self, connection: sqlite3.Connection, allowed: Collection[str], length: int) -> None:
        """`length` of the file, in bytes."""
        self._connection = connection
        self._most_rows = length // SMALLEST
        self._most_seconds = MAX_SECONDS + length / SLOWEST
        self._worked = 0.0  # seconds, up to the last row
        self._began = time.monotonic()
        connection.set_progress_handler(self._tick, _TICK)
        connection.text_factory = lambda value: value.decode("utf-8", "replace")
        for limit, most in _LIMITS.items():
            connection.setlimit(limit, most)
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        connection.set_authorizer(_only(frozenset(allowed) | _SCHEMA))

    def schema(self) -> dict[str, str]:
        """Lower-case name -> "table", "view" or "virtual"."""
        query = "SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view')"
        found = {}
        for name, kind, sql in self.rows(query):
            virtual = str(sql).lstrip().lower().startswith("create virtual")
            found[str(name).lower()] = "virtual" if virtual else str(kind)
            if len(found) == _MOST_NAMES:
                break
        return found

    def columns(self, table: str) -> list[str]:
        """Lower-case names of the columns of a table, in order."""
        cursor = self._connection.execute(f'SELECT * FROM "{table}" LIMIT 0')  # noqa: S608 a name of ours
        return [str(column[0]).lower() for column in cursor.description]

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a query of ours, as they come. Raises MalformedDocument for more than there is room for."""
        self._began = time.monotonic()
        for number, row in enumerate(self._connection.execute(query)):
            if number >= self._most_rows:
                raise MalformedDocument(0, "it gives more rows than it has room for; stopped")
            self._worked += time.monotonic() - self._began
            yield row
            self._began = time.monotonic()

    def _tick(self) -> int:
        return int(self._worked + time.monotonic() - self._began > self._most_seconds)


@contextmanager
def opened(stream: BinaryIO, allowed: Collection[str]) -> Iterator[Database]:
    """The database in a stream. Whatever SQLite finds wrong with it is MalformedDocument."""
    with on_disk(stream) as file:
        length = _checked_length(file)
        path = path_of(file)
        try:
            with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)) as connection:
                yield Database(connection, allowed, length)
        except (sqlite3.Error, MemoryError) as error:  # the limit of a statement's length is out of memory, too
            raise MalformedDocument(0, f"SQLite cannot read it ({error}); read") from None


def names(stream: BinaryIO) -> frozenset[str]:
    """Lower-case names of tables and views; empty when the schema cannot be read."""
    try:
        with opened(stream, ()) as database:
            return frozenset(database.schema())
    except MalformedDocument:
        return frozenset()
    finally:
        stream.seek(0)


def _checked_length(file: BinaryIO) -> int:
    """Its bytes. Raises MalformedDocument for fewer than its header says; a table read to its end would not show it."""
    head = file.read(100)
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    if not head.startswith(MAGIC) or len(head) < 100:
        raise MalformedDocument(0, "not an SQLite database; looked")
    size, changed, pages, counted = (
        int.from_bytes(head[at : at + n]) for at, n in ((16, 2), (24, 4), (28, 4), (92, 4))
    )
    if changed == counted and length < pages * (65536 if size == 1 else size):
        raise MalformedDocument(length, "looks truncated")
    return length


def _only(allowed: frozenset[str]) -> Callable[..., int]:
    def check(action: int, first: str | None, second: str | None, _database: str | None, _view: str | None) -> int:
        fine = (
            action == sqlite3.SQLITE_SELECT
            or (action == sqlite3.SQLITE_READ and (first or "").lower() in allowed)
            or (action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _HARMLESS)
        )
        return sqlite3.SQLITE_OK if fine else sqlite3.SQLITE_DENY

    return check
