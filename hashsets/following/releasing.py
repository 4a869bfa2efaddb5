"""Puts a release of a folder in the place of the one before: an import of all its files as one list.

Everything that an import does and refuses holds here, its report and events too. A release that is refused is told,
and not tried again until the folder holds another one.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, cast

from django.conf import settings

from hashsets import import_jobs, import_queue, import_runs
from hashsets.following import applying
from hashsets.following.applying import Applied
from hashsets.models import Remote
from hashsets.open_folder import file_in, names_in, open_below
from hashsets.remotes import Page, Release
from hashsets.watched_folder import ListMoves, Steady
from workbench.errors import WorkbenchError
from workbench.models import Job, User


class ReleaseWaits(WorkbenchError):
    """The release waits: an import of this set is running, or the folder is being written to. It is tried again."""

    code = "release-waits"
    permanent = False


class ReleaseRefused(WorkbenchError):
    """A release of this folder was refused; the import's report says why. It is not tried again until it changes."""

    code = "release-refused"
    permanent = False


def replace(remote: Remote, page: Page, *, by: User) -> Applied:
    """Import the page's release, then note its checkpoint. Killed in between it is imported again: that is a no-op.

    Raises ReleaseWaits, ReleaseRefused.
    """
    try:
        job = _started(remote, cast("Release", page.release), by)
    except (import_jobs.ImportRunning, ListMoves, OSError) as error:
        raise ReleaseWaits from error
    import_runs.run(job.pk)
    job.refresh_from_db()
    if job.state in Job.LIVE:  # another worker has it
        raise ReleaseWaits
    applied = _applied(job)
    applying.move(remote, [page], applied)
    if job.state != Job.State.DONE:
        raise ReleaseRefused(job.message)
    return applied


def _started(remote: Remote, release: Release, by: User) -> Job:
    """The import of the release, queued, once all of it was kept. Raises ImportRunning, ListMoves, OSError."""
    with _parts(release) as parts:

        def require_whole(_job: Job) -> None:
            for part in parts:
                part.require_still()

        files = [cast("BinaryIO", part) for part in parts]
        return import_queue.start(remote.set, files, by=by, dry_run=False, before_queued=require_whole)


@contextmanager
def _parts(release: Release) -> Iterator[list[Steady]]:
    """The files of the release, which nobody may change while they are read. Raises ListMoves, BadInput."""
    with ExitStack() as opened:
        folder = open_below(str(release.folder), str(settings.LISTS))
        opened.callback(os.close, folder)
        if not set(release.names) <= set(names_in(folder)):
            raise ListMoves
        yield [Steady(name, opened.enter_context(file_in(name, folder))) for name in release.names]


def _applied(job: Job) -> Applied:
    """What the import came to."""
    report = job.cursor.get("report", {})
    counts = {name: report.get(name, 0) for name in ("read", "added", "withdrawn", "changed")}
    applied = Applied(
        records=counts["read"],
        added=counts["added"] + counts["changed"],
        ended=counts["withdrawn"] + counts["changed"],
        generation=None if report.get("already_in_force") else report.get("generation"),
    )
    applied.skipped.update(report.get("skipped", {}))
    return applied
