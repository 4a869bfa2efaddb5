"""Lists in gzip and zip, sets in several parts, and what hostile packing comes to (vics.md sections 4 and 8)."""

import fcntl
import io
import struct
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hashsets import exchange
from hashsets.exchange import HashRecord, MalformedDocument, ReadOptions, Report, UnknownFormat, on_disk, packing
from tests.hashsets.exchange.list_examples import example, gzipped, zipped
from tests.hashsets.exchange.vics_texts import fake, hash_set

ONE, TWO = hash_set({"MD5": fake(1), "Category": 1}), hash_set({"MD5": fake(2), "Category": 2}, {"MD5": "no"})


def read(data: bytes, name: str = "list") -> tuple[list[HashRecord], Report]:
    report = Report()
    return list(exchange.read(io.BytesIO(data), name, report, ReadOptions())), report


def refused(data: bytes) -> str:
    with pytest.raises((MalformedDocument, UnknownFormat)) as caught:
        read(data)
    return str(caught.value)


def test_the_files_of_a_zip_are_parts_of_one_list_and_each_is_told_by_name() -> None:
    found, report = read(zipped({"set\\part 2.json": TWO, "set\\part 1.json": ONE}))
    assert [record.code for record in found] == ["1", "2"]
    assert (report.read, dict(report.skipped), dict(report.codes)) == (3, {"invalid-hash": 1}, {"1": 1, "2": 1})
    assert [(each.detail[:16], each.position) for each in report.warnings if each.code == "invalid-hash"] == [
        ("set/part 2.json:", 2)
    ]


def test_two_files_of_one_name_in_a_zip_are_refused_and_neither_is_lost_unsaid() -> None:
    assert "one name" in refused(zipped({"set\\list.json": ONE, "set/list.json": TWO}))


def test_a_zip_may_mix_formats() -> None:
    found, report = read(
        zipped({"a.json": ONE, "b.db": example("nsrl3", fake(5)), "c.txt": example("checksums", fake(6))})
    )
    assert [record.md5.hex() for record in found if record.md5] == [fake(1), fake(5), fake(6)]
    assert report.format == "vics2.0 | nsrl3 | checksums"


def test_what_lies_beside_a_list_is_told_and_passed_over() -> None:
    aside = {"read me.txt": b"hello", "__MACOSX/._a.json": b"x", "a.json.md5": example("checksums", fake(9))}
    found, report = read(zipped({"a.json": ONE, **aside}))
    assert len(found) == 1
    assert sorted(each.detail for each in report.warnings) == ["a.json.md5", "read me.txt"]


@pytest.mark.parametrize("name", ["part 2.json", "other.json", "part2of3.txt"])
def test_a_part_that_is_no_list_is_not_passed_over(name: str) -> None:
    assert "No list of hashes" in refused(zipped({"part 1.json": ONE, name: b"\0\1\2\3"}))


def test_a_zip_without_any_list_is_unknown() -> None:
    message = refused(zipped({"a.txt": b"hello", "b.png": b"\x89PNG"}))
    assert "Nothing in" in message
    assert all(format_.label in message for format_ in exchange.BUILT_IN)


def test_a_fault_in_a_zip_names_the_file_it_is_in() -> None:
    assert refused(zipped({"a.json": ONE, "b.json": ONE[:-9]})).startswith("b.json: looks truncated")


@pytest.mark.parametrize("outer", [gzipped, lambda data: zipped({"inner": data})])
@pytest.mark.parametrize("inner", [gzipped, lambda data: zipped({"inner": data})])
def test_nothing_is_unpacked_twice(outer, inner) -> None:  # type: ignore[no-untyped-def]
    assert "packed twice" in refused(outer(inner(ONE)))


@pytest.mark.parametrize(
    "spoil", [lambda data: data[:-20], lambda data: data[: len(data) // 2], lambda data: b"PK\3\4"]
)
def test_a_zip_cut_short_is_refused(spoil) -> None:  # type: ignore[no-untyped-def]
    assert "the zip cannot be read" in refused(spoil(zipped({"a.json": ONE})))


def test_a_zip_whose_bytes_changed_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.json", ONE)
    assert "the zip is damaged" in refused(packed.getvalue().replace(fake(1).encode(), fake(2).encode()))


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.json", "w", force_zip64=True) as file,
    ):
        for _ in range(200):
            file.write(b" " * (1 << 20))
    assert "absurd size" in refused(packed.getvalue())


def test_a_gzip_bomb_is_stopped() -> None:
    assert "absurd size" in refused(gzipped(b"[" + b" " * (200 << 20)))


def test_too_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MAX_MEMBERS", 3)
    assert "more than 3 files" in refused(zipped({f"{n}.json": ONE for n in range(4)}))


def test_a_directory_for_a_million_members_is_never_read() -> None:
    """The end record claims a directory of 46 MB; the bytes are there, as one hole."""
    with tempfile.TemporaryFile() as file:
        file.write(b"PK\3\4" + bytes(100))
        start = 4096
        file.seek(start + 46_000_000)
        file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, 46_000_000, start, 0))
        file.seek(0)
        with pytest.raises(MalformedDocument, match="too many members"):
            list(exchange.read(file, "x", Report(), ReadOptions()))


def test_encrypted_and_rarely_packed_members_say_what_to_do() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.json", ONE)
    assert "pack it as plain zip" in refused(packed.getvalue())
    plain = bytearray(zipped({"a.json": ONE}))
    plain[plain.rindex(b"PK\1\2") + 8] |= 1
    assert "with its password" in refused(bytes(plain))


def test_a_packed_database_leaves_no_copy_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    abandoned = tmp_path / f"{on_disk.PREFIX}of-one-who-was-killed"
    abandoned.write_bytes(b"x")
    found, _ = read(gzipped(example("kdb")))
    assert len(found) == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pack", [gzipped, lambda data: zipped({"a.db": data})])
def test_a_packed_database_unpacks_to_no_more_than_the_node_allows(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    data = example("kdb")
    fits, tight = (ReadOptions(scratch=str(tmp_path), most_unpacked=len(data) - less) for less in (0, 1))
    assert len(list(exchange.read(io.BytesIO(pack(data)), "x", Report(), fits))) == 3
    with pytest.raises(MalformedDocument, match="the limit of this node"):
        list(exchange.read(io.BytesIO(pack(data)), "x", Report(), tight))
    assert list(tmp_path.iterdir()) == []


def test_a_sweeper_that_is_faster_than_the_lock_takes_nothing_from_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[str] = []

    def late(file: Any, how: int) -> None:
        if how == fcntl.LOCK_EX and not swept:
            swept.append(file.name)
            Path(file.name).unlink()
        lock(file, how)

    lock = fcntl.flock
    monkeypatch.setattr(fcntl, "flock", late)
    assert len(read(gzipped(example("kdb")))[0]) == 3
    assert swept


@pytest.mark.parametrize(
    ("names", "gone"),
    [
        # how many there are is told
        (["set part 1 of 3.json", "set part 3 of 3.json"], ["set part 2 of 3.json"]),
        (["gold_2of3.json"], ["gold_1of3.json", "gold_3of3.json"]),
        (["a (1 of 2) monday.json", "a (2 of 2) tuesday.json"], []),
        (["SET 01 OF 02.JSON", "set 02 of 02.json"], []),
        (["a 1 of 2.json", "b 2 of 2.json"], ["a 2 of 2.json", "b 1 of 2.json"]),
        # only that there is an order
        (["set_part1.json", "set_part4.json"], ["set_part2.json", "set_part3.json"]),
        (["part-02.json"], ["part-01.json"]),
        (["part0.json", "part1.json"], []),
        (["vol1/part1.json", "vol2\\part2.json"], []),
        # what only looks like it
        (["report of 2024.json", "12 of 3.json", "department 5.json", "hashset-2.0.json", "1 of 1.json"], []),
        (["set 1 of 9999.json"], []),
    ],
)
def test_missing_parts_are_named_where_the_names_tell(names: list[str], gone: list[str]) -> None:
    assert exchange.missing_parts(names) == gone


def test_of_very_many_missing_parts_two_hundred_are_named_and_the_rest_counted() -> None:
    names = [f"{letter * 300} 1 of 1000.json" for letter in "abc"]
    gone = exchange.missing_parts(names)
    assert (len(gone), gone[-1]) == (201, "and 2,797 more")
    assert max(map(len, gone)) <= 200


def test_the_names_in_a_zip_count_as_names_of_parts() -> None:
    packed = io.BytesIO(zipped({"x/1 of 3.json": ONE, "x/3 of 3.json": TWO}))
    assert exchange.missing_parts(exchange.names(packed, "all.zip")) == ["2 of 3.json"]
    assert packed.tell() == 0
    assert exchange.names(io.BytesIO(gzipped(ONE)), "1 of 2.json.gz") == ["1 of 2.json"]
