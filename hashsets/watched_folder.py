"""PURE: one set's watched folder on the disk: what waits in it, what is being imported, what became of the rest.

Others write here, so every step goes through an open folder and follows no link. Names are text as the system
decodes it (`surrogateescape`). Times are compared by the clock of the folder's own file system.
"""

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from io import BufferedReader
from pathlib import Path

from workbench import unfinished
from workbench.errors import BadInput, WorkbenchError

GOING, IMPORTED, REFUSED, CLOCK = ".importing", "imported", "refused", ".clock"
NEXT = "next"  # where a list lies that was taken and has no run yet
MOST_PARTS = 200  # of one list, as on the page
LONGEST = 200  # bytes of a name kept, so that ours fit around it
OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe must not keep us waiting


class ListMoves(WorkbenchError):
    """The list was written to while it was taken. It is taken once it stands still."""

    code = "list-moves"
    permanent = False


class Steady:
    """A part of a list, read once; its end is only reached when nobody wrote to it meanwhile."""

    def __init__(self, name: str, file: BufferedReader) -> None:
        self.name = name
        self._file = file
        self._began = _state(os.fstat(file.fileno()))

    def read(self, size: int = -1) -> bytes:
        """Raises ListMoves."""
        data = self._file.read(size)
        if not data and _state(os.fstat(self._file.fileno())) != self._began:
            raise ListMoves
        return data


class WatchedFolder:
    """Held open while the block runs. Raises OSError where it is not there, is a link, or is not ours to write in."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, OPEN_FOLDER)

    def __enter__(self) -> "WatchedFolder":
        return self

    def __exit__(self, *_error: object) -> None:
        os.close(self._fd)

    def waiting(self) -> list[str]:
        """What lies in it, in order of names, but for what is hidden and what we put there."""
        return [name for name in _names(self._fd) if name[0] != "." and name not in (IMPORTED, REFUSED)]

    def stands_still(self, name: str, seconds: float) -> bool:
        """Whether nothing was written, renamed or added for so long. Raises FileNotFoundError."""
        changed, names = [_changed(name, self._fd)], [name]
        with _folder_of_parts(name, self._fd) as folder:
            if folder is not None:
                names += _names(folder)
                changed += [_changed(part, folder) for part in _names(folder)]
        grows = any(unfinished.is_unfinished(os.fsencode(one)) for one in names)
        return self._now() - max(changed) >= seconds * (unfinished.TIMES if grows else 1)

    def take(self, name: str) -> None:
        """Move it to where nobody writes by its name. Raises PermissionError where we may not, FileNotFoundError."""
        with self._ours(GOING) as going, _ours(going, NEXT) as place:
            os.rename(name, name, src_dir_fd=self._fd, dst_dir_fd=place)

    def give_back(self, name: str) -> None:
        """Undo `take`."""
        with self._ours(GOING) as going, _ours(going, NEXT) as place:
            os.rename(name, name, src_dir_fd=place, dst_dir_fd=self._fd)

    def taken(self) -> list[str]:
        """What was taken and has no run: one, if somebody was killed in between."""
        with self._ours(GOING) as going, _ours(going, NEXT) as place:
            return _names(place)

    @contextmanager
    def parts(self, name: str) -> Iterator[list[Steady]]:
        """What was taken: a file, or the files of a folder, the parts of one list.

        Raises BadInput for what is none, ListMoves.
        """
        with ExitStack() as opened:
            going = opened.enter_context(self._ours(GOING))
            place = opened.enter_context(_ours(going, NEXT))
            folder = opened.enter_context(_folder_of_parts(name, place))
            names = [name] if folder is None else _names(folder)
            if not 0 < len(names) <= MOST_PARTS:
                raise BadInput(f"A folder is one list in 1 to {MOST_PARTS} parts; this one has {len(names):,}.")
            within = place if folder is None else folder
            yield [Steady(_text(part), opened.enter_context(_opened(part, within))) for part in names]

    def begin(self, run: str) -> None:
        """What was taken is the list of this run."""
        with self._ours(GOING) as going:
            os.rename(NEXT, run, src_dir_fd=going, dst_dir_fd=going)

    def going(self) -> list[str]:
        """The runs whose lists lie there."""
        with self._ours(GOING) as going:
            return [name for name in _names(going) if name != NEXT]

    def settle(self, run: str, into: str, stamp: str, beside: Mapping[str, str]) -> None:
        """Put a run's list into `imported` or `refused`, under a stamp and its name, texts (by ending) beside it.

        Interrupted and called again it does the rest.
        """
        with self._ours(GOING) as going, self._ours(into) as there:
            with _ours(going, run) as place:
                for name in _names(place):
                    kept = f"{stamp} {os.fsdecode(os.fsencode(name)[:LONGEST])}"
                    for ending, text in beside.items():
                        _write(there, kept + ending, text)
                    os.rename(name, kept, src_dir_fd=place, dst_dir_fd=there)
            os.rmdir(run, dir_fd=going)

    def _now(self) -> float:
        clock = os.open(CLOCK, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=self._fd)
        try:
            os.utime(clock)
            return os.fstat(clock).st_ctime
        finally:
            os.close(clock)

    def _ours(self, name: str) -> "_Held":
        return _ours(self._fd, name)


class _Held:
    """The number of an open folder, closed at the end of the block."""

    def __init__(self, folder: int) -> None:
        self._folder = folder

    def __enter__(self) -> int:
        return self._folder

    def __exit__(self, *_error: object) -> None:
        os.close(self._folder)


def _ours(parent: int, name: str) -> _Held:
    """A folder of ours in a folder, made when it is not there. Raises OSError where somebody put a link there."""
    with suppress(FileExistsError):
        os.mkdir(name, 0o770, dir_fd=parent)
    return _Held(os.open(name, OPEN_FOLDER, dir_fd=parent))


@contextmanager
def _folder_of_parts(name: str, parent: int) -> Iterator[int | None]:
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


def _opened(name: str, folder: int) -> BufferedReader:
    """A file of the folder. Raises BadInput for links and whatever else is none."""
    kind = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    if stat.S_ISLNK(kind):
        raise BadInput(f"{_text(name)} is a link, which was not followed. Put the list itself into the folder.")
    if not stat.S_ISREG(kind):
        raise BadInput(f"{_text(name)} is not a file, nor a folder of files that can be read: the parts of one list.")
    try:
        return open(name, "rb", opener=lambda path, _flags: os.open(path, OPEN_FILE, dir_fd=folder))
    except PermissionError:
        raise BadInput(
            f"{_text(name)} may not be read by Winnow's account. Give it the right, then try again."
        ) from None


def _write(folder: int, name: str, text: str) -> None:
    """Write a text file that is whole or not there."""
    draft = f".{name}"
    descriptor = os.open(
        draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o660, dir_fd=folder
    )
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)


def _changed(name: str, folder: int) -> float:
    """When it was last written, renamed or linked: nobody can set that time."""
    return os.stat(name, dir_fd=folder, follow_symlinks=False).st_ctime


def _state(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _names(folder: int) -> list[str]:
    return sorted(os.listdir(folder))


def _text(name: str) -> str:
    """The name as a database keeps it."""
    return os.fsencode(name).decode("utf-8", "replace")
