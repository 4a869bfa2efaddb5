"""What a package says of itself: the one file that is signed. PURE."""

import re
from datetime import datetime
from uuid import UUID

import msgspec

from workbench.errors import WorkbenchError
from workbench.words import noop

PROTOCOL = 1  # of packages; a reader refuses others
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
VOTES = "votes"  # the kind of a package that brings opinions instead of a set
KINDS = ("relevant", "known_good", "comparison", VOTES)
MOST_FILES = 9_999
LARGEST_MANIFEST = 2 * 1024 * 1024  # bytes; one of as many files as there may be has about 1.3 MB
LINES = 500_000  # records of one file
LONGEST_LINE = 64 * 1024  # bytes of one record
HEX = re.compile("[0-9a-f]{64}")


class PackageDamaged(WorkbenchError):
    """The package is not whole, or not built as packages are. Have it made and brought again."""

    code = "package-damaged"


class Issuer(msgspec.Struct, kw_only=True):
    """Who made it. `key` is the SHA-256 of the public key it is signed with, lower-case hex."""

    organisation: UUID
    name: str = ""
    key: str


class File(msgspec.Struct, kw_only=True):
    """One file of records: `bytes` and `sha256` are those of the compressed file, in lower-case hex."""

    name: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, kw_only=True):
    """Of a set: its steps in (`from`, `to`], or with `from` 0 all that was in force at `to`.

    `previous`: the SHA-256 of the manifest before it in the chain, None for a snapshot. `addressee`: the organisation
    it was made for, whose rights decide what is in it.
    """

    protocol: int
    kind: str
    set: UUID
    scheme: str
    from_seq: int = msgspec.field(name="from")
    to_seq: int = msgspec.field(name="to")
    count: int
    files: list[File]
    previous: str | None
    created: datetime
    issuer: Issuer
    addressee: UUID

    @property
    def is_snapshot(self) -> bool:
        """Whether it needs nothing before it."""
        return self.from_seq == 0

    def as_bytes(self) -> bytes:
        """Canonical JSON: sorted keys, no blanks, UTF-8."""
        return msgspec.json.encode(self, order="sorted")


def entries_name(number: int) -> str:
    """The name of the nth file of records, from 1 on."""
    return f"entries-{number:04}.ndjson.gz"


def read(data: bytes) -> Manifest:
    """A manifest whose every field is within its bounds. Raises PackageDamaged."""
    try:
        found = msgspec.json.decode(data, type=Manifest)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise PackageDamaged(noop("Its manifest cannot be read: %(why)s."), why=str(error)[:200]) from error
    if found.protocol != PROTOCOL:
        raise PackageDamaged(
            noop("It follows protocol %(number)s, which this node cannot read."), number=found.protocol
        )
    if not _sound(found):
        raise PackageDamaged(noop("Its manifest contradicts itself."))
    return found


def _sound(found: Manifest) -> bool:
    """Whether numbers, names and digests are what they must be, and the chain begins where a snapshot does."""
    names = [file.name for file in found.files]
    digests = [file.sha256 for file in found.files] + [found.issuer.key] + ([found.previous] if found.previous else [])
    return (
        found.kind in KINDS
        and 0 <= found.from_seq <= found.to_seq < 2**63
        and 0 <= found.count <= LINES * len(names)
        and names == [entries_name(number) for number in range(1, len(names) + 1)]
        and all(file.bytes > 0 for file in found.files)
        and all(HEX.fullmatch(digest) for digest in digests)
        and found.is_snapshot == (found.previous is None)
    )
