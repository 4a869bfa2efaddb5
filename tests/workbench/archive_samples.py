"""Archives of every format with harmless members, made on the spot."""

import bz2
import gzip
import hashlib
import hmac
import io
import lzma
import struct
import tarfile
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from backports import zstd
from Cryptodome.Cipher import AES
from Cryptodome.Util import Counter
from py7zr import SevenZipFile

from tests.workbench.jail_samples import zipped

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd.compress,
}
MTIME = 1_614_834_368  # 2021-03-04 05:06:08


def tarred(members: list[tuple[str, bytes]], **options: Any) -> bytes:
    """A tar archive; `options` are set on every member."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), MTIME
            for field, value in options.items():
                setattr(info, field, value)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def sevened(members: list[tuple[str, bytes]], **options: Any) -> bytes:
    """A 7z archive, all members in one solid block."""
    stream = io.BytesIO()
    with SevenZipFile(stream, "w", **options) as archive:
        for name, data in members:
            archive.writestr(data, name)
    return stream.getvalue()


def archived(kind: str, members: list[tuple[str, bytes]]) -> bytes:
    """An archive of one of KINDS."""
    if kind == "zip":
        return zipped(members)
    if kind == "7z":
        return sevened(members)
    tar = tarred(members)
    return PACKERS[kind.removeprefix("tar.")](tar) if kind != "tar" else tar


KINDS = ("zip", "tar", *(f"tar.{packer}" for packer in PACKERS), "7z")


def aes_zip(files: Mapping[str, bytes], password: bytes) -> bytes:
    """A zip encrypted as WinZip does it (AE-2, 256 bits), written after its description."""
    body = directory = b""
    for number, (name, data) in enumerate(files.items()):
        salt = bytes([number]) * 16
        keys = hashlib.pbkdf2_hmac("sha1", password, salt, 1000, 66)
        packer = zlib.compressobj(wbits=-15)
        packed = packer.compress(data) + packer.flush()
        cipher = AES.new(keys[:32], AES.MODE_CTR, counter=Counter.new(128, initial_value=1, little_endian=True))
        hidden = cipher.encrypt(packed)
        sealed = salt + keys[64:] + hidden + hmac.digest(keys[32:64], hidden, "sha1")[:10]
        extra = struct.pack("<HHH2sBH", 0x9901, 7, 2, b"AE", 3, 8)
        fields = (1, 99, 0, 0x21, 0, len(sealed), len(data), len(name), len(extra))
        at = len(body)
        body += struct.pack("<4s5H3L2H", b"PK\3\4", 51, *fields) + name.encode() + extra + sealed
        directory += struct.pack("<4s6H3L5H2L", b"PK\1\2", 51, 51, *fields, 0, 0, 0, 0, at) + name.encode() + extra
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(files), len(files), len(directory), len(body), 0)
    return body + directory + end
