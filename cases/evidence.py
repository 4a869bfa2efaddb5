"""Exhibits: adding evidence to a case, and holding, resuming or ending its ingest."""

import os
import shutil
import stat
import uuid
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from cases import closing, events
from cases.errors import ReasonNeeded
from cases.ingest import leases, nodes, reader, roots, segments
from cases.ingest.folder import Folder
from cases.ingest.image import Image
from cases.models import Case, Exhibit
from cases.names import display
from workbench import audit
from workbench.errors import BadInput, WorkbenchError
from workbench.models import Job, User

LIST, HASH, COMPARE = "ingest", "hash", "compare"  # kinds of jobs
BY_PERSON = "person"  # why an ingest is held; the others let it go on by itself
NO_SPACE, NO_STORE, NO_SOURCE, NO_JAIL = "space", "store", "source", "jail"
LONGEST_REF = 60  # characters
S = Exhibit.State
KEPT_OTHERWISE = {  # what is said where the same exhibit is to be kept in another way
    Exhibit.Keep.COPY: noop(
        "%(exhibit)s is being copied into the store. Add it the same way to go on, or choose another number."
    ),
    Exhibit.Keep.PLACE: noop(
        "%(exhibit)s is being left in place. Add it the same way to go on, or choose another number."
    ),
}
OVER = (S.CANCELLED, S.REMOVING, S.REMOVED)  # nothing comes in any more


class ExhibitTaken(WorkbenchError):
    """This exhibit reference is used for other evidence. Choose another reference."""

    code = "exhibit-taken"
    status = HTTPStatus.CONFLICT


class NotInThisState(WorkbenchError):
    """The ingest is not in a state in which this can be done. Load the page again."""

    code = "exhibit-state"
    status = HTTPStatus.CONFLICT


class OutsideEvidenceRoots(WorkbenchError):
    """This path is not in a folder that Winnow may read from the browser. Put the evidence into the inbox."""

    code = "outside-evidence-roots"


def add_exhibit(
    *,
    case: Case,
    ref: str,
    reader_id: str,
    source: bytes,
    by: User,
    description: str = "",
    source_hash: bytes | None = None,
    sent_as: uuid.UUID | None = None,
    keep: str = Exhibit.Keep.COPY,
) -> Exhibit:
    """Add evidence to a case. The same reference and source again is the same exhibit, and goes on where it was.

    `sent_as` is the public id under which a browser's file was kept. Only a folder can be left in place; of a disk
    image, the folder of its files may be named.
    Raises ExhibitTaken, CaseIsClosed, BadInput, and what the reader says of the source; then there is no exhibit.
    """
    if keep == Exhibit.Keep.PLACE and reader_id != Folder.id:
        raise BadInput(noop("Only a folder can be left in place. Take this in as a copy."))
    if reader_id == Image.id:
        source = segments.first_of(source, roots())
    reader(reader_id).check(source)
    values = {"reader": reader_id, "source": source, "source_hash": source_hash, "state": S.LISTING, "keep": keep}
    with transaction.atomic():
        exhibit, is_new = _exhibit(case, ref, by, description, values | ({"public_id": sent_as} if sent_as else {}))
        if exhibit.state in OVER or (exhibit.reader, bytes(exhibit.source)) != (reader_id, source):
            raise _taken(exhibit)
        if exhibit.keep != keep:
            raise ExhibitTaken(KEPT_OTHERWISE[Exhibit.Keep(exhibit.keep)], exhibit=exhibit)
        if not is_new and exhibit.state in (S.PAUSED, S.STOPPED):
            resume(exhibit, by=by)
    return exhibit


def add_upload(*, case: Case, ref: str, by: User, description: str = "") -> Exhibit:
    """Add an exhibit whose files the browser will send; it waits for them.

    Sending again for the same reference goes on while it waits. Raises ExhibitTaken, CaseIsClosed, BadInput.
    """
    public_id = uuid.uuid4()
    values = {"public_id": public_id, "reader": "upload", "source": os.fsencode(upload_folder(public_id))}
    with transaction.atomic():
        exhibit, _ = _exhibit(case, ref, by, description, values)
        if exhibit.reader != "upload" or exhibit.state != S.WAITING:
            raise _taken(exhibit)
    return exhibit


def _exhibit(case: Case, ref: str, by: User, description: str, values: dict[str, Any]) -> tuple[Exhibit, bool]:
    """The exhibit of that reference, made if it is new; and whether it is."""
    closing.require_open(case.pk)  # from here on nobody else adds an exhibit to this case
    ref = exhibit_ref(ref)
    if held := named(case, ref):
        return held, False
    exhibit = Exhibit.objects.create(case=case, ref=ref, description=description.strip()[:200], added_by=by, **values)
    leases.open_jobs(LIST, [str(exhibit.public_id)])
    leases.open_jobs(HASH, slots(exhibit))
    from_browser = "public_id" in values
    source = "browser" if from_browser else display(bytes(exhibit.source))
    record(events.EVIDENCE_ADDED, exhibit, by, reader=exhibit.reader, source=source, keep=exhibit.keep)
    return exhibit, True


def exhibit_ref(text: str) -> str:
    """An exhibit's reference as it is kept: without spaces around it, and one where there were several.

    Raises BadInput.
    """
    ref = " ".join(part for part in text.split(" ") if part)
    if not ref or len(ref) > LONGEST_REF or not ref.isprintable() or not ref.strip(". "):
        raise BadInput(noop("An exhibit needs a number of at most 60 visible characters, such as NM-01."))
    return ref


def named(case: Case, ref: str) -> Exhibit | None:
    """The case's exhibit of that reference, in capitals or not, or None.

    One that was cancelled before anything came in has left its reference free.
    """
    found = Exhibit.objects.alias(key=Lower("ref")).filter(case=case, key=Lower(Value(ref)))
    return found.exclude(state=S.CANCELLED, seen=0).first()


def same_source(exhibit: Exhibit) -> list[str]:
    """References of other exhibits of the case that were taken from the same path; files are then counted twice."""
    others = Exhibit.objects.filter(case=exhibit.case_id, source=exhibit.source, removed_at=None)
    kept = others.exclude(pk=exhibit.pk).exclude(state=S.CANCELLED, seen=0)
    return list(kept.order_by("ref").values_list("ref", flat=True))


def _taken(exhibit: Exhibit) -> ExhibitTaken:
    """What stands in the way of using this exhibit's reference once more."""
    if exhibit.state == S.CANCELLED:
        return ExhibitTaken(
            noop("%(exhibit)s was cancelled after files had come in, and keeps its number. Choose another."),
            exhibit=exhibit,
        )
    if exhibit.state in OVER:
        return ExhibitTaken(
            noop("%(exhibit)s was removed from this case, and keeps its number. Choose another."), exhibit=exhibit
        )
    return ExhibitTaken(
        noop("%(exhibit)s is used for other evidence in this case. Choose another number."), exhibit=exhibit
    )


def upload_folder(public_id: uuid.UUID) -> str:
    """Where the files that a browser sends for an exhibit wait until the store has them."""
    return str(settings.DATA_DIR / "uploads" / str(public_id))


def remove_upload(exhibit: Exhibit) -> None:
    """What a browser sent for the exhibit is not needed any more: the store has it, or nobody wants it."""
    shutil.rmtree(upload_folder(exhibit.public_id), ignore_errors=True)


def slots(exhibit: Exhibit) -> list[str]:
    """The subjects of the jobs that may hash an exhibit's files side by side."""
    return [f"{exhibit.public_id}/{slot}" for slot in range(settings.INGEST_TASKS)]


def open_slots(exhibit: Exhibit) -> None:
    """Let workers hash an exhibit's files, also when it was done and more came; jobs that live stay."""
    if exhibit.state == S.RUNNING:
        leases.open_jobs(HASH, slots(exhibit))


def offered_source(relative: bytes) -> bytes:
    """The path a page names, below one of the evidence roots and reached without a link.

    Raises OutsideEvidenceRoots.
    """
    parts = [part for part in relative.split(b"/") if part not in (b"", b".")]
    if not parts or b".." in parts or any(b"\0" in part for part in parts):
        raise OutsideEvidenceRoots
    for root in map(os.fsencode, settings.EVIDENCE_ROOTS):
        path = b"/".join([root.rstrip(b"/"), *parts])
        if _is_offered(path, root):
            return path
    raise OutsideEvidenceRoots


def _is_offered(path: bytes, root: bytes) -> bool:
    try:
        folder = nodes.open_root(nodes.parent(path), [root])
    except OSError:
        return False
    try:
        mode = os.stat(path.rpartition(b"/")[2], dir_fd=folder, follow_symlinks=False).st_mode
    except OSError:
        return False
    finally:
        os.close(folder)
    return stat.S_ISDIR(mode) or stat.S_ISREG(mode)


@transaction.atomic
def pause(exhibit: Exhibit, *, by: User | None, why: str = BY_PERSON) -> None:
    """Hold the ingest; what is being read is finished. Raises NotInThisState."""
    move(exhibit, (S.LISTING, S.RUNNING), S.PAUSED, why)
    record(events.INGEST_PAUSED, exhibit, by, why=why)


@transaction.atomic
def resume(exhibit: Exhibit, *, by: User | None) -> None:
    """Go on with a held or stopped ingest. Raises NotInThisState, CaseIsClosed."""
    closing.require_open(exhibit.case_id)
    may_differ = by is not None or exhibit.state_reason == NO_SOURCE  # it was out of our sight
    move(exhibit, (S.PAUSED, S.STOPPED), S.RUNNING if is_listed(exhibit) else S.LISTING)
    if may_differ and exhibit.state == S.RUNNING:
        leases.open_jobs(COMPARE, [str(exhibit.public_id)])
    record(events.INGEST_RESUMED, exhibit, by)


def hold_all(case: Case) -> list[audit.Event]:
    """Hold every ingest under way: the case closes. Inside the caller's transaction; returns the events to record.

    Raises NotInThisState.
    """
    if Exhibit.objects.filter(case=case, state=S.REMOVING).exists():
        raise NotInThisState(noop("An exhibit is being removed. Close the case when it is gone."))
    live = list(Exhibit.objects.select_for_update().filter(case=case, state__in=(S.LISTING, S.RUNNING)).order_by("pk"))
    for exhibit in live:
        move(exhibit, (S.LISTING, S.RUNNING), S.PAUSED, BY_PERSON)
    facts = {"why": BY_PERSON}
    return [
        audit.Event(events.INGEST_PAUSED, audit.subject_of(exhibit), case.public_id, {"ref": exhibit.ref, **facts})
        for exhibit in live
    ]


@transaction.atomic
def stop(exhibit: Exhibit, *, why: str) -> None:
    """The source turned out not to be what it should be; nothing more is taken. Raises NotInThisState."""
    move(exhibit, (S.LISTING, S.RUNNING), S.STOPPED, why[:200])
    record(events.INGEST_STOPPED, exhibit, None, reason=why)


@transaction.atomic
def cancel(exhibit: Exhibit, *, by: User, reason: str) -> None:
    """End the ingest where it is; what came in stays. Raises ReasonNeeded, NotInThisState."""
    if not reason.strip():
        raise ReasonNeeded
    move(exhibit, (S.WAITING, S.LISTING, S.RUNNING, S.PAUSED, S.STOPPED), S.CANCELLED, reason.strip()[:200])
    Exhibit.objects.filter(pk=exhibit.pk).update(ended_at=timezone.now())
    leases.end_jobs((LIST, HASH), exhibit.public_id)
    record(events.INGEST_CANCELLED, exhibit, by, reason=reason.strip())
    transaction.on_commit(lambda: remove_upload(exhibit))


def is_listed(exhibit: Exhibit) -> bool:
    """Whether every node of the source is in the ledger."""
    jobs = Job.objects.filter(kind=LIST, subject=str(exhibit.public_id)).order_by("-pk")
    return jobs.values_list("state", flat=True).first() == Job.State.DONE


def move(exhibit: Exhibit, before: tuple[str, ...], after: str, reason: str = "") -> None:
    """From one of some states to another, unless somebody else came first. Raises NotInThisState."""
    moved = Exhibit.objects.filter(pk=exhibit.pk, state__in=before).update(state=after, state_reason=reason)
    if not moved:
        raise NotInThisState
    exhibit.state, exhibit.state_reason = after, reason


def record(verb: str, exhibit: Exhibit, by: User | None, reason: str = "", **details: Any) -> None:
    """An event about the exhibit, which it names by its reference."""
    audit.record(
        verb, by=by, on=exhibit, case=exhibit.case.public_id, reason=reason, agency=exhibit.case.agency_id,
        ref=exhibit.ref, **details,
    )  # fmt: skip
