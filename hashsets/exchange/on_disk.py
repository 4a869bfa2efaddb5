"""A stream as a file with a path, for readers that cannot do with less. PURE.

A stream that is a file already is used as it is; anything else is copied to a temporary file. That is locked
while it is in use, so that one whose process was killed is known, and thrown away when the next is made.
"""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from hashsets.exchange.base import MAX_UNPACKED, MalformedDocument

PREFIX = "winnow-list-"
_PIECE = 1 << 20  # bytes


@contextmanager
def on_disk(stream: BinaryIO, folder: str | None = None, most: int = MAX_UNPACKED) -> Iterator[BinaryIO]:
    """The same bytes as a file whose `name` is its path; a copy, of at most `most` bytes, lies in `folder`.

    Raises MalformedDocument.
    """
    if path_of(stream):
        stream.seek(0)
        yield stream
        return
    sweep(folder)
    with _locked(folder) as file:
        try:
            _copy(stream, file, most)
            file.flush()
        except OSError as error:
            reason = f"it has to be unpacked and cannot be ({error.strerror}): unpack it and import the file; stopped"
            raise MalformedDocument(file.tell(), reason) from None
        file.seek(0)
        yield file


@contextmanager
def _locked(folder: str | None) -> Iterator[BinaryIO]:
    """An empty file that no sweeper takes; made anew where one came between making and locking it."""
    while True:
        file = tempfile.NamedTemporaryFile(prefix=PREFIX, dir=folder, delete=False)  # noqa: SIM115 closed below
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            break
        file.close()
    try:
        yield file  # type: ignore[misc] # a wrapper with all that a BinaryIO has
    finally:
        with suppress(FileNotFoundError):
            Path(file.name).unlink()
        file.close()


def _copy(stream: BinaryIO, file: BinaryIO, most: int) -> None:
    """Copy the whole stream. Raises MalformedDocument before more than `most` bytes are written."""
    while piece := stream.read(_PIECE):
        if file.tell() + len(piece) > most:
            raise MalformedDocument(most, f"it unpacks to more than {most:,} bytes, the limit of this node; stopped")
        file.write(piece)


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
