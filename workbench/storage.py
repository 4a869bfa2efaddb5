"""The content-addressed store: blobs and previews of an agency, in files named by their SHA-256.

Rule 1.4 of security.md: a temporary file, hashed while it is written, fsync, renamed to its digest, its folders
fsynced, and only then does the caller commit. A `Batch` does this for a handful of files together, so that a
folder is synced once. What is hashed is what is stored, in one pass over the bytes.
"""

import errno
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from uuid import UUID

from django.conf import settings
from django.db.models.functions import Now

from workbench.durable import sync_folder
from workbench.errors import WorkbenchError
from workbench.media_types import HEAD_BYTES
from workbench.models import Agency

INCOMING = "incoming"  # folder of files that are being written
CHUNK = 4 << 20  # bytes; a file no longer than this is hashed in memory and written only if it is new
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
NOT_USABLE = frozenset({errno.EROFS, errno.EACCES, errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENOTCONN})
ROOM_WANTED = 512 << 20  # bytes free before work that stopped for lack of space goes on
SETTLED = 60  # seconds after which a name that stands was synced by whoever wrote it, or by the kernel
ABANDONED = 3600  # seconds after which an unfinished file has nobody who writes it
STORYBOARD = ".frames"
FOLDER_DIGITS = 3  # of a name: 4,096 folders, so that most stand already and a batch syncs few (decision 0007)
_ZEROS = bytes(CHUNK)


class StoreUnusable(WorkbenchError):
    """Nothing can be kept in the evidence store just now."""

    code = "store-unusable"
    status = HTTPStatus.INSUFFICIENT_STORAGE
    permanent = False


class StoreFull(StoreUnusable):
    """The disk of the evidence store is full. Free some space; the ingest then goes on by itself."""

    code = "store-full"


class StoreGone(StoreUnusable):
    """The evidence store cannot be reached or written. Bring its disk back; the ingest then goes on by itself."""

    code = "store-gone"


@dataclass(frozen=True, slots=True)
class Digests:
    """What one pass over the bytes told; `head` are the first bytes, for the type."""

    md5: bytes
    sha1: bytes
    sha256: bytes
    size: int
    head: bytes


class Batch:
    """Files being stored together; nothing counts until `commit()`, and what is left over is removed."""

    def __init__(self, agency: Agency | UUID) -> None:
        self._evidence = evidence_folder(agency)
        self._previews = previews_folder(agency)
        self._open: list[tuple[int, Path, Path]] = []  # descriptor, temporary name, final name
        self._young: set[Path] = set()  # folders of blobs that another batch may not have synced yet

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        while self._open:
            self._discard_last()

    def receive(self, chunks: Iterable[bytes]) -> Digests:
        """Hash and keep the bytes. Raises StoreFull; what the iterator raises passes through and nothing is kept."""
        pending = iter(chunks)
        first: list[bytes] = []
        size = 0
        for chunk in pending:
            first.append(chunk)
            size += len(chunk)
            if size > CHUNK:
                with space():
                    return self._large(chain(first, pending))
        with space():
            return self._small(b"".join(first))

    def put_preview(self, sha256: bytes, jpeg: bytes) -> None:
        """Keep the clear preview of a content. Raises StoreFull."""
        with space():
            self._write(jpeg, self._previews, _place(self._previews, sha256, ".jpg"))

    def put_storyboard(self, sha256: bytes, pictures: Sequence[bytes]) -> None:
        """Keep the clear keyframes of a content one after the other in one file. Raises StoreFull."""
        with space():
            self._write(b"".join(pictures), self._previews, _place(self._previews, sha256, STORYBOARD))

    def commit(self) -> None:
        """Make everything durable under its final name. Raises StoreFull."""
        folders = {folder for young in self._young for folder in (young, young.parent)}
        with space():
            for descriptor, temporary, final in self._open:
                os.fsync(descriptor)
                folders |= _make_folders(final.parent)
                temporary.rename(final)
            for folder in folders:
                sync_folder(folder)
        for descriptor, _, _ in self._open:
            os.close(descriptor)
        self._open.clear()
        self._young.clear()

    def _small(self, data: bytes) -> Digests:
        digest = hashlib.sha256(data).digest()
        final = _place(self._evidence, digest)
        age = _age(final)
        if age is None:
            self._write(data, self._evidence, final)
        elif age < SETTLED:
            self._young.add(final.parent)
        md5, sha1 = (hashlib.new(name, data, usedforsecurity=False).digest() for name in ("md5", "sha1"))
        return Digests(md5, sha1, digest, len(data), data[:HEAD_BYTES])

    def _write(self, data: bytes, root: Path, final: Path) -> None:
        descriptor = self._temporary(root, final)
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    def _large(self, chunks: Iterable[bytes]) -> Digests:
        """As it streams; runs of zeros become holes, so that a sparse image costs no disk."""
        digests = [hashlib.new(name, usedforsecurity=False) for name in ("md5", "sha1", "sha256")]
        descriptor = self._temporary(self._evidence, self._evidence)
        size, head = 0, b""
        try:
            for chunk in chunks:
                for digest in digests:
                    digest.update(chunk)
                head = head or chunk[:HEAD_BYTES]
                _write_or_skip(descriptor, chunk)
                size += len(chunk)
            os.ftruncate(descriptor, size)
        except BaseException:
            self._discard_last()
            raise
        md5, sha1, sha256 = (digest.digest() for digest in digests)
        self._open[-1] = (descriptor, self._open[-1][1], _place(self._evidence, sha256))
        return Digests(md5, sha1, sha256, size, head)

    def _discard_last(self) -> None:
        descriptor, temporary, _ = self._open.pop()
        os.close(descriptor)
        temporary.unlink(missing_ok=True)

    def _temporary(self, root: Path, final: Path) -> int:
        """An open file to write to, last in the list; `commit` gives it its final name."""
        folder = root / INCOMING  # evidence and previews may lie on two disks: a file is renamed within one
        path = folder / f"{os.getpid()}-{secrets.token_hex(8)}"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            make_store(self._evidence)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._open.append((descriptor, path, final))
        return descriptor


def blob_path(agency: Agency | UUID, sha256: bytes) -> Path:
    """Where the bytes of a content lie."""
    return _place(evidence_folder(agency), bytes(sha256))


def open_blob(agency: Agency | UUID, sha256: bytes) -> BinaryIO:
    """The bytes of a content, read-only. Raises FileNotFoundError, and StoreGone where none could be read."""
    try:
        return blob_path(agency, sha256).open("rb")
    except FileNotFoundError:
        if _is_gone(evidence_folder(agency)):
            raise StoreGone from None
        raise


def preview(agency: Agency | UUID, sha256: bytes) -> bytes | None:
    """The clear preview (JPEG) of a content, or None when there is none."""
    try:
        return _place(previews_folder(agency), bytes(sha256), ".jpg").read_bytes() or None
    except FileNotFoundError:
        return None


def storyboard(agency: Agency | UUID, sha256: bytes, offset: int, length: int) -> bytes | None:
    """One clear keyframe (JPEG) of a content, or None when it is not there as it was written."""
    try:
        with _place(previews_folder(agency), bytes(sha256), STORYBOARD).open("rb") as file:
            file.seek(offset)
            picture = file.read(length)
    except FileNotFoundError:
        return None
    whole = len(picture) == length and picture.startswith(b"\xff\xd8\xff") and picture.endswith(b"\xff\xd9")
    return picture if whole else None


def has_room() -> bool:
    """Whether work that stopped for lack of space may go on."""
    places = [settings.DATA_DIR, settings.DATA_DIR / "evidence"]  # which may be a disk of its own
    return all(shutil.disk_usage(place).free > ROOM_WANTED for place in places if place.is_dir())


def is_there() -> bool:
    """Whether work that stopped because the store was gone may go on: every agency's folder can be written."""
    made = Agency.objects.filter(store_made_at__isnull=False).values_list("public_id", flat=True)
    return all(os.access(evidence_folder(agency) / INCOMING, os.W_OK | os.X_OK) for agency in made)


def make_store(evidence: Path) -> None:
    """Make an agency's folders, once: later a missing one is a disk that is not there. Raises StoreGone."""
    if _is_gone(evidence):
        raise StoreGone
    (evidence / INCOMING).mkdir(mode=0o700, parents=True, exist_ok=True)
    Agency.objects.filter(public_id=evidence.name, store_made_at=None).update(store_made_at=Now())


def _is_gone(evidence: Path) -> bool:
    """Whether an agency's folder was made and is not there; a mount point without its disk is none."""
    if (evidence / INCOMING).is_dir():
        return False
    return Agency.objects.filter(public_id=evidence.name).exclude(store_made_at=None).exists()


def sweep_incoming() -> int:
    """Remove what killed workers and broken-off requests left unfinished; returns how many files."""
    to_store = settings.DATA_DIR.glob(f"[ep]*/*/{INCOMING}/*")
    return remove_older(chain(to_store, Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir()), ABANDONED)


def remove_older(paths: Iterable[Path], seconds: float) -> int:
    """Remove the files nobody has written to for so long; returns how many."""
    oldest, removed = time.time() - seconds, 0
    for path in paths:
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                path.unlink()
                removed += 1
    return removed


def evidence_folder(agency: Agency | UUID) -> Path:
    """Where an agency's blobs lie."""
    return Path(settings.DATA_DIR, "evidence", str(agency.public_id if isinstance(agency, Agency) else agency))


def previews_folder(agency: Agency | UUID) -> Path:
    """Where an agency's previews and storyboards lie."""
    return Path(settings.DATA_DIR, "previews", str(agency.public_id if isinstance(agency, Agency) else agency))


def _place(root: Path, sha256: bytes, ending: str = "") -> Path:
    name = sha256.hex()
    return root / name[:FOLDER_DIGITS] / (name + ending)


def _age(path: Path) -> float | None:
    """Seconds since the file got its name; None when there is none."""
    try:
        return time.time() - path.stat().st_ctime
    except FileNotFoundError:
        return None


def _make_folders(folder: Path) -> set[Path]:
    """Make the folder; returns every folder whose entries changed or will change."""
    changed = {folder, folder.parent}  # whoever made a folder that stands may not have synced it yet
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileNotFoundError:
        changed |= _make_folders(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    return changed


def _write_or_skip(descriptor: int, chunk: bytes) -> None:
    if len(chunk) <= len(_ZEROS) and chunk == _ZEROS[: len(chunk)]:
        os.lseek(descriptor, len(chunk), os.SEEK_CUR)
        return
    view = memoryview(chunk)
    while view:
        view = view[os.write(descriptor, view) :]


@contextmanager
def space() -> Iterator[None]:
    """A full disk, and one that does not take anything, get a name; other faults stay what they are."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_SPACE:
            raise StoreFull from error
        if error.errno in NOT_USABLE:
            raise StoreGone from error
        raise
