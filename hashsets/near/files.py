"""PURE: near indexes in files: written whole, checked, mapped and so shared by all processes.

A base holds every hash of a version, with the tables of its search. A delta holds what came since its base, and which
entries of the base have gone. One page of header, then the arrays one after the other, as this machine keeps them in
memory; a file of another machine or make is none and is built anew.
"""

import mmap
import os
import struct
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from hashsets import caches
from hashsets.near.tables import BYTES, CHUNKS, KEYS, Bytes, Tables
from workbench import durable

MAGIC = b"WNNEAR1" + (b"<" if sys.byteorder == "little" else b">")
# Magic, public id of the set, its generation, that of the base (its own: this is one), hashes, entries gone,
# whether there are tables, check sum of the arrays.
HEADER = struct.Struct("<8s16sIIQQII")
PAGE = 4096  # bytes of the header, its own check sum behind it
PIECE = 16 << 20  # bytes checked at a time

Arrays = list[tuple[type, tuple[int, ...]]]


class Unusable(Exception):
    """The file is none of this set and generation, is cut, or was changed."""


@dataclass(frozen=True, slots=True)
class NearFile:
    """n hashes with their entries, and the entries that are gone from the base; `tables` where they pay."""

    set: UUID
    generation: int
    base: int  # generation of the base this is a delta to; its own for a base
    entries: NDArray[np.int64]
    hashes: Bytes
    gone: NDArray[np.int64]
    tables: Tables | None


def write(path: Path, content: NearFile) -> None:
    """Put the file there, readable by us alone: under another name first, synced, renamed. Raises OSError."""
    arrays = _arrays(content)
    temporary = caches.draft(path.parent)
    try:
        with durable.new_file(temporary) as file:
            file.write(_header(content, arrays))
            for array in arrays:
                file.write(array.data)
        durable.place(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path, *, of: UUID, generation: int, whole: bool = True) -> NearFile:
    """Map the file of this set and generation. Raises FileNotFoundError, Unusable.

    Reads it once, to check it; not `whole`: only its header and length are checked.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < PAGE:
            raise Unusable("it is cut")
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    head = mapped[: HEADER.size + 4]
    magic, name, number, base, hashes, gone, tables, check = HEADER.unpack_from(head)
    if magic != MAGIC or head != _sealed(head[: HEADER.size]):
        raise Unusable("its header is not one of ours")
    if (name, number) != (of.bytes, generation):
        raise Unusable("it is of another set or version")
    shapes = _shapes(hashes, gone, with_tables=bool(tables))
    if size != PAGE + sum(np.dtype(kind).itemsize * int(np.prod(shape)) for kind, shape in shapes):
        raise Unusable("its length is not what its header says")
    if whole and _check(memoryview(mapped)[PAGE:]) != check:
        raise Unusable("its check sum differs")
    return _mapped(mapped, shapes, NearFile(of, generation, base, *_nothing(), None))


def _arrays(content: NearFile) -> list[NDArray[np.generic]]:
    found: list[NDArray[np.generic]] = [content.entries, content.gone, content.hashes]
    if content.tables is not None:
        found += [content.tables.first, content.tables.hashes, content.tables.next]
    return [np.ascontiguousarray(array) for array in found]


def _shapes(hashes: int, gone: int, *, with_tables: bool) -> Arrays:
    """Kind and shape of each array, in the file's order: those of 8 bytes first."""
    found: Arrays = [(np.int64, (hashes,)), (np.int64, (gone,)), (np.uint8, (hashes, BYTES))]
    if with_tables:
        found += [(np.uint32, (CHUNKS, KEYS + 1)), (np.uint32, (CHUNKS, hashes)), (np.uint32, (CHUNKS, hashes))]
    return found


def _header(content: NearFile, arrays: list[NDArray[np.generic]]) -> bytes:
    check = 0
    for array in arrays:
        check = _check(array.view(np.uint8).reshape(-1).data, check)
    numbers = (content.generation, content.base, len(content.hashes), len(content.gone))
    head = HEADER.pack(MAGIC, content.set.bytes, *numbers, content.tables is not None, check)
    return _sealed(head).ljust(PAGE, b"\0")


def _sealed(head: bytes) -> bytes:
    return head + zlib.crc32(head).to_bytes(4, "little")


def _check(data: memoryview, before: int = 0) -> int:
    """CRC-32: what is to be found is damage, not malice; whoever writes here may write evidence as well."""
    for start in range(0, len(data), PIECE):
        before = zlib.crc32(data[start : start + PIECE], before)
    return before


def _mapped(mapped: mmap.mmap, shapes: Arrays, content: NearFile) -> NearFile:
    at, arrays = PAGE, list[NDArray[Any]]()
    for kind, shape in shapes:
        count = int(np.prod(shape))
        found: NDArray[Any] = np.frombuffer(mapped, dtype=kind, count=count, offset=at) if count else np.empty(0, kind)
        arrays.append(found.reshape(shape))
        at += found.nbytes
    entries, gone, hashes, *rest = arrays
    tables = Tables(*rest) if rest else None
    return NearFile(content.set, content.generation, content.base, entries, hashes, gone, tables)


def _nothing() -> tuple[NDArray[np.int64], Bytes, NDArray[np.int64]]:
    return np.empty(0, np.int64), np.empty((0, BYTES), np.uint8), np.empty(0, np.int64)
