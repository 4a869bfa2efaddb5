"""The worker's side of the jail: hands descriptors over, takes previews and members back, never raises for bad media.

Nothing that comes back is trusted: a decoder that was taken over could answer anything, so sizes are capped and
fields are checked before they become a Preview.
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

from workbench.jail import results, wire
from workbench.jail.process import Jail
from workbench.jail.reading import Reading
from workbench.jail.results import ArchiveLimits, Member, Preview
from workbench.media_types import HEAD_BYTES, sniff

SERVED_AT_MOST = 500  # files, then a fresh process: security.md rule 3.2
SECONDS, SECONDS_A_MEGABYTE, SECONDS_AT_MOST = 20.0, 2.0, 120.0  # security.md rule 3.5; the cap is ours
ATTEMPTS = 2  # the first death may have been the machine's doing, not the file's
MAX_DEATHS = 3  # in one archive
MAX_VEIL, MAX_CLEAR = 8 * 1024, 2 * 1024 * 1024  # bytes
KINDS, STATES = ("still", "video", "audio", "other"), ("made", "partial", "none")


class Decoder:
    """One worker process's own decoders, started when first needed; safe to share between its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jails: dict[str, Jail] = {}
        self._leave = weakref.finalize(self, _end_all, self._jails)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def preview(self, fd: int, *, size: int) -> Preview:
        """What may be shown of the open file `fd` of `size` bytes, whose offset moves.

        Bad media is an answer (state "none" or "partial" and a reason), not an error. Raises DecoderDied when no
        decoder can be started.
        """
        _check_read_only(fd)
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
        archive ends. Stop whenever you like.
        """
        _check_read_only(fd)
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

    def _ask(self, fd: int, size: int) -> Preview | None:
        """One attempt; None when the process died over it or answered nonsense."""
        jail = self._ready("media")
        try:
            wire.send_descriptor(jail.sock, {}, fd)
            header, body = wire.receive(jail.sock, most=MAX_VEIL + MAX_CLEAR, deadline=_deadline(size))
            answer = _preview(header, body)
        except TimeoutError:
            self._end("media")
            return _unseen(fd, results.DECODER_TIMEOUT)
        except (OSError, wire.BrokenConversation, ValueError):
            self._end("media")
            return None
        jail.served += 1
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
        self._jails[work] = Jail(work)
        return self._jails[work]

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


def _check_read_only(fd: int) -> None:
    """The jail may read and seek what it is handed and nothing else; a mistake here is ours, not the evidence's."""
    if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY:
        raise ValueError("the jail is only handed descriptors that are open for reading")


def _deadline(size: int) -> float:
    return time.monotonic() + min(SECONDS_AT_MOST, SECONDS + SECONDS_A_MEGABYTE * size / 1e6)


def _preview(header: wire.Header, body: bytes) -> Preview:
    """The checked answer; raises ValueError over one that no honest decoder gives."""
    veil, clear = _number(header, "veil"), _number(header, "clear")
    if veil > MAX_VEIL or veil + clear != len(body):
        raise ValueError(header)
    if header.get("kind") not in KINDS or header.get("state") not in STATES:
        raise ValueError(header)
    answer = Preview(
        kind=header["kind"], mime=_text(header, "mime"),
        width=_number(header, "width"), height=_number(header, "height"),
        duration_ms=_number(header, "duration_ms"), frames=_number(header, "frames"), state=header["state"],
        reason=_text(header, "reason"), veil=body[:veil], clear=body[veil:],
    )  # fmt: skip
    if (answer.state == "none") == bool(answer.clear) or (answer.state == "made") == bool(answer.reason):
        raise ValueError(header)
    if answer.clear and not (answer.clear.startswith(b"\xff\xd8\xff") and answer.veil.startswith(b"RIFF")):
        raise ValueError(header)
    return answer


def _number(header: wire.Header, name: str) -> int:
    value = header.get(name)
    if not isinstance(value, int) or not 0 <= value <= results.MAX_NUMBER:
        raise ValueError(name)
    return value


def _text(header: wire.Header, name: str) -> str:
    value = header.get(name)
    if not isinstance(value, str) or len(value) > 80 or not value.isprintable():
        raise ValueError(name)
    return value
