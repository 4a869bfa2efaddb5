"""How the worker and the jail talk: one socket pair, short JSON headers, raw bodies, one descriptor a request.

A message is two big-endian lengths, a JSON header and a body. Both ends use this module; the receiver states
how much it is ready to take, because the worker must not trust what a decoder that was taken over sends.
"""

import json
import os
import socket
import struct
import time
from typing import Any

PREFIX = struct.Struct(">II")  # bytes of the header, bytes of the body
MAX_DESCRIPTORS = 200  # in one message; the kernel takes 253 (SCM_MAX_FD)
MAX_HEADER = 512 * 1024  # a member's name may be 64 KiB, twice that in hexadecimal

Header = dict[str, Any]


class BrokenConversation(Exception):
    """The other end is gone, or said something that makes no sense."""


def send(sock: socket.socket, header: Header, *bodies: bytes | memoryview) -> None:
    """Send one message without joining its parts first."""
    head = json.dumps(header).encode()
    parts = [PREFIX.pack(len(head), sum(map(len, bodies))) + head, *bodies]
    left = sum(map(len, parts)) - sock.sendmsg(parts)
    if left:
        sock.sendall(b"".join(parts)[-left:])


def send_descriptor(sock: socket.socket, header: Header, *descriptors: int) -> None:
    """Send a request that carries an open file, or up to MAX_DESCRIPTORS of them."""
    head = json.dumps(header).encode()
    socket.send_fds(sock, [PREFIX.pack(len(head), 0) + head], descriptors)


def receive(sock: socket.socket, *, most: int, deadline: float | None = None) -> tuple[Header, bytes]:
    """Return header and body; raises BrokenConversation, or TimeoutError at `deadline` (monotonic seconds)."""
    head_size, body_size = PREFIX.unpack(_exactly(sock, PREFIX.size, deadline))
    if head_size > MAX_HEADER or body_size > most:
        raise BrokenConversation
    return _header(_exactly(sock, head_size, deadline)), _exactly(sock, body_size, deadline)


def receive_descriptor(sock: socket.socket) -> tuple[Header, int]:
    """Return a request and the open file that came with it; raises BrokenConversation when nobody asks any more."""
    header, descriptors = receive_descriptors(sock, 1)
    if len(descriptors) != 1:
        for descriptor in descriptors:
            os.close(descriptor)
        raise BrokenConversation
    return header, descriptors[0]


def receive_descriptors(sock: socket.socket, most: int = MAX_DESCRIPTORS) -> tuple[Header, list[int]]:
    """Return a request and the open files that came with it; raises BrokenConversation as above."""
    first, descriptors, _, _ = socket.recv_fds(sock, PREFIX.size, most)
    if not first:
        raise BrokenConversation
    first += _exactly(sock, PREFIX.size - len(first), None)
    return _header(_exactly(sock, PREFIX.unpack(first)[0], None)), descriptors


def _header(text: bytes) -> Header:
    try:
        header = json.loads(text) if text else {}
    except (ValueError, RecursionError) as error:  # brackets in brackets without end
        raise BrokenConversation from error
    if not isinstance(header, dict):
        raise BrokenConversation
    return header


def _exactly(sock: socket.socket, size: int, deadline: float | None) -> bytes:
    buffer = bytearray(size)
    view, got = memoryview(buffer), 0
    while got < size:
        if deadline is not None:
            sock.settimeout(max(0.001, deadline - time.monotonic()))
        count = sock.recv_into(view[got:])
        if not count:
            raise BrokenConversation
        got += count
    return bytes(buffer)
