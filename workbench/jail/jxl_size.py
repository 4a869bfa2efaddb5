"""Reads the size of a JPEG XL picture from its first bytes, before a decoder unpacks it. Runs in the jail.

Layout: ISO/IEC 18181-1 section D.2 (SizeHeader) and 18181-2 (boxes).
"""

from typing import BinaryIO

MAX_BOXES = 64
CODESTREAM = b"\xff\x0a"
DIGITS = (9, 13, 18, 30)  # bits of a side, by the two bits in front of it
RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))  # width : height


def size(file: BinaryIO) -> tuple[int, int]:
    """(width, height) as stored; raises ValueError when there is no picture in the file."""
    head = _codestream(file)
    if not head.startswith(CODESTREAM):
        raise ValueError("no JPEG XL codestream")
    bits = _Bits(head[len(CODESTREAM) :])
    small = bool(bits.take(1))
    height = _side(bits, small)
    ratio = bits.take(3)
    if not ratio:
        return _side(bits, small), height
    across, down = RATIOS[ratio - 1]
    return height * across // down, height


def _codestream(file: BinaryIO) -> bytes:
    """The first bytes of the codestream, bare or in the first box that holds some of it."""
    file.seek(0)
    head = file.read(16)
    if head.startswith(CODESTREAM):
        return head
    at = 0
    for _ in range(MAX_BOXES):
        file.seek(at)
        box = file.read(36)
        length, kind, start = int.from_bytes(box[:4], "big"), box[4:8], 8
        if length == 1:  # the length follows in 64 bits
            length, start = int.from_bytes(box[8:16], "big"), 16
        if kind == b"jxlc":
            return box[start:]
        if kind == b"jxlp":
            return box[start + 4 :]  # behind the number of the part
        if length < start:
            break
        at += length
    return b""


def _side(bits: "_Bits", small: bool) -> int:
    return 8 * (1 + bits.take(5)) if small else 1 + bits.take(DIGITS[bits.take(2)])


class _Bits:
    """Bits of a codestream, the lowest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._left = int.from_bytes(data, "little")

    def take(self, count: int) -> int:
        value = self._left & ((1 << count) - 1)
        self._left >>= count
        return value
