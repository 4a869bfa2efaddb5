"""A stream as a file with a path, for readers that cannot do with less. PURE.

A stream that is a file already is used as it is; anything else is copied to a temporary file. That is locked
while it is in use, so that one whose process was killed is known, and thrown away when the next is made.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from hashsets.exchange.base import MalformedDocument

PREFIX = "winnow-list-"


@contextmanager
def on_disk(stream: BinaryIO, folder: str | None = None) -> Iterator[BinaryIO]:
    """The same bytes as a file whose `name` is its path; a copy lies in `folder`. Raises MalformedDocument."""
    if path_of(stream):
        stream.seek(0)
        yield stream
        return
    sweep(folder)
    with tempfile.NamedTemporaryFile(prefix=PREFIX, dir=folder) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            shutil.copyfileobj(stream, file, 1 << 20)
            file.flush()
        except OSError as error:
            reason = f"it has to be unpacked and cannot be ({error.strerror}): unpack it and import the file; stopped"
            raise MalformedDocument(file.tell(), reason) from None
        file.seek(0)
        yield file  # type: ignore[misc] # a wrapper with all that a BinaryIO has


def path_of(stream: BinaryIO) -> Path | None:
    """Where the stream's own file lies; None when it has none, or no name any more."""
    try:
        path, status = Path(str(stream.name)), os.fstat(stream.fileno())
        found = path.stat()
    except (AttributeError, OSError, ValueError):
        return None
    same = (found.st_dev, found.st_ino) == (status.st_dev, status.st_ino)
    return path.absolute() if stat.S_ISREG(status.st_mode) and same else None


def sweep(folder: str | None = None) -> int:
    """Delete the copies that nobody works on any more; their number."""
    gone = 0
    for path in Path(folder or tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError), path.open("rb") as left:
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            gone += 1
    return gone
