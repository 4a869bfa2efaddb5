"""A folder of VICS files that is issued anew as a whole, as the UK's "gold disk" is (sharing.md section 1).

All lists that lie in the folder are one release; the next release replaces it: what is new comes in, what is missing
is withdrawn. The folder is only read, so it may be a disk that came by courier. Nothing in it, as before a disk is
mounted, is no release: it never means that everything is withdrawn.
"""

import os
import stat
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from time import time

import msgspec

from hashsets.open_folder import as_text, names_in, open_below
from hashsets.remotes.base import Asks, Page, Release, Source
from workbench.errors import BadInput, WorkbenchError
from workbench.words import noop

LISTS = (".json", ".zip", ".gz")  # endings of names; what else lies there, as a read-me, is passed over


class FolderEmpty(WorkbenchError):
    """There is no list in the folder of this set. Mount the disk, or put the release there; it is looked for again."""

    code = "folder-empty"
    status = HTTPStatus.CONFLICT
    permanent = False


class Seen(msgspec.Struct):
    """The release that was dealt with: sizes and times of its files by name, and which one it was."""

    files: dict[str, list[int]] = {}
    number: int = 0


class GoldDisk:
    """See above. The place is the folder."""

    id = "gold-disk"
    label = noop("Folder of VICS files that is issued anew (gold disk)")
    asks = Asks(
        place=noop("Folder"),
        help=noop("Where each release is put, or the disk is mounted: a folder below WINNOW_LISTS."),
        is_folder=True,
    )
    releases = True

    def check(self, source: Source) -> None:
        """Raise BadInput unless the place is a folder's whole name. It need not be there yet."""
        if not Path(source.place).is_absolute():
            raise BadInput(noop("Give the folder's whole name, from the root on: %(place)s."), place=source.place)

    def pull(self, source: Source, checkpoint: str) -> Iterator[Page]:
        """The release that lies there, unless it is the one of the checkpoint, or somebody still writes to it."""
        seen = _understood(checkpoint)
        files, still = _look(source)
        if files == seen.files or not still:
            return
        now = Seen(files, seen.number + 1)
        release = Release(Path(source.place), list(files))
        yield Page(msgspec.json.encode(now).decode(), anew=not seen.number, complete=True, release=release)

    def position(self, checkpoint: str) -> float:
        """How many releases there were."""
        return float(_understood(checkpoint).number)


def _understood(checkpoint: str) -> Seen:
    try:
        return msgspec.json.decode(checkpoint, type=Seen)
    except msgspec.DecodeError:
        return Seen()


def _look(source: Source) -> tuple[dict[str, list[int]], bool]:
    """Sizes and times of the lists there, and whether none changed for so long (seconds). Raises FolderEmpty."""
    try:
        folder = open_below(source.place, source.root)
        try:
            found = {name: os.stat(name, dir_fd=folder, follow_symlinks=False) for name in _lists(folder)}
        finally:
            os.close(folder)
    except OSError as error:
        raise FolderEmpty(
            noop("The folder %(place)s cannot be read: %(why)s. Mount the disk; it is looked for again."),
            place=as_text(source.place),
            why=error.strerror,
        ) from error
    files = {name: one for name, one in found.items() if stat.S_ISREG(one.st_mode)}
    if not files:
        raise FolderEmpty
    is_still = all(abs(time() - max(one.st_mtime, one.st_ctime)) >= source.still for one in files.values())
    return {name: [one.st_size, one.st_mtime_ns] for name, one in files.items()}, is_still


def _lists(folder: int) -> list[str]:
    return [name for name in names_in(folder) if name[0] != "." and name.lower().endswith(LISTS)]
