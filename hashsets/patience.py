"""An end to waiting: what takes longer than a page may wait is broken off by the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from time import monotonic
from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from workbench.errors import WorkbenchError

PAGE = 10_000  # milliseconds that a page waits
WORKER = 1_800_000  # milliseconds that a worker spends on one statement which a page asked for


class TakesLonger(WorkbenchError):
    """This takes longer than a page may wait. Ask for less, or use the command."""

    code = "takes-longer"
    status = HTTPStatus.SERVICE_UNAVAILABLE


@contextmanager
def within(milliseconds: int) -> Iterator[None]:
    """Let no statement of the block take longer. One transaction. Raises TakesLonger.

    A statement that somebody else cancelled says nothing of how long it takes: its OperationalError goes on.
    """
    began = monotonic()

    def timed(execute: Callable[..., Any], *statement: Any) -> Any:
        nonlocal began
        began = monotonic()
        return execute(*statement)

    try:
        with transaction.atomic(), connection.execute_wrapper(timed), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(milliseconds)])
            yield
            cursor.execute("SELECT set_config('statement_timeout', '0', true)")
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled) and (monotonic() - began) * 1000 >= milliseconds:
            raise TakesLonger from error
        raise
