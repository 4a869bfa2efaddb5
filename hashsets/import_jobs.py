"""Imports as jobs: one at a time per set, in a worker, again after a crash.

Whoever runs a job holds a database lock that ends with his connection, so a job whose lock is free has
nobody working on it. An import changes nothing until its last transaction; running it again is harmless.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, TypedDict
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from hashsets import events, importing, kept_lists
from hashsets.exchange import ReadOptions
from hashsets.import_progress import Teller
from hashsets.import_report import ImportReport
from hashsets.importing import Part
from hashsets.models import Generation, HashSet
from hashsets.storing import Tell
from workbench import audit, jobs
from workbench.errors import NotFound, WorkbenchError
from workbench.models import Job, User

KIND = "import"
LOCK_SPACE = 0x494D50  # advisory locks of imports; the second number is the job's
MOST_TRIES = 3
_folder = kept_lists.folder
WAITED = timedelta(minutes=1)  # a queued job older than this lost its message


class ImportRunning(WorkbenchError):
    """An import into this set is running. Wait until it is done."""

    code = "import-running"
    status = HTTPStatus.CONFLICT


class ListGone(WorkbenchError):
    """The files of this dry run are not here any more. Send the list again."""

    code = "list-gone"
    status = HTTPStatus.CONFLICT


class CheckOvertaken(WorkbenchError):
    """The set has changed since this check. Check the list again."""

    code = "check-overtaken"
    status = HTTPStatus.CONFLICT


class Choices(TypedDict):
    """What somebody chose on the page."""

    dry_run: bool
    incomplete: bool
    only_media: bool
    add: bool


def start(
    hash_set: HashSet,
    files: Sequence[BinaryIO],
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
    job = _claim(hash_set, names, by=by, chosen=chosen, via="worker", from_folder=from_folder)
    with _held(job.pk), _gone_on_error(job):  # held, so that nobody takes it for forgotten while gigabytes are copied
        _keep(job, files)
        job.cursor = {**job.cursor, "kept": True}  # from here on a worker may take it
        with transaction.atomic():
            Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED, cursor=job.cursor)
            if before_queued:
                before_queued(job)
    return job


def _keep(job: Job, files: Sequence[BinaryIO]) -> None:
    folder = _folder(job)
    folder.mkdir(parents=True, mode=0o700)
    for number, file in enumerate(files):
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
        kind=KIND, subject=_subject(hash_set), state=Job.State.FAILED, message=str(error), cursor=cursor
    )
    audit.record(
        events.IMPORT_REFUSED, by=by, on=hash_set, agency=hash_set.owner_id, outcome="refused", reason=str(error)[:400],
        name=name[:200], run=str(job.public_id), from_folder=True,
    )  # fmt: skip
    return job


def import_now(dry: Job, hash_set: HashSet, *, by: User) -> Job:
    """Queue the import of the very files a dry run looked at; the caller wakes a worker.

    They move to the new job, so it happens once. Raises ListGone, CheckOvertaken, ImportRunning.
    """
    if is_overtaken(dry, hash_set):
        raise CheckOvertaken
    if not kept_lists.kept_until(dry):
        raise ListGone
    chosen = {name: bool(dry.cursor.get(name)) for name in ("incomplete", "only_media", "add")}
    job = _claim(hash_set, dry.cursor["files"], by=by, chosen={**chosen, "dry_run": False}, via="worker")
    with _held(job.pk):
        try:
            _folder(dry).rename(_folder(job))
        except OSError as error:
            _end(job, Job.State.FAILED, str(ListGone()))
            raise ListGone from error
        job.cursor = {**job.cursor, "kept": True, "after": str(dry.public_id)}
        Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED, cursor=job.cursor)
    return job


def is_overtaken(dry: Job, hash_set: HashSet) -> bool:
    """Whether a version came since the dry run began, so that its report tells something else than an import does."""
    return Generation.objects.filter(set=hash_set, at__gt=dry.created_at).exists()


def run(job_id: int) -> None:
    """Run a queued import, or one that somebody began and did not end; nothing to do when it is held or over."""
    with _held(job_id) as job:
        if job is None or job.state not in Job.LIVE:
            return
        try:
            _try(job)
        except WorkbenchError:
            return  # told in the job
        finally:
            kept_lists.drop(job)


def _try(job: Job) -> None:
    """Import the kept files, unless not all of them came, or it was tried often enough."""
    if not job.cursor.get("kept"):
        _end(job, Job.State.FAILED, "The upload ended early. Nothing was stored; send the list again.")
        return
    tries = job.cursor.get("tries", 0) + 1
    if tries > MOST_TRIES:
        _end(job, Job.State.FAILED, "The import stopped three times without an answer. Nothing was stored.")
        return
    job.cursor = {**job.cursor, "tries": tries}
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, cursor=job.cursor)
    _import(job, [Part(_folder(job) / str(number), name) for number, name in enumerate(job.cursor["files"])])


def run_here(
    hash_set: HashSet,
    parts: Sequence[Part],
    *,
    by: User,
    dry_run: bool,
    incomplete: bool = False,
    only_media: bool = False,
    add: bool = False,
    listen: Tell | None = None,
) -> ImportReport:
    """Import in this very process, as the command does. Raises what `import_file` raises, and ImportRunning."""
    chosen = {"dry_run": dry_run, "incomplete": incomplete, "only_media": only_media, "add": add}
    job = _claim(hash_set, [part.name for part in parts], by=by, chosen=chosen, via="command")
    with _held(job.pk) as held:
        if held is None:
            raise ImportRunning
        return _import(held, parts, listen)


def sweep() -> list[int]:
    """Ids of the jobs nobody works on, to be run; ends those whose command is gone."""
    waiting = []
    for job in Job.objects.filter(kind=KIND, state__in=Job.LIVE).order_by("pk"):
        with _held(job.pk) as held:
            if held and held.state in Job.LIVE and not _buried(held) and timezone.now() - held.created_at > WAITED:
                waiting.append(held.pk)
    return waiting


def _buried(held: Job) -> bool:
    """End a held job whose command is gone; nobody can run it again. False for those a worker runs."""
    if held.cursor["via"] != "command":
        return False
    _end(held, Job.State.FAILED, "The command that ran this import ended. Nothing was stored.")
    return True


def of_set(hash_set: HashSet) -> list[Job]:
    """The last imports into a set, newest first."""
    return list(Job.objects.filter(kind=KIND, subject=_subject(hash_set)).order_by("-pk")[:50])


def refused_from_folder(hash_set: HashSet, most: int) -> list[Job]:
    """The last lists of the watched folder that were refused, newest first.

    Without those whose worker died while he copied them: they lie there still, and are taken again.
    """
    was_kept = Q(cursor__kept=True) | Q(cursor__via__isnull=True)  # those of `refuse` have no way
    failed = Job.objects.filter(kind=KIND, subject=_subject(hash_set), state=Job.State.FAILED)
    return list(failed.filter(was_kept, cursor__from_folder__isnull=False).order_by("-pk")[:most])


def is_under_way(hash_set: HashSet) -> bool:
    """Whether an import into the set is queued or running."""
    return Job.objects.filter(kind=KIND, subject=_subject(hash_set), state__in=Job.LIVE).exists()


def set_of(public_id: UUID) -> tuple[Job, UUID]:
    """An import and the public id of its set. Raises NotFound."""
    job = Job.objects.filter(kind=KIND, public_id=public_id).first()
    if job is None:
        raise NotFound
    return job, UUID(job.subject.removeprefix("hashset:"))


def _claim(
    hash_set: HashSet, names: list[str], *, by: User, chosen: dict[str, bool], via: str, from_folder: str = ""
) -> Job:
    """The set's one live import, with what the person chose. It counts as running until its files are there."""
    for dead in Job.objects.filter(kind=KIND, subject=_subject(hash_set), state__in=Job.LIVE):
        with _held(dead.pk) as held:
            if held and held.state in Job.LIVE:
                _buried(held)
    cursor = {"files": names, "by": by.pk, "by_name": by.name, **chosen, "via": via}
    cursor |= {"from_folder": from_folder} if from_folder else {}
    try:
        with transaction.atomic():
            return Job.objects.create(kind=KIND, subject=_subject(hash_set), state=Job.State.RUNNING, cursor=cursor)
    except IntegrityError:
        raise ImportRunning from None


def _import(job: Job, parts: Sequence[Part], listen: Tell | None = None) -> ImportReport:
    """Import, telling progress in the job; its end is the job's end."""
    report = ImportReport(run=str(job.public_id))
    hash_set = HashSet.objects.select_related("owner", "scheme").get(public_id=job.subject.removeprefix("hashset:"))
    by = User.objects.select_related("agency").get(pk=job.cursor["by"])
    try:
        with closing(Teller(job, listen)) as teller:
            importing.import_file(
                hash_set,
                parts,
                by=by,
                dry_run=job.cursor["dry_run"],
                options=ReadOptions(only_media=job.cursor.get("only_media", False), most_unpacked=settings.LIST_BYTES),
                incomplete=job.cursor.get("incomplete", False),
                add=job.cursor.get("add", False),
                tell=teller.tell,
                report=report,
            )
    except WorkbenchError as error:
        _end(job, Job.State.FAILED, str(error), report)
        raise
    _end(job, Job.State.DONE, sentence(report), report)
    return report


def sentence(report: ImportReport) -> str:
    """What an import did, in words."""
    if report.already_in_force:
        return f"This very list is in force already, as version {report.generation}. Nothing changed."
    figures = report.figures()
    found = (
        f"{report.stored:,} entries from {figures['read']:,} records, +{figures['added']:,} -{figures['withdrawn']:,},"
        f" {report.conflicts:,} conflicts, {sum(report.unmapped.values()):,} unmapped"
    )
    how = ", added to what the set holds" if report.add else ""
    if report.dry_run:
        return f"Dry run: {found}{how}. Nothing was stored."
    return f"Version {report.generation} is in force: {found}{how}."


def _end(job: Job, state: str, message: str, report: ImportReport | None = None) -> None:
    cursor = {**job.cursor, "phase": "", "pace": "", "report": report.as_json() if report else {}}
    cursor |= {"foreseen": report.foreseen} if report and report.foreseen is not None else {}
    Job.objects.filter(pk=job.pk).update(state=state, message=message, cursor=cursor)
    job.state, job.message, job.cursor = state, message, cursor


@contextmanager
def _held(job_id: int) -> Iterator[Job | None]:
    """The job, ours alone while the block runs; None when another connection holds it."""
    with jobs.alone(LOCK_SPACE, job_id) as ours:
        yield Job.objects.filter(pk=job_id).first() if ours else None


def _subject(hash_set: HashSet) -> str:
    return f"hashset:{hash_set.public_id}"
