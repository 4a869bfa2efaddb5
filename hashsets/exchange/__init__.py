"""List formats, one file each. PURE. A new format is one import and one place in `BUILT_IN`."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import BinaryIO, TypeVar

from hashsets.exchange import packing, parts
from hashsets.exchange.base import (
    HashRecord,
    InParts,
    ListFormat,
    ListWriter,
    MalformedDocument,
    ReadOptions,
    Report,
    UnknownFormat,
    WriteOptions,
)
from hashsets.exchange.checksums import Checksums
from hashsets.exchange.csv_list import CsvList
from hashsets.exchange.dfxml import Dfxml
from hashsets.exchange.encase_hash import EnCaseHash
from hashsets.exchange.hashdeep import Hashdeep
from hashsets.exchange.hashkeeper import HashKeeper
from hashsets.exchange.icse_csv import IcseCsv
from hashsets.exchange.nsrl_delta import NsrlDelta
from hashsets.exchange.nsrl_sqlite import NsrlSqlite
from hashsets.exchange.nsrl_text import NsrlText
from hashsets.exchange.peek import Peek
from hashsets.exchange.plain import NO_ROWS, Stretch
from hashsets.exchange.tsk_index import TskIndex
from hashsets.exchange.tsk_kdb import TskKdb
from hashsets.exchange.vics import Vics

Given = TypeVar("Given")

# The first that knows its own reads: CSV, which takes any table with a hash in it, comes last.
BUILT_IN: tuple[ListFormat, ...] = (Vics("2.0"), Vics("1.3"), EnCaseHash(), NsrlSqlite(), NsrlDelta(), TskKdb(),
    Dfxml(), Hashdeep(), TskIndex(), IcseCsv(), NsrlText(), HashKeeper(), Checksums(), CsvList())  # fmt: skip
BY_ID: dict[str, ListFormat] = {format_.id: format_ for format_ in BUILT_IN}
WRITERS: dict[str, ListWriter] = {format_.id: format_ for format_ in BUILT_IN if isinstance(format_, ListWriter)}
FORMATS = ", ".join(format_.label for format_ in BUILT_IN)
READABLE = f"{FORMATS}; each as it is, in gzip or in zip"


def detect(peek: Peek, name: str) -> ListFormat:
    """The first format that knows its own. Raises UnknownFormat, which names those there are."""
    for format_ in BUILT_IN:
        if format_.sniff(peek):
            return format_
    raise UnknownFormat(f"No list of hashes we can read: {name!r}. We read {READABLE}.")


def read(stream: BinaryIO, name: str, report: Report, options: ReadOptions) -> Iterator[HashRecord]:
    """Every record of one file, packed or not, whatever its format; positions are those in their document.

    Raises MalformedDocument, UnknownFormat. A packed file that is no list at all, as a read-me beside one, is
    passed over with a warning, unless its name says that it is a part.
    """
    for format_, document in _lists(stream, name, report, options):
        yield from _one(format_.read, document, report, options)


def read_parts(stream: BinaryIO, name: str, report: Report, options: ReadOptions) -> Iterator[Stretch]:
    """As `read`, with plain records by the block where the format can; positions go on from document to document."""
    for format_, document in _lists(stream, name, report, options):
        before = report.read
        reads = format_.read_parts if isinstance(format_, InParts) else partial(_singly, format_)
        for records, rows in _one(reads, document, report, options):
            for record in records if before else ():
                record.position += before
            rows["position"] += before
            yield records, rows


def _lists(
    stream: BinaryIO, name: str, report: Report, options: ReadOptions
) -> Iterator[tuple[ListFormat, packing.Document]]:
    """Every document in a file that is a list, with its format; the others are told."""
    found = 0
    for document in packing.documents(stream, name, options.scratch, options.most_unpacked):
        format_ = None if document.aside else _recognised(document)
        if format_ is None:
            report.warn("not-a-list", document.name)
            continue
        found += 1
        yield format_, document
    if not found:
        raise UnknownFormat(f"Nothing in {name!r} is a list of hashes we can read. We read {READABLE}.")


def _singly(format_: ListFormat, stream: BinaryIO, report: Report, options: ReadOptions) -> Iterator[Stretch]:
    """The records of a format that has no blocks."""
    return (([record], NO_ROWS) for record in format_.read(stream, report, options))


def names(stream: BinaryIO, name: str) -> list[str]:
    """What the documents in a file are called. Raises MalformedDocument for a zip that cannot be read."""
    return packing.names(stream, name)


def missing_parts(told: Iterable[str]) -> list[str]:
    """The names of parts that ought to be among these and are not."""
    return parts.missing(told)


def _recognised(document: packing.Document) -> ListFormat | None:
    """Its format; None for what may lie beside a list."""
    try:
        return detect(document.peek, document.name)
    except UnknownFormat:
        if not document.packed or parts.says_part(document.name) or document.name.lower().endswith(".json"):
            raise
        return None


def _one(
    reads: Callable[[BinaryIO, Report, ReadOptions], Iterator[Given]],
    document: packing.Document,
    report: Report,
    options: ReadOptions,
) -> Iterator[Given]:
    if not document.packed:
        yield from reads(document.stream, report, options)
        return
    inner = Report()
    try:
        yield from reads(document.stream, inner, options)
    except MalformedDocument as error:
        raise MalformedDocument(error.offset, f"{document.name}: {error.reason}") from None
    finally:
        report.absorb(inner, document.name)


__all__ = [
    "BUILT_IN",
    "BY_ID",
    "FORMATS",
    "READABLE",
    "WRITERS",
    "HashRecord",
    "ListFormat",
    "ListWriter",
    "MalformedDocument",
    "Peek",
    "ReadOptions",
    "Report",
    "UnknownFormat",
    "WriteOptions",
    "detect",
    "missing_parts",
    "names",
    "read",
    "read_parts",
]
