"""The sockets below `outbound`: only to addresses that were checked, and only until a deadline."""

import select
import socket
import ssl
import time
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore

from workbench import peer_addresses
from workbench.address_kinds import Address
from workbench.peer_addresses import Host

MOST_WRITTEN = 1 << 16  # bytes of one send


class Deadline:
    """When a request must be over, and how long one step of it may take (seconds)."""

    def __init__(self, step: float) -> None:
        self._step, self._end = step, time.monotonic()

    def start(self, seconds: float) -> None:
        """Begin a request that may take so long in all."""
        self._end = time.monotonic() + seconds

    def left(self, error: type[Exception]) -> float:
        """Seconds for the next step. Raises `error` where none are left."""
        seconds = min(self._step, self._end - time.monotonic())
        if seconds <= 0:
            raise error
        return seconds


class GuardedStream(httpcore.NetworkStream):
    """A connection whose every step ends with the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 ours is stricter
        """Raises ReadTimeout, ReadError."""
        self._sock.settimeout(self._deadline.left(httpcore.ReadTimeout))
        try:
            return self._sock.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 ours is stricter
        """Raises WriteTimeout, WriteError."""
        rest = memoryview(buffer)
        while rest:
            self._sock.settimeout(self._deadline.left(httpcore.WriteTimeout))
            try:
                rest = rest[self._sock.send(rest[:MOST_WRITTEN]) :]
            except TimeoutError as error:
                raise httpcore.WriteTimeout from error
            except OSError as error:
                raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        """Close it."""
        self._sock.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "GuardedStream":
        """The same connection in TLS, its other end being who the link names. Raises ConnectTimeout, ConnectError."""
        del timeout
        try:
            self._sock.settimeout(self._deadline.left(httpcore.ConnectTimeout))
            self._sock = ssl_context.wrap_socket(self._sock, server_hostname=server_hostname)
        except ssl.SSLCertVerificationError:
            self.close()
            raise
        except TimeoutError as error:
            self.close()
            raise httpcore.ConnectTimeout from error
        except OSError as error:
            self.close()
            raise httpcore.ConnectError(str(error)) from error
        return self

    def get_extra_info(self, info: str) -> Any:
        """What the connection pool asks for."""
        if info == "ssl_object" and isinstance(self._sock, ssl.SSLSocket):
            return self._sock
        if info == "is_readable":
            return _is_readable(self._sock)
        return None


class GuardedNet(httpcore.NetworkBackend):
    """Resolves a listed host once, checks every address, and connects to one of exactly these."""

    def __init__(self, host: Host, deadline: Deadline) -> None:
        self._host, self._deadline = host, deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> GuardedStream:
        """Raises AddressRefused, ConnectTimeout, ConnectError. The resolver of the system keeps its own time."""
        del timeout, local_address, socket_options
        if host != self._host.name:
            raise httpcore.ConnectError("another host than the one that was checked")
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} is not known: {error}") from error
        addresses = peer_addresses.check_resolved(self._host, list(dict.fromkeys(str(one[4][0]) for one in found)))
        return GuardedStream(self._connected(addresses, port), self._deadline)

    def _connected(self, addresses: Sequence[Address], port: int) -> socket.socket:
        """A connection to the first address that answers."""
        last: Exception = httpcore.ConnectError("no address")
        for address in addresses:
            made = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
            try:
                made.settimeout(self._deadline.left(httpcore.ConnectTimeout))
                made.connect((str(address), port))
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                made.close()
                slow = isinstance(error, TimeoutError)
                last = httpcore.ConnectTimeout() if slow else httpcore.ConnectError(str(error))
            else:
                return made
        raise last


def _is_readable(sock: socket.socket) -> bool:
    """Whether the other end closed a resting connection, or speaks without being asked."""
    if sock.fileno() < 0:
        return True
    poller = select.poll()
    poller.register(sock, select.POLLIN)
    return bool(poller.poll(0))
