"""One part of a file, as a reader asks for it who goes on where he was cut (RFC 9110 section 14); Django has none."""

import io
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, BinaryIO, NamedTuple

from workbench.errors import WorkbenchError

RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))", re.ASCII)


class PartNotThere(WorkbenchError):
    """The file has no such part. Content-Range says how long it is."""

    code = "part-not-there"
    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE


class Part(NamedTuple):
    """Bytes of a file from `start` up to before `end`."""

    start: int
    end: int


def wanted(headers: Mapping[str, str], etag: str, size: int) -> Part | None:
    """The part that is asked for; None for the whole: nothing, or several, or of another file. Raises PartNotThere."""
    found = RANGE.fullmatch(headers.get("Range", "").strip())
    if found is None or headers.get("If-Range", etag) != etag:
        return None
    first, last, tail = found.groups()
    if tail is not None:
        start, end = max(0, size - int(tail)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < int(first):
            return None
    if start >= end:
        raise PartNotThere
    return Part(start, end)


class Slice(io.RawIOBase):
    """A part of an open file, read as if it were all of it."""

    def __init__(self, file: BinaryIO, part: Part) -> None:
        self._file, self._part, self._at = file, part, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place of the part."""
        from_where = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._part.end - self._part.start}
        self._at = max(0, from_where[whence] + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read what fits, up to the end of the part."""
        most = max(0, min(len(buffer), self._part.end - self._part.start - self._at))
        self._file.seek(self._part.start + self._at)
        data = self._file.read(most)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        """The file, too."""
        self._file.close()
        super().close()
