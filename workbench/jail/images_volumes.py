"""Finds the file systems of a disk, through The Sleuth Kit. Runs in the jail."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytsk3

from workbench.jail import results
from workbench.jail.images_opening import Medium

NTFS = {int(pytsk3.TSK_FS_TYPE_NTFS)}
HFS = {int(pytsk3.TSK_FS_TYPE_HFS)}
FAT = {int(getattr(pytsk3, f"TSK_FS_TYPE_{name}")) for name in ("FAT12", "FAT16", "FAT32", "EXFAT")}
LOCAL = FAT | {int(pytsk3.TSK_FS_TYPE_ISO9660)}  # their times are of a clock whose zone is not kept
DAMAGED = (OSError, RuntimeError)  # of The Sleuth Kit; the second where the medium itself could not be read
# Asked for one by one: The Sleuth Kit's own search ends with YAFFS2, which reads a disk that is nothing to its end.
KINDS = ("NTFS", "FAT_DETECT", "EXT_DETECT", "HFS_DETECT", "FFS_DETECT", "ISO9660")
SMALL = 1 << 30  # bytes up to which all of a volume may be searched; flash with YAFFS2 is hardly larger
ENCRYPTED = ((0, b"LUKS\xba\xbe"), (3, b"-FVE-FS-"))  # LUKS, BitLocker


class Disk(pytsk3.Img_Info):  # type: ignore[misc]
    """The medium as The Sleuth Kit reads it; `beat` is called at each read, so that the worker sees us alive."""

    def __init__(self, medium: Medium, beat: Callable[[], None]) -> None:
        self._medium, self._beat = medium, beat
        super().__init__(url="", type=pytsk3.TSK_IMG_TYPE_EXTERNAL)

    def close(self) -> None:
        """Nothing to let go of: the medium's files are closed with the process."""

    def read(self, offset: int, length: int) -> bytes:
        """Bytes of the medium. Raises OSError."""
        self._beat()
        return self._medium.read(offset, length)

    def get_size(self) -> int:
        """Bytes of the medium."""
        return self._medium.facts.size


@dataclass(frozen=True, slots=True)
class Volume:
    """A part of the disk; `system` is its file system, None with a `reason`. Numbered from 1, as found."""

    number: int
    offset: int  # bytes
    system: Any
    reason: str = ""

    @property
    def name(self) -> bytes:
        """The first part of every path in it."""
        return b"vol%d" % self.number

    @property
    def kind(self) -> int:
        """The Sleuth Kit's number of the file system."""
        return int(self.system.info.ftype)

    @property
    def is_local(self) -> bool:
        """Whether its times are local ones of an unknown zone."""
        return self.kind in LOCAL


def volumes(disk: Disk) -> list[Volume]:
    """Every partition that is in use; without a partition table the whole disk, if it holds a file system."""
    parts = enumerate(_partitions(disk), 1)
    found = [_volume(disk, number, offset, size) for number, (offset, size) in parts]
    if not any(volume.system for volume in found):
        whole = _volume(disk, 1, 0, disk.get_size())
        if whole.system or (not found and whole.reason == results.ENCRYPTED):
            return [whole]
    return found


def _partitions(disk: Disk) -> Iterator[tuple[int, int]]:
    """Offsets and sizes in bytes; none where there is no table."""
    try:
        table = pytsk3.Volume_Info(disk)
    except DAMAGED:
        return
    sector = table.info.block_size
    for part in table:
        if int(part.flags) & int(pytsk3.TSK_VS_PART_FLAG_ALLOC):
            yield part.start * sector, part.len * sector


def _volume(disk: Disk, number: int, offset: int, size: int) -> Volume:
    kinds = [*KINDS, "DETECT"] if size <= SMALL else KINDS
    for kind in kinds:
        with suppress(*DAMAGED):
            return Volume(number, offset, pytsk3.FS_Info(disk, offset, getattr(pytsk3, f"TSK_FS_TYPE_{kind}")))
    return Volume(number, offset, None, results.ENCRYPTED if _is_encrypted(disk, offset) else results.NO_FILE_SYSTEM)


def _is_encrypted(disk: Disk, offset: int) -> bool:
    try:
        head = disk.read(offset, 16)
    except OSError:
        return False
    return any(head.startswith(signature, at) for at, signature in ENCRYPTED)
