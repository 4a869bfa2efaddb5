"""The end of an ingest: every file has its outcome, the source stood still, the exhibit is sealed."""

from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from cases import events, evidence, sealing
from cases.ingest import base, leases, source_hash
from cases.ingest.holding import get, hold, is_at_work
from cases.models import Exhibit, FileInstance
from cases.queue import promise
from workbench import audit
from workbench.jail import results
from workbench.jobs import alone

S = Exhibit.State
FINISHING = 0x57464E53  # advisory locks; the second number is the exhibit's
TOTALS = ("seen", "accepted", "without_preview", "rejected", "problems", "bytes_read")


def finish(exhibit_id: int) -> bool:
    """Close and seal the ingest if every file has its outcome and every archive is listed; whether this call did."""
    with alone(FINISHING, exhibit_id) as ours:
        if not ours or not _complete(exhibit_id).exists():
            return False
        exhibit = get(exhibit_id)
        try:
            if not source_hash.stands(exhibit, partial(is_at_work, exhibit_id)):
                return False
        except base.SourceGone:
            return hold(exhibit, evidence.NO_SOURCE)
        return _close(exhibit_id)


def _complete(exhibit_id: int) -> QuerySet[Exhibit]:
    """The exhibit, if nothing is left to do."""
    return Exhibit.objects.filter(pk=exhibit_id, state=S.RUNNING, pending=0, hashed=0).exclude(
        Exists(FileInstance.objects.filter(exhibit=OuterRef("pk"), members=FileInstance.Members.UNLISTED))
    )


@transaction.atomic
def _close(exhibit_id: int) -> bool:
    """From here until the end of the transaction the exhibit's row is locked: no file joins the list being sealed."""
    done = _complete(exhibit_id)
    if not done.update(state=S.DONE, state_reason="", ended_at=timezone.now()):
        return False
    exhibit = get(exhibit_id)
    leases.end_jobs((evidence.LIST, evidence.HASH), exhibit.public_id)
    promise.note([exhibit.case_id])
    totals = {name: getattr(exhibit, name) for name in TOTALS}
    audit.record(
        events.INGEST_DONE, by=None, on=exhibit, case=exhibit.case.public_id,
        agency=exhibit.case.agency_id, ref=exhibit.ref, **totals, **sealing.seal(exhibit),
    )  # fmt: skip
    if not exhibit.files.filter(parent=None, reason=results.ENCRYPTED).exists():  # a password may come later
        transaction.on_commit(lambda: evidence.remove_upload(exhibit))
    return True
