"""What an index file looks like: one page of header, then columns of 8-byte words, all little-endian.

PURE. A file is a base (all entries in force at one version of a set) or a delta (what came and what ended between
a base's version and a later one). Its columns are, for each hash kind, of every digest in sorted order: `high` and
`low`, its first 16 bytes as two numbers, and `entry`, the id of the row that has it; then `ended`, ids of entries of
the base that the delta ends. The header is sealed with a secret: a file that somebody else made is none of ours.
"""

import hashlib
import hmac
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BufferedRandom
from uuid import UUID

MAGIC = b"WNWINDEX"
VERSION = 1
PAGE = 4096  # bytes of the header, so that the columns begin on a page
WORD = 8  # bytes
KINDS = ("md5", "sha1", "sha256")
DIGEST_SIZES = {"md5": 16, "sha1": 20, "sha256": 32}  # bytes
_FIELDS = struct.Struct("<8sII16sQQ" + "8sQ" * len(KINDS) + "Q32s")
_SEAL = hashlib.sha256().digest_size


class DamagedIndex(ValueError):
    """The file is not the index it should be; the message says how. PostgreSQL answers, and a new one is made."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the file says of itself. `base` equals `generation` in a base; `digest` is the SHA-256 of the columns."""

    set: UUID
    base: int
    generation: int
    counts: Mapping[str, int]  # digests by kind
    ended: int = 0
    digest: bytes = bytes(32)

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return PAGE + WORD * (3 * sum(self.counts.values()) + self.ended)

    def start(self, kind: str) -> int:
        """Where the columns of a kind begin, in bytes."""
        return PAGE + WORD * 3 * sum(self.counts[one] for one in KINDS[: KINDS.index(kind)])

    @property
    def ended_start(self) -> int:
        """Where the ids of ended entries begin, in bytes."""
        return self.size - WORD * self.ended

    def packed(self, secret: bytes) -> bytes:
        """The header's page, sealed."""
        kinds = [part for kind in KINDS for part in (kind.encode(), self.counts[kind])]
        fields = (MAGIC, VERSION, PAGE, self.set.bytes, self.base, self.generation, *kinds, self.ended, self.digest)
        page = _FIELDS.pack(*fields)
        return (page + hmac.digest(secret, page, "sha256")).ljust(PAGE, b"\0")

    def with_digest_of(self, columns: BufferedRandom) -> "Header":
        """The same with the SHA-256 of everything behind the header. Reads the file."""
        columns.seek(PAGE)
        return replace(self, digest=hashlib.file_digest(columns, "sha256").digest())


def read(page: bytes, secret: bytes) -> Header:
    """The header in the first page of a file. Raises DamagedIndex."""
    if len(page) != PAGE:
        raise DamagedIndex("the file is shorter than its header")
    fields, seal = page[: _FIELDS.size], page[_FIELDS.size : _FIELDS.size + _SEAL]
    magic, version, start, of_set, base, generation, *kinds, ended, digest = _FIELDS.unpack(fields)
    if magic != MAGIC or version != VERSION or start != PAGE:
        raise DamagedIndex("this is no index file of this version")
    if not hmac.compare_digest(seal, hmac.digest(secret, fields, "sha256")) or any(page[_FIELDS.size + _SEAL :]):
        raise DamagedIndex("the header is damaged, or the file was made elsewhere")
    return Header(UUID(bytes=of_set), base, generation, dict(zip(KINDS, kinds[1::2], strict=True)), ended, digest)
