"""Counts the frames of a GIF by walking its blocks, without decoding them. Runs in the jail."""

from typing import BinaryIO

IMAGE, EXTENSION = b"\x2c", b"\x21"


def count(file: BinaryIO, most: int) -> int:
    """Frames in the file, at least 1 and at most `most`; stops where the blocks stop making sense."""
    file.seek(10)
    _skip_palette(file, file.read(3)[:1])
    frames = 0
    while frames < most:
        block = file.read(1)
        if block == IMAGE:
            frames += 1
            _skip_palette(file, file.read(9)[8:])
            file.read(1)  # bits of a code
        elif block == EXTENSION:
            file.read(1)  # its label
        else:
            break
        _skip_sub_blocks(file)
    return max(1, frames)


def _skip_palette(file: BinaryIO, packed: bytes) -> None:
    if packed and packed[0] & 0x80:
        file.seek(3 << ((packed[0] & 7) + 1), 1)


def _skip_sub_blocks(file: BinaryIO) -> None:
    while True:
        size = file.read(1)
        if not size or not size[0]:
            return
        file.seek(size[0], 1)
