"""Every file of a file system: kept, deleted, orphaned, and the streams beside them. Runs in the jail.

Kept folders come first, then deleted ones, orphans last; each folder's own address is opened once.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytsk3

from workbench.jail import image_results, results
from workbench.jail.image_results import ITSELF, MAX_PATH, ImageEntry
from workbench.jail.images_streams import Stream, about, streams
from workbench.jail.images_volumes import DAMAGED, FAT, HFS, NTFS, Volume

DELETED = int(pytsk3.TSK_FS_NAME_FLAG_UNALLOC)
KEPT = int(pytsk3.TSK_FS_META_FLAG_ALLOC)
FOLDER, FILE, LINK = (int(getattr(pytsk3, f"TSK_FS_META_TYPE_{name}")) for name in ("DIR", "REG", "LNK"))
VIRTUAL = {int(pytsk3.TSK_FS_NAME_TYPE_VIRT), int(pytsk3.TSK_FS_NAME_TYPE_VIRT_DIR)}  # The Sleuth Kit's own inventions
LABEL = b" (Volume Label Entry)"
NTFS_OWN, NTFS_EXTEND, HFS_OWN = 24, 11, 16  # addresses below these, and what lies in $Extend, are the system's
SAME_NAMED = 1 << 20  # entries of one name in one folder
SAME_FOLDERS = 1 << 10  # folders of one path


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder about to be opened. Told to the worker first, so that it knows what killed us."""

    volume: Volume
    address: int
    path: bytes
    is_own: bool = False  # the file system's own


class Walk:
    """Iterate once for Folders and, after each, its ImageEntries. `passed` are addresses not to be opened."""

    def __init__(self, volume: Volume, passed: set[int]) -> None:
        self._volume = volume
        self._passed = passed
        info = volume.system.info
        self._kept, self._deleted = [Folder(volume, int(info.root_inum), volume.name)], deque[Folder]()
        self._below: list[Folder] = []  # kept folders in the one being read
        self._seen = {int(info.root_inum)}
        self._orphans: Folder | None = None
        self._paths: Counter[int] = Counter()  # by their hash: how many folders of that path came before

    def __iter__(self) -> Iterator[Folder | ImageEntry]:
        while folder := self._next():
            if folder.address not in self._passed:
                yield folder
                yield from self._numbered(folder)
                self._kept += reversed(self._below)
                self._below = []

    def _next(self) -> Folder | None:
        if self._kept:
            return self._kept.pop()
        if self._deleted:
            return self._deleted.popleft()
        last, self._orphans = self._orphans, None
        return last

    def _numbered(self, folder: Folder) -> Iterator[ImageEntry]:
        """The folder's entries, those of one path told apart by their ordinals, whatever folder they lie in."""
        earlier = self._paths[hash(folder.path)]
        self._paths[hash(folder.path)] += 1
        if earlier >= SAME_FOLDERS:
            yield ImageEntry(folder.path, ITSELF, reason=results.OVER_LIMIT)
            return
        seen: Counter[bytes] = Counter()
        for one in self._entries(folder):
            if one.ordinal == ITSELF:
                yield one
                continue
            ordinal = min(seen[one.raw_path], SAME_NAMED - 1)
            seen[one.raw_path] += 1
            yield replace(one, ordinal=earlier * SAME_NAMED + ordinal)

    def _entries(self, folder: Folder) -> Iterator[ImageEntry]:
        try:
            for file in self._volume.system.open_dir(inode=folder.address):
                yield from self._of_file(file, folder)
        except DAMAGED:
            yield ImageEntry(folder.path, ITSELF, reason=image_results.UNREADABLE)

    def _of_file(self, file: Any, folder: Folder) -> Iterator[ImageEntry]:
        name = file.info.name
        raw_name = bytes(name.name or b"")
        if raw_name in (b".", b"..") or (raw_name.endswith(LABEL) and self._volume.kind in FAT):
            return
        if int(name.type) in VIRTUAL:
            if raw_name == b"$OrphanFiles":
                self._orphans = Folder(self._volume, int(name.meta_addr), folder.path + b"/" + raw_name)
            return
        path = folder.path + b"/" + raw_name.replace(b"/", b":")  # a name that holds a slash is a forgery
        is_own = folder.is_own or self._is_own(raw_name, int(name.meta_addr))
        yield from self._named(_Named(file, path, bool(int(name.flags) & DELETED), is_own))

    def _is_own(self, raw_name: bytes, address: int) -> bool:
        if self._volume.kind in NTFS:
            return address < NTFS_OWN
        return self._volume.kind in HFS and address < HFS_OWN and raw_name.startswith(b"$")

    def _named(self, one: "_Named") -> Iterator[ImageEntry]:
        if one.is_deleted:
            reason = _recovered(one, self._volume)
            if reason:
                yield ImageEntry(one.path, reason=reason, about={"deleted": True})
                return
        meta = one.file.info.meta
        if not meta:
            yield ImageEntry(one.path, reason=image_results.UNREADABLE)
            return
        kind, said = int(meta.type), about(meta, self._volume, is_deleted=one.is_deleted)
        if kind == FOLDER:
            if not self._remember(one, int(meta.addr)):
                yield ImageEntry(one.path, ITSELF, reason=results.OVER_LIMIT)
            yield from self._streams(one, said)
        elif kind == LINK:
            target = bytes(meta.link or b"")
            yield ImageEntry(one.path, reason=image_results.LINK, target=target, about=said)
        elif kind == FILE:
            yield from self._streams(one, said)
        else:
            yield ImageEntry(one.path, reason=image_results.NOT_REGULAR, about=said)

    def _remember(self, one: "_Named", address: int) -> bool:
        """Open the folder later, unless it was met before; False where its path is longer than a name can be."""
        if len(one.path) > MAX_PATH:
            return False
        if address not in self._seen:
            self._seen.add(address)
            is_own = one.is_own and address >= NTFS_EXTEND  # the root is among the first addresses too
            folder = Folder(self._volume, address, one.path, is_own)
            (self._deleted if one.is_deleted else self._below).append(folder)
        return True

    def _streams(self, one: "_Named", said: dict[str, Any]) -> Iterator[ImageEntry]:
        try:
            for stream in streams(one.file, self._volume):
                if not (one.is_own and _is_systems(one.path, stream)):
                    yield stream.entry(one.path, said, is_deleted=one.is_deleted)
        except DAMAGED:
            yield ImageEntry(one.path, reason=image_results.UNREADABLE, about=said)


@dataclass(slots=True)
class _Named:
    """A name in a folder, and the file it leads to."""

    file: Any
    path: bytes
    is_deleted: bool
    is_own: bool


def _recovered(one: _Named, volume: Volume) -> str:
    """Why what a deleted name led to is not the file's any more; "" with the file put right.

    The Sleuth Kit gives no metadata where the sequence number has moved on, which NTFS does at each deletion.
    """
    name, meta = one.file.info.name, one.file.info.meta
    if not meta and int(name.meta_addr):
        try:
            found = volume.system.open_meta(int(name.meta_addr))
        except DAMAGED:
            return results.NOT_RECOVERABLE
        if volume.kind in NTFS and int(found.info.meta.seq) not in (int(name.meta_seq), int(name.meta_seq) + 1):
            return results.REALLOCATED
        one.file, meta = found, found.info.meta
    if not meta or not int(meta.type):
        return results.NOT_RECOVERABLE
    if int(meta.flags) & KEPT:
        return results.REALLOCATED
    return results.NOT_RECOVERABLE if int(meta.type) == FILE and not meta.size and volume.kind not in NTFS else ""


def _is_systems(path: bytes, stream: Stream) -> bool:
    """Whether a stream of a system file is the system's: one that somebody else put there is evidence."""
    return path.rpartition(b"/")[2].startswith(b"$") and (not stream.name or stream.name.startswith(b"$"))
