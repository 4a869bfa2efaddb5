"""The statements that a block sends to the database, in order."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def sent() -> Iterator[list[str]]:
    """Yield a list that fills with each statement's text as it is sent, its values not filled in."""
    told: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        told.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        yield told
