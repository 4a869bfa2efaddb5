"""Every archive format as the jail hands its members over: the same members, whole or with a reason."""

import hashlib
import json
import random
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import py7zr
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.shared_data import shared
from tests.workbench.archive_samples import KINDS, PACKERS, aes_zip, archived, sevened, tarred
from tests.workbench.jail_samples import read_only
from workbench.jail import ArchiveLimits, Decoder, Member

LIMITS = ArchiveLimits()
FILES = [("a.txt", b"alpha"), ("empty", b""), ("b/large.bin", random.Random(1).randbytes(900_000) + b"0" * 900_000)]
MEDIA = "media"
Answers = list[tuple[Member, bytes]]


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


def read(decoder: Decoder, data: bytes, limits: ArchiveLimits = LIMITS, **options: Any) -> Answers:
    with read_only(data) as descriptor:
        members = decoder.members(descriptor, size=len(data), limits=limits, **options)
        return [(member, b"".join(member.chunks)) for member in members]


def outcomes(answers: Answers) -> list[tuple[bytes, str]]:
    return [(member.raw_name, member.reason or member.problem) for member, _ in answers]


@pytest.mark.parametrize("kind", KINDS)
def test_members_come_in_order_and_whole(decoder: Decoder, kind: str) -> None:
    answers = read(decoder, archived(kind, FILES))
    assert [(member.raw_name.decode(), data) for member, data in answers] == FILES
    assert {why for _, why in outcomes(answers)} == {""}
    assert [member.size for member, _ in answers] == [len(data) for _, data in FILES]


@pytest.mark.parametrize("kind", KINDS)
def test_reading_goes_on_anywhere_and_passes_over_what_nobody_wants(decoder: Decoder, kind: str) -> None:
    data = archived(kind, [(f"{number}", bytes([number]) * 500_000) for number in range(8)])
    with read_only(data) as descriptor:
        members = decoder.members(descriptor, size=len(data), limits=LIMITS, start=2)
        wanted = {member.index: b"".join(member.chunks) for member in members if member.index in (3, 6)}
    assert wanted == {3: b"\3" * 500_000, 6: b"\6" * 500_000}


@pytest.mark.parametrize("kind", KINDS)
def test_limits_name_what_lies_beyond_them(decoder: Decoder, kind: str) -> None:
    data = archived(kind, [(f"{number}", bytes([number]) * 400_000) for number in range(5)])
    assert [why for _, why in outcomes(read(decoder, data, ArchiveLimits(bytes=1_000_000)))] == [
        "", "", "over-limit", "over-limit", "over-limit",
    ]  # fmt: skip
    assert outcomes(read(decoder, data, ArchiveLimits(members=3)))[3:] == [(b"", "over-limit")]


@pytest.mark.parametrize("kind", PACKERS)
def test_a_single_packed_file_is_one_member_whose_size_nobody_knows_yet(decoder: Decoder, kind: str) -> None:
    data = b"hills and rivers\n" * 100_000
    [(member, found)] = read(decoder, PACKERS[kind](data) + PACKERS[kind](b"and more"))
    assert (member.index, member.raw_name, member.size, found == data + b"and more") == (0, b"", None, True)
    assert outcomes(read(decoder, PACKERS[kind](data), ArchiveLimits(bytes=1_000_000))) == [(b"", "over-limit")]


@pytest.mark.parametrize("kind", PACKERS)
def test_a_packed_file_that_is_cut_off_says_so_after_what_there_was(decoder: Decoder, kind: str) -> None:
    data = random.Random(2).randbytes(2_000_000)
    [(_, found)] = answers = read(decoder, PACKERS[kind](data)[:-500_000])
    assert outcomes(answers) == [(b"", "truncated")]
    assert data.startswith(found)


def test_a_gzip_header_gives_name_and_time(decoder: Decoder) -> None:
    head = b"\x1f\x8b\x08\x08" + (1_614_834_368).to_bytes(4, "little") + b"\x02\xff" + b"Hafen \xe9.txt\0"
    data = PACKERS["gz"](b"x")
    [(member, found)] = read(decoder, head + data[10:])
    assert (member.raw_name, member.mtime_text, found) == (b"Hafen \xe9.txt", "2021-03-04T05:06:08+00:00", b"x")


TAR_NODES = [
    ({"type": tarfile.SYMTYPE, "linkname": "../x"}, "is-link"),
    ({"type": tarfile.LNKTYPE, "linkname": "/etc/hostname"}, "is-link"),
    ({"type": tarfile.CHRTYPE}, "not-regular-file"),
    ({"type": tarfile.FIFOTYPE}, "not-regular-file"),
]


@pytest.mark.parametrize(("options", "reason"), TAR_NODES)
def test_links_and_devices_in_a_tar_are_named_and_never_made(
    decoder: Decoder, options: dict[str, Any], reason: str
) -> None:
    [(member, found)] = read(decoder, tarred([("node", b"")], **options))
    assert (member.raw_name, member.reason, found) == (b"node", reason, b"")


def test_folders_of_a_tar_are_passed_over_and_names_stay_bytes(decoder: Decoder) -> None:
    folder = tarred([("folder", b"")], type=tarfile.DIRTYPE)[:512]
    data = folder + tarred([("/abs\udce9", b"x"), ("../up", b"y"), ("/abs\udce9", b"z"), ("n" * 300, b"")])
    answers = read(decoder, data)
    assert [(member.index, member.raw_name, member.ordinal, data) for member, data in answers] == [
        (1, b"/abs\xe9", 0, b"x"),
        (2, b"../up", 0, b"y"),
        (3, b"/abs\xe9", 1, b"z"),
        (4, b"n" * 300, 0, b""),
    ]


def test_a_damaged_header_in_the_middle_of_a_tar_is_not_its_end(decoder: Decoder) -> None:
    data = bytearray(tarred([("a", b"x"), ("b", b"y"), ("c", b"z")]))
    data[1024:1030] = b"\xff" * 6
    assert outcomes(read(decoder, bytes(data))) == [(b"a", ""), (b"", "corrupt")]


@pytest.mark.parametrize("packer", [None, *PACKERS])
def test_what_was_appended_behind_the_end_of_a_tar_is_found(decoder: Decoder, packer: str | None) -> None:
    data = tarred([("a", b"x")]) + tarred([("hidden", b"y")])
    assert outcomes(read(decoder, PACKERS[packer](data) if packer else data)) == [(b"a", ""), (b"hidden", "")]


def test_a_wrong_checksum_behind_a_packed_tar_is_a_problem_of_the_archive(decoder: Decoder) -> None:
    data = PACKERS["gz"](tarred([("a", b"x")]))
    assert outcomes(read(decoder, data[:-8] + b"\0\0\0\0" + data[-4:])) == [(b"a", ""), (b"", "corrupt")]


def test_a_tar_that_is_cut_off_says_so(decoder: Decoder) -> None:
    data = tarred([("a", b"x" * 5000), ("b", b"y" * 5000)])
    assert outcomes(read(decoder, data[:8000])) == [(b"a", ""), (b"b", "truncated"), (b"", "truncated")]


@pytest.mark.parametrize("size", [b"77777777777\0", b"\xff" * 12, b"\x80" + b"\xff" * 11])
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE])
def test_a_tar_header_that_lies_about_its_size_ends_the_archive(decoder: Decoder, kind: bytes, size: bytes) -> None:
    header = bytearray(tarred([("big", b"x")])[:512])
    header[124:136], header[156:157] = size, kind
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + 8 * 32 + sum(header[156:]))
    answers = read(decoder, bytes(header) + b"x" * 512 + tarred([("after", b"y")]))
    assert answers[-1][0].reason in {"corrupt", "truncated"}


@pytest.mark.parametrize("passwords", [(), ("wrong",), ("wrong", "Schlüssel")])
@pytest.mark.parametrize("encrypted", ["zip", "7z", "7z header"])
def test_an_encrypted_member_comes_out_with_its_password_and_is_named_without(
    decoder: Decoder, encrypted: str, passwords: tuple[str, ...]
) -> None:
    if encrypted == "zip":
        data = aes_zip(dict(FILES), "Schlüssel".encode())
    else:
        data = sevened(FILES, password="Schlüssel", header_encryption=encrypted == "7z header")
    answers = read(decoder, data, passwords=passwords)
    if "Schlüssel" in passwords:
        assert [(member.raw_name.decode(), data) for member, data in answers] == FILES
        assert {why for _, why in outcomes(answers)} == {""}
    else:
        assert {why for name, why in outcomes(answers) if name != b"empty" or encrypted == "zip"} == {"encrypted"}
        assert len(answers) == (1 if encrypted == "7z header" else len(FILES))


def test_a_changed_byte_in_an_encrypted_zip_is_found(decoder: Decoder) -> None:
    data = bytearray(aes_zip({"a": random.Random(3).randbytes(5000)}, b"x"))
    data[2000] ^= 1
    assert outcomes(read(decoder, bytes(data), passwords=["x"])) == [(b"a", "bad-crc")]


SEVEN_WAYS = {
    "copy": [{"id": py7zr.FILTER_COPY}],
    "bzip2": [{"id": py7zr.FILTER_BZIP2}],
    "deflate": [{"id": py7zr.FILTER_DEFLATE}],
    "lzma": [{"id": py7zr.FILTER_LZMA}],
    "lzma2 after x86": [{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA2, "preset": 6}],
    "ppmd": [{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 24}],
    "zstd": [{"id": py7zr.FILTER_ZSTD, "level": 3}],
    "brotli": [{"id": py7zr.FILTER_BROTLI, "level": 5}],
}


@pytest.mark.parametrize("way", SEVEN_WAYS)
def test_every_way_of_packing_a_7z_is_undone_in_the_locked_jail(decoder: Decoder, way: str) -> None:
    answers = read(decoder, sevened(FILES, filters=SEVEN_WAYS[way]))
    assert [(member.raw_name.decode(), data) for member, data in answers] == FILES
    assert {why for _, why in outcomes(answers)} == {""}


def test_one_damaged_byte_in_a_7z_costs_its_member_alone(decoder: Decoder) -> None:
    data = bytearray(sevened([("a", random.Random(4).randbytes(100_000)), ("b", b"x" * 100)]))
    data[50_000] ^= 0xFF
    assert outcomes(read(decoder, bytes(data))) == [(b"a", "bad-crc"), (b"b", "")]


OF_OTHER_PEOPLE = [
    *(f"containers/archives/{name}" for name in ("archive.7z", "archive.tar", "archive.tar.gz", "archive.zip")),
    *(f"containers/archives/{name}" for name in ("absolute_paths.tar", "absolute_paths.zip", "droste.zip")),
    *(f"containers/archives/{name}" for name in ("archive.password-is-asdf.zip", "test-zip-of-zip.zip")),
    "containers/archives/test-documents.zip", "containers/documents/Digital forensics.docx",
    "containers/documents/testPPT_2imgs.pptx", "containers/documents/testWORD_3imgs.docx",
]  # fmt: skip


@pytest.mark.parametrize("path", OF_OTHER_PEOPLE)
def test_archives_of_other_people_hold_what_other_tools_find(decoder: Decoder, path: str) -> None:
    root = shared(MEDIA)
    known = json.loads((root / "expected.json").read_text())["files"][path]
    answers = read(decoder, (root / path).read_bytes(), passwords=["wrong", "asdf"])
    assert sorted(hashlib.sha256(data).hexdigest() for _, data in answers) == sorted(
        entry["sha256"] for entry in known["files"]
    )
    names = [member.raw_name.decode() for member, _ in answers]
    assert sorted(names) == sorted(known.get("member_names") or [entry["path"] for entry in known["files"]])


def test_one_part_of_a_split_archive_is_called_that(decoder: Decoder) -> None:
    data = (shared(MEDIA) / "containers/archives/test-documents-spanned.zip").read_bytes()
    assert outcomes(read(decoder, data)) == [(b"", "archive-part")]


HEADS = [
    b"",
    b"PK\3\4",
    b"PK\5\6",
    b"7z\xbc\xaf\x27\x1c\0\4",
    b"\x1f\x8b\x08\0",
    b"BZh9",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
]
BASES = [archived(kind, [("a", b"x" * 3000), ("b/c", bytes(range(256)))]) for kind in KINDS]
BASES += [aes_zip({"a": b"secret"}, b"x"), sevened([("a", b"x" * 3000)], password="x")]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.tuples(st.sampled_from(HEADS), st.binary(max_size=2000)).map(b"".join),
        st.tuples(st.sampled_from(BASES), st.lists(st.tuples(st.integers(0), st.binary(min_size=1, max_size=8)))).map(
            lambda drawn: _damaged(*drawn)
        ),
    )
)
def test_no_bytes_crash_the_listing_or_go_unnamed(decoder: Decoder, data: bytes) -> None:
    answers = read(decoder, data, ArchiveLimits(bytes=1 << 20, members=100), passwords=["x"])
    reasons = {why for _, why in outcomes(answers)}
    assert not reasons & {"decoder-killed", "decoder-timeout"}
    for member, found in answers:
        assert member.reason or member.problem or member.size in (None, len(found))


def _damaged(base: bytes, changes: list[tuple[int, bytes]]) -> bytes:
    data = bytearray(base)
    for place, change in changes:
        at = place % len(data)
        data[at : at + len(change)] = change
    return bytes(data)


def test_nothing_is_written_anywhere(decoder: Decoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for kind in KINDS:
        read(
            decoder,
            archived(kind, [("../outside.txt", b"x"), ("/tmp/hostile-outside.txt", b"x")] if kind != "7z" else FILES),
        )
    assert list(tmp_path.iterdir()) == []
    assert not Path("/tmp/hostile-outside.txt").exists()
