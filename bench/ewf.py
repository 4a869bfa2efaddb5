"""Writes a disk as an E01 in one segment (Expert Witness Compression Format, as libewf documents it)."""

import hashlib
import struct
import zlib
from itertools import accumulate, islice
from pathlib import Path
from typing import BinaryIO

SECTOR, CHUNK = 512, 64 * 512  # bytes
IN_A_TABLE = 16_375  # chunks
COMPRESSED = 1 << 31  # in the offset of a chunk
DESCRIPTION = 76  # bytes before what a section holds
SIGNATURE = b"EVF\x09\x0d\x0a\xff\x00" + struct.pack("<BHH", 1, 1, 0)
CASE = "1\nmain\nc\tn\ta\te\tt\nB-1\tB-1\tmeasured\tWinnow\t\n\n"


def write(disk: Path, image: Path) -> None:
    """Write `image`, whose medium is the bytes of `disk`: a whole number of sectors."""
    md5 = hashlib.md5(usedforsecurity=False)
    with disk.open("rb") as source, image.open("wb") as out:
        out.write(SIGNATURE)
        _section(out, b"header", zlib.compress(CASE.encode()))
        _section(out, b"volume", _volume(disk.stat().st_size))
        chunks = iter(lambda: source.read(CHUNK), b"")
        while group := list(islice(chunks, IN_A_TABLE)):
            md5.update(b"".join(group))
            _chunks(out, group)
        _section(out, b"hash", _summed(md5.digest() + bytes(16)))
        _section(out, b"done", is_last=True)


def _chunks(out: BinaryIO, group: list[bytes]) -> None:
    """The chunks and, twice, the table of where they are."""
    start = out.tell() + DESCRIPTION
    packed = [min(_summed(chunk), zlib.compress(chunk, 1), key=len) for chunk in group]
    _section(out, b"sectors", *packed)
    places = zip(accumulate(map(len, packed), initial=0), packed, group, strict=False)
    offsets = [at | (COMPRESSED if len(piece) < len(chunk) + 4 else 0) for at, piece, chunk in places]
    head = _summed(struct.pack("<I4xQ4x", len(offsets), start))
    table = head + _summed(struct.pack(f"<{len(offsets)}I", *offsets))
    _section(out, b"table", table)
    _section(out, b"table2", table)


def _volume(size: int) -> bytes:
    """What the medium is: a fixed disk, imaged whole."""
    fields = struct.pack("<B3xIIIQ12xB3x", 1, -(-size // CHUNK), CHUNK // SECTOR, SECTOR, size // SECTOR, 3)
    return _summed(fields.ljust(52, b"\0") + b"\1".ljust(996, b"\0"))


def _section(out: BinaryIO, kind: bytes, *parts: bytes, is_last: bool = False) -> None:
    size = DESCRIPTION + sum(map(len, parts))
    following = out.tell() + (0 if is_last else size)
    out.write(_summed(struct.pack("<16sQQ40x", kind, following, size)))
    for part in parts:
        out.write(part)


def _summed(data: bytes) -> bytes:
    return data + struct.pack("<I", zlib.adler32(data))
