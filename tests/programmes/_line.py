"""A connection between a browser and the product that is cut in the middle of what it carries, and comes back."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

GONE = 1.0  # seconds until a cut connection is back
CHUNK = 1 << 16  # bytes


class Line:
    """Listens on a port of its own; cut whenever so many more bytes have gone up."""

    def __init__(self, port: int, on_cut: Callable[[int], None]) -> None:
        self.cuts, self.up = 0, 0
        self._to, self._on_cut = port, on_cut
        self._cut_at: list[int] = []
        self._is_cut = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Where a browser finds the product."""
        return f"http://localhost:{self._listener.getsockname()[1]}"

    def cut_after(self, *sent: int) -> None:
        """Cut it when so many bytes have gone up from now on."""
        with self._lock:
            self._cut_at = [self.up + size for size in sent]

    def end(self) -> None:
        """Nobody connects any more."""
        self._listener.close()
        self._close_all()

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._listener.accept()
            except OSError:
                return
            if self._is_cut.is_set():
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:  # the web process starts again
                near.close()
                continue
            with self._lock:
                self._open |= {near, far}
            for one, other, counts in ((near, far, True), (far, near, False)):
                threading.Thread(target=self._carry, args=(one, other, counts), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket, counts: bool) -> None:
        with suppress(OSError):
            while data := one.recv(CHUNK):
                if counts and self._is_due(len(data)):
                    self._cut()
                    break
                other.sendall(data)
        for end in (one, other):
            self._close(end)

    def _is_due(self, sent: int) -> bool:
        with self._lock:
            self.up += sent
            due = bool(self._cut_at) and self.up >= self._cut_at[0]
            if due:
                self._cut_at.pop(0)
            return due

    def _cut(self) -> None:
        self._is_cut.set()
        self._close_all()
        self.cuts += 1
        self._on_cut(self.cuts)
        threading.Timer(GONE, self._is_cut.clear).start()

    def _close_all(self) -> None:
        for end in tuple(self._open):
            self._close(end)

    def _close(self, end: socket.socket) -> None:
        with self._lock:
            self._open.discard(end)
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
