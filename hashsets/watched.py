"""Watched folders: what stands still in a set's folder below `WINNOW_LISTS` is imported into that set.

Only into sets for which somebody who may import turned it on, and in that person's name. A list goes to `imported`
with its report, or to `refused` with the reason, and nowhere else; one at a time for each set.
"""

import json
import logging
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext_noop as noop

from hashsets import events, generations, import_jobs, import_queue, sets, watched_folder
from hashsets.models import HashSet
from hashsets.open_folder import as_text
from hashsets.watched_folder import IMPORTED, REFUSED, ListMoves, WatchedFolder
from workbench import audit, jobs
from workbench.errors import BadInput, NotFound, WorkbenchError
from workbench.models import Job, User
from workbench.visible import visible

log = logging.getLogger(__name__)

LOCK_SPACE = 0x574C5354  # advisory locks of who looks into a set's folder; the second number is the set's
STAMP = "%Y%m%d-%H%M%S"
MOST_SHOWN = 5  # refused lists on the page of a set


def folder_of(hash_set: HashSet) -> Path:
    """Where lists for the set are put: a readable name, and enough of its id to tell sets of one name apart."""
    return Path(settings.LISTS) / f"{slugify(hash_set.name)[:40] or 'set'}-{hash_set.public_id.hex[:12]}"


@transaction.atomic
def turn(hash_set: HashSet, *, by: User, on: bool) -> None:
    """Watch the set's folder, which is made, in the person's name; or watch it no more. Raises SetRetired."""
    locked = generations.lock(hash_set) if on else HashSet.objects.select_for_update().get(pk=hash_set.pk)
    place = folder_of(locked)
    if on:
        _make(place)
    HashSet.objects.filter(pk=locked.pk).update(watched_by=by if on else None, watched_by_name=by.name if on else "")
    verb = events.SET_WATCHED if on else events.SET_UNWATCHED
    audit.record(verb, by=by, on=locked, agency=locked.owner_id, set=locked.name, folder=place.name)


def _make(place: Path) -> None:
    try:
        watched_folder.make(place)
    except OSError as error:
        if place.is_symlink():
            raise BadInput(
                noop("%(place)s is a link, which is not followed. Put a folder in its place."), place=place
            ) from error
        raise BadInput(
            noop("The folder %(place)s cannot be made: %(strerror)s. Correct WINNOW_LISTS."),
            place=place,
            strerror=error.strerror,
        ) from error


def sets_with_work() -> list[int]:
    """Ids of the watched sets in whose folders something lies."""
    return [hash_set.pk for hash_set in _watched().order_by("pk") if _has_work(folder_of(hash_set))]


def look(set_id: int) -> int | None:
    """Put away what was imported, then take the next list that stands still; the id of its import, for a worker.

    Nothing where another worker looks, where an import of the set is under way, or nothing stands still.
    """
    hash_set = _watched().filter(pk=set_id).first()
    if hash_set is None:
        return None
    with jobs.alone(LOCK_SPACE, set_id) as ours:
        if not ours:
            return None
        with WatchedFolder(folder_of(hash_set)) as folder:
            _settle_all(hash_set, folder)
            if import_jobs.is_under_way(hash_set):
                return None
            folder.give_back()
            name = _taken(folder)
            return _import(hash_set, folder, name) if name else None


def _taken(folder: WatchedFolder) -> str | None:
    """The first list that stands still, out of the way of whoever writes; None while there is none."""
    for name in folder.waiting():
        try:
            if folder.stands_still(name, settings.DROP_SECONDS):
                folder.take(name)
                return name
        except FileNotFoundError:
            continue  # somebody took it away
        except PermissionError as error:
            log.warning("%s stays in its watched folder: %s", visible(name), error)
    return None


def refused(hash_set: HashSet) -> list[Job]:
    """The last lists of the folder that were refused, newest first."""
    return import_jobs.refused_from_folder(hash_set, MOST_SHOWN)


def _watched() -> QuerySet[HashSet]:
    return HashSet.objects.filter(watched_by__isnull=False).select_related("owner", "scheme", "watched_by")


def _has_work(place: Path) -> bool:
    try:
        with WatchedFolder(place) as folder:
            return bool(folder.waiting() or folder.has_taken() or folder.going())
    except OSError:
        return True  # looking at it raises what is wrong, where it is logged


def _import(hash_set: HashSet, folder: WatchedFolder, name: str) -> int | None:
    """Queue the import of the list that was taken, or say why not. It goes back when it moves after all.

    Killed before the list has its run it is imported again, which changes nothing: the very list is in force already.
    """
    by = cast("User", hash_set.watched_by)
    shown = as_text(name)
    try:
        _require_right(hash_set, by)
        job = _started(hash_set, folder, name, by)
    except (ListMoves, import_jobs.ImportRunning):
        folder.give_back()
        return None
    except WorkbenchError as error:
        job = import_queue.refuse(hash_set, shown, by=by, error=error)
        folder.begin(str(job.public_id), name)
        _settle_all(hash_set, folder)
        return None
    folder.begin(str(job.public_id), name)
    return int(job.pk)


def _started(hash_set: HashSet, folder: WatchedFolder, name: str, by: User) -> Job:
    """The list's import, queued, once all that lies there was kept. Raises ListMoves, and as `import_queue.start`."""
    shown = as_text(name)

    def take(job: Job) -> None:
        folder.require_whole(name, parts)
        audit.record(
            events.LIST_TAKEN, by=by, on=hash_set, agency=hash_set.owner_id, set=hash_set.name, name=shown[:200],
            run=str(job.public_id), parts=len(parts),
        )  # fmt: skip

    with folder.parts(name) as parts:
        files = [cast("BinaryIO", part) for part in parts]
        return import_queue.start(hash_set, files, by=by, dry_run=False, from_folder=shown, before_queued=take)


def _require_right(hash_set: HashSet, by: User) -> None:
    """Raise unless who turned it on may still import into the set."""
    if not by.is_active:
        raise BadInput(
            noop(
                "%(name)s, who turned the watched folder on, has no account any more. Have somebody who "
                "may import turn it on again, and put the list back into the folder."
            ),
            name=by.name,
        )
    sets.own(by, "set.import", hash_set.public_id)


def _settle_all(hash_set: HashSet, folder: WatchedFolder) -> None:
    """Put away the lists whose imports are over, with what became of them beside each."""
    for run in folder.going():
        job = _job(hash_set, run)
        if job is None or job.state in Job.LIVE:
            continue
        listed, into = job.cursor.get("from_folder", ""), IMPORTED if job.state == Job.State.DONE else REFUSED
        folder.settle(
            run, listed, into, _stamp(job.created_at, run), _beside(job, folder.unread(run, job.cursor["files"]))
        )


def _beside(job: Job, unread: list[str]) -> dict[str, str]:
    """The texts, by ending, that lie beside a list whose import is over."""
    beside = {".report.json": json.dumps(job.cursor.get("report") or {}, indent=1)}
    if job.state == Job.State.FAILED:
        return beside | {".why.txt": f"{job.message}\n"}
    late = "".join(f"{name}\n" for name in unread)
    return beside | ({".unread.txt": f"Came after the list was taken and was not imported:\n{late}"} if late else {})


def _job(hash_set: HashSet, run: str) -> Job | None:
    """The set's import of that id; None for what others put among ours, which stays where it is."""
    try:
        job, set_id = import_jobs.set_of(UUID(run))
    except (ValueError, NotFound):
        job, set_id = None, None
    if set_id == hash_set.public_id:
        return job
    log.warning("%s lies among the running imports of %s and is none", visible(run), hash_set.public_id)
    return None


def _stamp(at: datetime, run: str) -> str:
    return f"{at:{STAMP}}-{run[:8]}"
