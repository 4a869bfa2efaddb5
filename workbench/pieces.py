"""Large files that come piece by piece: what is kept of a piece, and proved by its checksum (tus 1.0).

The first `offset` bytes of a file are durable before anybody says so; what a killed process left behind them is
written over.
"""

import base64
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from workbench import durable, storage
from workbench.errors import BadInput, WorkbenchError
from workbench.words import noop

SLICE = 8 << 20  # bytes written, synced and committed together
MOST_CHECKED = 16 << 20  # bytes of a piece with a checksum: it is held in memory until it is proved
ALGORITHMS = ("sha1", "sha256")


class UploadTooLarge(WorkbenchError):
    """This is larger than one upload, or one piece of it, may be. Put it into the inbox or a watched folder."""

    code = "upload-too-large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class TooManyUploads(WorkbenchError):
    """Too many files are under way here at once. Finish some, then go on."""

    code = "too-many-uploads"
    status = HTTPStatus.TOO_MANY_REQUESTS
    permanent = False


class OffsetMoved(WorkbenchError):
    """Another request has written this part of the upload. Ask where it stands and go on from there."""

    code = "offset-moved"
    status = HTTPStatus.CONFLICT
    permanent = False


class UploadGone(WorkbenchError):
    """Nobody went on with this upload in time. Send the file again."""

    code = "upload-gone"
    status = HTTPStatus.GONE


class ChecksumDiffers(WorkbenchError):
    """The bytes of this piece are not those that were sent. Nothing of it was kept; send it again."""

    code = "checksum-differs"
    status = 460  # tus 1.0, checksum extension
    permanent = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece on its way, of `length` bytes. `checksum` is tus' own word, `sha256 BASE64`: it is then kept whole or not
    at all. `may_go_on` is asked before each slice is kept; what it raises ends the piece.
    """

    stream: BinaryIO
    length: int
    checksum: str = ""
    may_go_on: Callable[[], object] = lambda: None

    def slices(self, offset: int, size: int) -> Iterator[bytes]:
        """What is to be kept from `offset` on of a file of `size` bytes, bit by bit, as much of it as comes.

        Raises UploadTooLarge, ChecksumDiffers, BadInput, and whatever `may_go_on` raises.
        """
        if offset + self.length > size:
            raise UploadTooLarge("This piece goes beyond the size that was announced. Begin a new upload.")
        for data in _proved(self.stream, self.length, self.checksum) if self.checksum else _slices(self.stream):
            self.may_go_on()
            yield data


def shown_name(told: bytes) -> str:
    """What a browser calls its file, without folders and no longer than 200 characters. Raises BadInput."""
    if not (name := Path(told.decode("utf-8", "replace").replace("\0", "")).name[:200]):
        raise BadInput(noop("A file came without a name."))
    return name


def mark(fingerprint: bytes) -> str:
    """What is kept of a sender's word for "the same file", however long that is; "" for none."""
    return hashlib.sha256(fingerprint).hexdigest() if fingerprint else ""


def _slices(stream: BinaryIO) -> Iterator[bytes]:
    """The piece in slices; where the connection breaks off, what came before it."""
    try:
        while data := stream.read(SLICE):
            yield data
    except OSError:
        return


def _proved(stream: BinaryIO, length: int, checksum: str) -> Iterator[bytes]:
    """The whole piece, if it is what was sent. Raises ChecksumDiffers, UploadTooLarge, BadInput."""
    algorithm, _, told = checksum.partition(" ")
    if algorithm not in ALGORITHMS:
        raise BadInput(f"This checksum is of an unknown kind. Known are: {', '.join(ALGORITHMS)}.")
    if length > MOST_CHECKED:
        raise UploadTooLarge(f"A piece with a checksum has {MOST_CHECKED:,} bytes at most. Send smaller pieces.")
    data = b"".join(_slices(stream))
    if base64.b64encode(hashlib.new(algorithm, data, usedforsecurity=False).digest()).decode() != told:
        raise ChecksumDiffers
    yield data


@transaction.atomic
def keep(
    rows: QuerySet[Any], path: Path, offset: int, data: bytes, require: Callable[[Any], None] = lambda _row: None
) -> int:
    """Write one slice of the file of the one row, then move its `offset`, while nobody else can; the new offset.

    `require` is given the locked row first. Raises UploadGone, OffsetMoved, StoreFull.
    """
    row = rows.select_for_update(of=("self",)).first()
    if row is None or row.expires_at < timezone.now():
        raise UploadGone
    require(row)
    if row.offset != offset:
        raise OffsetMoved
    write_at(path, offset, data)
    row.offset, row.expires_at = offset + len(data), expiry()
    row.save(update_fields=["offset", "expires_at"])
    return int(row.offset)


def write_at(path: Path, offset: int, data: bytes) -> None:
    """Make the bytes at `offset` durable, and the file no longer than they reach. Raises StoreFull, UploadGone.

    A file that does not reach so far has lost what its row tells of: zeros in its place would go for what was sent.
    """
    try:
        with path.open("r+b" if offset else "wb") as file:
            if os.fstat(file.fileno()).st_size < offset:
                raise UploadGone
            file.truncate(offset)
            file.seek(offset)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if not offset:
            durable.sync_folder(path.parent)
    except FileNotFoundError as error:  # what it is for was given up, and the folder removed
        raise UploadGone from error
    except OSError as error:
        if error.errno in storage.NO_SPACE:
            raise storage.StoreFull from error
        raise


def has(path: Path, offset: int) -> bool:
    """Whether so many bytes of a file are there: who restores a backup may have its row alone."""
    try:
        return path.stat().st_size >= offset
    except FileNotFoundError:
        return False


def expiry() -> datetime:
    """Until when an upload that is gone on with now waits for more."""
    return timezone.now() + timedelta(hours=settings.UPLOAD_HOURS)
