"""The files of lists on their way in, and of dry runs: kept for a day, so that nobody sends gigabytes twice."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from workbench.models import Job

KEPT = timedelta(hours=24)  # for how long a dry run waits for somebody to want it imported


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
    if job.state not in Job.LIVE and not kept_until(job):
        shutil.rmtree(folder(job), ignore_errors=True)


def sweep() -> None:
    """Delete the files of dry runs that nobody wanted in time, and of jobs there are not (any more)."""
    for path in root().glob("*-*-*-*-*"):
        job = Job.objects.filter(public_id=path.name).first()
        if job is None:
            shutil.rmtree(path, ignore_errors=True)
        else:
            drop(job)
