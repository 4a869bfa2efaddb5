"""Cursors whose statements PostgreSQL plans once for many calls, instead of at every call.

Django binds values in the client, so to the server each statement is a new one. The statements behind a key press, and
those for a group of files, touch a handful of rows by index: planning them took longer than running them
(`make bench NAME=queue`, decision 0006).
"""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Self

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper

MANY = sys.maxsize  # rows, where nobody counted them
FEW = 200  # rows; a batch of a person. Larger work is planned for what it is.
PLAN_SECONDS = 5.0  # tables grow by some thousand rows meanwhile, and reading those whole costs little
PLACEHOLDER = re.compile(r"(?<!%)%(\(\w+\))?s")


class _Cursor(psycopg.Cursor[Any]):
    """Plans once, and sends values in binary: as text, a list of sixteen digests took 0.4 ms to write."""

    def execute(self, query: Any, params: Any = None, **_options: Any) -> Self:
        self.connection.prepare_threshold = 0
        try:
            return super().execute(query if params is None else _binary(query), params)
        finally:
            self.connection.prepare_threshold = None  # as Django wants it: its statements are new each time


@cache
def _binary(query: str) -> str:
    return PLACEHOLDER.sub(r"%\1b", query)


@contextmanager
def cursor(*, rows: int = 1) -> Iterator[CursorWrapper]:
    """Django's cursor, its statements prepared; an ordinary one where the call is about more than a few rows.

    The server types the values: write `%s::bigint[]` wherever it could not tell.
    """
    with connection.cursor() as wrapped:
        if rows <= FEW:
            wrapped.cursor = _Cursor(connection.connection)
        yield wrapped


def replan() -> None:
    """Let go of all plans, every few seconds: work that makes tables grow keeps none made for a small one."""
    now = time.monotonic()
    if now > getattr(connection.connection, "planned", 0.0) + PLAN_SECONDS:
        with connection.cursor() as plain:
            plain.execute("DISCARD PLANS")
        connection.connection.planned = now
