"""Large files that a browser sends piece by piece: killed anywhere, the sender asks how much is kept and goes on.

Of a file the first `offset` bytes are durable before the row says so; what a killed process left behind them is
written over. The bytes lie where the ingest reads them, under a name of ours.
"""

import os
from collections.abc import Iterable
from functools import partial
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from cases import announced, events, evidence, receiving
from cases.evidence import NotInThisState
from cases.ingest import ledger
from cases.ingest.base import Found
from cases.models import AnnouncedFile, Exhibit, FileInstance, ResumableUpload
from cases.names import display
from workbench import audit, pieces
from workbench.errors import NotFound
from workbench.models import User
from workbench.pieces import Piece

MOST_OPEN = 5000  # uploads under way for one exhibit; small files come several in one request


@transaction.atomic
def begin(exhibit: Exhibit, *, raw_path: bytes, size: int, fingerprint: bytes = b"") -> ResumableUpload:
    """The upload of a file, which is announced by this; with a fingerprint the same file again goes on.

    Raises NotInThisState, CaseIsClosed, BadInput, UploadTooLarge, TooManyUploads.
    """
    if size > settings.UPLOAD_BYTES:
        raise pieces.UploadTooLarge
    announced.announce(exhibit, [(raw_path, size)])  # holds the exhibit
    name_key, mark = sha256(raw_path).digest(), pieces.mark(fingerprint)
    if mark:
        same = ResumableUpload.objects.filter(exhibit=exhibit, name_key=name_key, size=size, fingerprint=mark)
        if found := same.select_for_update(of=("self",)).first():  # a piece may be on its way into it
            return _goes_on(found)
    if ResumableUpload.objects.filter(exhibit=exhibit, entered=False)[MOST_OPEN - 1 : MOST_OPEN].exists():
        raise pieces.TooManyUploads
    receiving.folder(exhibit)
    return ResumableUpload.objects.create(
        exhibit=exhibit, name_key=name_key, raw_path=raw_path, size=size, fingerprint=mark, expires_at=pieces.expiry()
    )


def append(upload: ResumableUpload, piece: Piece, *, offset: int) -> int:
    """Keep a piece that begins at `offset`, as much of it as comes; returns the new offset.

    Raises as `Piece.slices` and `pieces.keep` do, and NotInThisState.
    """
    for data in piece.slices(offset, upload.size):
        offset = _keep(upload, offset, data)
    settle(upload)
    return offset


def settle(upload: ResumableUpload) -> None:
    """Enter a file that came whole into the ledger; a second time it changes nothing."""
    whole = ResumableUpload.objects.filter(pk=upload.pk, entered=False, offset=F("size"))
    if not whole.exists():
        return
    with transaction.atomic():
        receiving.hold(upload.exhibit)
        if whole.update(entered=True):
            if not upload.size:
                pieces.write_at(path_of(upload), 0, b"")
            same_name = FileInstance.objects.filter(exhibit=upload.exhibit_id, parent=None, name_key=upload.name_key)
            found = Found(bytes(upload.raw_path), same_name.count(), _locator(upload), upload.size)
            ledger.add(upload.exhibit_id, [found])


@transaction.atomic
def discard(upload: ResumableUpload, *, by: User) -> None:
    """Forget an upload and what came of it; a file that came whole stays. Raises NotInThisState, NotFound."""
    receiving.hold(upload.exhibit)
    removed, _ = ResumableUpload.objects.filter(pk=upload.pk, entered=False).delete()
    if not removed:
        raise NotFound
    exhibit = upload.exhibit
    audit.record(
        events.UPLOAD_DISCARDED, by=by, on=exhibit, case=exhibit.case.public_id, agency=exhibit.case.agency_id,
        ref=exhibit.ref, name=display(bytes(upload.raw_path)), kept=upload.offset, size=upload.size,
    )  # fmt: skip
    transaction.on_commit(partial(_remove, [upload]))


def sweep() -> None:
    """Remove what nobody went on with in time, with an event for each exhibit, and rows that nobody needs any more."""
    gone = ~Q(exhibit__state=Exhibit.State.WAITING)
    ResumableUpload.objects.filter(gone).delete()
    AnnouncedFile.objects.filter(gone).delete()
    late = ResumableUpload.objects.filter(entered=False, expires_at__lt=timezone.now())
    for exhibit in Exhibit.objects.filter(uploads__in=late).select_related("case").distinct().order_by("pk"):
        _expire(exhibit, late.filter(exhibit=exhibit))


@transaction.atomic
def _expire(exhibit: Exhibit, late: QuerySet[ResumableUpload]) -> None:
    removed = list(late.select_for_update(of=("self",)).select_related("exhibit"))
    ResumableUpload.objects.filter(pk__in=[upload.pk for upload in removed]).delete()
    audit.record(
        events.UPLOAD_EXPIRED, by=None, on=exhibit, case=exhibit.case.public_id, agency=exhibit.case.agency_id,
        ref=exhibit.ref, files=len(removed),
    )  # fmt: skip
    transaction.on_commit(partial(_remove, removed))


def _remove(uploads: Iterable[ResumableUpload]) -> None:
    for upload in uploads:
        path_of(upload).unlink(missing_ok=True)


def path_of(upload: ResumableUpload) -> Path:
    """Where its bytes lie: among the files of the exhibit, read only once the ledger names it."""
    return Path(evidence.upload_folder(upload.exhibit.public_id)) / os.fsdecode(_locator(upload))


def _locator(upload: ResumableUpload) -> bytes:
    return f"upload-{upload.public_id}".encode()


def _goes_on(upload: ResumableUpload) -> ResumableUpload:
    """The upload with its time prolonged; from its beginning where its bytes are lost."""
    if not upload.entered and not pieces.has(path_of(upload), upload.offset):
        upload.offset = 0
    upload.expires_at = pieces.expiry()
    upload.save(update_fields=["offset", "expires_at"])
    return upload


def _keep(upload: ResumableUpload, offset: int, data: bytes) -> int:
    rows = ResumableUpload.objects.select_related("exhibit").filter(pk=upload.pk)
    return pieces.keep(rows, path_of(upload), offset, data, require=_waits)


def _waits(upload: ResumableUpload) -> None:
    if upload.exhibit.state != Exhibit.State.WAITING:
        raise NotInThisState
