"""Members of archives as the jail hands them over: names are bytes, nothing is dropped, nothing is written."""

import hashlib
import json
import os
import signal
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shared_data import shared
from tests.workbench.jail_samples import encoded, landscape, preview_of, read_only, zip_of, zipped
from workbench.jail import ArchiveLimits, Decoder, Member
from workbench.jail import decoder as decoder_module
from workbench.jail.process import Jail

LIMITS = ArchiveLimits()
NAMES = [
    b"../../outside.txt", b"/tmp/outside.txt", b"C:\\outside.txt", b"a\0../outside.txt", b"..", b"", b"a\nb", b"=1+1",
    b"\xff\xfe.jpg", "é☃.jpg".encode(), "é.jpg".encode("cp437"), b"x" * 60_000,
]  # fmt: skip


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


def read(decoder: Decoder, data: bytes, limits: ArchiveLimits = LIMITS, start: int = 0) -> list[tuple[Member, bytes]]:
    with read_only(data) as descriptor:
        members = decoder.members(descriptor, size=len(data), limits=limits, start=start)
        return [(member, b"".join(member.chunks)) for member in members]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_come_in_order_and_whole(decoder: Decoder, method: int) -> None:
    files = [("a.txt", b"alpha"), ("empty", b""), ("b/large.bin", os.urandom(700_000) + b"0" * 900_000)]
    members = read(decoder, zipped(files, method))
    assert [(member.raw_name.decode(), data) for member, data in members] == files
    assert all((member.reason, member.problem) == ("", "") for member, _ in members)
    assert [member.size for member, _ in members] == [len(data) for _, data in files]
    assert members[0][0].mtime_text == "2021-03-04 05:06:08"


def test_names_are_bytes_and_come_back_unchanged(decoder: Decoder) -> None:
    members = read(decoder, zip_of([(name, b"x") for name in NAMES]))
    assert [member.raw_name for member, _ in members] == NAMES
    assert {data for _, data in members} == {b"x"}


def test_a_name_that_is_not_the_utf8_it_claims_to_be_costs_nothing(decoder: Decoder) -> None:
    members = read(decoder, zip_of([(b"\xff\xfe", b"one"), (b"fine", b"two")], flags=0x800))
    assert [(member.raw_name, member.utf8, data) for member, data in members] == [
        (b"\xff\xfe", True, b"one"),
        (b"fine", True, b"two"),
    ]


def test_members_of_one_name_are_told_apart(decoder: Decoder) -> None:
    members = read(decoder, zip_of([(b"same", b"one"), (b"other", b"two"), (b"same", b"three"), (b"same", b"four")]))
    assert [(member.index, member.ordinal, data) for member, data in members] == [
        (0, 0, b"one"),
        (1, 0, b"two"),
        (2, 1, b"three"),
        (3, 2, b"four"),
    ]


def test_folders_are_passed_over_and_files_that_look_like_folders_are_not(decoder: Decoder) -> None:
    members = read(decoder, zip_of([(b"folder/", b""), (b"folder/file", b"x"), (b"liar/", b"bytes")]))
    assert [(member.index, member.raw_name) for member, _ in members] == [(1, b"folder/file"), (2, b"liar/")]


def test_reading_goes_on_where_it_stopped(decoder: Decoder) -> None:
    data = zip_of([(b"same", b"one"), (b"same", b"two"), (b"same", b"three")])
    assert [(member.index, member.ordinal) for member, _ in read(decoder, data, start=1)] == [(1, 1), (2, 2)]
    assert read(decoder, data, start=3) == []


REFUSED = [
    (zip_of([(b"a", b"x")], flags=1), "encrypted"),
    (zip_of([(b"a", b"/etc/hostname")], mode=0o120777), "is-link"),
    (zip_of([(b"a", b"x")], method=9), "unsupported-compression"),
]


@pytest.mark.parametrize(("data", "reason"), REFUSED)
def test_a_refused_member_has_a_reason_and_no_bytes(decoder: Decoder, data: bytes, reason: str) -> None:
    [(member, found)] = read(decoder, data)
    assert (member.reason, found) == (reason, b"")


def test_what_is_wrong_with_the_bytes_is_known_after_them(decoder: Decoder) -> None:
    good = zip_of([(b"a", b"the bytes"), (b"b", b"more")])
    [(first, data), (second, _)] = read(decoder, good.replace(b"the bytes", b"tHe bytes", 1))
    assert (data, first.reason, first.problem, second.problem) == (b"tHe bytes", "", "bad-crc", "")
    packed = bytearray(zipped([("a", bytes(range(256)) * 40), ("b", b"more")]))
    packed[40:44] = b"\xff\xff\xff\xff"
    [(first, _), (second, data)] = read(decoder, bytes(packed))
    assert (first.problem, second.problem, data) == ("corrupt", "", b"more")


def test_a_member_that_holds_more_than_it_says_is_named_and_not_unpacked_any_further(decoder: Decoder) -> None:
    stream = zlib.compress(b"\0" * 100_000)[2:-4]
    liar = zip_of([(b"a", stream)], method=8)
    [(member, data)] = read(decoder, liar)
    assert (data, member.size, member.problem) == (b"", len(stream), "bad-crc")


def test_beyond_the_byte_limit_members_are_named_and_not_read(decoder: Decoder) -> None:
    data = zipped([("a", b"0" * 600_000), ("b", b"0" * 600_000), ("c", b"0")])
    (a, all_of_a), (b, part_of_b), (c, none_of_c) = read(decoder, data, ArchiveLimits(bytes=1_000_000))
    assert (len(all_of_a), a.problem) == (600_000, "")
    assert (len(part_of_b) < 400_001, b.problem) == (True, "over-limit")
    assert (none_of_c, c.reason) == (b"", "over-limit")


def test_a_member_that_boasts_does_not_use_up_the_limit_of_the_others(decoder: Decoder) -> None:
    boast = zip_of([(b"a", b"x"), (b"b", b"y")])
    at = boast.index(b"PK\1\2") + 24
    boast = boast[:at] + (0xFFFFFFF0).to_bytes(4, "little") + boast[at + 4 :]
    [(member, data)] = read(decoder, boast, ArchiveLimits(bytes=1_000_000), start=1)
    assert (member.reason, data) == ("", b"y")


def test_beyond_the_member_limit_the_archive_itself_is_named(decoder: Decoder) -> None:
    data = zip_of([(b"%d" % number, b"") for number in range(20)])
    members = read(decoder, data, ArchiveLimits(members=12))
    assert [member.index for member, _ in members] == [*range(12), -1]
    assert members[-1][0].reason == "over-limit"


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 and nothing more", zip_of([(b"a", b"x" * 100)])[:60]])
def test_what_is_no_archive_ends_with_a_reason(decoder: Decoder, data: bytes) -> None:
    [(member, _)] = read(decoder, data)
    assert (member.index, member.reason) == (-1, "corrupt")


def test_bytes_in_front_of_an_archive_do_not_hide_it(decoder: Decoder) -> None:
    picture = encoded(landscape(), "JPEG")
    [(member, data)] = read(decoder, picture + zip_of([(b"hidden.txt", b"x")]))
    assert (member.raw_name, data) == (b"hidden.txt", b"x")


@pytest.mark.slow
def test_an_archive_of_65535_and_more_members_is_read_by_its_large_directory(decoder: Decoder) -> None:
    data = zipped([(f"{number}", b"") for number in range(65_600)], zipfile.ZIP_STORED)
    members = read(decoder, data, ArchiveLimits(members=100_000), start=65_590)
    assert [member.raw_name for member, _ in members] == [b"%d" % number for number in range(65_590, 65_600)]


def test_members_may_be_skipped_begun_and_left(decoder: Decoder) -> None:
    data = zipped([(str(number), bytes([number]) * 600_000) for number in range(6)])
    seen = []
    with read_only(data) as descriptor:
        for member in decoder.members(descriptor, size=len(data), limits=LIMITS):
            if member.index == 1:
                seen.append(next(member.chunks)[:1])  # begun, not finished
            elif member.index == 3:
                seen.append(b"".join(member.chunks)[-1:])
            elif member.index == 4:
                break
    assert seen == [b"\1", b"\3"]
    assert read(decoder, zip_of([(b"next", b"archive")]))[0][1] == b"archive"


@pytest.mark.parametrize("read_it", [True, False])
def test_leaving_an_archive_between_members_keeps_the_reader(decoder: Decoder, read_it: bool) -> None:
    read(decoder, zip_of([(b"a", b"x")]))
    reader = decoder._jails["archives"].process.pid
    data = zip_of([(b"a", b"x"), (b"b", b"y"), (b"c", b"z")])
    with read_only(data) as descriptor:
        for member in decoder.members(descriptor, size=len(data), limits=LIMITS):
            if read_it:
                assert list(member.chunks) == [b"x"]
            break
    assert read(decoder, data)[2][1] == b"z"
    assert decoder._jails["archives"].process.pid == reader


def test_members_are_decoded_while_the_archive_stays_open(decoder: Decoder) -> None:
    data = zipped([(f"{number}.png", encoded(landscape(40 + number), "PNG")) for number in range(3)])
    with read_only(data) as descriptor:
        members = decoder.members(descriptor, size=len(data), limits=LIMITS)
        widths = [preview_of(decoder, b"".join(member.chunks)).width for member in members]
    assert widths == [40, 41, 42]


def test_a_reader_that_dies_costs_one_member(decoder: Decoder) -> None:
    data = zipped([(str(number), os.urandom(2_000_000)) for number in range(4)])
    found = {}
    with read_only(data) as descriptor:
        for member in decoder.members(descriptor, size=len(data), limits=LIMITS):
            size = len(next(member.chunks))
            if member.index == 1:
                for reader in children_of_this_process():  # ours, and those of tests before this one
                    if b"archives" in command(reader):
                        os.kill(reader, signal.SIGKILL)
            size += sum(map(len, member.chunks))
            found[member.index] = (size == 2_000_000, member.problem)
    assert found == {0: (True, ""), 1: (False, "decoder-killed"), 2: (True, ""), 3: (True, "")}


def test_an_archive_that_kills_every_reader_ends_with_a_reason(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Doomed(Jail):
        def wait(self) -> None:
            super().wait()
            self.process.kill()

    decoder.close()
    monkeypatch.setattr(decoder_module, "Jail", Doomed)
    [(member, _)] = read(decoder, zip_of([(b"a", b"x")]))
    assert (member.index, member.reason) == (-1, "decoder-killed")


def children_of_this_process() -> set[int]:
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


def command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def test_archives_of_other_people_hold_what_other_tools_find(decoder: Decoder) -> None:
    root = shared("media")
    files = json.loads((root / "expected.json").read_text())["files"]
    checked = 0
    for path in ("containers/archives/archive.zip", "containers/archives/test-documents.zip"):
        known = next(entry for name, entry in files.items() if name == path)
        found = {
            member.raw_name.decode(): hashlib.sha256(data).hexdigest()
            for member, data in read(decoder, (root / path).read_bytes())
        }
        expected = {entry["path"]: entry["sha256"] for entry in known["files"]}
        assert found == expected
        checked += len(found)
    assert checked > 10
