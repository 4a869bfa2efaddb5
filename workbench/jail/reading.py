"""The worker's side of an archive: one pass over its members, surviving the death of the process that reads it."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from workbench.jail import results, wire
from workbench.jail.process import Jail
from workbench.jail.results import CHUNK_BYTES, ArchiveLimits, Member

ANSWER_SECONDS = 20.0  # for one header or one chunk, however large the archive
FAULTS = (OSError, wire.BrokenConversation, ValueError, KeyError, TypeError)  # TimeoutError is an OSError

Answer = TypeVar("Answer")


class Reading:
    """One conversation about one archive. Afterwards `clean` says whether the process can be used again."""

    def __init__(self, jail: Jail, fd: int, limits: ArchiveLimits, start: int, passwords: Sequence[str]) -> None:
        self.jail = jail
        self.reason = ""  # why the conversation broke
        self._over = False
        self._member: Member | None = None  # announced, its letter not yet sent
        self._streaming = False
        request = {"start": start, "bytes": limits.bytes, "members": limits.members, "passwords": list(passwords)}
        self._guarded(lambda: wire.send_descriptor(jail.sock, request, fd))

    @property
    def clean(self) -> bool:
        """Whether both sides agree that nothing more is on its way."""
        return self._over and not self.reason

    def next(self) -> Member | None:
        """The next member, or None at the end; None with a `reason` when the other side died."""
        self._leave_member()
        if self._over or self.reason:
            return None
        header = self._guarded(lambda: self._receive(most=0)[0])
        if header is None:
            return None
        if "done" in header:
            return self._done(str(header["done"]))
        self._member = self._guarded(lambda: _member(header))
        if self._member and not self._member.reason:
            self._member.chunks = self._chunks(self._member)
        return self._member

    def stop(self) -> None:
        """Tell the other side that no more is wanted; it asks with its next member."""
        if self._streaming or self._over or self.reason:
            return
        if self._member or self.next():
            self._say(b"q")
            self._over = True

    def _done(self, reason: str) -> Member | None:
        self._over = True
        return Member(-1, b"", 0, "", reason=reason) if reason else None

    def _leave_member(self) -> None:
        """Skip the member that nobody read; read to its end the one that was begun."""
        while self._streaming:
            self._chunk()
        if self._member:
            self._say(b"s")
            self._member = None

    def _chunks(self, member: Member) -> Iterator[bytes]:
        """The member's bytes, once and only while it is the current one."""
        if self._member is not member or self._streaming:
            return
        self._streaming = True
        self._say(b"r")
        while (chunk := self._chunk()) is not None:
            yield chunk

    def _chunk(self) -> bytes | None:
        """The next bytes of the member in hand; at their end, or by a fault, None and the member's problem."""
        answer = None if self.reason else self._guarded(lambda: self._receive(most=CHUNK_BYTES))
        if self._member and (answer is None or "end" in answer[0]):
            self._member.problem = self.reason if answer is None else str(answer[0]["end"])
            self._member, self._streaming = None, False
            return None
        return answer[1] if answer else None

    def _receive(self, most: int) -> tuple[wire.Header, bytes]:
        """The next message that says more than that the other side is at work."""
        while True:
            answer = wire.receive(self.jail.sock, most=most, deadline=time.monotonic() + ANSWER_SECONDS)
            if "busy" not in answer[0]:
                return answer

    def _say(self, letter: bytes) -> None:
        self._guarded(lambda: self.jail.sock.sendall(letter))

    def _guarded(self, act: Callable[[], Answer]) -> Answer | None:
        """What `act` returns; a fault is remembered as the reason and answers None."""
        try:
            return act()
        except TimeoutError:
            self.reason = results.DECODER_TIMEOUT
        except FAULTS:
            self.reason = results.DECODER_KILLED
        return None


def _member(header: wire.Header) -> Member:
    """The checked announcement of a member; raises ValueError, KeyError or TypeError over nonsense."""
    index, ordinal, size = int(header["index"]), int(header["ordinal"]), header["size"]
    mtime_text, reason = str(header["mtime"]), str(header["reason"])
    if index < 0 or ordinal < 0 or not (size is None or 0 <= int(size) < 2**63):
        raise ValueError(header)
    if len(mtime_text) > 40 or len(reason) > 80:
        raise ValueError(header)
    return Member(index, bytes.fromhex(header["name"]), size, mtime_text, reason, bool(header["utf8"]), ordinal)
