"""A medium with places that cannot be read costs what lies there and nothing else."""

import os

from tests.cases.ingest import disks
from workbench.jail.image_results import ImageEntry, ImageFacts
from workbench.jail.images_opening import Medium
from workbench.jail.images_volumes import Disk, volumes
from workbench.jail.images_walk import Walk

LARGE = b"c" * 300_000  # The Sleuth Kit reads 64 KiB at once: what follows is far from what comes before
DISK = disks.fat({"DCIM/a.jpg": b"a", "other/b.jpg": b"b", "c.txt": LARGE})
FOLDER = DISK.index(b".          ", disks.DATA)  # where the first folder's own entries begin


def medium(disk: bytes, *, bad: range) -> Disk:
    """The disk, refusing to read any byte of `bad`."""

    def read(offset: int, length: int) -> bytes:
        if offset < bad.stop and bad.start < offset + length:
            raise OSError(os.strerror(5))
        return disk[offset : offset + length]

    return Disk(Medium(ImageFacts(len(disk), "raw"), read), lambda: None)


def entries(disk: Disk) -> list[tuple[bytes, str]]:
    [volume] = volumes(disk)
    return [(one.raw_path, one.reason) for one in Walk(volume, set()) if isinstance(one, ImageEntry)]


def test_of_a_medium_that_cannot_be_read_at_all_no_volume_is_found() -> None:
    assert volumes(medium(DISK, bad=range(len(DISK)))) == []


def test_of_a_folder_whose_place_cannot_be_read_the_others_are_listed() -> None:
    found = entries(medium(DISK, bad=range(FOLDER, FOLDER + disks.SECTOR)))
    assert (b"vol1/DCIM", "unreadable") in found
    assert (b"vol1/c.txt", "") in found


def test_of_addresses_to_be_passed_over_nothing_is_opened() -> None:
    [volume] = volumes(medium(DISK, bad=range(0)))
    folders = [one for one in Walk(volume, set()) if not isinstance(one, ImageEntry)]
    passed = next(folder.address for folder in folders if folder.path == b"vol1/DCIM")
    left = [one.raw_path for one in Walk(volume, {passed}) if isinstance(one, ImageEntry)]
    assert left == [b"vol1/c.txt", b"vol1/other/b.jpg"]
