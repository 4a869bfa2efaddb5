"""The worker's side of an archive: one pass over its members, surviving the death of the process that reads it."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from workbench.jail import announced, results, wire
from workbench.jail.process import Jail
from workbench.jail.results import CHUNK_BYTES, ArchiveLimits, Member

ANSWER_SECONDS = 20.0  # for one header or one chunk, however large the archive
MEMBER_SECONDS, SLOWEST = 60.0, 1_000_000  # for all chunks of a member: so long, and a second for so many bytes
FAULTS = (OSError, wire.BrokenConversation, ValueError, KeyError, TypeError)  # TimeoutError is an OSError

Answer = TypeVar("Answer")


class BeyondLimits(Exception):
    """The other side does not keep to the limits it was given."""


class Reading:
    """One conversation about one archive. Afterwards `clean` says whether the process can be used again."""

    def __init__(self, jail: Jail, fd: int, limits: ArchiveLimits, start: int, passwords: Sequence[str]) -> None:
        self.jail = jail
        self.reason = ""  # why the conversation broke
        self._over = False
        self._member: Member | None = None  # announced, its letter not yet sent
        self._streaming = False
        self._last = start - 1  # place of the last member that was announced
        self._members, self._bytes = limits.members, limits.bytes  # that may still come
        self._patience = 0.0  # seconds that may still be spent waiting for the member in hand
        self._busy = MEMBER_SECONDS + limits.bytes / SLOWEST  # seconds the other side may unpack and send nothing
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
            return self._guarded(lambda: self._done(announced.reason(header["done"])))
        return self._guarded(lambda: self._announced(header))

    def _announced(self, header: wire.Header) -> Member:
        if self._members == 0:
            raise BeyondLimits
        member = announced.member(header, after=self._last)
        self._last, self._members = member.index, self._members - 1
        most = self._bytes if member.size is None else min(member.size, self._bytes)
        self._patience = MEMBER_SECONDS + most / SLOWEST
        if not member.reason:
            member.chunks = self._chunks(member)
        self._member = member
        return member

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
        answer = None if self.reason else self._guarded(self._next_chunk)
        if self._member and not isinstance(answer, bytes):
            self._member.problem = self.reason if answer is None else answer
            self._member, self._streaming = None, False
            return None
        return answer if isinstance(answer, bytes) else None

    def _next_chunk(self) -> bytes | str:
        """The next bytes of the member in hand, or at their end what was wrong with them."""
        header, chunk = self._receive(most=CHUNK_BYTES, seconds=min(ANSWER_SECONDS, max(0.0, self._patience)))
        if "end" in header:
            return announced.reason(header["end"])
        if not chunk:
            raise ValueError("chunk")
        self._bytes -= len(chunk)
        if self._bytes < 0:
            raise BeyondLimits
        return chunk

    def _receive(self, most: int, seconds: float = ANSWER_SECONDS) -> tuple[wire.Header, bytes]:
        """The next message that says more than that the other side is at work. Raises TimeoutError."""
        while self._busy > 0:
            asked = time.monotonic()
            answer = wire.receive(self.jail.sock, most=most, deadline=asked + seconds)
            waited = time.monotonic() - asked
            if "busy" not in answer[0]:
                self._patience -= waited
                return answer
            self._busy -= waited
        raise TimeoutError

    def _say(self, letter: bytes) -> None:
        self._guarded(lambda: self.jail.sock.sendall(letter))

    def _guarded(self, act: Callable[[], Answer]) -> Answer | None:
        """What `act` returns; a fault is remembered as the reason and answers None."""
        try:
            return act()
        except TimeoutError:
            self.reason = results.DECODER_TIMEOUT
        except BeyondLimits:
            self.reason = results.OVER_LIMIT
        except FAULTS:
            self.reason = results.DECODER_KILLED
        return None
