"""The members of a tar archive, read once from its beginning to its end. Runs in the jail.

The standard library reads the headers; we step from one to the next ourselves, because its own loop takes a
damaged header in the middle for the end and would drop what follows without a word.
"""

import io
import tarfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import IO, BinaryIO, cast

from workbench.jail import results
from workbench.jail.members import Damaged, Part
from workbench.jail.results import CHUNK_BYTES

BLOCK = tarfile.BLOCKSIZE
ENCODING, ESCAPES = "utf-8", "surrogateescape"
LONGEST_END = 256 << 20  # bytes of zeros after which nothing more is looked for
LONGEST_READ = 16 << 20  # bytes; a header that wants more at once (names, extended attributes) is a lie


def begins(head: bytes) -> bool:
    """Whether the first block is a tar header: its checksum is right."""
    try:
        tarfile.TarInfo.frombuf(head[:BLOCK], ENCODING, ESCAPES)
    except (tarfile.HeaderError, ValueError):
        return False
    return True


def sample() -> bytes:
    """A small archive, for warming up."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("x" * 200)
        info.size = 4
        archive.addfile(info, io.BytesIO(b"warm"))
    return stream.getvalue()


class Forward:
    """A stream that is only read onwards; skipping reads, unless the file can seek. `head` was read from it before."""

    def __init__(self, file: BinaryIO, tick: Callable[[], None], head: bytes = b"") -> None:
        self._file, self._tick, self._head = file, tick, head
        self._at = 0
        self._seeks = not head

    def tell(self) -> int:
        """Bytes from the beginning."""
        return self._at

    def read(self, size: int) -> bytes:
        """At most `size` bytes; fewer at the end. Raises Damaged, and what the unpacker raises."""
        if not 0 <= size <= LONGEST_READ:
            raise Damaged(results.CORRUPT)
        data, self._head = self._head[:size], self._head[size:]
        while len(data) < size and (more := self._file.read(size - len(data))):
            data += more
        self._at += len(data)
        return data

    def peek(self, size: int) -> bytes:
        """The same as `read`, without going on."""
        data = self.read(size)
        self._head = data + self._head
        self._at -= len(data)
        return data

    def seek(self, place: int) -> None:
        """Go on to a later place. Raises EOFError where the stream ends before it, Damaged for an earlier one."""
        if place < self._at:
            raise Damaged(results.CORRUPT)
        if self._seeks:
            self._head = b""
            if place > self._file.seek(0, io.SEEK_END):
                raise EOFError
            self._at = self._file.seek(place)
        while self._at < place:
            if not self.read(min(CHUNK_BYTES, place - self._at)):
                raise EOFError
            self._tick()


def parts(stream: Forward) -> Iterator[Part]:
    """Every member but folders. Raises EOFError where the archive is cut off, Damaged where it makes no sense."""
    archive = tarfile.TarFile(fileobj=cast("IO[bytes]", stream), encoding=ENCODING, errors=ESCAPES)
    info, index, last = archive.next(), 0, -1
    while info:
        if not info.isdir():
            yield _part(archive, info, index)
        if archive.offset <= last:
            raise Damaged(results.CORRUPT)
        index, last = index + 1, archive.offset
        stream.seek(archive.offset)
        info = tarfile.TarInfo.fromtarfile(archive) if _goes_on(stream) else None


def _goes_on(stream: Forward) -> bool:
    """Whether a header follows: the end is marked by zeros, or by nothing more. Raises EOFError for half a block."""
    block = stream.peek(BLOCK)
    if 0 < len(block) < BLOCK:
        raise EOFError
    return any(block) or _is_appended(stream)


def _is_appended(stream: Forward) -> bool:
    """Whether another archive follows the zeros, as most tools never show.

    Reading to the very end also has the checksum of a packed archive checked.
    """
    for _ in range(LONGEST_END // BLOCK):
        block = stream.peek(BLOCK)
        if len(block) < BLOCK or any(block):
            return begins(block)
        stream.read(BLOCK)
    return False


def _part(archive: tarfile.TarFile, info: tarfile.TarInfo, index: int) -> Part:
    return Part(
        index=index, raw_name=info.name.encode(ENCODING, ESCAPES), size=max(0, info.size),
        mtime_text=_moment(info.mtime), reason=_refusal(info), charge=max(0, info.size),
        chunks=lambda: _chunks(archive, info),
    )  # fmt: skip


def _refusal(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return results.IS_LINK
    return "" if info.isreg() else results.NOT_REGULAR


def _chunks(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    """The bytes, holes of a sparse file included; raises EOFError when the archive ends before them."""
    file = archive.extractfile(info)
    left = info.size
    try:
        while file and left > 0 and (data := file.read(min(CHUNK_BYTES, left))):
            left -= len(data)
            yield data
    except tarfile.ReadError as error:
        raise EOFError from error
    if left > 0:
        raise EOFError


def _moment(seconds: float) -> str:
    """The stored time as ISO text in UTC; the bare number where no calendar reaches."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return f"{seconds:g} s"
