"""PURE: what another server answered, and how much of it is taken: bytes, depth and rows."""

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import msgspec

from workbench import peer_addresses
from workbench.outbound_errors import AnswerRefused, AnswerTooLarge, AnswerUnreadable
from workbench.peer_addresses import Url
from workbench.words import noop

T = TypeVar("T")
LONGEST_WAIT = 86_400  # seconds that a Retry-After may ask for

_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_TEXT = re.compile(rb'"[^"]*"')
_INNERMOST = re.compile(rb"\[\]|\{\}")
_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"'))


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of one answer is taken, and for how long one request may go on."""

    body: int = 1 << 24  # bytes, after unpacking
    seconds: float = 60.0  # of the whole request
    step: float = 20.0  # seconds without a byte
    depth: int = 16  # of JSON
    rows: int = 100_000  # objects of a JSON text, lines of a stream
    line: int = 1 << 20  # bytes of one line of a stream


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Names of `headers` are lower case; `body` is unpacked."""

    url: Url
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    limits: Limits = field(default_factory=Limits, repr=False)

    def require(self, *statuses: int) -> "Answer":
        """The same answer. Raises AnswerRefused when its status is none of these."""
        if self.status not in statuses:
            raise AnswerRefused(
                noop("%(host)s answered %(status)s. Check what was agreed with whoever runs it."),
                host=self.url.host,
                status=str(self.status),
            )
        return self

    def json(self, kind: type[T] | Any = Any) -> Any:
        """The body as `kind` (a msgspec type). Raises AnswerUnreadable, AnswerTooLarge."""
        return decode(self.body, kind, self.limits)

    def link(self, text: str) -> str:
        """Where a link in the body leads. Raises AddressRefused for any other place than this one."""
        return str(peer_addresses.joined(self.url, text))


def decode(body: bytes, kind: Any, limits: Limits) -> Any:
    """JSON as a msgspec type, when it is no deeper and has no more objects than `limits` allow."""
    _measure(body, limits)
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AnswerUnreadable(
            noop("The answer is not the JSON that was agreed: %(error)s."), error=str(error)[:200]
        ) from error


def _measure(body: bytes, limits: Limits) -> None:
    """Raise AnswerTooLarge for what nests too deep or holds too much, before anything is made of it."""
    bare = _TEXT.sub(b"", (_ESCAPED.sub(b"", body) if b"\\" in body else body).translate(None, _STRUCTURE))
    if bare.count(b"{") > limits.rows:
        raise AnswerTooLarge(noop("The answer holds more than %(rows)s objects."), rows=str(limits.rows))
    for _level in range(limits.depth):  # each time takes the innermost away
        bare = _INNERMOST.sub(b"", bare)
    if _INNERMOST.search(bare) or bare.count(b"[") + bare.count(b"{") > limits.depth:  # of a text without an end, few
        raise AnswerTooLarge(noop("The answer nests deeper than %(depth)s."), depth=str(limits.depth))


def unpacked(pieces: Iterable[bytes], encoding: str, limits: Limits) -> Iterator[bytes]:
    """The body, gzip undone, in pieces. Raises AnswerTooLarge, AnswerUnreadable."""
    if encoding not in ("", "identity", "gzip"):
        raise AnswerUnreadable(noop("The answer is packed in a way we do not ask for: %(how)s."), how=encoding[:40])
    taken = 0
    for piece in _gunzipped(pieces, limits) if encoding == "gzip" else pieces:
        taken += len(piece)
        if taken > limits.body:
            raise AnswerTooLarge(noop("The answer is longer than %(bytes)s bytes."), bytes=str(limits.body))
        yield piece


def _gunzipped(pieces: Iterable[bytes], limits: Limits) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(31)
    for piece in pieces:
        rest = piece
        while rest:
            try:
                yield unpacker.decompress(rest, min(limits.body + 1, 1 << 18))
            except zlib.error as error:
                raise AnswerUnreadable(noop("The answer is damaged: what was packed cannot be unpacked.")) from error
            if unpacker.unused_data:
                raise AnswerUnreadable(noop("Something stands behind the end of the packed answer."))
            rest = unpacker.unconsumed_tail
    yield unpacker.flush()  # a few kB at most
    if not unpacker.eof:
        raise AnswerUnreadable(noop("The answer ends early."))


def lines(pieces: Iterable[bytes], limits: Limits) -> Iterator[bytes]:
    """The lines of a body, without their ends; blank ones are passed over. Raises AnswerTooLarge."""
    waiting, number = bytearray(), 0
    for piece in pieces:
        waiting += piece
        *whole, rest = bytes(waiting).split(b"\n")
        if len(rest) > limits.line or any(len(line) > limits.line for line in whole):
            raise AnswerTooLarge(noop("A line of the answer is longer than %(bytes)s bytes."), bytes=str(limits.line))
        waiting = bytearray(rest)
        for line in whole:
            number += 1
            if number > limits.rows:
                raise AnswerTooLarge(noop("The answer has more than %(rows)s lines."), rows=str(limits.rows))
            if line.strip():
                yield line.rstrip(b"\r")
    if waiting.strip():
        yield bytes(waiting)


def retry_after(text: str) -> int:
    """Seconds that a Retry-After asks for, as a number or a date; 0 when it says nothing we can read."""
    if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        return min(int(text), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return 0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0, min(int((moment - datetime.now(UTC)).total_seconds()) + 1, LONGEST_WAIT))
