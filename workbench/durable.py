"""PURE: a file has its own name only when all of it is on the disk; the name is on the disk, too."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedRandom
from pathlib import Path


@contextmanager
def new_file(path: Path) -> Iterator[BufferedRandom]:
    """A file that was not there, for us alone to read and write; on the disk when the block ends. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def place(temporary: Path, final: Path) -> None:
    """Give a file that is on the disk its own name there. Raises OSError."""
    temporary.replace(final)
    sync_folder(final.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
