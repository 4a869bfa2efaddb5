"""Packages that a browser sends piece by piece: after a cut, or a reload of the page, it goes on where it was.

Each is its sender's alone. Its bytes stay where they came until the job that takes them in is over (`jobs`).
"""

import shutil
from functools import partial
from pathlib import Path
from typing import BinaryIO
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from hashsets import events
from hashsets.models import PackageUpload
from workbench import audit, durable, pieces, sent_files, storage
from workbench.errors import NotFound
from workbench.models import User
from workbench.pieces import Piece

MOST_OPEN = 10  # packages that one person has under way
ABANDONED = 86_400  # seconds after which a file that no row names has nobody who writes it


def begin(*, by: User, name: bytes, size: int, fingerprint: bytes = b"") -> PackageUpload:
    """The upload of a package; with a fingerprint the same file again goes on.

    Raises BadInput, UploadTooLarge, TooManyUploads.
    """
    require_size(size)
    return sent_files.begun(
        PackageUpload, {"by": by}, lambda row: path_of(row.public_id), most=MOST_OPEN, name=name, size=size,
        fingerprint=fingerprint,
    )  # fmt: skip


def append(upload: PackageUpload, piece: Piece, *, offset: int) -> int:
    """Keep a piece that begins at `offset`; the new offset. Raises as `sent_files.append` does."""
    return sent_files.append(upload, path_of(upload.public_id), piece, offset=offset)


def kept(file: BinaryIO, size: int) -> UUID:
    """The id of a package that came in one request, copied to where uploads lie. Raises UploadTooLarge, StoreFull."""
    require_size(size)
    made = uuid4()
    sent_files.make_folder(_folder())
    try:
        with durable.new_file(path_of(made)) as copy:
            shutil.copyfileobj(file, copy, 1 << 20)
        durable.sync_folder(path_of(made).parent)
    except OSError as error:
        path_of(made).unlink(missing_ok=True)
        if error.errno in storage.NO_SPACE:
            raise storage.StoreFull from error
        raise
    return made


@transaction.atomic
def discard(upload: PackageUpload, *, by: User) -> None:
    """Forget an upload and what came of it. One event. Raises NotFound where it is gone already."""
    if not PackageUpload.objects.filter(pk=upload.pk).delete()[0]:
        raise NotFound
    transaction.on_commit(partial(path_of(upload.public_id).unlink, missing_ok=True))
    audit.record(
        events.PACKAGE_UPLOAD_DISCARDED, by=by, on=by.agency, agency=by.agency_id, name=upload.name,
        kept=upload.offset, size=upload.size,
    )  # fmt: skip


def sweep(named: set[str]) -> None:
    """Remove what nobody went on with in time, an event for each, and files that neither a row nor `named` names."""
    for late in PackageUpload.objects.filter(expires_at__lt=timezone.now()).select_related("by__agency"):
        with transaction.atomic():
            if PackageUpload.objects.filter(pk=late.pk, expires_at__lt=timezone.now()).delete()[0]:
                agency = late.by.agency
                audit.record(
                    events.PACKAGE_UPLOAD_EXPIRED, by=None, on=agency, agency=agency, name=late.name, kept=late.offset
                )
                transaction.on_commit(partial(path_of(late.public_id).unlink, missing_ok=True))
    there = list(_folder().glob("*"))  # before the rows: who begins meanwhile is named by then
    named = named | {str(each) for each in PackageUpload.objects.values_list("public_id", flat=True)}
    storage.remove_older([path for path in there if path.name not in named], ABANDONED)


def path_of(public_id: UUID | str) -> Path:
    """Where the bytes of an upload lie."""
    return _folder() / str(public_id)


def require_size(size: int) -> None:
    """Raise UploadTooLarge for a package that is larger than one may be."""
    if size > settings.PACKAGE_BYTES:
        raise pieces.UploadTooLarge(
            noop("A courier file may have %(most)s bytes here. Its maker can send it in parts: more often."),
            most=f"{settings.PACKAGE_BYTES:,}",
        )


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "uploads" / "packages"
