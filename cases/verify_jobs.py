"""Verifications asked for on the case's page: ordered there, done by a worker, since all bytes are read again.

The job's row is the order; a lost wake-up is made good by the sweeper, as with exports.
"""

import time
from collections.abc import Callable, Iterable

from django.db import transaction
from django.utils.translation import gettext_noop as noop

from cases import verifying
from cases.models import Exhibit
from workbench import access
from workbench.errors import WorkbenchError
from workbench.jobs import alone
from workbench.models import Job, User

KIND = "verify"
TRIES = 3  # workers that ended without a word before an order is given up
GIVEN_UP = noop("Verifying it ended early three times. Look at the worker's log, then ask for it again.")
LOCK_SPACE = 0x57565246  # advisory locks of verifications; the second number is the job's
NOTE_SECONDS = 2.0  # between two notes of how far it is


@transaction.atomic
def order(*, exhibit: Exhibit, by: User) -> Job:
    """Order a verification; the order there is, if one waits already. Raises NotSealed, NotAllowed."""
    access.require(by, "exhibit.verify")
    if not verifying.can_be_verified(exhibit):
        raise verifying.NotSealed
    job, _is_new = Job.objects.get_or_create(
        kind=KIND, subject=str(exhibit.public_id), state__in=Job.LIVE, defaults={"cursor": {"by": by.pk}}
    )
    return job


def waiting() -> list[int]:
    """Orders nobody has finished."""
    return list(Job.objects.filter(kind=KIND, state__in=Job.LIVE).values_list("pk", flat=True))


def latest(exhibits: Iterable[Exhibit]) -> dict[str, Job]:
    """The last order of each exhibit that has one, by public id. One query."""
    subjects = [str(exhibit.public_id) for exhibit in exhibits]
    return {job.subject: job for job in Job.objects.filter(kind=KIND, subject__in=subjects).order_by("pk")}


def run(job_id: int) -> None:
    """Verify what was ordered, unless it is done or another worker is at it."""
    with alone(LOCK_SPACE, job_id) as ours:
        job = Job.objects.filter(pk=job_id, kind=KIND, state__in=Job.LIVE).first() if ours else None
        if job is None:
            return
        tries = job.cursor.get("tries", 0) + 1
        if tries > TRIES:
            _end(job, Job.State.FAILED, GIVEN_UP)
            return
        Job.objects.filter(pk=job_id).update(state=Job.State.RUNNING, cursor=job.cursor | {"tries": tries})
        try:
            verifying.verify(
                exhibit=Exhibit.objects.select_related("case__agency").get(public_id=job.subject),
                by=User.objects.select_related("agency").get(pk=job.cursor["by"]),
                progress=_noting(job_id, job.cursor | {"tries": tries}),
            )
        except WorkbenchError as error:
            _end(job, Job.State.FAILED, error.english)
        else:
            _end(job, Job.State.DONE)


def _end(job: Job, state: str, message: str = "") -> None:
    Job.objects.filter(pk=job.pk).update(state=state, message=message)


def _noting(job_id: int, cursor: dict[str, int]) -> Callable[[int, int], None]:
    """Notes how far a verification is, every other second."""
    due = time.monotonic() + NOTE_SECONDS

    def note(done: int, of: int) -> None:
        nonlocal due
        if time.monotonic() > due:
            Job.objects.filter(pk=job_id).update(cursor=cursor | {"percent": 100 * done // max(of, 1)})
            due = time.monotonic() + NOTE_SECONDS

    return note
