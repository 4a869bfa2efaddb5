"""The files of lists on their way in, and of dry runs: kept for a day, so that nobody sends gigabytes twice.

Of each set only those of the last dry runs: whoever checks lists again and again must not fill the disk.
"""

import shutil
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from workbench.models import Job

KEPT = timedelta(hours=24)  # for how long a dry run waits for somebody to want it imported
MOST = 3  # dry runs of one set that wait
GONE = ".gone-"  # of a folder whose files are being deleted


def root() -> Path:
    """Where all of them lie."""
    return settings.DATA_DIR / "uploads" / "imports"


def folder(job: Job) -> Path:
    """Where the files of a job lie, under the numbers of the parts."""
    return root() / str(job.public_id)


def kept_until(job: Job) -> datetime | None:
    """Until when the list of a dry run can be imported without being sent again; None for all other jobs."""
    if job.state != Job.State.DONE or not job.cursor.get("dry_run") or not folder(job).is_dir():
        return None
    until = job.created_at + KEPT
    return until if timezone.now() < until else None


def drop(job: Job) -> None:
    """Delete a job's files, unless it is a dry run that somebody may still want imported."""
    if job.state in Job.LIVE:
        return
    if not kept_until(job):
        _delete(folder(job))
    for older in _waiting(job)[MOST:]:
        _delete(folder(older))


def delete(job: Job) -> None:
    """Delete the files of a job, whatever became of it."""
    _delete(folder(job))


def sweep() -> None:
    """Delete the files of dry runs that nobody wanted in time, and of jobs there are not (any more)."""
    for path in root().glob(f"{GONE}*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in root().glob("*-*-*-*-*"):
        job = Job.objects.filter(public_id=path.name).first()
        if job is None:
            _delete(path)
        else:
            drop(job)


def _waiting(job: Job) -> list[Job]:
    """The dry runs of the same set whose files are still there, newest first."""
    since = timezone.now() - KEPT
    runs = Job.objects.filter(kind=job.kind, subject=job.subject, state=Job.State.DONE, created_at__gt=since)
    return [run for run in runs.filter(cursor__dry_run=True).order_by("-pk") if kept_until(run)]


def _delete(path: Path) -> None:
    """Delete a folder under another name, so that nobody who takes it over meanwhile loses half of it."""
    gone = path.with_name(f"{GONE}{path.name}")
    with suppress(OSError):
        path.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
