"""PURE: reaching files by directory handles, one step at a time (security.md 2.1).

No step follows a link, so nothing a source holds can lead out of it, and a path may be longer than the kernel's
PATH_MAX. The root itself is the operator's choice and may be a link.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from workbench.words import gettext as _

STEP = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
ROOT = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class Handles:
    """A root and, for speed, the folder opened last below it."""

    def __init__(self, path: bytes, within: Iterable[bytes] = ()) -> None:
        self.path = path
        self.root = open_root(path, within)
        self._parts: tuple[bytes, ...] = ()
        self._folder = self.root

    def folder(self, parts: tuple[bytes, ...]) -> int:
        """An open descriptor of the folder, ours until the next call. Raises OSError."""
        if parts == self._parts:
            return self._folder
        _only_downwards(parts)
        if self._folder == self.root or parts[: len(self._parts)] != self._parts:
            self._close_folder()
        start, below = self._folder, parts[len(self._parts) :]
        self._folder, self._parts = self.root, ()
        try:
            self._folder, self._parts = _descend(start, below), parts
        finally:
            if start not in (self.root, self._folder):
                os.close(start)
        return self._folder

    def file(self, parts: tuple[bytes, ...]) -> int:
        """Open a file for reading without waiting; the caller closes it. Raises OSError."""
        _only_downwards(parts)
        return os.open(parts[-1], FILE, dir_fd=self.folder(parts[:-1]))

    def lost(self) -> bool:
        """Whether the root is no longer what its path leads to: unplugged, unmounted, replaced."""
        try:
            return not os.path.samestat(os.stat(self.path), os.fstat(self.root))  # noqa: PTH116 bytes
        except OSError:
            return True

    def close(self) -> None:
        """Let go of the folder and the root."""
        self._close_folder()
        os.close(self.root)

    def _close_folder(self) -> None:
        if self._folder != self.root:
            os.close(self._folder)
        self._folder, self._parts = self.root, ()


def open_root(path: bytes, within: Iterable[bytes] = ()) -> int:
    """An open descriptor of a folder, without following any link on the way from one of `within`. Raises OSError."""
    for root in within:
        parts = relative_parts(path, root)
        if parts is not None:
            return _from_root(root, parts)
    return os.open(path, ROOT)


@contextmanager
def file_at(path: bytes, within: Iterable[bytes] = ()) -> Iterator[int]:
    """An open descriptor of the regular file `path`, read-only; reached as `open_root` does. Raises OSError."""
    folder = open_root(parent(path), within)
    try:
        descriptor = os.open(path.rpartition(b"/")[2], FILE, dir_fd=folder)
    finally:
        os.close(folder)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise IsADirectoryError(21, _("not a regular file"))
        yield descriptor
    finally:
        os.close(descriptor)


def _only_downwards(parts: tuple[bytes, ...]) -> None:
    if not {b"..", b".", b""}.isdisjoint(parts):
        raise PermissionError(13, _("a step that leads nowhere below"))


def parent(path: bytes) -> bytes:
    """The folder an absolute path lies in."""
    return path.rpartition(b"/")[0] or b"/"


def relative_parts(path: bytes, root: bytes) -> tuple[bytes, ...] | None:
    """The steps from `root` to `path`; None when `path` does not lie there or steps upwards."""
    if path != root and not path.startswith(root.rstrip(b"/") + b"/"):
        return None
    parts = tuple(part for part in path[len(root.rstrip(b"/")) :].split(b"/") if part not in (b"", b"."))
    return None if b".." in parts else parts


def _from_root(root: bytes, parts: tuple[bytes, ...]) -> int:
    descriptor = os.open(root, ROOT)
    try:
        return _descend(descriptor, parts) if parts else os.dup(descriptor)
    finally:
        os.close(descriptor)


def _descend(start: int, parts: tuple[bytes, ...]) -> int:
    """Open the folder that `parts` lead to, without following any link; `start` itself when there are none."""
    current = start
    for part in parts:
        try:
            following = os.open(part, STEP, dir_fd=current)
        finally:
            if current != start:
                os.close(current)
        current = following
    return current
