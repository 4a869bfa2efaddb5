"""PURE: what a filter file looks like: 144 bytes of header, then the bits. docs/protocol-filter.md is the contract.

All numbers are unsigned and big-endian. Header and bits have a SHA-256 each: damage is found before anything is
answered. They prove nothing about who made the file.
"""

import hashlib
import struct
from dataclasses import dataclass
from uuid import UUID

from workbench.errors import WorkbenchError
from workbench.words import noop

MAGIC = b"WNFILTER"
VERSION = 1
KINDS = {"md5": 16, "sha1": 20, "sha256": 32}  # bytes of a digest
HASHES = 7  # positions of a digest: the best for ten bits each
MOST_HASHES = 64  # that a reader takes
BITS_FOR_FOUR = 39  # 9.75 bits a digest: 0.93 % false positives, so that 1 % holds whatever is asked (decision 0023)
FEWEST_BITS = 8192  # so that a short list is as good
WORD = 64  # bits; the body is whole words
_FIELDS = struct.Struct(">8sHHI8s16sQQQQQ32s")
_SEAL = hashlib.sha256().digest_size
SIZE = _FIELDS.size + _SEAL  # bytes of the header


class UnusableFilter(WorkbenchError):
    """This is no filter file, or it is damaged. Get it again from where it came."""

    code = "filter-unusable"


@dataclass(frozen=True, slots=True)
class Header:
    """What the file says of itself.

    `entries`: all of the version; `count`: those that have a digest of the kind, which alone are in the filter.
    """

    kind: str  # of KINDS
    set: UUID
    generation: int  # version of the set
    entries: int
    count: int
    bits: int
    made_at: int  # seconds since 1970, UTC
    hashes: int = HASHES
    digest: bytes = bytes(32)  # SHA-256 of the bits

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return SIZE + self.bits // 8

    def packed(self) -> bytes:
        """The header's bytes."""
        kind, numbers = self.kind.encode(), (self.generation, self.entries, self.count, self.bits, self.made_at)
        fields = _FIELDS.pack(MAGIC, VERSION, self.hashes, SIZE, kind, self.set.bytes, *numbers, self.digest)
        return fields + hashlib.sha256(fields).digest()


def bits_for(count: int) -> int:
    """Bits of a filter of so many digests: whole words."""
    wanted = max(-(-count * BITS_FOR_FOUR // 4), FEWEST_BITS)
    return -(-wanted // WORD) * WORD


def bytes_for(count: int) -> int:
    """Bytes of a filter file of so many digests."""
    return SIZE + bits_for(count) // 8


def read(data: bytes, size: int) -> Header:
    """The header at the start of a file of so many bytes. Raises UnusableFilter."""
    if not data.startswith(MAGIC):
        raise UnusableFilter(noop("This is not a filter file of Winnow."))
    if len(data) < SIZE:
        raise UnusableFilter(noop("The filter file is cut off. Get it again from where it came."))
    _magic, version, hashes, start, kind, of_set, *numbers, digest = _FIELDS.unpack_from(data)
    if version != VERSION:
        raise UnusableFilter(
            noop("The filter file is of format %(version)s; this Winnow reads format %(ours)s."),
            version=version,
            ours=VERSION,
        )
    if hashlib.sha256(data[: _FIELDS.size]).digest() != data[_FIELDS.size : SIZE]:
        raise UnusableFilter
    generation, entries, count, bits, made_at = numbers
    name = kind.rstrip(b"\0").decode("ascii", "replace")
    found = Header(name, UUID(bytes=of_set), generation, entries, count, bits, made_at, hashes, digest)
    if start != SIZE or not _makes_sense(found):
        raise UnusableFilter
    if size != found.size:
        raise UnusableFilter(noop("The filter file is cut off. Get it again from where it came."))
    return found


def _makes_sense(header: Header) -> bool:
    whole = header.bits > 0 and header.bits % WORD == 0
    return header.kind in KINDS and whole and 1 <= header.hashes <= MOST_HASHES and header.count <= header.entries
