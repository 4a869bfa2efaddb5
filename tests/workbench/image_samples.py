"""How tests hand the files of a disk image to the jail, and the images of other people that they read."""

import json
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from tests.shared_data import shared
from workbench.jail.image_results import ImageEntry
from workbench.jail.image_source import OpenImage

MEDIA = "media/containers"


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
