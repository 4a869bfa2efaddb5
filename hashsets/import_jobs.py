"""The job of an import: one at a time per set, held by whoever works on it, found and ended here.

Whoever runs a job holds a database lock that ends with his connection, so a job whose lock is free has
nobody working on it. `import_queue` makes jobs, `import_runs` runs them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from hashsets.import_report import ImportReport
from hashsets.models import HashSet
from workbench import jobs
from workbench.errors import NotFound, WorkbenchError
from workbench.models import Job, User

KIND = "import"
LOCK_SPACE = 0x494D50  # advisory locks of imports; the second number is the job's
WAITED = timedelta(minutes=1)  # a queued job older than this lost its message


class ImportRunning(WorkbenchError):
    """An import into this set is running. Wait until it is done."""

    code = "import-running"
    status = HTTPStatus.CONFLICT


def claim(
    hash_set: HashSet, names: list[str], *, by: User, chosen: dict[str, bool], via: str, from_folder: str = ""
) -> Job:
    """The set's one live import, with what the person chose. It counts as running until its files are there."""
    for dead in Job.objects.filter(kind=KIND, subject=subject(hash_set), state__in=Job.LIVE):
        with holding(dead.pk) as held:
            if held and held.state in Job.LIVE:
                _buried(held)
    cursor = {"files": names, "by": by.pk, "by_name": by.name, **chosen, "via": via}
    cursor |= {"from_folder": from_folder} if from_folder else {}
    try:
        with transaction.atomic():
            return Job.objects.create(kind=KIND, subject=subject(hash_set), state=Job.State.RUNNING, cursor=cursor)
    except IntegrityError:
        raise ImportRunning from None


def end(job: Job, state: str, message: str, report: ImportReport | None = None) -> None:
    """Note how it ended, in words, with what was found until then."""
    cursor = {**job.cursor, "phase": "", "pace": "", "report": report.as_json() if report else {}}
    cursor |= {"foreseen": report.foreseen} if report and report.foreseen is not None else {}
    Job.objects.filter(pk=job.pk).update(state=state, message=message, cursor=cursor)
    job.state, job.message, job.cursor = state, message, cursor


def sweep() -> list[int]:
    """Ids of the jobs nobody works on, to be run; ends those whose command is gone."""
    waiting = []
    for job in Job.objects.filter(kind=KIND, state__in=Job.LIVE).order_by("pk"):
        with holding(job.pk) as held:
            if held and held.state in Job.LIVE and not _buried(held) and timezone.now() - held.created_at > WAITED:
                waiting.append(held.pk)
    return waiting


def _buried(held: Job) -> bool:
    """End a held job whose command is gone; nobody can run it again. False for those a worker runs."""
    if held.cursor["via"] != "command":
        return False
    end(held, Job.State.FAILED, _("The command that ran this import ended. Nothing was stored."))
    return True


def of_set(hash_set: HashSet) -> list[Job]:
    """The last imports into a set, newest first."""
    return list(Job.objects.filter(kind=KIND, subject=subject(hash_set)).order_by("-pk")[:50])


def refused_from_folder(hash_set: HashSet, most: int) -> list[Job]:
    """The last lists of the watched folder that were refused, newest first.

    Without those whose worker died while he copied them: they lie there still, and are taken again.
    """
    was_kept = Q(cursor__kept=True) | Q(cursor__via__isnull=True)  # those of `refuse` have no way
    failed = Job.objects.filter(kind=KIND, subject=subject(hash_set), state=Job.State.FAILED)
    return list(failed.filter(was_kept, cursor__from_folder__isnull=False).order_by("-pk")[:most])


def is_under_way(hash_set: HashSet) -> bool:
    """Whether an import into the set is queued or running."""
    return Job.objects.filter(kind=KIND, subject=subject(hash_set), state__in=Job.LIVE).exists()


def set_of(public_id: UUID) -> tuple[Job, UUID]:
    """An import and the public id of its set. Raises NotFound."""
    job = Job.objects.filter(kind=KIND, public_id=public_id).first()
    if job is None:
        raise NotFound
    return job, UUID(job.subject.removeprefix("hashset:"))


@contextmanager
def holding(job_id: int) -> Iterator[Job | None]:
    """The job, ours alone while the block runs; None when another connection holds it."""
    with jobs.alone(LOCK_SPACE, job_id) as ours:
        yield Job.objects.filter(pk=job_id).first() if ours else None


def subject(hash_set: HashSet) -> str:
    """What an import's job says it is about."""
    return f"hashset:{hash_set.public_id}"
