"""Streams the members of an archive to the worker, one at a time and as the worker asks. Runs in the jail.

After each member's header the worker answers with one letter: `r` read it, `s` skip it, `q` enough. While
nothing can be sent, because much has to be unpacked on the way, `busy` says that we live. Nothing is ever
extracted; names are data.
"""

import io
import os
import socket
import time
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from typing import BinaryIO

from workbench.jail import packed, results, seven_members, tar_members, wire, zip_crypto, zip_members
from workbench.jail.members import Asked, Part, pieces, why
from workbench.media_types import HEAD_BYTES, sniff

BUSY_SECONDS = 1.0
MAX_SIZE = 2**63 - 1  # bytes; what a database column holds


def serve(sock: socket.socket, request: wire.Header, descriptor: int) -> None:
    """Answer one request for members; the last message names what ended the archive early, if anything did."""
    with os.fdopen(descriptor, "rb") as file:
        try:
            reason = _members(sock, file, request)
        except Exception as error:  # formats raise anything over hostile bytes, and that is the answer
            reason = why(error)
    if reason is not None:
        wire.send(sock, {"done": reason})


def parts(file: BinaryIO, asked: Asked) -> Iterator[Part]:
    """The members of whatever archive this is; a zip is one by its end, so all else is asked first."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    mime = sniff(head).mime
    if mime == seven_members.MIME:
        return seven_members.parts(file, asked)
    if mime in packed.OPENERS:
        return packed.parts(file, mime, asked)
    if tar_members.begins(head):
        return tar_members.parts(tar_members.Forward(file, asked.tick))
    return zip_members.parts(file, asked)


def warm_up() -> None:
    """Use every format once, so that nothing has to be loaded once the jail is locked."""
    zip_crypto.warm_up()
    for sample in (packed.sample(), tar_members.sample(), zip_members.sample(), seven_members.sample()):
        for part in parts(io.BytesIO(sample), Asked(("password",))):
            if part.reason or b"".join(part.chunks()) != b"warm":
                raise RuntimeError(f"an archive format does not work: {part}")


def _members(sock: socket.socket, file: BinaryIO, request: wire.Header) -> str | None:
    """Why the archive ended early, "" when it did not; None when the worker had enough."""
    start, left = request["start"], request["bytes"]
    asked = Asked(tuple(request["passwords"]), _Pulse(sock).beat)
    seen: Counter[bytes] = Counter()
    for count, part in enumerate(parts(file, asked)):
        if count >= request["members"]:
            return results.OVER_LIMIT
        key = blake2b(part.raw_name, digest_size=16).digest()
        seen[key] += 1
        asked.tick()
        if part.index < start:
            left -= part.charge
            continue
        wire.send(sock, _header(part, seen[key] - 1, results.OVER_LIMIT if left <= 0 else ""))
        answer = sock.recv(1)
        if answer in (b"q", b""):
            return None
        left -= _stream(sock, part, left) if answer == b"r" else part.charge
    return ""


class _Pulse:
    """Tells the worker now and then that we are at work."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._next = time.monotonic() + BUSY_SECONDS

    def beat(self) -> None:
        if time.monotonic() > self._next:
            wire.send(self._sock, {"busy": True})
            self._next = time.monotonic() + BUSY_SECONDS


def _header(part: Part, ordinal: int, reason: str) -> wire.Header:
    return {
        "index": part.index,
        "name": part.raw_name.hex(),
        "utf8": part.utf8,
        "ordinal": ordinal,
        "size": None if part.size is None else min(part.size, MAX_SIZE),
        "mtime": part.mtime_text,
        "reason": part.reason or reason,
    }


def _stream(sock: socket.socket, part: Part, most: int) -> int:
    """Send the member's bytes, then what was wrong with them; returns how many were sent, at most `most`."""
    sent, problem = 0, ""
    try:
        for chunk in part.chunks():
            if sent + len(chunk) > most:
                problem = results.OVER_LIMIT
                break
            for piece in pieces(chunk):
                wire.send(sock, {}, piece)
            sent += len(chunk)
    except Exception as error:
        problem = why(error)
    wire.send(sock, {"end": problem})
    return most if problem == results.OVER_LIMIT else sent
