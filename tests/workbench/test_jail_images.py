"""Disk images as the jail reads them: every container, every volume, deleted files too; nothing of them kills us."""

import hashlib
import os
import signal
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cases.ingest import disks
from tests.shared_data import shared
from tests.workbench.image_samples import MEDIA, Files, bytes_of, expected, rest_of
from workbench.jail import image_source
from workbench.jail.image_pool import Images
from workbench.jail.image_results import ImageEntry
from workbench.jail.image_source import CannotOpenImage, OpenImage

FILES = {"lake.txt": b"lake" * 300, "DCIM/дюна ☃ é.jpg": b"dune" * 70_000, "gone.jpg": b"ridge" * 400, "empty": b""}
DISK = disks.fat(FILES, deleted={"gone.jpg"})
ZONED = "+00:00"
LINK = "symlink-not-followed"


OF_OTHERS = set[int]()  # pids: an ingest in this process keeps a reader


@pytest.fixture(scope="module")
def images() -> Iterator[Images]:
    OF_OTHERS.clear()
    OF_OTHERS.update(pids_of_readers())
    images = Images()
    yield images
    images.close()


def listed(images: Images, *paths: Path) -> dict[str, ImageEntry]:
    with images.opened(Files(*paths)) as image:
        return {entry.raw_path.decode(): entry for entry in image.entries()}


def contents(images: Images, *paths: Path) -> dict[str, bytes]:
    with images.opened(Files(*paths)) as image:
        entries = [entry for entry in image.entries() if not entry.reason]
        return {entry.raw_path.decode(): bytes_of(image, entry)[0] for entry in entries}


def of_volume(number: int) -> dict[str, bytes]:
    return {f"vol{number}/{name}": data for name, data in FILES.items()}


@pytest.fixture(params=["raw", "split", "vhd", "vmdk"])
def container(request: pytest.FixtureRequest, tmp_path: Path) -> list[Path]:
    disk = disks.partitioned(DISK, DISK)
    if request.param == "split":
        first = disks.split(tmp_path, disk, 3)
        return [first, first.with_suffix(".002"), first.with_suffix(".003")]
    if request.param == "vmdk":
        return [disks.vmdk(tmp_path, disk), tmp_path / "disk-flat.vmdk"]
    path = tmp_path / "disk"
    path.write_bytes(disks.vhd(disk) if request.param == "vhd" else disk)
    return [path]


def test_every_container_holds_the_same_two_volumes(images: Images, container: list[Path]) -> None:
    assert contents(images, *container) == of_volume(1) | of_volume(2)


def test_an_image_may_come_in_hundreds_of_files(images: Images, tmp_path: Path) -> None:
    first = disks.split(tmp_path, disks.partitioned(DISK), 450)
    assert contents(images, *(first.with_suffix(f".{number:03d}") for number in range(1, 451))) == of_volume(1)


def test_an_entry_says_what_the_file_system_knows(images: Images, tmp_path: Path) -> None:
    path = tmp_path / "disk.dd"
    path.write_bytes(disks.partitioned(DISK))
    entries = listed(images, path)
    kept, gone = entries["vol1/lake.txt"], entries["vol1/gone.jpg"]
    assert (kept.size, kept.about["modified"], kept.about["zone"]) == (1200, disks.MODIFIED, "local")
    assert path.read_bytes()[kept.about["offset"] :].startswith(b"lakelake")
    assert {"deleted", "unallocated"} & kept.about.keys() == set()
    assert gone.about["deleted"] is gone.about["unallocated"] is True


def test_names_that_occur_twice_are_told_apart(images: Images, tmp_path: Path) -> None:
    path = tmp_path / "disk.dd"
    path.write_bytes(
        disks.fat({"lake.jpg": b"new", "Lake.jpg": b"old"}, deleted={"Lake.jpg"}).replace(b"L\0a", b"l\0a")
    )
    with images.opened(Files(path)) as image:
        entries = list(image.entries())
        assert [(one.raw_path, one.ordinal) for one in entries] == [(b"vol1/lake.jpg", 0), (b"vol1/lake.jpg", 1)]
        assert [bytes_of(image, one)[0] for one in entries] == [b"new", b"old"]


@pytest.mark.parametrize(
    "name", ["CFReDS001.E01", "ext2.E01", "ext2.qcow2", "ext2.vmdk", "image.qcow2", "imageformat_mmls_1.E01",
             "iso9660.raw", "ímynd.dd"],
)  # fmt: skip
def test_images_of_other_people_hold_what_other_tools_find(images: Images, name: str) -> None:
    told = next(told for path, told in expected().items() if path.endswith(f"/disk/{name}"))
    with images.opened(Files(shared(f"{MEDIA}/disk") / name)) as image:
        agrees_with_other_tools(image, told["volumes"])
        if raw := told.get("raw_media"):
            hashes = image.digests(lambda: True)
            assert hashes is not None
            assert (hashes.hashes["md5"], hashes.hashes["sha256"]) == (raw["md5"], raw["sha256"])
            assert image.facts.stored.get("md5", raw["md5"]) == raw["md5"]
        if says := told.get("ewfinfo"):
            assert image.facts.says["examiner_name"] == says["Examiner name"]


def agrees_with_other_tools(image: OpenImage, volumes: list[dict[str, list[dict[str, object]]]]) -> None:
    """Path, size, MD5, deleted and metadata address of every file; links are told, not read."""
    found: dict[str, object] = {}
    for entry in list(image.entries()):
        if entry.reason == LINK:
            found[entry.raw_path.decode()] = LINK
        elif not entry.reason:
            _offset, address, kind, number = entry.place.split(":")
            data, problem = bytes_of(image, entry)
            meta = f"{address}-{kind}-{number}" if kind == "128" else address
            found[entry.raw_path.decode()] = (
                len(data), hashlib.md5(data).hexdigest(), bool(entry.about.get("deleted")), meta, problem
            )  # fmt: skip
    wanted = {
        f"vol{number}/{file['path']}": LINK
        if file["path"] == "a_link"
        else (file["size"], file["md5"], file["deleted"], file["meta"], "")
        for number, volume in enumerate(volumes, 1)
        for file in volume["files"]
    }
    assert found == wanted


def test_a_search_for_pictures_on_a_disk_finds_what_its_publisher_lists(images: Images, tmp_path: Path) -> None:
    told = expected()["containers/dftt/8-jpeg-search.zip"]
    with zipfile.ZipFile(shared(f"{MEDIA}/dftt/8-jpeg-search.zip")) as archive:
        path = Path(archive.extract("8-jpeg-search/8-jpeg-search.dd", tmp_path))
    with images.opened(Files(path)) as image:
        agrees_with_other_tools(image, told["disk_images"][0]["volumes"])
    entries = listed(images, path)
    assert entries["vol1/misc/file13.dll:here"].size == 124_038
    assert entries["vol1/del1/file6.jpg"].about["modified"].endswith(ZONED)


def test_two_segments_are_one_disk_and_one_alone_is_refused(images: Images) -> None:
    folder = shared(f"{MEDIA}/disk")
    first, second = folder / "image-split.E01", folder / "image-split.E02"
    entries = listed(images, first, second)
    assert [(name, entry.reason) for name, entry in entries.items()] == [("vol1", "no-file-system")]
    with pytest.raises(CannotOpenImage) as refused, images.opened(Files(first)):
        pass
    assert refused.value.code == "missing-segment"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("containers/logical/ad1_test.ad1", "logical"),
        ("containers/logical/ewf.E01", "nothing-in-it"),
        ("containers/disk/hfsplus_zlib.dmg", "unknown-container"),
        ("broken/disk/bogus.001", "nothing-in-it"),
        ("broken/disk/corrupt1.gz", "unknown-container"),
    ],
)
def test_what_cannot_be_read_as_a_disk_says_why(images: Images, path: str, code: str) -> None:
    with pytest.raises(CannotOpenImage) as refused, images.opened(Files(shared("media") / path)):
        pass
    assert refused.value.code == code


@pytest.mark.parametrize("place", ["0:99999999:1:0", "512:4:1:0", "0:4:128:7", "9999999999999999999:1:1:1"])
def test_a_place_that_is_none_is_a_reason(images: Images, tmp_path: Path, place: str) -> None:
    path = tmp_path / "disk.dd"
    path.write_bytes(DISK)
    with images.opened(Files(path)) as image:
        assert bytes_of(image, ImageEntry(b"vol1", place=place, size=9)) == (b"", "unreadable")
        entry = next(entry for entry in list(image.entries()) if entry.size)
        assert bytes_of(image, entry)[1] == ""


def test_a_disk_that_ends_early_costs_the_files_behind_its_end(images: Images, tmp_path: Path) -> None:
    path = tmp_path / "disk.dd"
    path.write_bytes(disks.fat({"first": b"a" * 9000, "last": b"z" * 600_000})[:300_000])
    with images.opened(Files(path)) as image:
        first, last = [bytes_of(image, entry) for entry in list(image.entries())]
    assert first == (b"a" * 9000, "")
    assert last[1] in {"unreadable", "truncated"}


def test_an_image_is_read_by_one_process_until_its_share_is_done(images: Images, tmp_path: Path) -> None:
    path = tmp_path / "disk.dd"
    path.write_bytes(DISK)
    listed(images, path)
    first = pids_of_readers()
    listed(images, path)
    assert pids_of_readers() == first


def test_a_reader_that_dies_over_a_file_costs_that_file(images: Images, tmp_path: Path) -> None:
    path = tmp_path / "disk.dd"
    path.write_bytes(disks.fat({"a": b"a" * 1_500_000, "b": b"b" * 300_000}))
    with images.opened(Files(path)) as image:
        first, second = list(image.entries())
        reading = image.read(first.place, 1_500_000)
        next(reading)
        for pid in pids_of_readers():
            os.kill(pid, signal.SIGKILL)
        assert rest_of(reading)[1] == "decoder-killed"
        assert bytes_of(image, second) == (b"b" * 300_000, "")


def test_a_folder_that_kills_every_reader_is_named_and_the_rest_is_listed(
    images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "disk.dd"
    path.write_bytes(disks.fat({"a.txt": b"a", "bad/b.txt": b"b", "good/c.txt": b"c"}))
    said = OpenImage._said

    def dies_over_bad(image: OpenImage) -> object:
        header, body = said(image)
        if (header.get("opens") or ("", "", ""))[2] == b"vol1/bad".hex():
            assert image._jail
            image._jail.process.kill()
            image._jail.process.wait()
            image._jail.sock.close()
        return header, body

    monkeypatch.setattr(OpenImage, "_said", dies_over_bad)
    found = [(name, entry.reason) for name, entry in listed(images, path).items()]
    assert found == [("vol1/a.txt", ""), ("vol1/bad", "decoder-killed"), ("vol1/good/c.txt", "")]


def test_a_reader_that_falls_silent_is_ended(images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "disk.dd"
    path.write_bytes(disks.fat({"a": b"a" * 1_500_000}))
    monkeypatch.setattr(image_source, "QUIET_SECONDS", 0.3)
    with images.opened(Files(path)) as image:
        [entry] = list(image.entries())
        for pid in pids_of_readers():
            os.kill(pid, signal.SIGSTOP)
        assert bytes_of(image, entry)[1] == "decoder-timeout"


def test_hashing_stops_when_nobody_wants_it_any_more(images: Images, tmp_path: Path) -> None:
    path = tmp_path / "disk.dd"
    with path.open("wb") as file:
        file.write(DISK)
        file.truncate(2 << 30)  # some seconds of work
    with images.opened(Files(path)) as image:
        assert image.digests(lambda: False) is None


def test_leaving_a_listing_in_the_middle_leaves_no_process_behind(images: Images, tmp_path: Path) -> None:
    path = tmp_path / "disk.dd"
    path.write_bytes(DISK)
    with images.opened(Files(path)) as image:
        next(image.entries())
    assert len(listed(images, path)) == len(FILES)
    until = time.monotonic() + 90  # whoever was left takes a moment to end; the one before hashes gigabytes
    while len(pids_of_readers()) > 1 and time.monotonic() < until:
        time.sleep(0.05)
    assert len(pids_of_readers()) == 1


def pids_of_readers() -> set[int]:
    """Processes that read images for these tests: children of any thread of this process, but those there before."""
    tasks = Path("/proc/self/task").iterdir()
    pids = {int(pid) for task in tasks for pid in (task / "children").read_text().split()}
    return {pid for pid in pids if b"\0images\0" in Path(f"/proc/{pid}/cmdline").read_bytes()} - OF_OTHERS
