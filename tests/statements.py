"""The statements that a block sends to the database, in order, and how the server would run one."""

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


def plan(statement: str, values: Any) -> str:
    """How the server would run it now."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}", values)
        return "\n".join(row[0] for row in cursor.fetchall())
