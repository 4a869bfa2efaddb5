"""VICS case documents: records with their places and exact text, and the frame around them. PURE.

The text of every record is kept byte for byte, so that a case can be given back with only the verdicts
changed (vics.md sections 8 and 9; rewriting is in vics_rewrite).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from hashsets.exchange import vics_context
from hashsets.exchange import vics_values as values
from hashsets.exchange.base import HashRecord, MalformedDocument, ReadOptions, Report
from hashsets.exchange.cleaning import clean, clean_json
from hashsets.exchange.json_cutter import Cutter, PassedOver
from hashsets.exchange.json_text import one_line
from hashsets.exchange.text_source import TextSource
from hashsets.exchange.vics_document import CaseFields, Document, Member
from hashsets.exchange.vics_record import RecordReader

_TIMES = {
    "created": "created",
    "written": "written",
    "modified": "written",
    "accessed": "accessed",
    "change": "changed",
}
_TEXTS = {"filename": "file_name", "filepath": "file_path", "sourceid": "source_id"}
_FLAGS = {"unallocated", "deleted"}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time on the evidence: as it stood, and as far as it could be read (naive = zone not named)."""

    text: str
    at: datetime | None


@dataclass(slots=True)
class Occurrence:
    """One place the bytes were found at. Names and paths are data, never used as ours."""

    file_name: str = ""
    file_path: str = ""  # some writers end it with a slash, some with the name
    created: Moment | None = None
    written: Moment | None = None
    accessed: Moment | None = None
    changed: Moment | None = None
    unallocated: bool | None = None
    deleted: bool | None = None
    source_id: str = ""  # the sender's exhibit
    physical_location: int | None = None  # byte offset on the source
    raw: dict[str, Any] = field(default_factory=dict)  # the parent's fields, and what we do not know

    @property
    def path(self) -> str:
        """The whole path on the evidence, with the slashes it came with."""
        folder, name = self.file_path, self.file_name
        if not folder or not name:
            return folder or name
        if folder.endswith(("\\", "/")):
            return folder + name
        if folder.endswith((f"\\{name}", f"/{name}")) or folder == name:
            return folder
        return f"{folder}{'/' if '/' in folder and chr(92) not in folder else chr(92)}{name}"


@dataclass(slots=True)
class CaseRecord:
    """One Media record of a case. `text` is its exact JSON in the document, as UTF-8."""

    position: int
    case: int  # 0-based place of its case in the document
    record: HashRecord  # its hashes are claims: our own hash of the bytes wins
    text: bytes
    occurrences: tuple[Occurrence, ...]
    relative_path: tuple[str, ...] | None  # None: not said, or refused
    path_refused: str = ""  # why
    mime_type: str = ""
    comments: str = ""


@dataclass(slots=True)
class CaseFrame:
    """Everything around the records: root members (the context among them) and the fields of each case."""

    root: list[Member] = field(default_factory=list)
    cases: list[CaseFields] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For keeping it with the imported document; `from_json` gives the frame back."""
        return {
            "root": [list(member) for member in self.root],
            "cases": [[case.before, case.media_name, case.after] for case in self.cases],
        }

    @classmethod
    def from_json(cls, doc: Mapping[str, Any]) -> CaseFrame:
        """The frame that `as_json` described."""
        cases = [
            CaseFields([(n, t) for n, t in before], [(n, t) for n, t in after], media_name)
            for before, media_name, after in doc["cases"]
        ]
        return cls([(name, text) for name, text in doc["root"]], cases)

    def as_version(self, version: str, region: str = "Default") -> CaseFrame:
        """The same frame under the context of `version`."""
        name, context = vics_context.member(version, "Cases", region)
        others = [member for member in self.root if member[0].lower() not in vics_context.MEMBERS]
        return CaseFrame([(name, values.to_json(context)), *others], self.cases)


def new_frame(fields: Mapping[str, Any], version: str = "2.0", region: str = "Default") -> CaseFrame:
    """A frame for one case of ours; `fields` as in vics.md section 2 (CaseID, CaseNumber, ...)."""
    before = [(name, values.to_json(clean_json(value))) for name, value in fields.items()]
    return CaseFrame([], [CaseFields(before=before, media_name="Media")]).as_version(version, region)


class CaseReader:
    """Iterate once for the records; `frame` and the report are complete after that."""

    def __init__(self, stream: BinaryIO, report: Report) -> None:
        self._report = report
        self._source = TextSource(stream, report)
        self._document = Document(Cutter(self._source), report)
        self._reader = RecordReader(report, ReadOptions())

    @property
    def frame(self) -> CaseFrame:
        """What stood around the records."""
        return CaseFrame(self._document.root, self._document.cases)

    def __iter__(self) -> Iterator[CaseRecord]:
        """Yields every Media record in file order. Raises MalformedDocument, also for a hash set."""
        for position, fields in enumerate(self._document.records(), 1):
            if self._document.kind != "Cases":
                raise MalformedDocument(0, "this is a hash set, not a case: import it as a set; seen")
            self._report.read = position
            if isinstance(fields, dict):
                yield self._record(fields, position)
            else:
                reason = fields.reason if isinstance(fields, PassedOver) else "not-a-record"
                self._report.skip(reason, position)

    def _record(self, fields: dict[str, Any], position: int) -> CaseRecord:
        text = self._document.text.encode("utf-8", "surrogateescape")
        record = self._reader.read(fields, position)
        if self._reader.problem:  # of no use in a hash set, but a file all the same
            self._report.warn(self._reader.problem, position=position)
        if record.code == "0":  # in a case 0 is no verdict, whatever the scheme says (vics.md section 5)
            record.code = None
        self._report.count_code(record.code)
        lower = {name.lower(): value for name, value in fields.items()}
        return CaseRecord(
            position=position,
            case=len(self._document.cases) - 1,
            record=record,
            text=text,
            occurrences=self._occurrences(lower, position),
            relative_path=self._reader.path,
            path_refused=self._reader.path_refused,
            mime_type=_text(lower.get("mimetype")),
            comments=_text(lower.get("comments")),
        )

    def _occurrences(self, lower: dict[str, Any], position: int) -> tuple[Occurrence, ...]:
        files = lower.get("mediafiles")
        if isinstance(files, list) and files:
            return tuple(self._occurrence(each, position) for each in files if isinstance(each, dict))
        name = _text(lower.get("name"))  # version 1.1 had one name, on the record
        return (Occurrence(file_name=name),) if name else ()

    def _occurrence(self, fields: dict[str, Any], position: int) -> Occurrence:
        found = Occurrence()
        for name, value in fields.items():
            try:
                self._place(found, name, value)
            except values.Unreadable:
                self._report.warn("bad-occurrence", f"{name}: {str(value)[:100]!r}", position)
                found.raw[clean(name)] = str(value)[:1000]
        return found

    def _place(self, found: Occurrence, name: str, value: Any) -> None:
        lower = name.lower()
        if lower == "md5" or "odata." in lower or value is None:
            return
        if lower in _TEXTS:
            setattr(found, _TEXTS[lower], _text(value))
        elif lower in _FLAGS:
            setattr(found, lower, values.flag(value))
        elif lower == "physicallocation":
            found.physical_location = values.number(value)
        elif lower in _TIMES:
            setattr(found, _TIMES[lower], self._moment(value))
        elif not values.too_deep(value):
            found.raw[clean(name)] = clean_json(value)

    def _moment(self, value: Any) -> Moment | None:
        text = _text(value)[:100]
        try:
            return Moment(text, values.date(text)) if text else None
        except values.Unreadable:
            self._report.bad_dates += 1
            return Moment(text, None)


def read_case(stream: BinaryIO, report: Report) -> CaseReader:
    """A reader over a VICS case document of any version, in constant memory."""
    return CaseReader(stream, report)


def write_case(stream: BinaryIO, frame: CaseFrame, *records: Iterable[bytes]) -> int:
    """Write a case document, one record a line; the number of records written.

    `records`: the JSON text of the Media records, one iterable for each case of the frame, in order
    (nearly always one). Context first, then value; UTF-8 without BOM; same input, same bytes.
    """
    context = [member for member in frame.root if member[0].lower() in vics_context.MEMBERS]
    others = [member for member in frame.root if member[0].lower() not in vics_context.MEMBERS]
    stream.write(("{" + "".join(f"{_member(member)}," for member in context) + '"value":[').encode())
    written = 0
    for number, case in enumerate(frame.cases):
        stream.write(("\n{" if number == 0 else ",\n{").encode())
        stream.write("".join(f"{_member(member)}," for member in case.before).encode())
        stream.write(f"{values.to_json(case.media_name or 'Media')}:[".encode())
        written += _write_lines(stream, records[number] if number < len(records) else ())
        stream.write(("\n]" + "".join(f",{_member(member)}" for member in case.after) + "}").encode())
    stream.write(("\n]" + "".join(f",{_member(member)}" for member in others) + "}\n").encode())
    return written


def _write_lines(stream: BinaryIO, records: Iterable[bytes]) -> int:
    number = 0
    for number, record in enumerate(records, 1):
        stream.write(b"\n" if number == 1 else b",\n")
        stream.write(one_line(record.decode("utf-8", "replace")).encode())
    return number


def _member(member: Member) -> str:
    """A member on one line; bytes of the original that were no UTF-8 are replaced."""
    text = f"{values.to_json(member[0])}:{one_line(member[1])}"
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _text(value: Any) -> str:
    """A text field; numbers are taken as their text, anything else is nothing."""
    if isinstance(value, str):
        return clean(value)
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""
