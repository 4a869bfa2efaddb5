"""How tests hand the files of a disk image to the jail, and the images of other people that they read."""

import json
import os
import plistlib
import struct
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from tests.shared_data import shared
from workbench.jail.image_results import ImageEntry
from workbench.jail.image_source import OpenImage

MEDIA = "media/containers"
ZLIB = 0x80000005  # kind of a run of blocks in an Apple image; 1 are bytes as they are


class Files:
    """The segments of an image, in the order given."""

    def __init__(self, *paths: Path) -> None:
        self.paths = paths
        self.key: object = paths

    def __len__(self) -> int:
        return len(self.paths)

    @contextmanager
    def opened(self, first: int, count: int) -> Iterator[Sequence[int]]:
        descriptors = [os.open(path, os.O_RDONLY) for path in self.paths[first : first + count]]
        try:
            yield descriptors
        finally:
            for descriptor in descriptors:
                os.close(descriptor)


def bytes_of(image: OpenImage, entry: ImageEntry) -> tuple[bytes, str]:
    """The bytes of an entry, and what was wrong with them."""
    return rest_of(image.read(entry.place, entry.size or 0))


def rest_of(reading: Generator[bytes, None, str]) -> tuple[bytes, str]:
    """What is left of a reading."""
    chunks = []
    while True:
        try:
            chunks.append(next(reading))
        except StopIteration as ended:
            return b"".join(chunks), str(ended.value)


@cache
def expected() -> dict[str, Any]:
    """What other tools say of the shared files, by path below `media`."""
    files: dict[str, Any] = json.loads((shared("media") / "expected.json").read_text())["files"]
    return files


def hfs_of_dmg(data: bytes) -> bytes:
    """The disk inside an Apple image that is packed with zlib; its map is a property list, named at the end."""
    start, length = struct.unpack_from(">QQ", data, len(data) - 512 + 216)
    disk = bytearray()
    for part in plistlib.loads(data[start : start + length])["resource-fork"]["blkx"]:
        table = part["Data"]
        first, count = struct.unpack_from(">Q", table, 8)[0], struct.unpack_from(">I", table, 200)[0]
        for kind, _, sector, sectors, at, size in struct.iter_unpack(">IIQQQQ", table[204 : 204 + 40 * count]):
            begin, end = (first + sector) * 512, (first + sector + sectors) * 512
            disk.extend(bytes(max(0, end - len(disk))))
            if kind in (1, ZLIB):
                disk[begin:end] = zlib.decompress(data[at : at + size]) if kind == ZLIB else data[at : at + size]
    return bytes(disk)
