"""PURE: steps in a folder that others write in, too: held open by its number, no link followed, nothing replaced.

Names are text as the system decodes it (`surrogateescape`). Every step may raise OSError.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from itertools import count
from pathlib import PurePath

from workbench.errors import BadInput
from workbench.words import noop

LONGEST = 200  # bytes of a name kept, so that ours fit around it
CLOSED, SHARED = 0o700, 0o770  # modes of our folders: others must not write where a list is imported
NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)  # not there, or not to somebody else's file
OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe must not keep us waiting
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Held:
    """The number of an open folder, closed at the end of the block."""

    def __init__(self, folder: int) -> None:
        self._folder = folder

    def __enter__(self) -> int:
        return self._folder

    def __exit__(self, *_error: object) -> None:
        os.close(self._folder)


def folder_in(parent: int, name: str, mode: int) -> Held:
    """A folder of ours in a folder, made when it is not there. Raises OSError where somebody put a link there."""
    is_new = False
    with suppress(FileExistsError):
        os.mkdir(name, CLOSED, dir_fd=parent)
        is_new = True
    folder = os.open(name, OPEN_FOLDER, dir_fd=parent)
    if is_new:
        os.fchmod(folder, stat.S_IMODE(os.fstat(folder).st_mode) | mode)  # our umask would take the group's rights
    return Held(folder)


def open_below(place: str, root: str) -> int:
    """The number of an open folder, reached from `root` without following a link where it lies below that.

    Elsewhere, only its last step may be none. Raises OSError.
    """
    if not (root and is_below(place, root)):
        return os.open(place, OPEN_FOLDER)
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for step in PurePath(place).relative_to(root).parts:
        above = folder
        try:
            folder = os.open(step, OPEN_FOLDER, dir_fd=above)
        finally:
            os.close(above)
    return folder


def is_below(place: str, root: str) -> bool:
    """Whether a folder's whole name, as it is written, leads to a place below another."""
    return os.path.normpath(place) == place and place.startswith(root.rstrip(os.sep) + os.sep)


@contextmanager
def folder_or_none(name: str, parent: int) -> Iterator[int | None]:
    """The folder of that name, held open; None for anything else, and for one that is not ours to read."""
    try:
        folder = os.open(name, OPEN_FOLDER, dir_fd=parent)
    except OSError as error:
        if error.errno not in (errno.ENOTDIR, errno.ELOOP, errno.EACCES):
            raise
        yield None
        return
    try:
        yield folder
    finally:
        os.close(folder)


def file_in(name: str, folder: int) -> BufferedReader:
    """A file of the folder. Raises BadInput for links and whatever else is none."""
    kind = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    if stat.S_ISLNK(kind):
        raise BadInput(
            noop("%(name)s is a link, which was not followed. Put the list itself into the folder."), name=as_text(name)
        )
    if not stat.S_ISREG(kind):
        raise BadInput(
            noop("%(name)s is not a file, nor a folder of files that can be read: the parts of one list."),
            name=as_text(name),
        )
    try:
        return open(name, "rb", opener=lambda path, _flags: os.open(path, OPEN_FILE, dir_fd=folder))
    except PermissionError:
        raise BadInput(
            noop("%(name)s may not be read by Winnow's account. Give it the right, then try again."), name=as_text(name)
        ) from None


def move_beside(name: str, place: int, there: int) -> None:
    """Move it there under its name, or another that comes before it: newer lists of its name are imported later.

    Nothing that lies there is replaced.
    """
    for number in count():
        with suppress(FileExistsError):
            _move(name, place, f"({number}) {os.fsdecode(os.fsencode(name)[-LONGEST:])}" if number else name, there)
            return


def _move(name: str, place: int, free: str, there: int) -> None:
    """Raises FileExistsError where something has that name."""
    is_folder = stat.S_ISDIR(os.stat(name, dir_fd=place, follow_symlinks=False).st_mode)
    if is_folder or not _linked(name, place, free, there):
        _move_onto_empty(name, place, free, there, is_folder=is_folder)


def _linked(name: str, place: int, free: str, there: int) -> bool:
    """Move a file without any moment in which it could replace another; False where it may have no second name."""
    try:
        os.link(name, free, src_dir_fd=place, dst_dir_fd=there, follow_symlinks=False)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        return False
    os.unlink(name, dir_fd=place)
    return True


def _move_onto_empty(name: str, place: int, free: str, there: int, *, is_folder: bool) -> None:
    """Move it onto an empty thing that we made under the free name: renaming replaces that, and nothing else."""
    if is_folder:
        os.mkdir(free, CLOSED, dir_fd=there)
    else:
        os.close(os.open(free, NEW_FILE, 0o600, dir_fd=there))
    try:
        os.rename(name, free, src_dir_fd=place, dst_dir_fd=there)
    except OSError:
        with suppress(OSError):
            (os.rmdir if is_folder else os.unlink)(free, dir_fd=there)
        raise


def write(folder: int, name: str, text: str) -> None:
    """Write a text file that is whole or not there."""
    draft = f".{name}"
    with os.fdopen(new_file(draft, folder), "w", encoding="utf-8", errors="backslashreplace") as file:
        os.fchmod(file.fileno(), 0o660)  # for those who put the list here, whatever our umask
        file.write(text)
    os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)


def new_file(name: str, folder: int) -> int:
    """A new file, open for writing: never a pipe, which would keep us waiting, nor a link to what others have."""
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
    return os.open(name, NEW_FILE, 0o600, dir_fd=folder)


def names_in(folder: int) -> list[str]:
    """What lies in it, in order of names."""
    return sorted(os.listdir(folder))


def as_text(name: str) -> str:
    """The name as a database keeps it."""
    return os.fsencode(name).decode("utf-8", "replace")
