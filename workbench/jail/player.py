"""The worker's side of playing: asks a process of its own for pieces of films. See decision 0017.

One piece at a time; whoever asks waits for the others. It has a thread of its own, because the jail dies with the
thread that started it, and a web server's come and go.
"""

import os
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from threading import Lock

from workbench.errors import WorkbenchError
from workbench.jail import layers, pieces, results, wire
from workbench.jail.layers import USUAL, Terms
from workbench.jail.pieces import PIECE_SECONDS, Piece
from workbench.jail.process import Jail, NoJail

SERVED_AT_MOST = 500  # pieces, then a fresh process: security.md rule 3.2
WAITING = 5  # who asks and waits at once
OF_ONE = 2  # of these, one person's: the picture and the sound of what he plays


class PlayerBusy(WorkbenchError):
    """Others are playing films on this server just now. Try again in a few seconds."""

    code = "player-busy"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    permanent = False


class Player:
    """One process's own player, started when first needed; safe to share between its threads."""

    def __init__(self, terms: Terms = USUAL) -> None:
        self._terms = terms
        self._lock = Lock()
        self.asking: list[str] = []  # who waits, by whatever name the caller gives
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="player")
        self._jails: list[Jail] = []  # the one that serves, or none
        self._leave = weakref.finalize(self, _end, self._jails)

    def pictures(self, fd: int, film: str, *, start: int, step: int, asker: str = "") -> Piece:
        """Grey pictures of the open file `fd` from `start` on, `step` apart, both in milliseconds of film.

        `film`: a name under which it is asked for again; `asker`: whose wish it is, "" of nobody in particular. Bad
        media is an answer with a reason. Raises NoJail where decoding is off, PlayerBusy, DecoderDied.
        """
        return self._piece(fd, {"film": film, "from": start, "step": step, "what": "pictures"}, asker)

    def sound(self, fd: int, *, start: int, asker: str = "") -> Piece:
        """Sound of the open file `fd` from `start` on, without a picture. Raises as `pictures` does."""
        return self._piece(fd, {"from": start, "what": "sound"}, asker)

    def loudness(self, fd: int, *, start: int, part: int, asker: str = "") -> Piece:
        """How loud the open file `fd` is from `start` on, by parts of so many milliseconds. Raises as `pictures`."""
        return self._piece(fd, {"from": start, "part": part, "what": "loudness"}, asker)

    def prepare(self) -> None:
        """Start the process, which takes a moment, before somebody waits for it."""
        if self._terms.incomplete_is_accepted or not layers.missing():
            self._thread.submit(self._ready)

    def close(self) -> None:
        """End the process; the next request would start a fresh one."""
        self._thread.submit(_end, self._jails).result()

    def _piece(self, fd: int, request: wire.Header, asker: str) -> Piece:
        if not self._terms.incomplete_is_accepted and layers.missing():
            raise NoJail
        with self._place(asker):
            return self._thread.submit(self._ask, fd, request).result()

    @contextmanager
    def _place(self, asker: str) -> Iterator[None]:
        """One of the places to wait in, and one of those that a person may have."""
        with self._lock:
            if len(self.asking) >= WAITING or (asker and self.asking.count(asker) >= OF_ONE):
                raise PlayerBusy
            self.asking.append(asker)
        try:
            yield
        finally:
            with self._lock:
                self.asking.remove(asker)

    def _ask(self, fd: int, request: wire.Header) -> Piece:
        jail = self._ready()
        jail.served += 1
        try:
            wire.send_descriptor(jail.sock, request, fd)
            header, body = wire.receive(jail.sock, most=pieces.MAX_BODY, deadline=time.monotonic() + PIECE_SECONDS)
            answer = pieces.checked(header, body)
        except TimeoutError:
            return self._gave_up(request, results.DECODER_TIMEOUT)
        except (OSError, wire.BrokenConversation, ValueError):
            return self._gave_up(request, results.DECODER_KILLED)
        if answer.reason == results.DECODER_LIMIT or jail.served >= SERVED_AT_MOST:
            _end(self._jails)
        return answer

    def _gave_up(self, request: wire.Header, reason: str) -> Piece:
        _end(self._jails)
        return Piece(request["from"], reason=reason)

    def _ready(self) -> Jail:
        if self._jails and self._jails[0].alive:
            return self._jails[0]
        _end(self._jails)
        jail = Jail("films", self._terms)
        jail.wait()
        self._jails.append(jail)
        return jail


def _end(jails: list[Jail]) -> None:
    while jails:
        jail = jails.pop()
        if jail.owner == os.getpid():
            jail.end()
