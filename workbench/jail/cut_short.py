"""Whether a film ends before its own container says it does. Runs in the jail.

Only the outermost boxes are looked at, so it costs a few reads; a film that plays at its start and has lost its
second half would pass for whole without it.
"""

from typing import BinaryIO

MAX_BOXES = 4096
EBML, SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"  # identifiers in Matroska


def cut_short(file: BinaryIO) -> bool:
    """True for MP4 and its relatives, RIFF and Matroska when a promised byte is missing; else False."""
    end = file.seek(0, 2)
    file.seek(0)
    head = file.read(256)
    if head[:4] == b"RIFF":
        return 8 + int.from_bytes(head[4:8], "little") > end
    if head[:4] == EBML:
        return _segment_ends_after(head, end)
    return _boxes_end_after(file, end) if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide") else False


def _boxes_end_after(file: BinaryIO, end: int) -> bool:
    at = 0
    for _ in range(MAX_BOXES):
        if end - at < 8:
            return False  # a few stray bytes at the end are common and harmless
        file.seek(at)
        head = file.read(16)
        size = int.from_bytes(head[:4], "big")
        if size == 1:  # the size follows in 64 bits
            size = int.from_bytes(head[8:16], "big")
        if size == 0:  # up to the end of the file, however long that is
            return False
        if size < 8:
            return True
        at += size
        if at > end:
            return True
    return False


def _segment_ends_after(head: bytes, end: int) -> bool:
    """The segment holds everything behind the header; a live recording leaves its size unknown."""
    at = head.find(SEGMENT) + len(SEGMENT)
    if at < len(SEGMENT) or at >= len(head) or not head[at]:
        return False
    width = 9 - head[at].bit_length()  # the leading zeros of the first byte count the bytes that follow
    size = int.from_bytes(head[at : at + width], "big") & ((1 << 7 * width) - 1)
    return size != (1 << 7 * width) - 1 and at + width + size > end
