"""The members of a 7z archive: py7zr reads the directory and unpacks, we ask for the bytes. Runs in the jail.

Its own `extract` is not used: it cleans names, refuses those that lead upwards, and pushes files where ours are
pulled. A solid block is unpacked once, onwards; what is passed over in it is unpacked and thrown away.
"""

import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from py7zr import SevenZipFile
from py7zr.archiveinfo import Folder
from py7zr.compressor import SevenZipDecompressor, SupportedMethods
from py7zr.exceptions import PasswordRequired, UnsupportedCompressionMethodError
from py7zr.py7zr import ArchiveFile

from workbench.jail import results
from workbench.jail.members import Asked, Damaged, Part

MIME = "application/x-7z-compressed"
PACKED_AT_ONCE = 32 << 10  # bytes fed to an unpacker that keeps what it cannot unpack yet
UNPACKED_AT_ONCE = 8 << 20  # bytes asked of it: 256 times as much, so that little is kept


class _Nameless(io.BufferedReader):
    """py7zr names a file without a name after its archive, which has none here."""

    name = None


def parts(file: BinaryIO, asked: Asked) -> Iterator[Part]:
    """Every member but folders, in the directory's order. Raises Damaged, and what py7zr raises."""
    stream = _Nameless(file)  # type: ignore[arg-type]
    archive, passwords = _opened(stream, asked.passwords)
    blocks = _Blocks(stream, archive, passwords, asked.tick)
    for index, found in enumerate(archive.files):
        if not found.is_directory and not (found.emptystream and found.filename.endswith("/")):
            yield _part(index, found, blocks)


def sample() -> bytes:
    """A small encrypted archive, for warming up."""
    stream = io.BytesIO()
    with SevenZipFile(stream, "w", password="password") as archive:  # noqa: S106 protects nothing
        archive.writestr(b"warm", "warm")
    return stream.getvalue()


def _opened(stream: io.BufferedReader, passwords: Sequence[str]) -> tuple[SevenZipFile, list[str]]:
    """The archive with its directory read, and the passwords with the one that opened it first."""
    reason = results.CORRUPT
    for password in (None, *passwords):
        stream.seek(0)
        try:
            archive = SevenZipFile(stream, password=password)
        except PasswordRequired:
            reason = results.ENCRYPTED
        except MemoryError:
            raise
        except Exception:  # damage, or a wrong password, which looks the same
            if reason != results.ENCRYPTED:
                break
        else:
            return archive, sorted(passwords, key=lambda other: other != password)
    raise Damaged(reason)


@dataclass(slots=True)
class _Block:
    """What py7zr calls a folder: files packed together. `at` bytes of it are unpacked so far."""

    folder: Folder
    start: int  # bytes, in the archive
    packed: int  # bytes
    first: ArchiveFile | None = None
    password: str | None = None
    reason: str | None = None  # why nothing of it can be read; None when not yet known
    engine: SevenZipDecompressor | None = None
    at: int = 0


class _Blocks:
    """The blocks of one archive, and the place of each file in its block."""

    def __init__(
        self, stream: io.BufferedReader, archive: SevenZipFile, passwords: list[str], tick: Callable[[], None]
    ) -> None:
        self._stream, self._passwords, self._tick = stream, passwords, tick
        self._blocks: dict[int, _Block] = {}
        self._open: _Block | None = None
        self._unpacked_before: dict[int, int] = {}
        if streams := getattr(archive.header, "main_streams", None):
            number = 0
            for folder in streams.unpackinfo.folders:
                at = archive.afterheader + streams.packinfo.packpos + streams.packinfo.packpositions[number]
                self._blocks[id(folder)] = _Block(folder, at, streams.packinfo.packsizes[number])
                number += len(folder.packed_indices)
        filled: dict[int, int] = {}
        for found in archive.files:
            if not found.emptystream:
                key = id(found.folder)
                self._unpacked_before[found.id] = filled.get(key, 0)
                filled[key] = filled.get(key, 0) + found.uncompressed
                self._blocks[key].first = self._blocks[key].first or found

    def refusal(self, found: ArchiveFile) -> str:
        """Why the bytes of a file cannot be had, as far as its block tells."""
        block = self._blocks[id(found.folder)]
        if block.reason is None:
            block.reason = self._why_closed(block)
        return block.reason

    def chunks(self, found: ArchiveFile) -> Iterator[bytes]:
        """The bytes of a file; raises Damaged and what the unpackers raise."""
        block, begin = self._blocks[id(found.folder)], self._unpacked_before[found.id]
        if block is not self._open or block.engine is None or block.at > begin:
            self._restart(block)
        for data in self._read(block, begin - block.at):
            del data
            self._tick()
        crc = 0
        for data in self._read(block, found.uncompressed):
            crc = zlib.crc32(data, crc)
            yield data
        if found.crc32 is not None and crc != found.crc32:
            raise Damaged(results.BAD_CRC)

    def _restart(self, block: _Block) -> None:
        if self._open:
            self._open.engine = None
        folder = block.folder
        block.engine = SevenZipDecompressor(
            folder.coders, block.packed, folder.unpacksizes, folder.crc, block.password, PACKED_AT_ONCE
        )
        block.at = 0
        self._open = block
        self._stream.seek(block.start)

    def _read(self, block: _Block, size: int) -> Iterator[bytes]:
        while size > 0 and block.engine:
            before = self._stream.tell()
            data = bytes(block.engine.decompress(self._stream, min(size, UNPACKED_AT_ONCE)))
            if not data and self._stream.tell() == before:
                raise EOFError
            size -= len(data)
            block.at += len(data)
            yield data

    def _why_closed(self, block: _Block) -> str:
        if sum(coder["numinstreams"] for coder in block.folder.coders) != len(block.folder.coders):
            return results.UNSUPPORTED_COMPRESSION
        if SupportedMethods.needs_password(block.folder.coders):
            return "" if any(self._opens(block, password) for password in self._passwords) else results.ENCRYPTED
        try:
            self._restart(block)
        except UnsupportedCompressionMethodError:
            return results.UNSUPPORTED_COMPRESSION
        return ""

    def _opens(self, block: _Block, password: str) -> bool:
        """Whether the password is right: the first file of the block comes out whole."""
        block.password = password
        try:
            return block.first is not None and all(True for _ in self.chunks(block.first))
        except Exception:  # a wrong password looks like any damage
            block.engine = None
            return False


def _part(index: int, found: ArchiveFile, blocks: _Blocks) -> Part:
    held = not found.emptystream
    reason = _kind_refusal(found) or (blocks.refusal(found) if held else "")
    moment = found.lastwritetime
    return Part(
        index=index, raw_name=found.filename.encode("utf-8", "surrogatepass"), size=found.uncompressed,
        mtime_text=moment.as_datetime().isoformat() if moment else "", reason=reason, utf8=True,
        charge=found.uncompressed, chunks=(lambda: blocks.chunks(found)) if held else (lambda: iter(())),
    )  # fmt: skip


def _kind_refusal(found: ArchiveFile) -> str:
    if found.is_symlink:
        return results.IS_LINK
    return results.NOT_REGULAR if found.is_junction or found.is_socket else ""
