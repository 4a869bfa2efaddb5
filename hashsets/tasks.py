"""Tasks of imports. A lost message is made good by `sweep`; running a task twice is harmless."""

from celery import shared_task
from django.conf import settings

from hashsets import import_jobs, importing
from hashsets.exchange import on_disk
from workbench.waking import after_commit, send


@shared_task
def run_import(job_id: int) -> None:
    """Run one queued import."""
    import_jobs.run(job_id)


@shared_task
def sweep() -> None:
    """Take up imports nobody works on."""
    for job_id in import_jobs.sweep():
        send(run_import, job_id)


@shared_task
def sweep_rows() -> None:
    """Delete rows no version will ever show, and unpacked lists that nobody reads any more."""
    importing.sweep()
    on_disk.sweep(str(settings.FILE_UPLOAD_TEMP_DIR))


def wake(job_id: int) -> None:
    """Have a worker run an import once the present transaction is committed."""
    after_commit(run_import, job_id)
