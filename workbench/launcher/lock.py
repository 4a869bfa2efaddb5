"""File locks that the kernel gives back by itself when a process dies."""

import fcntl
import os
from pathlib import Path


class FileLock:
    """A lock on a file; shared or exclusive, held until `release()` or the process ends."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self, *, shared: bool = False, wait: bool = True) -> bool:
        """Take the lock, or change how it is held; False if somebody else has it and `wait` is off."""
        how = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
        try:
            fcntl.flock(self._descriptor, how)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._descriptor)

    def note(self, text: str) -> None:
        """Leave a word for those who find the lock taken."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)

    def read_note(self) -> str:
        """Return the word the holder left."""
        return os.pread(self._descriptor, 1000, 0).decode(errors="replace").strip()

    def __enter__(self) -> "FileLock":
        self.take()
        return self

    def __exit__(self, *_failure: object) -> None:
        self.release()
