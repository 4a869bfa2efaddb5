"""A process that reads an image and was taken over: nothing it says is believed, and it cannot hold the worker up."""

import math
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.cases.ingest import disks
from tests.workbench.image_samples import Files, bytes_of
from workbench.jail import image_results, image_source, wire
from workbench.jail.image_results import ImageEntry
from workbench.jail.image_source import OpenImage
from workbench.jail.layers import USUAL

DATA = b"lake" * 300
ENTRY: dict[str, Any] = {"path": b"vol1/lake.txt".hex(), "place": "0:4:1:0", "size": 1200}
FOLDER = [0, 2, b"vol1".hex()]
DIGESTS = {kind: "0" * length for kind, length in image_results.HASHES.items()}
Lie = Callable[[socket.socket], None]


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "disk.dd"
    path.write_bytes(disks.fat({"lake.txt": DATA}))
    return path


@contextmanager
def taken_over(disk: Path, lie: Lie) -> Iterator[OpenImage]:
    """An image whose process answers the next question with a lie, then keeps the line open."""
    image = OpenImage(Files(disk), USUAL)
    jail = image._jail
    assert jail
    silenced = jail.sock  # open, so that the process stays
    jail.sock, theirs = socket.socketpair()
    try:
        with silenced, theirs:
            liar = threading.Thread(target=_say, args=(theirs, lie))
            liar.start()
            yield image
            assert jail.process.poll() is not None, "the liar was kept"
        liar.join()
    finally:
        image.end()


def _say(sock: socket.socket, lie: Lie) -> None:
    with suppress(OSError):
        wire.receive(sock, most=0)
        lie(sock)


def names(image: OpenImage) -> list[tuple[str, str]]:
    return [(entry.raw_path.decode(), entry.reason) for entry in image.entries()]


def one_of(image: OpenImage) -> ImageEntry:
    [entry] = [entry for entry in image.entries() if not entry.reason]
    return entry


@pytest.mark.parametrize(
    "message",
    [
        {"entries": [ENTRY | {"reason": "unheard-of"}]}, {"entries": [ENTRY | {"ordinal": math.inf}]},
        {"entries": [ENTRY | {"place": "٠:٤:١:٠"}]}, {"entries": [{"path": "ff"}]}, {"entries": [[]]}, {"entries": 7},
        {"entries": [ENTRY | {"size": None}]}, {"end": "x" * 300_000}, {"end": ["corrupt"]}, {"end": "unheard-of"},
        {"opens": [math.inf, 2, "ff"]}, {"opens": [0, -1, "ff"]}, {"opens": [0, 2, ""]}, {"opens": [0, 2]},
        {"opens": 7}, {"opens": [0, 2, "ff" * 140_000]},
    ],
)  # fmt: skip
def test_what_no_reader_says_while_it_lists_costs_the_folder_it_was_in(disk: Path, message: dict[str, Any]) -> None:
    def lie(sock: socket.socket) -> None:
        wire.send(sock, {"opens": [0, 99, b"vol1/lies".hex()], "entries": []})
        wire.send(sock, message)

    with taken_over(disk, lie) as image:
        assert names(image) == [("vol1/lies", "decoder-killed"), ("vol1/lake.txt", "")]


def test_more_entries_than_a_disk_can_hold_end_the_listing(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_source, "MAX_ENTRIES", 100)

    def lie(sock: socket.socket) -> None:
        wire.send(sock, {"opens": FOLDER})
        while True:
            wire.send(sock, {"entries": [ENTRY] * 40})

    with taken_over(disk, lie) as image:
        found = names(image)
    assert (len(found), found[-1]) == (81, ("vol1", "over-limit"))


@pytest.mark.parametrize("message", [{"busy": True}, {"entries": []}])
def test_a_reader_that_never_comes_to_an_end_is_not_waited_for_without_end(
    disk: Path, monkeypatch: pytest.MonkeyPatch, message: dict[str, Any]
) -> None:
    monkeypatch.setattr(image_source, "BUSY_SECONDS", 0.5)

    def lie(sock: socket.socket) -> None:
        silence = threading.Event()
        while True:
            wire.send(sock, message)
            silence.wait(0.05)

    with taken_over(disk, lie) as image:
        assert names(image) == [("vol1", "decoder-timeout")]


@pytest.mark.parametrize(
    ("said", "body"),
    [
        ({}, b""), ({}, b"x" * 1201), ({"end": ""}, b""), ({"end": "unheard-of"}, b""), ({"end": None}, b""),
        ({"end": {}}, b""),
    ],
)  # fmt: skip
def test_bytes_that_no_reader_sends_cost_the_file_and_the_next_is_read_by_another(
    disk: Path, said: dict[str, Any], body: bytes
) -> None:
    with taken_over(disk, lambda sock: wire.send(sock, said, body)) as image:
        entry = image_results.entry(ENTRY)
        assert bytes_of(image, entry) == (b"", "decoder-killed")
        assert bytes_of(image, one_of(image)) == (DATA, "")


def test_a_byte_now_and_then_ends_with_the_time_that_a_file_may_take(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_source, "READ_SECONDS", 0.5)

    def lie(sock: socket.socket) -> None:
        silence = threading.Event()
        while True:
            wire.send(sock, {}, b"x")
            silence.wait(0.05)

    with taken_over(disk, lie) as image:
        assert bytes_of(image, image_results.entry(ENTRY))[1] == "decoder-timeout"


@pytest.mark.parametrize(
    "messages",
    [
        [{"end": ""}], [{}], [{"digests": []}], [{"digests": {"md5": "0"}}], [{"digests": {"md5": "0" * 32}}],
        [{"digests": DIGESTS | {"crc": "0"}}], [{"digests": DIGESTS | {"md5": 7}}],
        [{"digests": DIGESTS}, {"end": "unheard-of"}],
    ],
)  # fmt: skip
def test_hashes_that_are_none_are_no_hashes(disk: Path, messages: list[dict[str, Any]]) -> None:
    def lie(sock: socket.socket) -> None:
        for message in messages:
            wire.send(sock, message)

    with taken_over(disk, lie) as image:
        found = image.digests(lambda: True)
    assert found == image_source.Digests({}, "decoder-killed")
