"""One file packed with gzip, bzip2, xz or zstd: a tar archive inside is read through, anything else is the one member.

The standard library and backports.zstd unpack; each reads what several streams in a row hold. Runs in the jail.
"""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO, cast

from backports import zstd

from workbench.jail import results, tar_members
from workbench.jail.members import Asked, Damaged, Part
from workbench.jail.results import CHUNK_BYTES

GZIP_NAME, GZIP_EXTRA, GZIP_HEAD, LONGEST_NAME = 8, 4, 10, 4096
ZSTD_WINDOW = {int(zstd.DecompressionParameter.window_log_max): 27}  # 128 MiB of memory; `zstd --ultra` needs no more

OPENERS: dict[str, Callable[[BinaryIO], BinaryIO]] = {
    "application/gzip": lambda file: cast("BinaryIO", gzip.GzipFile(fileobj=file, mode="rb")),
    "application/x-bzip2": lambda file: cast("BinaryIO", bz2.BZ2File(file)),
    "application/x-xz": lambda file: cast("BinaryIO", lzma.LZMAFile(file)),  # noqa: SIM115 parts() closes it
    "application/zstd": lambda file: cast("BinaryIO", zstd.ZstdFile(file, options=ZSTD_WINDOW)),
}


def parts(file: BinaryIO, mime: str, asked: Asked) -> Iterator[Part]:
    """The members of the tar inside, or the one file. Raises EOFError, Damaged and what the unpackers raise."""
    name, mtime_text = _gzip_says(file) if mime == "application/gzip" else (b"", "")
    with OPENERS[mime](file) as unpacked:
        head = _head(unpacked)
        stream = tar_members.Forward(unpacked, asked.tick, head)
        if tar_members.begins(head):
            yield from tar_members.parts(stream)
        else:
            yield Part(0, name, None, mtime_text, chunks=lambda: _chunks(stream))


def sample() -> bytes:
    """A small packed file, for warming up; the other unpackers are used once on the way."""
    for packed, unpack in ((bz2.compress(b"warm"), bz2.decompress), (lzma.compress(b"warm"), lzma.decompress),
                           (zstd.compress(b"warm"), zstd.decompress)):  # fmt: skip
        unpack(packed)
    return gzip.compress(b"warm")


def _head(unpacked: BinaryIO) -> bytes:
    """The first block. What is damaged at once is no archive that anything could be read from."""
    try:
        return unpacked.read(tar_members.BLOCK)
    except (EOFError, OSError, zlib.error, lzma.LZMAError, zstd.ZstdError) as error:
        raise Damaged(results.TRUNCATED if isinstance(error, EOFError) else results.CORRUPT) from error


def _chunks(stream: tar_members.Forward) -> Iterator[bytes]:
    while data := stream.read(CHUNK_BYTES):
        yield data


def _gzip_says(file: BinaryIO) -> tuple[bytes, str]:
    """The name and time in a gzip header (RFC 1952), "" where it has none; leaves the file at its beginning."""
    head = file.read(GZIP_HEAD + 2 + LONGEST_NAME)
    file.seek(0)
    flags, seconds, at = head[3] if len(head) > 3 else 0, int.from_bytes(head[4:8], "little"), GZIP_HEAD
    if flags & GZIP_EXTRA:
        at += 2 + int.from_bytes(head[at : at + 2], "little")
    name, end, _ = head[at:].partition(b"\0") if flags & GZIP_NAME else (b"", b"", b"")
    return name if end else b"", datetime.fromtimestamp(seconds, UTC).isoformat() if seconds else ""
