"""Streams the members of a zip archive to the worker, one at a time and as the worker asks. Runs in the jail.

After each member's header the worker answers with one letter: `r` read it, `s` skip it, `q` enough. Nothing is
ever extracted; names are data.
"""

import bz2
import lzma
import os
import socket
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import BinaryIO

from workbench.jail import results, wire
from workbench.jail.results import CHUNK_BYTES
from workbench.jail.zip_directory import BrokenArchive, Entry, data_start, entries

STORED, DEFLATED, BZIPPED, LZMA = 0, 8, 12, 14
LZMA_MEMORY = 256 << 20  # bytes
DEFLATE_RATIO = 1032  # the most that deflate can pack; zlib's technical notes
MAX_SIZE = 2**63 - 1  # bytes; what a database column holds

Read = Callable[[], bytes]


def serve(sock: socket.socket, request: wire.Header, descriptor: int) -> None:
    """Answer one request for members; the last message names what ended the archive early, if anything did."""
    with os.fdopen(descriptor, "rb") as file:
        try:
            reason = _members(sock, file, request)
        except BrokenArchive:
            reason = results.CORRUPT
        except MemoryError:
            reason = results.DECODER_LIMIT
    if reason is not None:
        wire.send(sock, {"done": reason})


def _members(sock: socket.socket, file: BinaryIO, request: wire.Header) -> str | None:
    """Why the archive ended early, "" when it did not; None when the worker had enough."""
    start, left = request["start"], request["bytes"]
    seen: Counter[bytes] = Counter()
    for count, entry in enumerate(entry for entry in entries(file) if not entry.is_folder):
        if count >= request["members"]:
            return results.OVER_LIMIT
        key = sha256(entry.raw_name).digest()
        seen[key] += 1
        if entry.index < start:
            left -= _plausible(entry)
            continue
        wire.send(sock, _header(entry, seen[key] - 1, results.OVER_LIMIT if left <= 0 else ""))
        answer = sock.recv(1)
        if answer in (b"q", b""):
            return None
        if answer == b"r":
            left -= _stream(sock, file, entry, left)
    return ""


def _header(entry: Entry, ordinal: int, reason: str) -> wire.Header:
    return {
        "index": entry.index,
        "name": entry.raw_name.hex(),
        "utf8": entry.is_utf8,
        "ordinal": ordinal,
        "size": min(entry.size, MAX_SIZE),
        "mtime": entry.mtime_text,
        "reason": _refusal(entry) or reason,
    }


def _plausible(entry: Entry) -> int:
    """The bytes of a member that is passed over: what it says, unless so few packed bytes cannot hold so much."""
    return min(entry.size, entry.packed * DEFLATE_RATIO)


def _refusal(entry: Entry) -> str:
    if entry.is_encrypted:
        return results.ENCRYPTED
    if entry.is_link:
        return results.IS_LINK
    return "" if entry.method in UNPACKERS else results.UNSUPPORTED_COMPRESSION


def _stream(sock: socket.socket, file: BinaryIO, entry: Entry, most: int) -> int:
    """Send the member's bytes, then what was wrong with them; returns how many were sent, at most `most`."""
    sent, crc, problem = 0, 0, ""
    try:
        for chunk in _unpacked(file, entry):
            if sent + len(chunk) > most:
                problem = results.OVER_LIMIT
                break
            wire.send(sock, {}, chunk)
            crc = zlib.crc32(chunk, crc)
            sent += len(chunk)
    except EOFError:
        problem = results.TRUNCATED
    except (BrokenArchive, zlib.error, lzma.LZMAError, OSError, ValueError):
        problem = results.CORRUPT
    if not problem and (crc != entry.crc or sent != entry.size):
        problem = results.BAD_CRC
    wire.send(sock, {"end": problem})
    return most if problem == results.OVER_LIMIT else sent


def _unpacked(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    """The member's bytes in chunks of at most CHUNK_BYTES; raises EOFError when the archive ends before the member."""
    at, left = data_start(file, entry), entry.packed

    def read() -> bytes:
        nonlocal at, left
        file.seek(at)
        data = file.read(min(CHUNK_BYTES, left))
        at, left = at + len(data), left - len(data)
        return data

    return UNPACKERS[entry.method](read, entry)


def _stored(read: Read, entry: Entry) -> Iterator[bytes]:
    left = entry.packed
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
