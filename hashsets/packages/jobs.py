"""The jobs of packages: ordered and given up by people on a page, run by workers (`running`).

Whoever runs a job holds a database lock that ends with his connection, so one whose lock is free has nobody working on
it and is run again, from its beginning: nothing of a package holds before all of it does, and its job ends in the
transaction that stores it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from hashsets import events
from hashsets.models import PackageUpload, Share, Subscription
from hashsets.packages import uploads
from hashsets.packages.watching import PackageCancelled
from workbench import audit, jobs, pieces
from workbench.errors import NotFound, WorkbenchError
from workbench.models import Agency, Job, User

MAKE, TAKE = "package-make", "package-take"
KINDS = (MAKE, TAKE)
LOCK_SPACE = 0x504B47  # advisory locks of packages; the second number is the job's
WAITED = timedelta(minutes=1)  # a live job older than this, with nobody at it, lost its message or its worker
KEPT = timedelta(hours=24)  # for how long a package that was refused for its place waits to be tried again
AGAIN = frozenset({"package-not-for-us", "package-out-of-order"})  # refusals that may end without another file


class PackageIncomplete(WorkbenchError):
    """Not all of this courier file has come, or it is gone. Go on with its upload, then take it in."""

    code = "package-incomplete"
    status = HTTPStatus.CONFLICT


class PackageJobOver(WorkbenchError):
    """It was over already when you gave it up. This is what came of it."""

    code = "package-job-over"
    status = HTTPStatus.CONFLICT


def order(of: Share | Subscription, *, by: User, whole: bool = False) -> Job:
    """Order the next package of a shared set, or of our opinions on a mirrored one; the order that waits already."""
    kind = "entries" if isinstance(of, Share) else "votes"
    wanted = {"what": kind, "id": of.pk, "whole": whole, "name": of.set.name, "peer": str(of.peer)}
    job, _is_new = Job.objects.get_or_create(
        kind=MAKE,
        subject=f"{of.peer.agency.public_id}/{kind}/{of.public_id}",
        state__in=Job.LIVE,
        defaults={"cursor": wanted | {"by": by.pk, "by_name": by.name}},
    )
    return job


@transaction.atomic
def take_upload(public_id: UUID, *, by: User, mirror: str) -> Job:
    """Queue the taking in of an upload of the person's that is whole; the job that has it, when asked again.

    `mirror`: what the mirror is called that is begun with it. Raises PackageIncomplete.
    """
    upload = PackageUpload.objects.filter(by=by, public_id=public_id).select_for_update(of=("self",)).first()
    if upload is None:
        return _has(public_id, by)
    if upload.offset != upload.size or not pieces.has(uploads.path_of(public_id), upload.size):
        raise PackageIncomplete
    upload.delete()
    return take_file(public_id, upload.name, by=by, mirror=mirror)


def take_file(file: UUID, name: str, *, by: User, mirror: str) -> Job:
    """Queue the taking in of a file that lies among the uploads."""
    wanted = {"file": str(file), "name": name[:200], "mirror": mirror, "by": by.pk, "by_name": by.name}
    return Job.objects.create(kind=TAKE, subject=f"{by.agency.public_id}/{file}", cursor=wanted)


@transaction.atomic
def again(job: Job, *, by: User, mirror: str) -> Job:
    """Take the file of a refused package in once more: there may be a mirror now, or the one before it.

    Raises PackageIncomplete where it is not kept any more.
    """
    refused = Job.objects.select_for_update().get(pk=job.pk)
    if not kept_until(refused):
        raise PackageIncomplete
    file, name = UUID(refused.cursor.pop("file")), refused.cursor["name"]
    refused.save(update_fields=["cursor"])
    return take_file(file, name, by=by, mirror=mirror)


@transaction.atomic
def cancel(job: Job, *, by: User) -> None:
    """Give a job up; whoever works on it stops at his next step and stores nothing. Raises PackageJobOver."""
    said = f"{by.name} gave this up. Nothing was stored."
    if not _live(job).update(state=Job.State.FAILED, message=said):
        raise PackageJobOver
    transaction.on_commit(partial(drop, job))
    audit.record(
        events.PACKAGE_CANCELLED, by=by, on=by.agency, agency=by.agency_id,
        kind=job.kind, run=str(job.public_id), name=job.cursor["name"],
    )  # fmt: skip


def settle(job: Job, message: str, **found: Any) -> None:
    """End a job in the transaction that stores what it did. Raises PackageCancelled where somebody gave it up."""
    cursor = {**job.cursor, "result": found}
    if not _live(job).update(state=Job.State.DONE, message=message, cursor=cursor):
        raise PackageCancelled


def fail(job: Job, error: WorkbenchError) -> None:
    """Note why nothing came of it."""
    cursor = {**job.cursor, "code": error.code, "why": error.template}
    _live(job).update(state=Job.State.FAILED, message=error.english, cursor=cursor)


def why(job: Job) -> str:
    """Why nothing came of a job, in the language of whoever reads it; "" while that is not so."""
    words, values = job.cursor.get("why", ("", {}))
    return (_(words) % values if values else _(words)) if words else job.message


def of_agency(agency: Agency, kind: str) -> QuerySet[Job]:
    """The jobs of an agency, newest first."""
    return Job.objects.filter(kind=kind, subject__startswith=f"{agency.public_id}/").order_by("-pk")


def get(user: User, public_id: UUID) -> Job:
    """A job of the person's agency. Raises NotFound."""
    for kind in KINDS:
        if found := of_agency(user.agency, kind).filter(public_id=public_id).first():
            return found
    raise NotFound


def kept_until(job: Job) -> datetime | None:
    """Until when the file of a refused package may be tried again; None for all other jobs."""
    refused = job.kind == TAKE and job.state == Job.State.FAILED and job.cursor.get("code") in AGAIN
    if not refused or "file" not in job.cursor or timezone.now() > job.created_at + KEPT:
        return None
    return job.created_at + KEPT if uploads.path_of(job.cursor["file"]).is_file() else None


def drop(job: Job) -> None:
    """Delete the file of a job that is over, unless it may be tried again."""
    job = Job.objects.get(pk=job.pk)
    if job.kind == TAKE and job.state not in Job.LIVE and "file" in job.cursor and not kept_until(job):
        uploads.path_of(job.cursor["file"]).unlink(missing_ok=True)


@contextmanager
def holding(job_id: int) -> Iterator[Job | None]:
    """The live job, ours alone while the block runs; None when it is over or another connection holds it."""
    with jobs.alone(LOCK_SPACE, job_id) as ours:
        yield Job.objects.filter(pk=job_id, kind__in=KINDS, state__in=Job.LIVE).first() if ours else None


def waiting() -> list[int]:
    """Jobs that nobody works on, to be run."""
    found = []
    for left in Job.objects.filter(kind__in=KINDS, state__in=Job.LIVE, created_at__lt=timezone.now() - WAITED):
        with holding(left.pk) as job:
            if job:
                found.append(job.pk)
    return found


def sweep() -> None:
    """Remove the files of packages that nobody needs any more."""
    kept = Job.objects.filter(kind=TAKE, created_at__gt=timezone.now() - KEPT)
    live = Job.objects.filter(kind=TAKE, state__in=Job.LIVE)
    uploads.sweep({job.cursor["file"] for job in kept | live if "file" in job.cursor})


def _has(file: UUID, by: User) -> Job:
    """The job that has a file already: the answer that said so may have been lost on its way."""
    found = of_agency(by.agency, TAKE).filter(cursor__file=str(file), cursor__by=by.pk).first()
    if found is None:
        raise PackageIncomplete
    return found


def _live(job: Job) -> QuerySet[Job]:
    return Job.objects.filter(pk=job.pk, state__in=Job.LIVE)
