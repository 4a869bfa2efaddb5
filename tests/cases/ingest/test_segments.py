"""The files of one image are found beside the first one, in order; a missing one is named."""

from pathlib import Path

import pytest

from cases.ingest.base import SourceGone, SourceUnusable
from cases.ingest.segments import Segments, first_of
from tests.cases.ingest import disks


def segments(folder: Path, first: str, *names: str) -> list[str]:
    for name in (first, *names):
        (folder / name).write_bytes(b"")
    return [name.decode() for name in Segments(bytes(folder / first)).names]


@pytest.mark.parametrize(
    "names",
    [
        ["disk.E01", "disk.E02", "disk.E03"],
        ["disk.e01", "disk.e02"],
        ["disk.Ex01", "disk.Ex02"],
        ["disk.001", "disk.002", "disk.003"],
        ["disk.000", "disk.001"],
        ["disk.0001", "disk.0002"],
        ["disk.aa", "disk.ab"],
        ["höhe ☃.E01", "höhe ☃.E02"],
    ],
)
def test_of_the_following_files_are_found(tmp_path: Path, names: list[str]) -> None:
    assert segments(tmp_path, *names, "other.E01", "other.002", "disk.txt") == names


def test_of_segments_go_on_in_letters_after_the_ninety_ninth(tmp_path: Path) -> None:
    numbers = [f"disk.E{number:02d}" for number in range(1, 100)]
    names = [*numbers, *(f"disk.E{a}{b}" for a in map(chr, range(65, 91)) for b in map(chr, range(65, 91))), "disk.FAA"]
    assert segments(tmp_path, *names) == names


def test_of_a_flat_vmdk_lies_beside_its_description(tmp_path: Path) -> None:
    (tmp_path / "disk.vmdk").write_bytes(b"# Disk DescriptorFile\n")
    for name in ("disk-s002.vmdk", "disk-s001.vmdk", "disk2-s001.vmdk"):
        (tmp_path / name).write_bytes(b"")
    assert Segments(bytes(tmp_path / "disk.vmdk")).names == [b"disk.vmdk", b"disk-s001.vmdk", b"disk-s002.vmdk"]


@pytest.mark.parametrize("alone", ["disk.dd", "disk.2019", "disk.E1", "disk.aab", "disk"])
def test_of_a_file_that_is_no_sequence_stands_alone(tmp_path: Path, alone: str) -> None:
    assert segments(tmp_path, alone, "disk.E02", "other.001") == [alone]


@pytest.mark.parametrize(
    ("names", "missing"),
    [(["disk.E01", "disk.E03"], "disk.E02"), (["disk.001", "disk.002", "disk.005"], "disk.003")],
)
def test_of_a_missing_segment_is_named(tmp_path: Path, names: list[str], missing: str) -> None:
    with pytest.raises(SourceUnusable, match=rf"The segment {missing} is missing"):
        segments(tmp_path, *names)


@pytest.mark.parametrize(
    "names", [["disk.E02", "disk.E01"], ["disk.002", "disk.001"], ["disk.E02"], ["disk.001", "disk.000"]]
)
def test_of_a_later_segment_is_refused_with_the_name_of_the_first(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(SourceUnusable, match=r"later segment. Choose the first one, disk\.(E01|00[01])"):
        segments(tmp_path, *names)


def test_of_a_segment_that_is_a_link_or_a_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "disk.E02").symlink_to("/etc/hostname")
    with pytest.raises(SourceUnusable, match=r"disk\.E02 is not a file"):
        segments(tmp_path, "disk.E01")
    (tmp_path / "disk.E02").unlink()
    (tmp_path / "disk.E02").mkdir()
    with pytest.raises(SourceUnusable, match=r"disk\.E02 is not a file"):
        segments(tmp_path, "disk.E01")


def test_of_a_first_file_that_is_not_there_is_gone(tmp_path: Path) -> None:
    with pytest.raises(SourceGone):
        Segments(bytes(tmp_path / "disk.E01"))


@pytest.mark.parametrize("names", [["disk.E01", "disk.E02", "disk.E01.txt"], ["disk.001", "disk.002", "hashes.txt"]])
def test_of_a_folder_that_holds_one_image_its_first_file_is_meant(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"")
    first = bytes(tmp_path / names[0])
    assert first_of(bytes(tmp_path)) == first_of(first) == first


def test_of_a_folder_an_image_is_also_known_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"notes")
    description = disks.vmdk(tmp_path, disks.fat({"a.txt": b"a"}))
    assert first_of(bytes(tmp_path)) == bytes(description)
    (tmp_path / "disk-flat.vmdk").rename(tmp_path / "disk.dd")
    description.unlink()
    assert first_of(bytes(tmp_path)) == bytes(tmp_path / "disk.dd")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["notes.txt"], "no disk image in this folder"),
        (["one.E01", "two.E01"], "several images: one.E01, two.E01"),
        (["disk.E02", "disk.E03"], "The segment disk.E01 is missing"),
    ],
)
def test_of_a_folder_that_holds_no_image_or_several_is_refused(tmp_path: Path, names: list[str], words: str) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(SourceUnusable, match=words):
        first_of(bytes(tmp_path))


def test_of_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceGone):
        first_of(bytes(tmp_path / "gone"))
