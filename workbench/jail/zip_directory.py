"""Reads the directory of a zip archive entry by entry, in constant memory. Runs in the jail.

Our own, because `zipfile` refuses a whole archive for one name that is not the UTF-8 it claims to be, cuts names
at a zero byte and refuses members whose two names differ; here each of them is one entry among the others.
Layout: PKWARE APPNOTE 6.3.10, sections 4.3.7 to 4.3.16 and 4.5.3.
"""

import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from workbench.jail import results
from workbench.jail.members import Damaged

END = struct.Struct("<4s4H2LH")
END_64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR_64 = struct.Struct("<4sLQL")
ENTRY = struct.Struct("<4s6H3L5H2L")
LOCAL = struct.Struct("<4s5H3L2H")
MAX_COMMENT = 0xFFFF
SEE_EXTRA = 0xFFFFFFFF  # the value stands in the zip64 extra field
AES_METHOD, AES_FIELD, MAX_STRENGTH = 99, 0x9901, 3
AES_DATA = struct.Struct("<H2sBH")
DESCRIPTOR_FOLLOWS = 8  # flag: the checksum was not known when the member was written
UNIX_LIKE = (3, 19)  # makers whose attributes hold a file mode


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the directory; `offset` is where its local header begins in this file."""

    index: int
    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int  # bytes in the archive
    size: int  # bytes it says it holds
    offset: int
    mtime_text: str
    mode: int  # Unix file mode, 0 when the maker was no Unix
    clue: int  # the byte by which the old cipher knows a password
    aes_strength: int  # of WinZip's cipher: 1 to 3; 0 when it is not used

    @property
    def is_folder(self) -> bool:
        """Folders hold nothing; a name that ends in a slash with bytes behind it is a file all the same."""
        return self.raw_name.endswith(b"/") and self.size == 0

    @property
    def is_link(self) -> bool:
        """Whether its bytes are the target of a symbolic link."""
        return stat.S_ISLNK(self.mode)

    @property
    def is_encrypted(self) -> bool:
        """Whether a password is needed, for the bytes or for the name."""
        return bool(self.flags & 0x2041)

    @property
    def is_strongly_encrypted(self) -> bool:
        """Whether it is PKWARE's own encryption, which nobody else reads."""
        return bool(self.flags & 0x2040)

    @property
    def is_utf8(self) -> bool:
        """Whether the maker says that the name is UTF-8."""
        return bool(self.flags & 0x800)


def entries(file: BinaryIO) -> Iterator[Entry]:
    """Every entry in the directory's order; raises Damaged where it stops making sense."""
    at, end, shift = _directory(file)
    index = 0
    while at < end:
        file.seek(at)
        fields = _unpack(ENTRY, file.read(ENTRY.size), b"PK\x01\x02")
        name_size, extra_size, comment_size = fields[10:13]
        raw_name, extra = file.read(name_size), file.read(extra_size)
        yield _entry(index, fields, raw_name, extra, shift)
        at += ENTRY.size + name_size + extra_size + comment_size
        index += 1


def data_start(file: BinaryIO, entry: Entry) -> int:
    """Where the packed bytes begin: the local header has a name and an extra field of its own."""
    file.seek(entry.offset)
    fields = _unpack(LOCAL, file.read(LOCAL.size), b"PK\x03\x04")
    name_size, extra_size = fields[9:11]
    return entry.offset + LOCAL.size + int(name_size) + int(extra_size)


def _directory(file: BinaryIO) -> tuple[int, int, int]:
    """(first byte, end, by how much stored offsets are short: bytes that were put in front of the archive)."""
    whole = file.seek(0, 2)
    tail_at = max(0, whole - MAX_COMMENT - END.size)
    file.seek(tail_at)
    found = (tail := file.read()).rfind(b"PK\x05\x06")
    if found < 0:
        raise Damaged(results.CORRUPT)
    end = tail_at + found
    fields = _unpack(END, tail[found : found + END.size], b"PK\x05\x06")
    if fields[1] not in (0, 0xFFFF):
        raise Damaged(results.ARCHIVE_PART)
    size, offset = fields[5:7]
    if SEE_EXTRA in (size, offset) or fields[4] == 0xFFFF:
        end, size, offset = _directory_64(file, end, size, offset)
    shift = end - size - offset
    if shift < 0:
        raise Damaged(results.CORRUPT)
    return offset + shift, end, shift


def _directory_64(file: BinaryIO, end: int, size: int, offset: int) -> tuple[int, int, int]:
    """The same from the large-file records, if there are any (65,535 members may be just that)."""
    file.seek(max(0, end - LOCATOR_64.size))
    locator = file.read(LOCATOR_64.size)
    if not locator.startswith(b"PK\x06\x07"):
        return end, size, offset
    at = end - LOCATOR_64.size - END_64.size
    if at < 0:
        raise Damaged(results.CORRUPT)
    file.seek(at)
    fields = _unpack(END_64, file.read(END_64.size), b"PK\x06\x06")
    return at, fields[8], fields[9]


def _unpack(shape: struct.Struct, data: bytes, signature: bytes) -> tuple[int, ...]:
    if len(data) != shape.size or not data.startswith(signature):
        raise Damaged(results.CORRUPT)
    return shape.unpack(data)


def _entry(index: int, fields: tuple[int, ...], raw_name: bytes, extra: bytes, shift: int) -> Entry:
    _, made, _, flags, method, time, date, crc, packed, size = fields[:10]
    attributes, offset = fields[15:17]
    size, packed, offset = _wide(extra, size, packed, offset)
    mode = attributes >> 16 if made >> 8 in UNIX_LIKE else 0
    clue = time >> 8 if flags & DESCRIPTOR_FOLLOWS else crc >> 24
    strength, method = _aes(extra) if method == AES_METHOD else (0, method)
    at, moment = offset + shift, _moment(date, time)
    return Entry(index, raw_name, flags, method, crc, packed, size, at, moment, mode, clue, strength)


def _fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """(id, data) of each extra field that is whole."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        yield kind, extra[at + 4 : at + 4 + length]
        at += 4 + length


def _aes(extra: bytes) -> tuple[int, int]:
    """(strength, the method the bytes were packed with before they were encrypted)."""
    for kind, data in _fields(extra):
        if kind == AES_FIELD and len(data) >= AES_DATA.size and 1 <= data[4] <= MAX_STRENGTH:
            _version, _vendor, strength, method = AES_DATA.unpack_from(data)
            return strength, method
    return 0, AES_METHOD


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """The three values, each taken from the zip64 extra field where the entry says so."""
    values = [size, packed, offset]
    for kind, data in _fields(extra):
        if kind == 1:
            wide = iter(struct.iter_unpack("<Q", data[: len(data) // 8 * 8]))
            values = [next(wide, (value,))[0] if value == SEE_EXTRA else value for value in values]
    return values[0], values[1], values[2]


def _moment(date: int, time: int) -> str:
    """The stored local time as text, nonsense included: it is evidence, not a date of ours."""
    day = f"{1980 + (date >> 9):04d}-{date >> 5 & 15:02d}-{date & 31:02d}"
    return f"{day} {time >> 11:02d}:{time >> 5 & 63:02d}:{(time & 31) * 2:02d}"
