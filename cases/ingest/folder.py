"""PURE: evidence that lies in a folder: every node below it, whatever its name, kind or depth (security.md 2.1-2.4)."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import closing

from cases.ingest import base, nodes
from cases.ingest.base import Found, Reading, Row, SourceGone, SourceUnusable, Spoiled
from workbench.words import noop

Parts = tuple[bytes, ...]


class Folder:
    """Walks with directory handles; reads regular files only."""

    id = "folder"
    label = "Folder"

    def __init__(self, within: tuple[bytes, ...] = ()) -> None:
        self.within = within

    def check(self, source: bytes) -> None:
        """See Reader."""
        with self._handles(source):
            pass

    def find(self, source: bytes) -> Iterator[Found]:
        """Depth first, names in byte order; a folder that cannot be opened is a node with a reason."""
        with self._handles(source) as handles:
            todo: list[Parts] = [()]
            while todo:
                parts = todo.pop()
                try:
                    entries = _entries(handles.folder(parts))
                except OSError as error:
                    if not parts:
                        raise SourceGone from error
                    yield Found(b"/".join(parts), reason=base.UNREADABLE)
                    continue
                folders = []
                for name, is_folder in entries:
                    if is_folder:
                        folders.append((*parts, name))
                    else:
                        yield _node(handles.folder(parts), parts, name)
                todo.extend(reversed(folders))

    def read(self, source: bytes, rows: list[Row]) -> Iterator[Reading]:
        """See Reader. A row with a locator lies there, whatever its name is."""
        with self._handles(source) as handles:
            for row in rows:
                yield from _reading(handles, row, tuple((row.locator or row.raw_path).split(b"/")))

    def _handles(self, source: bytes) -> closing[nodes.Handles]:
        try:
            return closing(nodes.Handles(source, self.within))
        except NotADirectoryError as error:
            raise SourceUnusable(noop("This is not a folder. Say what it is, or choose another path.")) from error
        except OSError as error:
            raise SourceGone from error


def _entries(folder: int) -> list[tuple[bytes, bool]]:
    """(name, is a folder) of everything in an open folder, in byte order."""
    with os.scandir(folder) as entries:
        found = [(os.fsencode(entry.name), entry.is_dir(follow_symlinks=False)) for entry in entries]
    return sorted(found)


def _node(folder: int, parts: Parts, name: bytes) -> Found:
    """What a node is, by its own status; a link's target is kept as the locator."""
    raw_path = b"/".join((*parts, name))
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISREG(status.st_mode):
            return Found(raw_path, size=status.st_size, modified=base.time_text(status.st_mtime_ns))
        if stat.S_ISLNK(status.st_mode):
            return Found(raw_path, locator=os.readlink(name, dir_fd=folder), reason=base.LINK)
    except OSError as error:
        return Found(raw_path, reason=refusal(error))
    return Found(raw_path, reason=base.NOT_REGULAR)


def _reading(handles: nodes.Handles, row: Row, parts: Parts) -> Iterator[Reading]:
    try:
        descriptor = handles.file(parts)
    except OSError as error:
        if handles.lost():
            raise SourceGone from error
        yield Reading(row, refusal(error))
        return
    try:
        yield of_descriptor(row, descriptor, handles.lost)
    finally:
        os.close(descriptor)


def of_descriptor(row: Row, descriptor: int, lost: Callable[[], bool]) -> Reading:
    """The reading of an open file, if it is a regular one; `lost` tells whether its source is gone altogether."""
    before = os.fstat(descriptor)
    if stat.S_ISREG(before.st_mode):
        return Reading(row, chunks=_chunks(descriptor, before, lost))
    return Reading(row, base.NOT_REGULAR)


def _chunks(descriptor: int, before: os.stat_result, lost: Callable[[], bool]) -> Iterator[bytes]:
    """The bytes of an open file. Raises Spoiled when it did not stand still, or cannot be read."""
    got = 0
    try:
        while chunk := os.read(descriptor, min(base.CHUNK, before.st_size + 1)):
            got += len(chunk)
            yield chunk
            if got > before.st_size:
                break  # it grows while we read: no end in sight
        after = os.fstat(descriptor)
    except OSError as error:
        raise SourceGone if lost() else Spoiled(base.UNREADABLE) from error
    if got != before.st_size or _moved(before) != _moved(after):
        raise Spoiled(base.CHANGED)


def _moved(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def refusal(error: OSError) -> str:
    """Why a file that was seen cannot be opened; O_NOFOLLOW answers ELOOP where a link has come to stand."""
    return base.LINK if error.errno == errno.ELOOP else base.UNREADABLE
