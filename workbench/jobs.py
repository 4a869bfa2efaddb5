"""Being alone at a job: a database lock that ends with the connection of whoever holds it.

So a job whose lock is free has nobody working on it, however its last worker ended.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def alone(space: int, job_id: int) -> Iterator[bool]:
    """Whether the job is ours alone while the block runs. `space` keeps kinds of jobs apart."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [space, job_id])
        ours: bool = cursor.fetchone()[0]
    try:
        yield ours
    finally:
        if ours and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [space, job_id])
