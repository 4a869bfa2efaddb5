"""File systems and containers of other makers: each is read for what was put into it (tests/data/disks/README.md).

NTFS and ext2 are read in test_jail_images.py, from images of other people.
"""

import hashlib
import lzma
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shared_data import shared
from tests.workbench.image_samples import MEDIA, Files, bytes_of, expected, hfs_of_dmg
from workbench.jail.image_pool import Images

DISKS = Path(__file__).parents[1] / "data" / "disks"
LAKE, DUNE = b"lake" * 3000, b"dune" * 50
FILES = {"vol1/DCIM/lake.txt": LAKE, "vol1/дюна.txt": DUNE, "vol1/empty": b""}
DMG = "disk/hfsplus_zlib.dmg"


@pytest.fixture(scope="module")
def images() -> Iterator[Images]:
    images = Images()
    yield images
    images.close()


def contents(images: Images, path: Path) -> dict[str, tuple[bytes, bool]]:
    """Bytes of every file that has some, and whether it is deleted."""
    with images.opened(Files(path)) as image:
        entries = [entry for entry in image.entries() if not entry.reason]
        return {
            one.raw_path.decode(): (bytes_of(image, one)[0], bool(one.about.get("deleted")))
            for one in entries
            if not one.raw_path.startswith(b"vol1/$")  # exFAT's own tables, which it keeps among the files
        }


def unpacked(name: str, folder: Path) -> Path:
    path = folder / name
    path.write_bytes(lzma.decompress((DISKS / f"{name}.xz").read_bytes()))
    return path


@pytest.mark.parametrize("name", ["ext4.img", "fat32.img", "ext4.vhdx", "ext4.vhd"])
def test_file_systems_and_dynamic_disks_give_every_file(images: Images, tmp_path: Path, name: str) -> None:
    assert contents(images, unpacked(name, tmp_path)) == {name: (data, False) for name, data in FILES.items()}


def test_exfat_gives_deleted_files_too(images: Images, tmp_path: Path) -> None:
    assert contents(images, unpacked("exfat.img", tmp_path)) == {
        "vol1/lake.txt": (LAKE, False),
        "vol1/дюна.txt": (DUNE, False),
        "vol1/empty": (b"", False),
        "vol1/gone.txt": (b"ridge" * 400, True),
    }


def test_hfs_plus_gives_files_and_resource_forks(images: Images, tmp_path: Path) -> None:
    path = tmp_path / "hfs.img"
    path.write_bytes(hfs_of_dmg(shared(f"{MEDIA}/{DMG}").read_bytes()))
    found = {name: hashlib.md5(data).hexdigest() for name, (data, _deleted) in contents(images, path).items()}
    told = expected()[f"containers/{DMG}"]["files"]
    assert found == {
        file["path"].replace("hfsplus_test", "vol1"): file["md5"]
        for file in told
        if not file["path"].endswith(":myxattr")  # an extended attribute
    }
