"""The worker's side of the jail: hands descriptors over, takes previews and members back, never raises for bad media.

Nothing that comes back is trusted: `answers` checks it before it becomes a Preview.
"""

import fcntl
import os
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from workbench.jail import answers, layers, results, wire
from workbench.jail.layers import USUAL, Terms
from workbench.jail.process import Jail, NoJail
from workbench.jail.reading import Reading
from workbench.jail.results import ArchiveLimits, Member, Preview
from workbench.media_types import HEAD_BYTES, sniff

SERVED_AT_MOST = 500  # files, then a fresh process: security.md rule 3.2
AHEAD = 25  # files before that, the next process begins to warm up: a start takes as long as some pictures
ATTEMPTS = 2  # the first death may have been the machine's doing, not the file's
MAX_DEATHS = 3  # in one archive
NEXT = "next"  # beside "media" and "archives": the process for media that is to follow


class Decoder:
    """One worker process's own decoders, started when first needed; safe to share between its threads."""

    def __init__(self, terms: Terms = USUAL) -> None:
        self._terms = terms
        self._lock = threading.Lock()
        self._jails: dict[str, Jail] = {}  # by work; the one that warms up to follow as NEXT
        self._leave = weakref.finalize(self, _end_all, self._jails)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def is_allowed(self) -> bool:
        """Whether media may be opened at all: the jail is complete, or the operator does without (security.md 3.3)."""
        return self._terms.incomplete_is_accepted or not layers.missing()

    def preview(self, fd: int, *, size: int) -> Preview:
        """What may be shown of the open file `fd` of `size` bytes, whose offset moves.

        Bad media is an answer (state "none" or "partial" and a reason), not an error. Raises NoJail where decoding
        is off, DecoderDied when no decoder can be started.
        """
        self._check(fd)
        with self._lock:
            for _ in range(ATTEMPTS):
                answer = self._ask(fd, size)
                if answer:
                    return answer
        return _unseen(fd, results.DECODER_KILLED)

    def members(
        self,
        fd: int,
        *,
        size: int,  # noqa: ARG002
        limits: ArchiveLimits,
        start: int = 0,
        passwords: Sequence[str] = (),
    ) -> Iterator[Member]:
        """The members of the archive `fd` from place `start` on, in the archive's order.

        Folders are passed over. An encrypted member is tried with every password. A damaged, encrypted or refused
        member is a Member with a reason or, known only after its chunks, a problem. A Member with index -1 is last
        and says why the archive ended early. Each process that dies costs one member at most; after MAX_DEATHS the
        archive ends. Stop whenever you like. Raises NoJail and DecoderDied as `preview` does.
        """
        self._check(fd)
        for _ in range(MAX_DEATHS):
            with self._borrowed() as jail:
                reading = Reading(jail, fd, limits, start, passwords)
                try:
                    while member := reading.next():
                        start = max(start, member.index + 1)
                        yield member
                finally:
                    reading.stop()
                    jail.spoiled = not reading.clean
            if not reading.reason:
                return
        yield Member(-1, b"", 0, "", reason=reading.reason)

    def close(self) -> None:
        """End every process; the next request would start fresh ones."""
        with self._lock:
            _end_all(self._jails)

    def _check(self, fd: int) -> None:
        """The jail may read and seek what it is handed and nothing else; a mistake is ours, not the evidence's."""
        if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY:
            raise ValueError("the jail is only handed descriptors that are open for reading")
        if not self.is_allowed:
            raise NoJail

    def _ask(self, fd: int, size: int) -> Preview | None:
        """One attempt; None when the process died over it or answered nonsense."""
        jail = self._ready("media")
        try:
            wire.send_descriptor(jail.sock, {}, fd)
            deadline = time.monotonic() + results.seconds_for(size)
            header, body = wire.receive(jail.sock, most=answers.MAX_BODY, deadline=deadline)
            answer = answers.checked(header, body, size)
        except TimeoutError:
            self._end("media")
            return _unseen(fd, results.DECODER_TIMEOUT)
        except (OSError, wire.BrokenConversation, ValueError):
            self._end("media")
            return None
        jail.served += 1
        if jail.served == SERVED_AT_MOST - AHEAD:
            self._jails[NEXT] = Jail("media", self._terms)
        if header.get("tired") or jail.served >= SERVED_AT_MOST:
            self._end("media")
        return answer

    @contextmanager
    def _borrowed(self) -> Iterator[Jail]:
        """A process for one archive; kept for the next one unless it was spoiled or has served long enough."""
        with self._lock:
            jail = self._ready("archives")
            del self._jails["archives"]
        try:
            yield jail
        finally:
            jail.served += 1
            with self._lock:
                if jail.spoiled or jail.served >= SERVED_AT_MOST or "archives" in self._jails:
                    jail.end()
                else:
                    self._jails["archives"] = jail

    def _ready(self, work: str) -> Jail:
        jail = self._jails.get(work)
        if jail and jail.alive:
            return jail
        self._end(work)
        waiting = self._jails.pop(NEXT, None) if work == "media" else None
        jail = waiting if waiting and waiting.owner == os.getpid() else Jail(work, self._terms)
        jail.wait()
        self._jails[work] = jail
        return jail

    def _end(self, work: str) -> None:
        jail = self._jails.pop(work, None)
        if jail:
            jail.end()


def _unseen(fd: int, reason: str) -> Preview:
    """What its signature says of a file that no decoder survived."""
    media = sniff(os.pread(fd, HEAD_BYTES, 0))
    return Preview(media.kind, media.mime, reason=reason)


def _end_all(jails: dict[str, Jail]) -> None:
    while jails:
        jails.popitem()[1].end()
