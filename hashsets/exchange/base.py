"""What every list format reads into and writes from: records, the report, and the protocol. PURE.

A format streams: constant memory for any length of list (vics.md section 8). It goes past a bad record,
counts it and names it; a document that cannot be trusted to be whole raises MalformedDocument, and then
nothing of it may be stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, runtime_checkable

from hashsets.exchange.cleaning import clean
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from hashsets.exchange.peek import Peek

MAX_WARNINGS = 200  # kept word for word; beyond, only counted
MAX_UNPACKED = 1 << 38  # bytes of a database that was packed; the largest of the NSRL take 2^37
MAX_NAMES = 200  # different field names and codes counted one by one
FLAGS = (
    "is_precategorized",
    "is_suspected",
    "victim_identified",
    "offender_identified",
    "is_distributed",
    "self_generated",
)
SWITCHES = frozenset({"series", "tags", "comments", "metadata", *FLAGS})


class MalformedDocument(WorkbenchError):
    """The document is broken, so nothing of it was stored. Ask its sender for a whole copy."""

    code = "malformed-document"

    def __init__(self, offset: int, reason: str) -> None:
        """`offset`: bytes into the (unpacked) document where reading stopped."""
        super().__init__(f"{reason} at byte {offset:,}")
        self.offset = offset
        self.reason = reason


class UnknownFormat(WorkbenchError):
    """This is no list of hashes we can read. The message says which formats are."""

    code = "unknown-format"


@dataclass(slots=True)
class HashRecord:
    """One line of a list, in normal form. Whatever has no place of its own is in `raw`, verbatim."""

    position: int  # 1-based, in file order
    md5: bytes | None = None
    sha1: bytes | None = None
    sha256: bytes | None = None
    size: int | None = None  # bytes; None = not said
    code: str | None = None  # the scheme's own, verbatim; None = no verdict
    media_id: int | None = None  # unique in the file at best
    flags: dict[str, bool] = field(default_factory=dict)  # absent = not said, which is not False
    series: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    date_updated: datetime | None = None  # naive = local to nobody knows where
    date_updated_text: str | None = None  # as it stood in the file
    photodna: str | None = None  # stored as received; never computed, never matched
    other_hashes: dict[str, str] = field(default_factory=dict)  # kind ("pdq", "ed2k", "sha512") -> normal form
    raw: dict[str, Any] = field(default_factory=dict)  # goes into JSON as it is


@dataclass(frozen=True, slots=True)
class Warn:
    """Something a person should know. `position` is the record's, None for the whole document."""

    code: str
    detail: str = ""
    position: int | None = None


@dataclass(slots=True)
class Report:
    """What was found while reading; complete once the iterator is exhausted."""

    read: int = 0  # records seen, the skipped ones included
    skipped: Counter[str] = field(default_factory=Counter)  # reason -> records
    warned: Counter[str] = field(default_factory=Counter)  # code -> times, all of them
    warnings: list[Warn] = field(default_factory=list)  # the first ones, word for word
    unknown_fields: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)  # category -> records; "" = no verdict
    bad_dates: int = 0
    dropped_photodna: int = 0
    placeholder_photodna: list[str] = field(default_factory=list)  # to be removed from records already yielded
    format: str = ""
    document: str = ""  # "Media" or "Cases"
    context: str = ""
    version: str = ""
    region: str = ""
    encoding: str = ""
    producer: str = ""

    def absorb(self, other: Report, name: str) -> None:
        """Add what was found in one of several documents in the same file; `name` is that document's."""
        self.read += other.read
        for counts in ("skipped", "warned", "unknown_fields", "codes"):
            getattr(self, counts).update(getattr(other, counts))
        told = [Warn(warn.code, f"{name}: {warn.detail}"[:300], warn.position) for warn in other.warnings]
        self.warnings += told[: MAX_WARNINGS - len(self.warnings)]
        self.bad_dates += other.bad_dates
        self.dropped_photodna += other.dropped_photodna
        self.placeholder_photodna += other.placeholder_photodna
        for said in ("format", "document", "context", "version", "region", "encoding", "producer"):
            each = dict.fromkeys([*getattr(self, said).split(" | "), getattr(other, said)])
            setattr(self, said, " | ".join(filter(None, each))[:500])

    @property
    def accepted(self) -> int:
        """Records that were handed on."""
        return self.read - self.skipped.total()

    def warn(self, code: str, detail: str = "", position: int | None = None) -> None:
        """Count a warning, and keep its words while there is room."""
        self.warned[code] += 1
        if len(self.warnings) < MAX_WARNINGS:
            self.warnings.append(Warn(code, detail[:300], position))

    def skip(self, reason: str, position: int, detail: str = "") -> None:
        """Count a record nobody will get, and name its place."""
        self.skipped[reason] += 1
        self.warn(reason, detail, position)

    def unknown(self, name: str) -> None:
        """Count a field we keep without knowing it."""
        _count(self.unknown_fields, clean(name[:200]))

    def count_code(self, code: str | None, times: int = 1) -> None:
        """Count a category; "" is no verdict."""
        _count(self.codes, code or "", times)

    def as_json(self) -> dict[str, Any]:
        """For the generation's row and the event log; stable field names (commands.md)."""
        names = ("read", "accepted", "bad_dates", "dropped_photodna", "format", "document", "context", "version",
                 "region", "encoding", "producer")  # fmt: skip
        counts = ("skipped", "warned", "unknown_fields", "codes")
        return {
            **{name: getattr(self, name) for name in names},
            **{name: dict(sorted(getattr(self, name).items())) for name in counts},
            "warnings": [{"code": w.code, "detail": w.detail, "position": w.position} for w in self.warnings],
        }


def _count(counter: Counter[str], name: str, times: int = 1) -> None:
    """Count, without growing for ever on a list where every name differs."""
    counter[name if name in counter or len(counter) < MAX_NAMES else "(other)"] += times


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a person chose at import (vics.md section 6)."""

    take: frozenset[str] = SWITCHES  # what else than hashes, size and category
    default_code: str | None = None  # for lists without categories
    scratch: str | None = None  # folder for a database that has to be unpacked; None = the system's
    most_unpacked: int = MAX_UNPACKED  # of such a database
    only_media: bool = False  # of lists that name files: only pictures and videos, by extension


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """What a person chose at export (vics.md section 9)."""

    region: str = "Default"
    json_booleans: bool = False  # VICS 2.0 flags as true, not "true"


class ListFormat(Protocol):
    """One way to write a list of hashes down."""

    id: str
    label: str

    def sniff(self, peek: Peek) -> bool:
        """Whether this is ours, by what stands in the file; never by its name."""
        ...

    def read(self, stream: BinaryIO, report: Report, options: ReadOptions) -> Iterator[HashRecord]:
        """Yields one HashRecord per usable record, in file order. Raises MalformedDocument."""
        ...


@runtime_checkable
class ListWriter(ListFormat, Protocol):
    """A format that our own lists can be saved in."""

    extension: str

    def write(self, records: Iterable[HashRecord], stream: BinaryIO, options: WriteOptions) -> int:
        """Write all, deterministic; the number written."""
        ...


@runtime_checkable
class InParts(Protocol):
    """A format that can also hand out many records at once."""

    def read_parts(
        self, stream: BinaryIO, report: Report, options: ReadOptions
    ) -> Iterator[tuple[list[HashRecord], Any]]:
        """As `read`: single records, and plain ones as rows (`plain.ROW`) beside them."""
        ...
