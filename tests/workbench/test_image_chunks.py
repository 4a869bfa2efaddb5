"""What is read of an E01 by its own tables is what libewf reads; whatever is not plain is left to libewf."""

import os
import zlib
from pathlib import Path
from random import Random

import pyewf
import pytest

from bench import ewf
from tests.shared_data import shared
from tests.workbench.image_samples import MEDIA
from workbench.jail import images_opening
from workbench.jail.images_chunks import Chunks, NotPlain

SIZE = 3 * ewf.CHUNK + 5 * ewf.SECTOR


@pytest.fixture
def disk() -> bytes:
    """Chunks that cannot be made smaller, and one that can."""
    noise = bytearray(Random(1).randbytes(SIZE))
    noise[ewf.CHUNK : 2 * ewf.CHUNK] = b"hill" * (ewf.CHUNK // 4)
    return bytes(noise)


@pytest.fixture
def image(disk: bytes, tmp_path: Path) -> Path:
    (tmp_path / "disk.raw").write_bytes(disk)
    ewf.write(tmp_path / "disk.raw", tmp_path / "disk.E01")
    return tmp_path / "disk.E01"


def opened(*paths: Path) -> list[int]:
    return [os.open(path, os.O_RDONLY) for path in paths]


@pytest.mark.parametrize(
    "names",
    [["CFReDS001.E01"], ["ext2.E01"], ["imageformat_mmls_1.E01"], ["image-split.E01", "image-split.E02"]],
)
def test_images_of_other_people_are_read_as_libewf_reads_them(names: list[str]) -> None:
    paths = [shared(f"{MEDIA}/disk") / name for name in names]
    handle = pyewf.handle()
    handle.open([str(path) for path in paths])
    size, descriptors = handle.get_media_size(), opened(*paths)
    chunks = Chunks(descriptors, size)
    places = [(at, 1 << 20) for at in range(0, size, 1 << 20)] + [(40_000, 70_000), (size - 10, 50), (size, 5)]
    assert all(chunks.read(*place) == handle.read_buffer_at_offset(*reversed(place)) for place in places)
    for descriptor in descriptors:
        os.close(descriptor)


@pytest.mark.parametrize("place", [(0, SIZE), (5, 70_000), (ewf.CHUNK, ewf.CHUNK), (SIZE - 3, 900), (SIZE + 7, 9)])
def test_any_part_of_the_medium_can_be_read(image: Path, disk: bytes, place: tuple[int, int]) -> None:
    [descriptor] = opened(image)
    assert Chunks([descriptor], SIZE).read(*place) == disk[place[0] : sum(place)]
    os.close(descriptor)


def changed(image: Path, at: int) -> None:
    data = bytearray(image.read_bytes())
    data[at] ^= 0xFF
    image.write_bytes(data)


def test_a_damaged_chunk_is_not_plain_and_the_others_are(image: Path, disk: bytes) -> None:
    changed(image, image.read_bytes().index(disk[:64]) + 9)
    packed = zlib.compress(disk[ewf.CHUNK : 2 * ewf.CHUNK], 1)
    changed(image, image.read_bytes().index(packed) + 4)
    [descriptor] = opened(image)
    chunks = Chunks([descriptor], SIZE)
    for number in (0, 1):
        with pytest.raises(NotPlain):
            chunks.read(number * ewf.CHUNK, 9)
    assert chunks.read(2 * ewf.CHUNK, SIZE) == disk[2 * ewf.CHUNK :]
    os.close(descriptor)


@pytest.mark.parametrize("section", [b"volume", b"sectors", b"table"])
def test_an_image_whose_sections_are_damaged_is_left_to_libewf(image: Path, section: bytes) -> None:
    changed(image, image.read_bytes().index(section + bytes(16 - len(section))) + 17)
    [descriptor] = opened(image)
    with pytest.raises(NotPlain):
        Chunks([descriptor], SIZE)
    os.close(descriptor)


def test_a_table_that_is_damaged_is_left_to_libewf_which_has_a_second_one(image: Path, disk: bytes) -> None:
    changed(image, image.read_bytes().index(b"table".ljust(16, b"\0")) + ewf.DESCRIPTION + 25)
    medium = images_opening.opened(opened(image))
    handle, [file] = medium.held
    assert medium.read(0, SIZE) == disk
    handle.close()
    file.close()
