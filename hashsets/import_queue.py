"""Puts imports into the queue: from a page, from a dry run, from a watched folder; the caller wakes a worker."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, TypedDict

from django.db import transaction

from hashsets import events, import_jobs, kept_lists
from hashsets.import_checks import CheckOvertaken
from hashsets.models import HashSet
from workbench import audit
from workbench.errors import WorkbenchError
from workbench.models import Job, User


class ListGone(WorkbenchError):
    """The files of this dry run are not here any more. Send the list again."""

    code = "list-gone"
    status = HTTPStatus.CONFLICT


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A file that lies on the disk of our uploads already, whole and durable, under a name of ours."""

    path: Path
    name: str  # the sender's


class Choices(TypedDict):
    """What somebody chose on the page."""

    dry_run: bool
    incomplete: bool
    only_media: bool
    add: bool


def start(
    hash_set: HashSet,
    files: Sequence[BinaryIO | OnDisk],
    *,
    by: User,
    dry_run: bool,
    incomplete: bool = False,
    only_media: bool = False,
    add: bool = False,
    from_folder: str = "",
    before_queued: Callable[[Job], None] | None = None,
) -> Job:
    """Keep the uploaded files and queue their import; the caller wakes a worker. Raises ImportRunning.

    `from_folder` is the list's name in the watched folder. `before_queued` is called with the job in the transaction
    that queues it, once all is kept. Whatever it or a file raises leaves neither job nor files behind.
    """
    names = [Path(file.name or "list").name[:200] for file in files]
    chosen = {"dry_run": dry_run, "incomplete": incomplete, "only_media": only_media, "add": add}
    job = import_jobs.claim(hash_set, names, by=by, chosen=chosen, via="worker", from_folder=from_folder)
    # held, so that nobody takes it for forgotten while gigabytes are copied
    with import_jobs.holding(job.pk), _gone_on_error(job):
        _keep(job, files)
        job.cursor = {**job.cursor, "kept": True}  # from here on a worker may take it
        with transaction.atomic():
            Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED, cursor=job.cursor)
            if before_queued:
                before_queued(job)
    return job


def _keep(job: Job, files: Sequence[BinaryIO | OnDisk]) -> None:
    folder = kept_lists.folder(job)
    folder.mkdir(parents=True, mode=0o700)
    for number, file in enumerate(files):
        if isinstance(file, OnDisk):
            (folder / str(number)).hardlink_to(file.path)  # gigabytes are not copied
            continue
        with (folder / str(number)).open("wb") as kept:
            shutil.copyfileobj(file, kept, 1 << 20)
            kept.flush()
            os.fsync(kept.fileno())


@contextmanager
def _gone_on_error(job: Job) -> Iterator[None]:
    """Remove a job whose files could not all be kept: its set is free again, and nobody knows of the job yet."""
    try:
        yield
    except Exception:
        if Job.objects.filter(pk=job.pk, cursor__kept__isnull=True).delete()[0]:
            kept_lists.delete(job)
        raise


@transaction.atomic
def refuse(hash_set: HashSet, name: str, *, by: User, error: WorkbenchError) -> Job:
    """The run of a list from the watched folder that was not even begun."""
    cursor = {"files": [name[:200]], "by": by.pk, "by_name": by.name, "dry_run": False, "from_folder": name}
    job = Job.objects.create(
        kind=import_jobs.KIND,
        subject=import_jobs.subject(hash_set),
        state=Job.State.FAILED,
        message=error.english,
        cursor=cursor,
    )
    audit.record(
        events.IMPORT_REFUSED, by=by, on=hash_set, agency=hash_set.owner_id, outcome="refused",
        reason=error.english[:400],
        name=name[:200], run=str(job.public_id), from_folder=True,
    )  # fmt: skip
    return job


def import_now(dry: Job, hash_set: HashSet, *, by: User) -> Job:
    """Queue the import of the very files a dry run looked at; the caller wakes a worker.

    They move to the new job, so it happens once. Raises ListGone, CheckOvertaken, ImportRunning. A version that comes
    until the list is stored keeps it out, too.
    """
    if is_overtaken(dry, hash_set):
        raise CheckOvertaken
    if not kept_lists.kept_until(dry):
        raise ListGone
    chosen = {name: bool(dry.cursor.get(name)) for name in ("incomplete", "only_media", "add")}
    job = import_jobs.claim(hash_set, dry.cursor["files"], by=by, chosen={**chosen, "dry_run": False}, via="worker")
    with import_jobs.holding(job.pk):
        try:
            kept_lists.folder(dry).rename(kept_lists.folder(job))
        except OSError as error:
            import_jobs.end(job, Job.State.FAILED, str(ListGone()))
            raise ListGone from error
        job.cursor = {**job.cursor, "kept": True, "after": str(dry.public_id), "checked_against": _checked_against(dry)}
        Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED, cursor=job.cursor)
    return job


def is_overtaken(dry: Job, hash_set: HashSet) -> bool:
    """Whether another version is in force than the dry run compared with: its report then tells something else."""
    return _checked_against(dry) != hash_set.generation


def _checked_against(dry: Job) -> int | None:
    """The number of that version; None where a dry run came to nothing."""
    against: int | None = dry.cursor.get("report", {}).get("compared_with")
    return against
