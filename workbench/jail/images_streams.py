"""The streams of one file of a file system, its times, and where its bytes lie. Runs in the jail."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytsk3

from workbench.jail import image_results, results
from workbench.jail.image_results import MAX_SIZE, TIMES, ImageEntry
from workbench.jail.images_volumes import Volume

# Attributes that hold what a person would call the file; the others are the file system's bookkeeping.
DATA = {
    int(getattr(pytsk3, f"TSK_FS_ATTR_TYPE_{name}"))
    for name in ("DEFAULT", "NTFS_DATA", "HFS_DEFAULT", "HFS_DATA", "HFS_RSRC")
}
RESOURCE_FORK = int(pytsk3.TSK_FS_ATTR_TYPE_HFS_RSRC)
NO_BYTES = int(pytsk3.TSK_FS_ATTR_RUN_FLAG_FILLER) | int(pytsk3.TSK_FS_ATTR_RUN_FLAG_SPARSE)
RESIDENT = int(pytsk3.TSK_FS_ATTR_RES)  # the bytes lie in the file's own record
FOLDER = int(pytsk3.TSK_FS_META_TYPE_DIR)
KEPT = int(pytsk3.TSK_FS_META_FLAG_ALLOC)
TSK_TIMES = dict(zip(TIMES, ("crtime", "ctime", "mtime", "atime"), strict=True))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEAST_BYTES, RATIO = 1 << 30, 100  # a hole is larger than this, and than so many times what the disk holds of it


@dataclass(frozen=True, slots=True)
class Stream:
    """One run of bytes of a file; `name` is empty for the file itself."""

    name: bytes
    place: str
    size: int  # negative in a damaged record
    offset: int | None  # bytes in the medium; None where the bytes lie in the file's own record
    stored: int  # bytes the medium holds of it

    def entry(self, path: bytes, said: dict[str, Any], *, is_deleted: bool) -> ImageEntry:
        """The stream as an entry of its own."""
        if self.name:
            path += b":" + self.name
        if self.offset is not None:
            said = said | {"offset": self.offset}
        if self.size < 0:
            return ImageEntry(path, reason=image_results.UNREADABLE, about=said)
        is_hole = self.size > LEAST_BYTES and self.size > RATIO * self.stored
        reason = results.OVER_LIMIT if is_hole else ""
        if is_deleted and self.size and self.offset is None and not self.stored:
            reason = results.NOT_RECOVERABLE
        return ImageEntry(path, place=self.place, size=self.size, reason=reason, about=said)


def streams(file: Any, volume: Volume) -> Iterator[Stream]:
    """The file's bytes and whatever streams lie beside them. Raises DAMAGED."""
    address = int(file.info.meta.addr)
    is_folder = int(file.info.meta.type) == FOLDER
    for attribute in file:
        info = attribute.info
        kind, number, size = int(info.type), int(info.id), min(int(info.size), MAX_SIZE)
        if kind not in DATA or (kind == RESOURCE_FORK and not size):
            continue
        name = b"rsrc" if kind == RESOURCE_FORK else bytes(info.name or b"")
        if not is_folder or name:
            is_resident = bool(int(info.flags) & RESIDENT)
            offset, stored = (None, size) if is_resident else _where(attribute, volume)
            yield Stream(name, f"{volume.offset}:{address}:{kind}:{number}", size, offset, stored)


def _where(attribute: Any, volume: Volume) -> tuple[int | None, int]:
    """(offset of the first byte in the medium, bytes held there) of a stream that lies in blocks of its own."""
    first, blocks, block_size = None, 0, int(volume.system.info.block_size)
    for run in attribute:
        if not int(run.flags) & NO_BYTES:
            first = int(run.addr) if first is None else first
            blocks += int(run.len)
    offset = None if first is None else volume.offset + first * block_size
    return (offset if offset is not None and 0 <= offset <= MAX_SIZE else None), blocks * block_size


def about(meta: Any, volume: Volume, *, is_deleted: bool) -> dict[str, Any]:
    """What is told of a file beside its name and size; see ImageEntry."""
    said: dict[str, Any] = {name: text for name, text in _times(meta, volume) if text}
    if said:
        said["zone"] = "local" if volume.is_local else "utc"
    if not int(meta.flags) & KEPT:
        said["unallocated"] = True
    return said | {"deleted": True} if is_deleted else said


def _times(meta: Any, volume: Volume) -> Iterator[tuple[str, str]]:
    for name, field in TSK_TIMES.items():
        seconds, nanoseconds = int(getattr(meta, field)), int(getattr(meta, f"{field}_nano"))
        yield name, moment(seconds, nanoseconds, is_local=volume.is_local)


def moment(seconds: int, nanoseconds: int, *, is_local: bool) -> str:
    """ISO text, to the microsecond; "" for a time that was never set or that no calendar reaches."""
    if not seconds:
        return ""
    try:
        at = EPOCH + timedelta(seconds=seconds, microseconds=nanoseconds // 1000)
    except OverflowError:
        return ""
    return (at.replace(tzinfo=None) if is_local else at).isoformat()
