"""Files that a browser sends: kept under names of ours until the store has them; sending twice changes nothing."""

import os
import secrets
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import transaction

from cases import announced, closing, evidence, receiving
from cases.errors import UploadIncomplete
from cases.evidence import NotInThisState
from cases.ingest import ledger
from cases.ingest.base import Found
from cases.ingest.upload import Upload
from cases.models import AnnouncedFile, Case, Exhibit, FileInstance, ResumableUpload
from workbench import durable
from workbench.models import User

CHUNK = 1 << 20  # bytes
S = Exhibit.State


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that came, under a name of this request's own until the ledger has it; its locator is its SHA-256."""

    raw_path: bytes
    temporary: Path
    locator: bytes
    size: int  # bytes


def receive(exhibit: Exhibit, files: Sequence[tuple[bytes, BinaryIO]]) -> int:
    """Keep (raw relative name, bytes) pairs and enter them into the ledger; how many came.

    Of one name with other bytes each is a file of its own. A refusal leaves nothing behind and touches nothing.
    Raises NotInThisState, CaseIsClosed, BadInput.
    """
    if exhibit.reader != Upload.id or exhibit.state != S.WAITING:
        raise NotInThisState
    sent: list[Sent] = []
    try:
        for raw_path, stream in files:
            sent.append(_sent(raw_path, stream))
        _enter(exhibit, sent)
    finally:
        for one in sent:
            one.temporary.unlink(missing_ok=True)
    return len(sent)


def _sent(raw_path: bytes, stream: BinaryIO) -> Sent:
    receiving.check_name(raw_path)
    temporary, digest = _incoming(), sha256()
    with _or_nothing(temporary):
        size = _write(temporary, stream, digest.update)
    return Sent(raw_path, temporary, digest.hexdigest().encode(), size)


@transaction.atomic
def _enter(exhibit: Exhibit, sent: Sequence[Sent]) -> None:
    """Give the files their final names and rows while the exhibit is held in its state: nobody reads them yet."""
    receiving.hold(exhibit)
    folder = receiving.folder(exhibit)
    for one in sent:
        one.temporary.rename(folder / os.fsdecode(one.locator))
    durable.sync_folder(folder)
    ledger.add(exhibit.pk, _new(exhibit, sent))


def _new(exhibit: Exhibit, sent: Sequence[Sent]) -> list[Found]:
    """What the ledger does not have: same-named files with other bytes get the next ordinals. One query."""
    keys = [sha256(one.raw_path).digest() for one in sent]
    rows = FileInstance.objects.filter(exhibit=exhibit, parent=None, name_key__in=keys)
    held: dict[bytes, list[bytes]] = {}
    for raw_path, locator in rows.order_by("ordinal").values_list("raw_path", "locator"):
        held.setdefault(bytes(raw_path), []).append(bytes(locator))
    found = []
    for one in sent:
        same_name = held.setdefault(one.raw_path, [])
        if one.locator not in same_name:
            found.append(Found(one.raw_path, len(same_name), one.locator, one.size))
            same_name.append(one.locator)
    return found


def add_file(*, case: Case, ref: str, reader_id: str, stream: BinaryIO, by: User, description: str = "") -> Exhibit:
    """Add the one file (a zip) that is a whole exhibit; its ingest begins.

    A file that its reader refuses leaves nothing behind, no exhibit either. Raises ExhibitTaken, CaseIsClosed,
    BadInput, and what the reader says of the file.
    """
    public_id = uuid.uuid4()
    path = Path(evidence.upload_folder(public_id)) / "source"
    try:
        path.parent.mkdir(mode=0o700, parents=True)
        _write(path, stream)
        durable.sync_folder(path.parent)
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
    """Every file came: the ingest begins. A second time it changes nothing.

    Raises UploadIncomplete where something announced has not come; NotInThisState, CaseIsClosed.
    """
    closing.require_open(exhibit.case_id)
    if exhibit.reader != Upload.id:
        raise NotInThisState
    if Exhibit.objects.select_for_update().filter(pk=exhibit.pk, state=S.WAITING).exists():
        if missing := announced.missing(exhibit):
            raise UploadIncomplete(missing)
        Exhibit.objects.filter(pk=exhibit.pk).update(state=S.LISTING)
        exhibit.state = S.LISTING
        receiving.folder(exhibit)
        AnnouncedFile.objects.filter(exhibit=exhibit).delete()
        ResumableUpload.objects.filter(exhibit=exhibit).delete()
    elif exhibit.state == S.CANCELLED:
        raise NotInThisState


def _incoming() -> Path:
    """A new name on the disk of the uploads; the sweeper removes what is left there."""
    return Path(settings.FILE_UPLOAD_TEMP_DIR) / secrets.token_hex(16)


@contextmanager
def _or_nothing(path: Path) -> Iterator[None]:
    """Remove the file unless the block ends well."""
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _write(path: Path, stream: BinaryIO, seen: Callable[[bytes], None] = lambda _chunk: None) -> int:
    """Write a new file and make its bytes durable; how many. `seen` is given each chunk."""
    size = 0
    with path.open("xb") as file:
        while chunk := stream.read(CHUNK):
            seen(chunk)
            size += file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return size
