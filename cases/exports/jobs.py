"""Exports that take longer than a person waits for a page: ordered here, built by a worker.

The job's row is the order; a lost wake-up is made good by the sweeper. A worker that builds holds a lock which
ends with its connection, so a second wake-up does nothing and a killed worker's order is taken up again.
"""

from dataclasses import asdict

from django.db import transaction

from cases import exports, figures
from cases.exports.base import Options, Product
from cases.models import Case, Export
from workbench import access
from workbench.errors import WorkbenchError
from workbench.jobs import alone
from workbench.models import Job, User

KIND = "export"
TRIES = 3  # builders that ended without a word before an order is given up
INLINE_ITEMS = 20_000  # up to here a page waits
GIVEN_UP = (
    "Building it ended early three times. See that the disk has room, look at the worker's log, and order it again."
)
LOCK_SPACE = 0x57455850  # advisory locks of exports; the second number is the job's


def is_long(case: Case) -> bool:
    """Whether building is a worker's business. One query."""
    return figures.of(case).unique > INLINE_ITEMS


@transaction.atomic
def order(*, case: Case, product: Product, by: User, options: Options) -> Job:
    """Order an export; the order there is, if it waits already. Raises NotAllowed, UnknownOption."""
    access.require(by, "export.build")
    if options.media:
        access.require(by, "export.media")
    subject = f"{case.public_id}/{product.variant(options)}"
    wanted = {"product": product.id, "options": asdict(options), "by": by.pk, "case": case.pk}
    job, _is_new = Job.objects.get_or_create(
        kind=KIND, subject=subject, state__in=Job.LIVE, defaults={"state": Job.State.QUEUED, "cursor": wanted}
    )
    return job


def waiting() -> list[int]:
    """Orders nobody has finished."""
    return list(Job.objects.filter(kind=KIND, state__in=Job.LIVE).values_list("pk", flat=True))


def of(case: Case) -> list[Job]:
    """Orders of a case that are not finished, and those that failed last, newest first."""
    mine = Job.objects.filter(kind=KIND, subject__startswith=f"{case.public_id}/").order_by("-pk")
    seen: set[str] = set()
    found = []
    for job in mine[:20]:
        if job.subject not in seen and job.state != Job.State.DONE:
            found.append(job)
        seen.add(job.subject)
    return found


def build(job_id: int) -> Export | None:
    """Build what was ordered; None where it is built already, or just now by another worker."""
    with alone(LOCK_SPACE, job_id) as ours:
        job = Job.objects.filter(pk=job_id, kind=KIND, state__in=Job.LIVE).first() if ours else None
        if job is None:
            return None
        tries = job.cursor.get("tries", 0) + 1
        if tries > TRIES:
            Job.objects.filter(pk=job_id).update(state=Job.State.FAILED, message=GIVEN_UP)
            return None
        Job.objects.filter(pk=job_id).update(state=Job.State.RUNNING, cursor=job.cursor | {"tries": tries})
        try:
            export = exports.build(
                case=Case.objects.get(pk=job.cursor["case"]),
                product=exports.product(job.cursor["product"]),
                by=User.objects.select_related("agency").get(pk=job.cursor["by"]),
                options=Options(**job.cursor["options"]),
            )
        except WorkbenchError as error:
            Job.objects.filter(pk=job_id).update(state=Job.State.FAILED, message=error.english)
            return None
        Job.objects.filter(pk=job_id).update(state=Job.State.DONE)
        return export
