"""Walking a folder: nothing is followed, nothing is left out, names stay bytes (security.md section 2)."""

import os
import socket
import time
from pathlib import Path

import pytest

from cases.ingest.base import Row as LedgerRow
from cases.ingest.base import SourceGone, SourceUnusable, Spoiled
from cases.ingest.folder import Folder
from tests.cases.ingest.trees import tree


def find(root: Path) -> dict[bytes, str]:
    return {found.raw_path: found.reason for found in Folder().find(os.fsencode(root))}


def read(root: Path, *names: bytes) -> list[tuple[str, bytes]]:
    rows = [LedgerRow(number, name) for number, name in enumerate(names)]
    return [(reading.problem, b"".join(reading.chunks)) for reading in Folder().read(os.fsencode(root), rows)]


NAMES = [
    b"plain.png",
    b"new\nline.png",
    b"latin-\xe9.png",
    b"\xff\xfe",
    b"-rf",
    "photo\u202egpj.exe".encode(),
    b"=1+1.png",
]


@pytest.mark.parametrize("name", NAMES)
def test_of_a_name_comes_back_as_the_bytes_it_was(tmp_path: Path, name: bytes) -> None:
    tree(tmp_path, {name: b"x", b"sub/" + name: b"y"})
    assert find(tmp_path) == {name: "", b"sub/" + name: ""}
    assert read(tmp_path, name, b"sub/" + name) == [("", b"x"), ("", b"y")]


def test_of_links_pipes_and_sockets_are_entries_with_a_reason_and_never_opened(tmp_path: Path) -> None:
    outside = tree(tmp_path / "outside", {"secret.png": b"secret"})
    root = tree(tmp_path / "root", {"a.png": b"a"})
    (root / "link.png").symlink_to(outside / "secret.png")
    (root / "folder-link").symlink_to(outside)
    os.mkfifo(root / "pipe.png")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(root / "socket.png"))
        assert find(root) == {
            b"a.png": "",
            b"folder-link": "symlink-not-followed",
            b"link.png": "symlink-not-followed",
            b"pipe.png": "not-regular-file",
            b"socket.png": "not-regular-file",
        }


def test_of_a_file_swapped_for_a_link_after_listing_is_not_followed(tmp_path: Path) -> None:
    outside = tree(tmp_path / "outside", {"secret.png": b"secret"})
    root = tree(tmp_path / "root", {"a.png": b"a", "d/b.png": b"b"})
    (root / "a.png").unlink()
    (root / "a.png").symlink_to(outside / "secret.png")
    (root / "d").rename(root / "was-d")
    (root / "d").symlink_to(outside)
    assert read(root, b"a.png", b"d/secret.png") == [("symlink-not-followed", b""), ("unreadable", b"")]


def test_of_a_pipe_that_took_a_file_s_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    assert read(tmp_path, b"a.png") == [("not-regular-file", b"")]


def test_of_a_file_that_changes_while_it_is_read_is_refused_even_when_its_time_is_set_back(tmp_path: Path) -> None:
    path = tree(tmp_path, {"a.bin": bytes(1000)}) / "a.bin"
    before = path.stat()

    def rewrite() -> None:
        with path.open("r+b") as file:
            file.write(b"changed")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    time.sleep(0.02)  # the kernel's clock of files ticks every few milliseconds
    readings = Folder().read(os.fsencode(tmp_path), [LedgerRow(1, b"a.bin")])
    chunks = iter(next(readings).chunks)
    next(chunks)
    rewrite()
    with pytest.raises(Spoiled) as spoiled:
        next(chunks)
    assert spoiled.value.reason == "changed-during-read"


def test_of_a_path_longer_than_the_kernel_takes_is_found_and_read(tmp_path: Path) -> None:
    part, depth = b"directory", 600
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(part, dir_fd=folder)
        below = os.open(part, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    file = os.open(b"leaf.png", os.O_WRONLY | os.O_CREAT, dir_fd=folder)
    os.write(file, b"leaf")
    os.close(file)
    os.close(folder)
    name = b"/".join([part] * depth + [b"leaf.png"])
    open_before = len(list(Path("/proc/self/fd").iterdir()))
    assert find(tmp_path) == {name: ""}
    assert read(tmp_path, name) == [("", b"leaf")]
    assert len(list(Path("/proc/self/fd").iterdir())) <= open_before


def test_of_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SourceGone):
        Folder().check(os.fsencode(tmp_path / "none"))
    with pytest.raises(SourceUnusable):
        Folder().check(os.fsencode(tree(tmp_path, {"a.txt": b"a"}) / "a.txt"))


def test_of_a_source_that_is_unplugged_stops_the_reading_instead_of_rejecting_every_file(tmp_path: Path) -> None:
    root = tree(tmp_path / "stick", {"a.png": b"a", "b.png": b"b"})
    readings = Folder().read(os.fsencode(root), [LedgerRow(1, b"a.png"), LedgerRow(2, b"b.png")])
    assert b"".join(next(readings).chunks) == b"a"
    (root / "b.png").unlink()
    root.rename(tmp_path / "gone")
    with pytest.raises(SourceGone):
        next(readings)


def test_of_an_evidence_root_lets_no_link_lead_out_of_it(tmp_path: Path) -> None:
    tree(tmp_path / "outside", {"secret.png": b"s"})
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "case").symlink_to(tmp_path / "outside")
    with pytest.raises((SourceGone, SourceUnusable)):
        Folder((os.fsencode(inbox),)).check(os.fsencode(inbox / "case"))
