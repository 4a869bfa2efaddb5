"""PURE: what every evidence reader speaks: what it finds, how its bytes are read, and why they could not be.

A reader lists a source (every node becomes a `Found`, whatever it is) and later reads the bytes of some of the
ledger's rows. It may be killed anywhere and run again: listing the same source twice finds the same names.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Protocol, runtime_checkable

from workbench.errors import WorkbenchError

# Why a file was rejected: its bytes never came in. Stored in the ledger, shown in words by problems.py.
NOT_REGULAR = "not-regular-file"
LINK = "symlink-not-followed"
UNREADABLE = "unreadable"
CHANGED = "changed-during-read"
FILE_MISSING = "file-missing"
UNSAFE_PATH = "unsafe-path"
UPLOAD_INCOMPLETE = "upload-incomplete"
# Why an accepted file is worth a line in the problems list.
EMPTY = "empty-file"
ARCHIVE = "archive"
TOO_DEEP = "too-deep"
CLOSED_ARCHIVE = "unsupported-archive"
HASH_MISMATCH = "hash-mismatch"
NOT_MEDIA = "not-media"
NO_PICTURE = "no-picture"
# Why bytes that came in cannot be had any more.
LOST = "bytes-lost"
DIFFERS = "bytes-differ"

CHUNK = 4 << 20  # bytes read at a time
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SourceGone(WorkbenchError):
    """The evidence cannot be reached. Connect it again; the ingest then goes on by itself."""

    code = "source-gone"
    status = HTTPStatus.CONFLICT
    permanent = False


class Spoiled(WorkbenchError):
    """The bytes of a file could not be read as they are."""

    code = "spoiled"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SourceUnusable(WorkbenchError):
    """This source is not what the chosen reader reads. Choose another reader or another path."""

    code = "source-unusable"


class SourceChanged(SourceUnusable):
    """A file of the source is not as it was when it was listed. Put it back as it was, then resume the ingest."""

    code = "source-changed"


@dataclass(slots=True)
class Found:
    """One node of a source. With a `reason` its bytes are never asked for."""

    raw_path: bytes  # as the source spells it, relative to the source
    ordinal: int = 0  # tells same-named members apart
    locator: bytes = b""  # where the reader finds the bytes, when not by the raw path
    size: int | None = None  # bytes, as the source says
    modified: str = ""  # the source's own time, as text
    reason: str = ""
    record: int | None = None  # position of its imported record
    about: dict[str, Any] = field(default_factory=dict)  # what else the source says of it, as JSON


@dataclass(slots=True)
class Record:
    """One record of a case document, verbatim; no file by itself."""

    position: int
    raw: bytes
    md5: bytes | None
    path_key: str


@dataclass(slots=True)
class Frame:
    """What a case document has around its records; comes last."""

    raw: bytes


Listed = Found | Record | Frame


@dataclass(frozen=True, slots=True)
class Container:
    """The file that a row lies in: its own row, and the content whose bytes are in the store."""

    id: int
    sha256: bytes


@dataclass(slots=True)
class Row:
    """A claimed row of the ledger, as a reader needs it."""

    id: int
    raw_path: bytes
    ordinal: int = 0
    locator: bytes = b""
    size: int | None = None
    md5: bytes | None = None  # what the case document says of it
    depth: int = 0  # files it lies in
    inside: Container | None = None  # None: the reader has its bytes


@dataclass(slots=True)
class Reading:
    """One row being read. Either `problem` says why not, or `chunks` are the bytes, once, to their very end.

    The chunks end with Spoiled when they cannot be trusted.
    """

    row: Row
    problem: str = ""
    chunks: Iterable[bytes] = field(default_factory=tuple)


class Reader(Protocol):
    """One way to take evidence in."""

    id: str
    label: str

    def check(self, source: bytes) -> None:
        """Raise SourceGone or SourceUnusable where listing could not even begin."""
        ...

    def find(self, source: bytes) -> Iterator[Listed]:
        """Every node of the source, each once, in an order that is its own. Raises SourceGone."""
        ...

    def read(self, source: bytes, rows: list[Row]) -> Iterator[Reading]:
        """The bytes of some rows, one after the other; each is used up before the next. Raises SourceGone."""
        ...


@runtime_checkable
class TriesPasswords(Protocol):
    """A reader that opens archives."""

    passwords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Integrity:
    """Hashes of a whole source, in hexadecimal by kind: those it holds itself, those of what was read.

    With a `problem`, a reason of the jail's, it could not be read to its end. `says` is its own case data.
    """

    says: dict[str, str]
    stored: dict[str, str]
    computed: dict[str, str]
    problem: str = ""


@runtime_checkable
class Verifying(Protocol):
    """A reader whose sources can be told to be whole, and to be the same as before."""

    id: str

    def marks(self, source: bytes) -> dict[str, list[int]]:
        """Size in bytes and time of change in nanoseconds of its files, by name. Raises SourceGone, SourceUnusable."""
        ...

    def verify(self, source: bytes, go_on: Callable[[], bool]) -> Integrity | None:
        """Read it all; None when `go_on`, asked now and then, said no. Raises SourceGone, SourceUnusable."""
        ...


def time_text(nanoseconds: int) -> str:
    """A file's time as ISO text in UTC, to the microsecond; the bare number where no calendar reaches."""
    try:
        return (EPOCH + timedelta(microseconds=nanoseconds // 1000)).isoformat()
    except OverflowError:
        return f"{nanoseconds} ns"
