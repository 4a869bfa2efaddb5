"""Small disks made on the spot: a FAT16 file system, alone, behind a partition table, and in containers around it."""

import struct
from collections.abc import Collection, Mapping
from pathlib import Path

SECTOR = 512
CLUSTERS = 4200  # FAT16 begins at 4,085
FAT_SECTORS, ROOT_ENTRIES = 17, 512
DATA = (1 + FAT_SECTORS + ROOT_ENTRIES * 32 // SECTOR) * SECTOR  # bytes before the first cluster
SIZE = DATA + CLUSTERS * SECTOR
DATE, TIME = (2021 - 1980) << 9 | 3 << 5 | 4, 5 << 11 | 6 << 5 | 4  # 2021-03-04 05:06:08
MODIFIED = "2021-03-04T05:06:08"
DELETED = 0xE5


def fat(files: Mapping[str, bytes], deleted: Collection[str] = ()) -> bytes:
    """A FAT16 file system; names have at most one folder; deleted files keep their bytes and lose their chain."""
    disk = _Fat()
    folders: dict[str, list[bytes]] = {"": []}
    for name, data in files.items():
        folder, _, base = name.rpartition("/")
        entry = disk.entry(base, disk.stored(data, is_kept=name not in deleted), len(data))
        folders.setdefault(folder, []).append(_without(entry) if name in deleted else entry)
    root = folders.pop("")
    for folder, entries in folders.items():
        here = disk.following
        dots = _plain(b".          ", 0x10, here, 0) + _plain(b"..         ", 0x10, 0, 0)
        listing = (dots + b"".join(entries)).ljust(SECTOR, b"\0")
        root.append(disk.entry(folder, disk.stored(listing), 0, attributes=0x10))
    return disk.image(b"".join(root))


def partitioned(*volumes: bytes, first: int = 64) -> bytes:
    """A disk whose partition table names these volumes, one behind the other, from sector `first` on."""
    table, data, at = b"", b"", first
    for volume in volumes:
        sectors = len(volume) // SECTOR
        table += struct.pack("<B3sB3sII", 0, b"\0\0\0", 6, b"\0\0\0", at, sectors)
        data, at = data + volume, at + sectors
    return (bytes(446) + table.ljust(64, b"\0") + b"\x55\xaa").ljust(first * SECTOR, b"\0") + data


def split(path: Path, disk: bytes, parts: int) -> Path:
    """Raw segments `disk.001`, `disk.002`..., below the folder `path`; returns the first."""
    length = -(-len(disk) // parts)
    for number in range(parts):
        (path / f"disk.{number + 1:03d}").write_bytes(disk[number * length : (number + 1) * length])
    return path / "disk.001"


def vhd(disk: bytes) -> bytes:
    """The disk as a fixed VHD: itself, then a footer (Virtual Hard Disk Image Format Specification, 2006)."""
    size = len(disk)
    footer = struct.pack(
        ">8sIIQI4sI4sQQHBBII16sB", b"conectix", 2, 0x10000, 2**64 - 1, 0, b"win ", 0x60001, b"Wi2k", size, size,
        65, 4, 17, 2, 0, bytes(range(16)), 0,
    ).ljust(SECTOR, b"\0")  # fmt: skip
    checksum = ~sum(footer) & 0xFFFF_FFFF
    return disk + footer[:64] + struct.pack(">I", checksum) + footer[68:]


def vmdk(folder: Path, disk: bytes) -> Path:
    """A VMDK description and, beside it, the flat file that it describes; returns the description."""
    (folder / "disk-flat.vmdk").write_bytes(disk)
    text = f"""# Disk DescriptorFile
version=1
CID=fffffffe
parentCID=ffffffff
createType="monolithicFlat"

# Extent description
RW {len(disk) // SECTOR} FLAT "disk-flat.vmdk" 0

# The Disk Data Base
#DDB

ddb.virtualHWVersion = "4"
"""
    (folder / "disk.vmdk").write_text(text)
    return folder / "disk.vmdk"


class _Fat:
    """The table of a file system that is being filled."""

    def __init__(self) -> None:
        self._table = [0xFFF8, 0xFFFF] + [0] * CLUSTERS
        self._data = bytearray(CLUSTERS * SECTOR)
        self.following = 2
        self._names = 0

    def stored(self, data: bytes, *, is_kept: bool = True) -> int:
        """Put bytes into clusters; returns the first, 0 for none."""
        count, first = -(-len(data) // SECTOR), self.following
        for cluster in range(first, first + count) if is_kept else ():
            self._table[cluster] = cluster + 1
        if count and is_kept:
            self._table[first + count - 1] = 0xFFFF
        self._data[(first - 2) * SECTOR : (first - 2) * SECTOR + len(data)] = data
        self.following += count
        return first if count else 0

    def entry(self, name: str, first: int, size: int, attributes: int = 0x20) -> bytes:
        """A directory entry with its long name before it."""
        self._names += 1
        short = f"F{self._names:07d}BIN".encode()
        return _long_name(name, short) + _plain(short, attributes, first, size)

    def image(self, root: bytes) -> bytes:
        """The whole file system."""
        boot = struct.pack(
            "<3s8sHBHBHHBHHHIIBBBI11s8s", b"\xeb\x3c\x90", b"MSDOS5.0", SECTOR, 1, 1, 1, ROOT_ENTRIES, SIZE // SECTOR,
            0xF8, FAT_SECTORS, 32, 2, 0, 0, 0x80, 0, 0x29, 7, b"NO NAME    ", b"FAT16   ",
        )  # fmt: skip
        table = struct.pack(f"<{len(self._table)}H", *self._table).ljust(FAT_SECTORS * SECTOR, b"\0")
        sector = boot.ljust(510, b"\0") + b"\x55\xaa"
        return sector + table + root.ljust(ROOT_ENTRIES * 32, b"\0") + bytes(self._data)


def _plain(short: bytes, attributes: int, first: int, size: int) -> bytes:
    return short + struct.pack("<BBBHHHHHHHI", attributes, 0, 0, TIME, DATE, DATE, 0, TIME, DATE, first, size)


def _long_name(name: str, short: bytes) -> bytes:
    """The entries that hold a long name, last part first."""
    checksum = 0
    for byte in short:
        checksum = ((checksum >> 1) + ((checksum & 1) << 7) + byte) & 0xFF
    units = name.encode("utf-16-le") + b"\0\0"
    parts = [units[at : at + 26].ljust(26, b"\xff") for at in range(0, len(units), 26)]
    entries = [
        struct.pack("<B10sBBB12sH4s", number, part[:10], 0x0F, 0, checksum, part[10:22], 0, part[22:])
        for number, part in enumerate(parts, 1)
    ]
    entries[-1] = bytes([entries[-1][0] | 0x40]) + entries[-1][1:]
    return b"".join(reversed(entries))


def _without(entry: bytes) -> bytes:
    """The same entry after its file was deleted."""
    return b"".join(bytes([DELETED]) + entry[at + 1 : at + 32] for at in range(0, len(entry), 32))
