"""A process that reads an archive and was taken over: nothing it says is believed, and it cannot hold the worker up."""

import math
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from tests.workbench.jail_samples import read_only, zip_of
from workbench.jail import ArchiveLimits, Decoder, reading, wire

ARCHIVE = zip_of([(b"one", b"first"), (b"two", b"second")])
HONEST = [(0, b"first", "", ""), (1, b"second", "", "")]
MEMBER: dict[str, Any] = {
    "index": 0, "name": b"one".hex(), "utf8": True, "ordinal": 0, "size": 5, "mtime": "2021-03-04", "reason": "",
}  # fmt: skip
Told = list[tuple[int, bytes, str, str]]
Lie = Callable[[socket.socket], None]


def told(decoder: Decoder, limits: ArchiveLimits = ArchiveLimits()) -> Told:  # noqa: B008 it is frozen
    """(index, bytes, reason, problem) of every member that the worker is told of."""
    with read_only(ARCHIVE) as descriptor:
        members = decoder.members(descriptor, size=len(ARCHIVE), limits=limits)
        return [(one.index, b"".join(one.chunks), one.reason, one.problem) for one in members]


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    """One for all tests: each process that lied is followed by an honest one, which the next lie is put in place of."""
    with Decoder() as decoder:
        yield decoder


@contextmanager
def taken_over(decoder: Decoder, lie: Lie) -> Iterator[None]:
    """The decoder's process for archives answers its next request with a lie, then keeps the line open."""
    assert told(decoder) == HONEST
    jail = decoder._jails["archives"]
    silenced = jail.sock  # open, so that the process stays
    jail.sock, theirs = socket.socketpair()
    with silenced, theirs:
        liar = threading.Thread(target=_say, args=(theirs, lie))
        liar.start()
        yield
        assert jail.process.poll() is not None, "the liar was kept"
    liar.join()


def _say(sock: socket.socket, lie: Lie) -> None:
    with suppress(OSError):
        wire.receive_descriptor(sock)
        lie(sock)


@pytest.mark.parametrize(
    "header",
    [
        MEMBER | {"index": math.inf}, MEMBER | {"index": -1}, MEMBER | {"index": 2**31}, MEMBER | {"index": True},
        MEMBER | {"index": 0.5}, MEMBER | {"ordinal": 2**40}, MEMBER | {"ordinal": 2**31 - 1}, MEMBER | {"size": -1},
        MEMBER | {"size": 2**63}, MEMBER | {"mtime": "a\0"}, MEMBER | {"mtime": "\ud800"}, MEMBER | {"mtime": "é"},
        MEMBER | {"mtime": "x" * 41}, MEMBER | {"mtime": None}, MEMBER | {"reason": "x" * 61},
        MEMBER | {"reason": "unheard-of"}, MEMBER | {"reason": ["is-link"]}, MEMBER | {"utf8": 1},
        MEMBER | {"name": "zz"}, {"index": 0}, {}, {"done": "x" * 300_000}, {"done": None}, {"done": "unheard-of"},
    ],
)  # fmt: skip
def test_what_no_reader_says_of_a_member_is_not_believed(decoder: Decoder, header: dict[str, Any]) -> None:
    with taken_over(decoder, lambda sock: wire.send(sock, header)):
        assert told(decoder) == HONEST  # from the honest one that took its place


def test_brackets_without_end_are_no_header(decoder: Decoder) -> None:
    text = b'{"index":' + b"[" * 80_000
    with taken_over(decoder, lambda sock: sock.sendall(wire.PREFIX.pack(len(text), 0) + text)):
        assert told(decoder) == HONEST


def begun(sock: socket.socket) -> None:
    """Announce the first member and wait until it is wanted."""
    wire.send(sock, MEMBER)
    sock.recv(1)


def test_a_member_that_comes_again_or_before_the_last_is_not_believed(decoder: Decoder) -> None:
    def lie(sock: socket.socket) -> None:
        begun(sock)
        wire.send(sock, {}, b"a lie")
        wire.send(sock, {"end": ""})
        begun(sock)

    with taken_over(decoder, lie):
        assert told(decoder) == [(0, b"a lie", "", ""), *HONEST[1:]]


@pytest.mark.parametrize(
    ("lie", "problem"),
    [
        (lambda sock: wire.send(sock, {}), "decoder-killed"),  # empty chunks would never end
        (lambda sock: wire.send(sock, {"end": "x" * 300_000}), "decoder-killed"),
        (lambda sock: wire.send(sock, {}, b"x" * 101), "over-limit"),
    ],
)
def test_bytes_that_no_reader_sends_end_the_member(decoder: Decoder, lie: Lie, problem: str) -> None:
    def whole(sock: socket.socket) -> None:
        begun(sock)
        lie(sock)

    with taken_over(decoder, whole):
        assert told(decoder, ArchiveLimits(bytes=100)) == [(0, b"", "", problem), *HONEST[1:]]


def test_more_members_than_were_allowed_are_not_taken(decoder: Decoder) -> None:
    def lie(sock: socket.socket) -> None:
        for index in range(5):
            wire.send(sock, MEMBER | {"index": index, "reason": "is-link"})
            sock.recv(1)

    with taken_over(decoder, lie):
        members = told(decoder, ArchiveLimits(members=2))
    assert [one[0] for one in members if one[0] >= 0] == [0, 1]


def test_a_byte_now_and_then_ends_with_the_time_that_a_member_may_take(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MEMBER_SECONDS", 0.5)

    def lie(sock: socket.socket) -> None:
        begun(sock)
        silence = threading.Event()
        while True:
            wire.send(sock, {}, b"x")
            silence.wait(0.05)

    with taken_over(decoder, lie):
        first, *rest = told(decoder)
    assert (first[3], rest) == ("decoder-timeout", HONEST[1:])


def test_a_reader_that_only_says_it_is_busy_is_not_waited_for_without_end(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MEMBER_SECONDS", 0.5)

    def lie(sock: socket.socket) -> None:
        silence = threading.Event()
        while True:
            wire.send(sock, {"busy": True})
            silence.wait(0.05)

    with taken_over(decoder, lie):
        assert told(decoder, ArchiveLimits(bytes=100)) == HONEST
