"""Undoes gzip and zip around lists; a zip may hold several, the parts of one set (vics.md sections 4 and 8). PURE.

What is packed is hostile until shown otherwise: ratio, number and total of what comes out have limits, names
are only told and never used, and nothing is packed twice.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, cast

from hashsets.exchange import sqlite_source
from hashsets.exchange.base import MAX_UNPACKED, MalformedDocument
from hashsets.exchange.on_disk import on_disk
from hashsets.exchange.peek import HEAD, Peek
from hashsets.exchange.text_source import GZIP, GZIP_SLACK, MAX_GZIP_RATIO, read_up_to, unpacked

MAX_MEMBERS = 1000
MAX_TOTAL = 1 << 40  # bytes that may come out of one zip
_DIRECTORY = 1 << 20  # bytes read at once; a zip's directory of more holds too many members
_ZIP = b"PK\3\4", b"PK\5\6"
Copied = Callable[[BinaryIO], AbstractContextManager[BinaryIO]]  # a stream as a file with a path
_NOISE = ("__macosx/", ".ds_store", "thumbs.db")


@dataclass(frozen=True, slots=True)
class Document:
    """One document, at its start. `stream` is good until the next is asked for."""

    name: str
    peek: Peek
    stream: BinaryIO
    packed: bool = True
    aside: bool = False  # the checksum of another member, which is no list


def documents(stream: BinaryIO, name: str, scratch: str | None = None, most: int = MAX_UNPACKED) -> Iterator[Document]:
    """What is in a file: itself, or what is packed in it, by name. Raises MalformedDocument.

    A packed database is unpacked into a file of at most `most` bytes in the folder `scratch`, while it is read.
    """
    copied = partial(on_disk, folder=scratch, most=most)
    head = Peek.at(stream).head
    if head.startswith(_ZIP):
        with _zip(stream) as archive:
            members = _members(archive, stream)
            for inner, member in members.items():
                yield from _unpacked(inner, partial(_Member, archive, member), copied, aside=_sums_up(inner, members))
    elif head.startswith(GZIP):
        yield from _unpacked(_without_gz(name), lambda: _Gunzipped(stream), copied)
    else:
        yield Document(name, Peek.at(stream), stream, packed=False)


def names(stream: BinaryIO, name: str) -> list[str]:
    """What the documents in a file are called, without unpacking any."""
    if not Peek.at(stream).head.startswith(_ZIP):
        return [_without_gz(name)]
    with _zip(stream) as archive:
        found = list(_members(archive, stream))
    stream.seek(0)
    return found if len(found) > 1 else [name]


def _unpacked(
    name: str, opened: Callable[[], io.RawIOBase], copied: Copied, *, aside: bool = False
) -> Iterator[Document]:
    with opened() as raw:
        head = read_up_to(cast("BinaryIO", raw), HEAD)
    if head.startswith((*_ZIP, GZIP)):
        raise MalformedDocument(0, f"{name} is packed twice: unpack it once; stopped")
    with opened() as raw:
        stream = cast("BinaryIO", raw)
        if head.startswith(sqlite_source.MAGIC):
            with copied(stream) as file:
                yield Document(name, Peek.at(file), file)
        else:
            yield Document(name, Peek(head), stream, aside=aside)


def _zip(stream: BinaryIO) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(cast("BinaryIO", _Bounded(stream)))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise MalformedDocument(0, f"the zip cannot be read ({error}); read") from None


def _members(archive: zipfile.ZipFile, stream: BinaryIO) -> dict[str, zipfile.ZipInfo]:
    """The files worth a look, by name, in its order. Raises MalformedDocument for what no honest sender packs."""
    found = [each for each in archive.infolist() if not each.is_dir() and not _is_noise(each.filename)]
    total = sum(each.file_size for each in found)
    if len(found) > MAX_MEMBERS:
        raise MalformedDocument(0, f"more than {MAX_MEMBERS:,} files in the zip: pack the list alone; seen")
    if total > min(MAX_TOTAL, MAX_GZIP_RATIO * stream.seek(0, io.SEEK_END) + GZIP_SLACK):
        raise MalformedDocument(0, "unpacks to absurd size; seen")
    for each in found:
        if each.flag_bits & 1:
            raise MalformedDocument(0, f"{each.filename!r} is encrypted: unpack it with its password; seen")
        if each.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise MalformedDocument(0, f"{each.filename!r} is packed in a rare way: pack it as plain zip; seen")
    members = {_slashes(each.filename): each for each in sorted(found, key=lambda each: _slashes(each.filename))}
    if len(members) < len(found):
        raise MalformedDocument(0, "two files of the zip have one name: pack them under different ones; seen")
    return members


class _Bounded(io.RawIOBase):
    """The archive's stream, of which nobody takes much at once: the zip's directory is read in one piece."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if size > _DIRECTORY:
            raise zipfile.BadZipFile("it has too many members")
        return self._stream.read(_DIRECTORY if size < 0 else size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


class _Member(io.RawIOBase):
    """The bytes of a member; a damaged one is MalformedDocument."""

    def __init__(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
        self._made = 0
        with self._told():
            self._file = archive.open(member)

    def read(self, size: int = -1) -> bytes:
        with self._told():
            found = self._file.read(_DIRECTORY if size < 0 else size)
        self._made += len(found)
        return found

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
            raise MalformedDocument(self._made, f"the zip is damaged ({error}); read") from None


class _Gunzipped(io.RawIOBase):
    """The bytes in a gzip, from their start."""

    def __init__(self, stream: BinaryIO) -> None:
        stream.seek(0)
        self._pieces = unpacked(stream)
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        if not self._rest:
            self._rest = next(self._pieces, b"")
        found = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(found) :]
        return found


def _is_noise(name: str) -> bool:
    lower = _slashes(name).lower()
    return lower.startswith(_NOISE[0]) or lower.rpartition("/")[2] in _NOISE


def _sums_up(name: str, others: Collection[str]) -> bool:
    stem, _dot, kind = name.rpartition(".")
    return kind.lower() in {"md5", "sha1", "sha256"} and stem in others


def _slashes(name: str) -> str:
    return name.replace("\\", "/")


def _without_gz(name: str) -> str:
    return name[:-3] if name.lower().endswith(".gz") else name
