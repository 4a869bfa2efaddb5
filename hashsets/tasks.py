"""Waking workers for imports. A lost message is made good by `sweep`; running a task twice is harmless."""

import logging
from functools import partial

from celery import current_app, shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from hashsets import import_jobs, importing

SWEEP_EVERY = 60.0  # seconds
SWEEP_ROWS_EVERY = 3600.0  # seconds
log = logging.getLogger(__name__)


@shared_task
def run_import(job_id: int) -> None:
    """Run one queued import."""
    import_jobs.run(job_id)


@shared_task
def sweep() -> None:
    """Take up imports nobody works on."""
    for job_id in import_jobs.sweep():
        run_import.delay(job_id)


@shared_task
def sweep_rows() -> None:
    """Delete rows no version will ever show."""
    importing.sweep()


def wake(job_id: int) -> None:
    """Have a worker run an import once the present transaction is committed."""
    transaction.on_commit(partial(_send, job_id))


def _send(job_id: int) -> None:
    try:
        run_import.delay(job_id)
    except OperationalError:  # the job waits in the database; `sweep` finds it
        log.warning("The broker does not answer; import %s starts when it does.", job_id)


current_app.conf.beat_schedule |= {
    "hashsets.sweep": {"task": "hashsets.tasks.sweep", "schedule": SWEEP_EVERY},
    "hashsets.sweep_rows": {"task": "hashsets.tasks.sweep_rows", "schedule": SWEEP_ROWS_EVERY},
}
