"""Files that a browser sends: kept under names of ours until the store has them; sending twice changes nothing."""

import os
import secrets
import shutil
import uuid
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from django.db import transaction

from cases import closing, evidence
from cases.evidence import NotInThisState
from cases.ingest import ledger
from cases.ingest.base import Found
from cases.models import Case, Exhibit
from workbench import storage
from workbench.errors import BadInput
from workbench.models import User

CHUNK = 1 << 20  # bytes
LONGEST_NAME = 16_384  # bytes
S = Exhibit.State


def receive(exhibit: Exhibit, files: Sequence[tuple[str, BinaryIO]]) -> int:
    """Keep (relative name, bytes) pairs and enter them into the ledger; how many came.

    Raises NotInThisState, CaseIsClosed.
    """
    if exhibit.state != S.WAITING:
        raise NotInThisState
    found = [_kept(exhibit, name, stream) for name, stream in files]
    if found:
        storage.sync_folder(Path(evidence.upload_folder(exhibit.public_id)))
    with transaction.atomic():
        closing.require_open(exhibit.case_id)
        if not Exhibit.objects.select_for_update().filter(pk=exhibit.pk, state=S.WAITING).exists():
            raise NotInThisState
        ledger.add(exhibit.pk, found)
    return len(found)


def _kept(exhibit: Exhibit, name: str, stream: BinaryIO) -> Found:
    raw_path = name.encode("utf-8", "surrogateescape")
    if not raw_path or len(raw_path) > LONGEST_NAME:
        raise BadInput("A file came without a name, or with one that is too long.")
    locator = sha256(raw_path).hexdigest()
    size = _write(Path(evidence.upload_folder(exhibit.public_id)) / locator, stream)
    return Found(raw_path, locator=locator.encode(), size=size)


def add_file(*, case: Case, ref: str, reader_id: str, stream: BinaryIO, by: User, description: str = "") -> Exhibit:
    """Add the one file (a zip) that is a whole exhibit; its ingest begins.

    A file that its reader refuses leaves nothing behind, no exhibit either. Raises ExhibitTaken, CaseIsClosed,
    BadInput, and what the reader says of the file.
    """
    public_id = uuid.uuid4()
    path = Path(evidence.upload_folder(public_id)) / "source"
    try:
        _write(path, stream)
        storage.sync_folder(path.parent)
        return evidence.add_exhibit(
            case=case,
            ref=ref,
            reader_id=reader_id,
            source=os.fsencode(path),
            by=by,
            description=description,
            sent_as=public_id,
        )
    except BaseException:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise


@transaction.atomic
def all_sent(exhibit: Exhibit) -> None:
    """Every file came: the ingest begins. A second time it changes nothing. Raises NotInThisState, CaseIsClosed."""
    closing.require_open(exhibit.case_id)
    Path(evidence.upload_folder(exhibit.public_id)).mkdir(mode=0o700, parents=True, exist_ok=True)
    if Exhibit.objects.filter(pk=exhibit.pk, state=S.WAITING).update(state=S.LISTING):
        exhibit.state = S.LISTING
    elif exhibit.state == S.CANCELLED:
        raise NotInThisState


def _write(final: Path, stream: BinaryIO) -> int:
    """Write under the final name, replacing what an earlier try left; how many bytes. The caller syncs the folder."""
    final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = final.with_name(f"{final.name}.{secrets.token_hex(8)}")
    size = 0
    try:
        with temporary.open("xb") as file:
            while chunk := stream.read(CHUNK):
                size += file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(final)
    finally:
        temporary.unlink(missing_ok=True)
    return size
