"""A VICS case as evidence: a JSON document and the files beside it, in a folder or in a zip (vics.md sections 2, 4, 8).

Each place a file was found at is an instance; its record is kept word for word. The document's hashes are claims:
our own hash of the bytes wins. A damaged document is refused whole, so it is read to its end before anything counts.
"""

import io
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from itertools import islice
from typing import BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from cases.ingest import archive, base, nodes
from cases.ingest.base import Found, Frame, Listed, Reading, Record, Row, SourceGone, SourceUnusable
from cases.ingest.folder import Folder
from cases.names import display
from hashsets.exchange.base import MalformedDocument, Report
from hashsets.exchange.vics_case import CaseRecord, Occurrence, read_case
from hashsets.exchange.vics_media import MediaIndex
from workbench.jail import NoJail, results

NOT_A_RECORD = "record-unreadable"
PATH_KEY = 400  # characters
ZIP = b"PK\x03\x04"
MANIFEST = b"manifest.json"
LOOKED_AT = 1 << 20  # bytes of a document that tell whether it is a case

Locate = Callable[[CaseRecord], tuple[bytes, str]]  # locator, or a reason why there is none


class VicsCase:
    """PATH is the document, the folder it lies in, or a zip that holds it."""

    id = "vics"
    label = "VICS case"

    def __init__(self, within: tuple[bytes, ...] = ()) -> None:
        self.within = within
        self.passwords: tuple[str, ...] = ()

    def check(self, source: bytes) -> None:
        """See Reader. Whether the document is whole is known after the listing's first pass, how it begins now.

        An encrypted one passes: passwords are given to an exhibit that is there.
        """
        if _is_zip(source, self.within):
            archive.Archive(self.within).check(source)
        try:
            with self._places(source).document() as stream:
                _read_records(stream, most=1)
        except SourceUnusable as error:
            if str(error) != archive.LOCKED:
                raise

    def knows(self, source: bytes) -> bool:
        """Whether a zip or folder holds exactly one JSON document and that begins as a VICS case. Reads a megabyte."""
        try:
            with self._places(source).document() as stream:
                return _begins_as_case(stream)
        except (SourceGone, SourceUnusable, NoJail):
            return False

    def find(self, source: bytes) -> Iterator[Listed]:
        """Records and instances in the document's order, the frame last."""
        places = self._places(source)
        with places.document() as stream:
            _read_records(stream)
        with places.document() as stream:
            yield from _listed(stream, places.locate())

    def read(self, source: bytes, rows: list[Row]) -> Iterator[Reading]:
        """See Reader."""
        if _is_zip(source, self.within):
            yield from archive.read_source(source, self.within, rows, self.passwords)
        else:
            yield from Folder(self.within).read(_folder_and_document(source, self.within)[0], rows)

    def _places(self, source: bytes) -> "_InZip | _InFolder":
        """Where document and files lie. Raises SourceGone, SourceUnusable."""
        in_zip = _is_zip(source, self.within)
        return _InZip(source, self.within, self.passwords) if in_zip else _InFolder(source, self.within)


def _listed(stream: BinaryIO, locate: Locate) -> Iterator[Listed]:
    report, seen = Report(), Counter[bytes]()
    reader = read_case(stream, report)
    expected, starts = 1, list[int]()
    for record in reader:
        yield from (_unreadable(position) for position in range(expected, record.position))
        expected = record.position + 1
        starts += [record.position] * (record.case + 1 - len(starts))  # a case may hold nothing
        path_key = display(_raw("/".join(record.relative_path or ())))[:PATH_KEY]
        yield Record(record.position, record.text, record.record.md5, path_key)
        yield from _instances(record, locate(record), seen)
    yield from (_unreadable(position) for position in range(expected, report.read + 1))
    yield Frame(json.dumps(reader.frame.as_json() | {"starts": starts}).encode())


def _unreadable(position: int) -> Found:
    return Found(f"Media[{position}]".encode(), ordinal=position, reason=NOT_A_RECORD)


def _instances(record: CaseRecord, place: tuple[bytes, str], seen: Counter[bytes]) -> Iterator[Found]:
    """One instance per place the file was found at; a record that names none is one all the same."""
    locator, reason = place
    for occurrence in record.occurrences or (Occurrence(),):
        raw_path = _raw(occurrence.path or "/".join(record.relative_path or ()) or f"Media[{record.position}]")
        key = sha256(raw_path).digest()
        moment = occurrence.written or occurrence.created
        modified = display(_raw(moment.text))[:40] if moment else ""
        yield Found(raw_path, seen[key], locator, record.record.size, modified, reason, record.position)
        seen[key] += 1


def _begins_as_case(stream: BinaryIO) -> bool:
    """Whether the first record of a VICS case stands in the first megabyte of the document."""
    head = b""
    while len(head) < LOOKED_AT and (chunk := stream.read(LOOKED_AT)):
        head += chunk
    try:
        return next(iter(read_case(io.BytesIO(head[:LOOKED_AT]), Report())), None) is not None
    except MalformedDocument:
        return False


def _read_records(stream: BinaryIO, most: int | None = None) -> None:
    """Refuse a document that is damaged or no case, as far as `most` records; None is all. Raises SourceUnusable."""
    try:
        for _ in islice(read_case(stream, Report()), most):
            pass
    except MalformedDocument as error:
        raise SourceUnusable(noop("The case document cannot be read: %(error)s."), error=error) from error


class _InFolder:
    """The document and its files lie in a folder."""

    def __init__(self, source: bytes, within: tuple[bytes, ...]) -> None:
        self.within = within
        self.folder, self.name = _folder_and_document(source, within)

    @contextmanager
    def document(self) -> Iterator[BinaryIO]:
        with (
            archive.opened(self.folder + b"/" + self.name, self.within) as descriptor,
            os.fdopen(os.dup(descriptor), "rb") as stream,
        ):
            yield stream

    def locate(self) -> Locate:
        names = (_text(node.raw_path) for node in Folder(self.within).find(self.folder))
        return _finder(MediaIndex(names, _text(self.name)), _raw)


class _InZip:
    """The document is a member of a zip; so are its files, under names that may hold back-slashes."""

    def __init__(self, source: bytes, within: tuple[bytes, ...], passwords: tuple[str, ...]) -> None:
        self.source, self.within, self.passwords = source, within, passwords
        self.places: dict[str, int] = {}
        documents = []
        with archive.opened(source, within) as descriptor:
            for member in archive.members(descriptor):
                if member.index >= 0:
                    self.places.setdefault(_text(member.raw_name), member.index)
                    if _may_be_document(member.raw_name):
                        documents.append((member.index, _text(member.raw_name)))
        if len(documents) != 1:
            raise SourceUnusable(
                noop("The zip holds %(documents)s JSON documents; a VICS case has one."), documents=len(documents)
            )
        self.index, self.name = documents[0]

    @contextmanager
    def document(self) -> Iterator[BinaryIO]:
        with (
            archive.opened(self.source, self.within) as descriptor,
            closing(archive.members(descriptor, self.index, self.passwords)) as members,
        ):
            member = next(members)
            if member.reason == results.ENCRYPTED:
                raise SourceUnusable(archive.LOCKED)
            if member.index != self.index or member.reason:
                raise SourceUnusable(
                    noop("The case document cannot be read: %(value)s."), value=member.reason or _("it is damaged")
                )
            yield _Joined(member.chunks)

    def locate(self) -> Locate:
        return _finder(MediaIndex(self.places, self.name), lambda name: str(self.places[name]).encode())


class _Joined(io.BytesIO):
    """Chunks as a stream that is read from its beginning to its end, in pieces of any length."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        super().__init__()
        self._chunks = iter(chunks)

    def read(self, _size: int | None = -1, /) -> bytes:
        """The next chunk, however many bytes were asked for; empty at the end."""
        return next(filter(None, self._chunks), b"")


def _finder(index: MediaIndex, locator: Callable[[str], bytes]) -> Locate:
    """Finds a record's file in the delivery; `locator` is where the reader finds the bytes of a name."""

    def locate(record: CaseRecord) -> tuple[bytes, str]:
        found = index.find(record.relative_path, record.record.md5)
        return (locator(found.name), "") if found else (b"", _why_missing(record))

    return locate


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _raw(text: str) -> bytes:
    """The bytes of a name: those it was read from, else (JSON can spell half a character) as near as bytes come."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _may_be_document(name: bytes) -> bool:
    """Any JSON but the manifest that exports of ours have beside the case."""
    return name.lower().endswith(b".json") and name.replace(b"\\", b"/").rpartition(b"/")[2] != MANIFEST


def _why_missing(record: CaseRecord) -> str:
    return base.UNSAFE_PATH if record.path_refused and not record.relative_path else base.FILE_MISSING


def _is_zip(source: bytes, within: tuple[bytes, ...]) -> bool:
    """Whether the source is a file that begins like a zip. Raises SourceGone."""
    try:
        with nodes.file_at(source, within) as descriptor:
            return os.pread(descriptor, len(ZIP), 0) == ZIP
    except IsADirectoryError:
        return False
    except OSError as error:
        raise SourceGone from error


def _folder_and_document(source: bytes, within: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    """The folder and the document's name in it. Raises SourceGone, SourceUnusable."""
    try:
        folder = nodes.open_root(source, within)
    except NotADirectoryError:
        return nodes.parent(source), source.rpartition(b"/")[2]
    except OSError as error:
        raise SourceGone from error
    try:
        names = [name for name in map(os.fsencode, os.listdir(folder)) if _may_be_document(name)]  # noqa: PTH208 a handle
    finally:
        os.close(folder)
    if len(names) != 1:
        raise SourceUnusable(
            noop("The folder holds %(names)s JSON documents; name the one that is the case."), names=len(names)
        )
    return source, names[0]
