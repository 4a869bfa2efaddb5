"""What a worker holds while it works: a slot of an exhibit, rows, previews. A thread renews it while the worker lives.

A lease lasts 15 seconds by the database's clock; a worker that is killed is noticed when its lease runs out.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from uuid import UUID

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from psycopg.errors import DeadlockDetected

from cases.ingest.ledger import LEASE
from workbench.models import Job

RENEW_SECONDS = 5.0
ATTEMPTS = 3  # of a transaction that another one's locks broke off
T = TypeVar("T")  # Python 3.11: no type parameter lists yet
log = logging.getLogger(__name__)

TAKE = f"""
UPDATE workbench_job SET state = 'running', lease_until = now() + '{LEASE}'
WHERE kind = %s AND subject = %s AND state IN ('queued', 'running') AND (lease_until IS NULL OR lease_until < now())
RETURNING id
"""  # noqa: S608 only a constant
# The rows' own transaction may hold them: those are renewed next time, nobody waits. An archive that was read is no
# row to read any more: it is free for whoever lists its members.
RENEW = {
    "rows": f"""
UPDATE cases_fileinstance SET lease_until = now() + '{LEASE}' WHERE id IN (SELECT id FROM cases_fileinstance
  WHERE id = ANY(%s) AND state = 'pending' FOR UPDATE SKIP LOCKED)""",  # noqa: S608 only constants
    "archive": f"""
UPDATE cases_fileinstance SET lease_until = now() + '{LEASE}' WHERE id IN (SELECT id FROM cases_fileinstance
  WHERE id = ANY(%s) AND members = 'unlisted' FOR UPDATE SKIP LOCKED)""",  # noqa: S608
    "previews": f"""
UPDATE cases_content SET preview_lease = now() + '{LEASE}' WHERE id IN (SELECT id FROM cases_content
  WHERE id = ANY(%s) AND preview = 'pending' FOR UPDATE SKIP LOCKED)""",  # noqa: S608
    "job": f"""
UPDATE workbench_job SET lease_until = now() + '{LEASE}' WHERE id IN (SELECT id FROM workbench_job
  WHERE id = ANY(%s) AND state = 'running' FOR UPDATE SKIP LOCKED)""",  # noqa: S608
}


class Held:
    """Ids of what this worker holds, by kind; read by the thread that renews them."""

    def __init__(self, job: int) -> None:
        self._ids: dict[str, frozenset[int]] = {"job": frozenset({job})}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._renew_until_over, name="lease", daemon=True)

    def rows(self, ids: Iterable[int]) -> None:
        """From now on these rows of the ledger are held to be read, and no others."""
        self._ids = self._ids | {"rows": frozenset(ids)}

    def archive(self, row: int | None) -> None:
        """From now on this row is held while its members are listed; None: no row is."""
        self._ids = self._ids | {"archive": frozenset({row} if row is not None else ())}

    def previews(self, ids: Iterable[int]) -> None:
        """From now on the previews of these contents are held, and no others."""
        self._ids = self._ids | {"previews": frozenset(ids)}

    def start(self) -> None:
        """Begin to renew."""
        self._thread.start()

    def stop(self) -> None:
        """Stop renewing."""
        self._over.set()
        self._thread.join()

    def _renew_until_over(self) -> None:
        try:
            while not self._over.wait(RENEW_SECONDS):
                self.renew()
        finally:
            connection.close()

    def renew(self) -> None:
        """Prolong everything that is held now; a database that does not answer is asked again later."""
        try:
            with connection.cursor() as cursor:
                for kind, ids in self._ids.items():
                    if ids:
                        cursor.execute(RENEW[kind], [sorted(ids)])
        except (DatabaseError, InterfaceError) as error:
            log.warning("leases are not renewed, the database does not answer: %s", error)
            connection.close()


@contextmanager
def taking(kind: str, subject: str) -> Iterator[Held | None]:
    """Hold the job inside the block; None when somebody else does, or it is done."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [kind, subject])
        row = cursor.fetchone()
    if row is None:
        yield None
        return
    held = Held(row[0])
    held.start()
    try:
        yield held
    finally:
        held.stop()
        Job.objects.filter(pk=row[0], state=Job.State.RUNNING).update(state=Job.State.QUEUED, lease_until=None)


def open_jobs(kind: str, subjects: Iterable[str]) -> None:
    """Make jobs that wait to be taken; those that live already stay."""
    Job.objects.bulk_create([Job(kind=kind, subject=subject) for subject in subjects], ignore_conflicts=True)


def end_jobs(kinds: Iterable[str], exhibit: UUID) -> None:
    """An exhibit needs no more work."""
    Job.objects.filter(kind__in=kinds, subject__startswith=str(exhibit), state__in=Job.LIVE).update(
        state=Job.State.DONE, lease_until=None
    )


def retried(act: Callable[[], T]) -> T:
    """Do it again when another transaction's locks broke it off."""
    for _ in range(ATTEMPTS - 1):
        try:
            return act()
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
    return act()
