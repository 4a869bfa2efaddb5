"""Reads a package that may be anything: nothing is unpacked, and nothing in it is believed before it is checked. PURE.

`tarfile` reads single headers only; its own walk follows links and extensions that no package has.
"""

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from hashsets.courier import manifest as manifests
from hashsets.courier.manifest import LINES, LONGEST_LINE, MANIFEST, MOST_FILES, SIGNATURE, Manifest, PackageDamaged
from workbench.words import noop

BLOCK = tarfile.BLOCKSIZE
LONGEST_END = 1024 * 1024  # bytes of zeros behind the last file
SIGNATURE_BYTES = 64


class Place(NamedTuple):
    """Where a file lies in the tar, in bytes."""

    name: str
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A package whose build is sound. Neither signature nor records were looked at yet."""

    file: BinaryIO
    manifest: Manifest
    manifest_bytes: bytes
    signature: bytes
    places: list[Place]

    @property
    def digest(self) -> bytes:
        """SHA-256 of the manifest: what the next package of the chain names."""
        return hashlib.sha256(self.manifest_bytes).digest()

    def lines(self) -> Iterator[bytes]:
        """Every record's line. Raises PackageDamaged at once where a file, a line or a number is not as it should be.

        Whoever stores lines on the way must undo it then: a file's digest is known only at its end.
        """
        count = 0
        for number in range(len(self.places)):
            for line in self.lines_of(number):
                count += 1
                yield line
        self.require_count(count)

    def lines_of(self, number: int) -> Iterator[bytes]:
        """The lines of one file, from 0 on. Raises PackageDamaged."""
        place, said = self.places[number], self.manifest.files[number]
        raw = _Part(self.file, place)
        yield from _lines(raw, place.name)
        if raw.sha256() != said.sha256:
            raise PackageDamaged(noop("%(name)s is not what the manifest says."), name=place.name)

    def raw(self, number: int) -> bytes:
        """One file as it lies there, from 0 on: for small ones."""
        return _read(self.file, self.places[number])

    def require_count(self, number: int) -> None:
        """Raise PackageDamaged unless so many records are what the manifest says."""
        if number != self.manifest.count:
            raise PackageDamaged(
                noop("It holds %(number)s records, and its manifest says %(said)s."),
                number=number,
                said=self.manifest.count,
            )


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """A package on the disk, its structure and manifest checked. Raises PackageDamaged, OSError."""
    with path.open("rb") as file:
        places = list(_places(file))
        if [place.name for place in places[:2]] != [MANIFEST, SIGNATURE]:
            raise PackageDamaged(noop("It does not begin with a manifest and its signature."))
        if places[0].size > manifests.LARGEST_MANIFEST or places[1].size != SIGNATURE_BYTES:
            raise PackageDamaged(noop("Its manifest or signature has a size that none has."))
        data, signature = (_read(file, place) for place in places[:2])
        manifest = manifests.read(data)
        if [(place.name, place.size) for place in places[2:]] != [(one.name, one.bytes) for one in manifest.files]:
            raise PackageDamaged(noop("Its files are not those of its manifest."))
        yield Opened(file, manifest, data, signature, places[2:])


def _places(file: BinaryIO) -> Iterator[Place]:
    """The files of a tar, in its order; only plain ones, and behind the last nothing but zeros."""
    length = file.seek(0, io.SEEK_END)
    at = 0
    for _number in range(MOST_FILES + 3):
        file.seek(at)
        header = file.read(BLOCK)
        if header == bytes(BLOCK):
            return _require_end(file, length)
        place = _place(header, at + BLOCK)
        at = place.start + -(-place.size // BLOCK) * BLOCK
        if at > length:
            raise PackageDamaged(noop("It ends in the middle of %(name)s."), name=place.name)
        yield place
    raise PackageDamaged(noop("It has more files than a package may have."))


def _place(header: bytes, start: int) -> Place:
    try:
        info = tarfile.TarInfo.frombuf(header, "ascii", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError, ValueError) as error:
        raise PackageDamaged(noop("It is no tar, or ends before its end.")) from error
    plain = info.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not info.linkname
    if not plain or not 0 < info.size < 2**40 or not _is_name(info.name):
        raise PackageDamaged(noop("It holds %(name)s, which no package does."), name=repr(info.name[:80]))
    return Place(info.name, start, info.size)


def _is_name(name: str) -> bool:
    number = name[len("entries-") : len("entries-") + 4]
    known = number.isdigit() and name == manifests.entries_name(int(number))
    return known or name in (MANIFEST, SIGNATURE)


def _require_end(file: BinaryIO, length: int) -> None:
    """Two blocks of zeros, the first of which was read, and at most some more."""
    rest = length - file.tell()
    if not BLOCK <= rest <= LONGEST_END or file.read(rest).strip(b"\0"):
        raise PackageDamaged(noop("Something stands behind its end, or the end is missing."))


def _read(file: BinaryIO, place: Place) -> bytes:
    file.seek(place.start)
    return file.read(place.size)


def _lines(raw: "_Part", name: str) -> Iterator[bytes]:
    """The lines of one file, without their ends. Constant memory, whatever it is said to hold."""
    with gzip.GzipFile(fileobj=raw) as file:
        for number in range(LINES + 1):
            try:
                line = file.readline(LONGEST_LINE + 1)
            except (OSError, EOFError, zlib.error) as error:
                raise PackageDamaged(noop("%(name)s cannot be unpacked."), name=name) from error
            if not line:
                return
            if not line.endswith(b"\n") or number == LINES:
                raise PackageDamaged(
                    noop("Line %(number)s of %(name)s is cut off, too long or one too many."),
                    number=number + 1,
                    name=name,
                )
            yield line[:-1]


class _Part(io.RawIOBase):
    """One file inside the tar, read from its beginning to its end, its digest with it."""

    def __init__(self, file: BinaryIO, place: Place) -> None:
        self._file, self._at, self._left = file, place.start, place.size
        self._digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; whoever else reads the tar meanwhile does not matter."""
        self._file.seek(self._at)
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._at, self._left = self._at + len(data), self._left - len(data)
        self._digest.update(data)
        return data

    def sha256(self) -> str:
        """Of the whole file, what nobody read of it included."""
        while self.read(1024 * 1024):
            pass
        return self._digest.hexdigest()
