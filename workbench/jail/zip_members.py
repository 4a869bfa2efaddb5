"""The members of a zip archive: unpacked, decrypted where a password fits, checked. Runs in the jail."""

import bz2
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from workbench.jail import results, zip_crypto
from workbench.jail.members import Asked, Damaged, Part
from workbench.jail.results import CHUNK_BYTES
from workbench.jail.zip_crypto import Cipher
from workbench.jail.zip_directory import Entry, data_start, entries

STORED, DEFLATED, BZIPPED, LZMA = 0, 8, 12, 14
LZMA_MEMORY = 256 << 20  # bytes
DEFLATE_RATIO = 1032  # the most that deflate can pack; zlib's technical notes

Read = Callable[[], bytes]


def parts(file: BinaryIO, asked: Asked) -> Iterator[Part]:
    """Every entry of the directory but folders, in its order. Raises Damaged where it stops making sense."""
    keys = zip_crypto.Keys(asked.passwords)
    for entry in entries(file):
        if not entry.is_folder:
            yield _part(file, entry, keys)


def sample() -> bytes:
    """A small archive with every way of packing, for warming up."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for method in UNPACKERS:
            archive.writestr(f"{method}", b"warm", method)
    return stream.getvalue()


def _part(file: BinaryIO, entry: Entry, keys: zip_crypto.Keys) -> Part:
    reason, cipher = _refusal(entry), None
    if entry.is_encrypted and not reason:
        cipher = keys.fitting(file, entry, lambda cipher: _is_whole(file, entry, cipher))
        reason = "" if cipher else results.ENCRYPTED
    return Part(
        index=entry.index, raw_name=entry.raw_name, size=entry.size, mtime_text=entry.mtime_text, reason=reason,
        utf8=entry.is_utf8, charge=_plausible(entry), chunks=lambda: _checked(file, entry, cipher),
    )  # fmt: skip


def _refusal(entry: Entry) -> str:
    if entry.is_link:
        return results.IS_LINK
    if entry.is_strongly_encrypted:
        return results.ENCRYPTED
    return "" if entry.method in UNPACKERS else results.UNSUPPORTED_COMPRESSION


def _plausible(entry: Entry) -> int:
    """The bytes of a member that is passed over: what it says, unless so few packed bytes cannot hold so much."""
    return min(entry.size, entry.packed * DEFLATE_RATIO)


def _checked(file: BinaryIO, entry: Entry, cipher: Cipher | None) -> Iterator[bytes]:
    """The member's bytes; raises EOFError, Damaged and what the unpackers raise."""
    size, crc = 0, 0
    for chunk in _unpacked(file, entry, cipher):
        crc, size = zlib.crc32(chunk, crc), size + len(chunk)
        if size > entry.size:
            break  # a lie: its bytes count for nothing, so there is no need to unpack them all
        yield chunk
    sealed = cipher is not None and cipher.seals  # then the maker may have left the checksum out
    if size != entry.size or (crc != entry.crc and not sealed):
        raise Damaged(results.BAD_CRC)


def _is_whole(file: BinaryIO, entry: Entry, cipher: Cipher) -> bool:
    try:
        return all(True for _ in _checked(file, entry, cipher))
    except Exception:  # a wrong password looks like any damage
        return False


def _unpacked(file: BinaryIO, entry: Entry, cipher: Cipher | None) -> Iterator[bytes]:
    """The member's bytes in chunks of at most CHUNK_BYTES; raises EOFError when the archive ends before the member."""
    at = data_start(file, entry)
    end = at + entry.packed
    if cipher:
        cipher, at, end = cipher.anew(), at + cipher.before, end - cipher.after

    def read() -> bytes:
        nonlocal at
        file.seek(at)
        data = file.read(max(0, min(CHUNK_BYTES, end - at)))
        at += len(data)
        return cipher.decrypt(data) if cipher else data

    yield from UNPACKERS[entry.method](read, entry)
    if cipher:
        file.seek(end)
        cipher.finish(file.read(cipher.after))


def _stored(read: Read, entry: Entry) -> Iterator[bytes]:
    left = entry.size if entry.is_encrypted else entry.packed
    while left > 0:
        data = read()
        if not data:
            raise EOFError
        left -= len(data)
        yield data


def _inflated(read: Read, _entry: Entry) -> Iterator[bytes]:
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    while not engine.eof:
        packed = engine.unconsumed_tail or read()
        data = engine.decompress(packed, CHUNK_BYTES)
        if data:
            yield data
        elif not packed:
            raise EOFError


def _bunzipped(read: Read, _entry: Entry) -> Iterator[bytes]:
    return _run(bz2.BZ2Decompressor(), read)


def _unlzma(read: Read, entry: Entry) -> Iterator[bytes]:
    """Zip's own LZMA header is turned into that of a .lzma file, which the library reads."""
    head = read()
    properties, rest = head[4:9], head[9:]
    size = b"\xff" * 8 if entry.flags & 2 else entry.size.to_bytes(8, "little")
    first = iter((properties + size + rest,))
    engine = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=LZMA_MEMORY)
    return _run(engine, lambda: next(first, b"") or read())


def _run(engine: bz2.BZ2Decompressor | lzma.LZMADecompressor, read: Read) -> Iterator[bytes]:
    while not engine.eof:
        packed = read() if engine.needs_input else b""
        data = engine.decompress(packed, CHUNK_BYTES)
        if data:
            yield data
        elif engine.needs_input and not packed:
            raise EOFError


UNPACKERS: dict[int, Callable[[Read, Entry], Iterator[bytes]]] = {
    STORED: _stored,
    DEFLATED: _inflated,
    BZIPPED: _bunzipped,
    LZMA: _unlzma,
}
