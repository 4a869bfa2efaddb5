"""PURE: one set's watched folder on the disk: what waits in it, what is being imported, what became of the rest.

Others write here, so every step goes through an open folder (`open_folder`). Times are compared by the clock of the
folder's own file system.
"""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from io import BufferedReader
from pathlib import Path

from hashsets.open_folder import (
    CLOSED,
    LONGEST,
    OPEN_FOLDER,
    SHARED,
    Held,
    as_text,
    file_in,
    folder_in,
    folder_or_none,
    move_beside,
    names_in,
    new_file,
    write,
)
from workbench import unfinished
from workbench.errors import BadInput, WorkbenchError
from workbench.words import digits, noop

GOING, IMPORTED, REFUSED, CLOCK = ".importing", "imported", "refused", ".clock"
NEXT = "next"  # where a list lies that was taken and has no run yet
MOST_PARTS = 200  # of one list, as on the page


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
        if not data:
            self.require_still()
        return data

    def require_still(self) -> None:
        """Raise ListMoves when it was written to since it was opened."""
        if _state(os.fstat(self._file.fileno())) != self._began:
            raise ListMoves


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
        return [name for name in names_in(self._fd) if name[0] != "." and name not in (IMPORTED, REFUSED)]

    def stands_still(self, name: str, seconds: float) -> bool:
        """Whether nothing was written, renamed or added for so long. Raises FileNotFoundError."""
        changed, names = [_changed(name, self._fd)], [name]
        with folder_or_none(name, self._fd) as folder:
            if folder is not None:
                names += names_in(folder)
                changed += [_changed(part, folder) for part in names_in(folder)]
        grows = any(unfinished.is_unfinished(os.fsencode(one)) for one in names)
        return self._now() - max(changed) >= seconds * (unfinished.TIMES if grows else 1)

    def take(self, name: str) -> None:
        """Move it to where nobody writes by its name. Raises PermissionError where we may not, FileNotFoundError."""
        with self._next() as place:
            os.rename(name, name, src_dir_fd=self._fd, dst_dir_fd=place)

    def give_back(self) -> None:
        """Undo `take` for whatever has no run yet; it gets another name where its own is in use again."""
        with self._next() as place:
            for name in names_in(place):
                move_beside(name, place, self._fd)

    def has_taken(self) -> bool:
        """Whether something was taken and has no run: somebody was killed in between."""
        with self._next() as place:
            return bool(names_in(place))

    @contextmanager
    def parts(self, name: str) -> Iterator[list[Steady]]:
        """What was taken: a file, or the files of a folder, the parts of one list.

        Raises BadInput for what is none, ListMoves.
        """
        with ExitStack() as opened:
            place = opened.enter_context(self._next())
            folder = opened.enter_context(folder_or_none(name, place))
            names = [name] if folder is None else names_in(folder)
            if not 0 < len(names) <= MOST_PARTS:
                raise BadInput(
                    noop("A folder is one list in 1 to %(most_parts)s parts; this one has %(names)s."),
                    most_parts=MOST_PARTS,
                    names=digits(len(names)),
                )
            within = place if folder is None else folder
            yield [Steady(as_text(part), opened.enter_context(file_in(part, within))) for part in names]

    def require_whole(self, name: str, parts: Sequence[Steady]) -> None:
        """Raise ListMoves when any part was added, taken away or written to since they were opened."""
        with self._next() as place, folder_or_none(name, place) as folder:
            there = [name] if folder is None else names_in(folder)
        if [as_text(one) for one in there] != [part.name for part in parts]:
            raise ListMoves
        for part in parts:
            part.require_still()

    def begin(self, run: str, name: str) -> None:
        """What was taken is the list of this run."""
        with self._going() as going, self._next() as place, folder_in(going, run, CLOSED) as own:
            os.rename(name, name, src_dir_fd=place, dst_dir_fd=own)

    def going(self) -> list[str]:
        """The runs whose lists lie there."""
        with self._going() as going:
            return [name for name in names_in(going) if name not in (NEXT, CLOCK)]

    def unread(self, run: str, files: Sequence[str]) -> list[str]:
        """What was added to a run's list, a folder, after its parts were read under these names."""
        with self._going() as going, folder_in(going, run, CLOSED) as place:
            found = list[str]()
            for name in names_in(place):
                with folder_or_none(name, place) as folder:
                    found += [] if folder is None else [as_text(part) for part in names_in(folder)]
        return [part for part in found if part[:LONGEST] not in files]

    def settle(self, run: str, listed: str, into: str, stamp: str, beside: Mapping[str, str]) -> None:
        """Put a run's list into `imported` or `refused`, under a stamp and its name, texts (by ending) beside it.

        Whatever else lies there was never read and goes back. Interrupted and called again it does the rest.
        """
        with self._going() as going, folder_in(self._fd, into, SHARED) as there:
            with folder_in(going, run, CLOSED) as place:
                for name in names_in(place):
                    if as_text(name) == listed:
                        _file_away(name, place, there, f"{stamp} {os.fsdecode(os.fsencode(name)[:LONGEST])}", beside)
                    else:
                        move_beside(name, place, self._fd)
            os.rmdir(run, dir_fd=going)

    def _now(self) -> float:
        with self._going() as going, os.fdopen(new_file(CLOCK, going), "wb") as clock:  # where only we write
            return os.fstat(clock.fileno()).st_ctime

    def _going(self) -> "Held":
        return folder_in(self._fd, GOING, CLOSED)

    @contextmanager
    def _next(self) -> Iterator[int]:
        with self._going() as going, folder_in(going, NEXT, CLOSED) as place:
            yield place


def make(path: Path) -> None:
    """Make a watched folder, and the one in which all of them lie, so that their group gets there whatever our umask.

    One that is there keeps its mode. Raises OSError where there is none afterwards, or a link.
    """
    for folder, mode in ((path.parent, 0o750), (path, SHARED)):
        with suppress(FileExistsError):
            folder.mkdir(parents=True)
            folder.chmod(stat.S_IMODE(folder.stat().st_mode) | mode)
    os.close(os.open(path, OPEN_FOLDER))


def _file_away(name: str, place: int, there: int, kept: str, beside: Mapping[str, str]) -> None:
    for ending, text in beside.items():
        write(there, kept + ending, text)
    os.rename(name, kept, src_dir_fd=place, dst_dir_fd=there)


def _changed(name: str, folder: int) -> float:
    """When it was last written, renamed or linked: nobody can set that time."""
    return os.stat(name, dir_fd=folder, follow_symlinks=False).st_ctime


def _state(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns
