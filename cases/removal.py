"""Taking an exhibit out of its case: a person asks for it with a reason, a worker does it in one transaction.

Files and records stay in the tables, for what was decided and exported before; figures, the queue and later exports
no longer see them. What lies on no other exhibit of the case becomes excluded.
"""

from django.db import connection, transaction
from django.db.models.functions import Now

from cases import closing, events, evidence, states
from cases.errors import ReasonNeeded
from cases.ingest import leases
from cases.models import Exhibit, FileInstance
from workbench.models import Job, User

REMOVE = "remove"  # kind of job, one an exhibit
SPACE = 0x57534E58  # advisory locks: who enters files of an exhibit, against its removal; with the exhibit
S = Exhibit.State
STANDS_STILL = (S.PAUSED, S.DONE, S.CANCELLED, S.STOPPED)


@transaction.atomic
def ask(exhibit: Exhibit, *, by: User, reason: str) -> None:
    """Have the exhibit removed; from now on nothing more comes in. Raises ReasonNeeded, CaseIsClosed, NotInThisState.

    While its ingest lists or reads it cannot be removed: pause it first.
    """
    if not reason.strip():
        raise ReasonNeeded
    closing.require_open(exhibit.case_id)
    evidence.move(exhibit, STANDS_STILL, S.REMOVING, reason.strip()[:200])
    leases.end_jobs((evidence.LIST, evidence.HASH), exhibit.public_id)
    Job.objects.create(kind=REMOVE, subject=str(exhibit.public_id), cursor={"by": by.pk, "reason": reason.strip()})
    evidence.record(events.REMOVAL_ASKED, exhibit, by, reason=reason.strip())


def carry_out(exhibit_id: int) -> bool:
    """Remove the exhibit if somebody asked for it; whether this call did. May be killed anywhere and run again."""
    exhibit = Exhibit.objects.select_related("case__agency").get(pk=exhibit_id)
    with leases.taking(REMOVE, str(exhibit.public_id)) as held:
        return held is not None and leases.retried(lambda: _remove(exhibit))


def waiting() -> list[int]:
    """Ids of exhibits that wait to be removed."""
    return list(Exhibit.objects.filter(state=S.REMOVING).order_by("pk").values_list("pk", flat=True))


def holds_off(exhibit: Exhibit) -> bool:
    """Whether files may be entered: the exhibit is not removed, and will not be before this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [SPACE, exhibit.pk])
    return Exhibit.objects.filter(pk=exhibit.pk, removed_at=None).exists()


@transaction.atomic
def _remove(exhibit: Exhibit) -> bool:
    """Everything at once, in the same few queries for any number of files; the exhibit's contents are locked meanwhile.

    Units on somebody's screen stay there; they follow when that batch closes. The case is open: while an exhibit is
    being removed it cannot be closed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [SPACE, exhibit.pk])
    job = Job.objects.get(kind=REMOVE, subject=str(exhibit.public_id))
    files = FileInstance.objects.filter(exhibit=exhibit)
    contents = list(files.exclude(content=None).order_by().values_list("content_id", flat=True).distinct())
    with states.changing(contents):
        found = Exhibit.objects.filter(pk=exhibit.pk, state=S.REMOVING)
        removed = found.update(state=S.REMOVED, removed_at=Now())
    if not removed:
        return False
    Job.objects.filter(pk=job.pk).update(state=Job.State.DONE, lease_until=None)
    exhibit.refresh_from_db(fields=["seen", "state", "removed_at"])
    by, reason = User.objects.get(pk=job.cursor["by"]), job.cursor["reason"]
    evidence.record(events.REMOVED, exhibit, by, reason=reason, files=exhibit.seen, contents=len(contents))
    transaction.on_commit(lambda: evidence.remove_upload(exhibit))
    return True
