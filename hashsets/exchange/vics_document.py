"""Walks a VICS document and hands out its Media records one by one (vics.md section 1). PURE.

What the document is, is read from its shape, not from its context or name: objects with a `Media` array are
cases, others are Media records. Everything around the records is kept as JSON text, in order, so that a
case can be written again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

from hashsets.exchange import vics_context
from hashsets.exchange.base import MalformedDocument, Report
from hashsets.exchange.json_cutter import Cutter, PassedOver
from hashsets.exchange.plain import Block

SINGLY = 5000  # records read one by one after a block that could not be decoded
_RECORDS = {"value", "media"}  # root members that may hold the records
_HASHES = {"md5", "sha1", "sha256"}
_CASE_FIELDS = {"caseid", "casenumber"}

Member = tuple[str, str]  # name, JSON text of the value


@dataclass(slots=True)
class CaseFields:
    """The members of one case around its Media array."""

    before: list[Member] = field(default_factory=list)
    after: list[Member] = field(default_factory=list)
    media_name: str = ""  # as the document writes it; "" = no Media array


@dataclass(slots=True)
class Document:
    """One document on its way through; `root` and `cases` are complete once `records()` is exhausted."""

    cutter: Cutter
    report: Report
    kind: str = ""  # "Media" or "Cases", known from the first record on
    root: list[Member] = field(default_factory=list)  # all but the records
    cases: list[CaseFields] = field(default_factory=list)
    decode_block: Callable[[str], Block | None] | None = None  # None: every record comes by itself

    def records(self) -> Iterator[Any]:
        """Each Media record, decoded; PassedOver where that cannot be; a Block for many. Raises MalformedDocument."""
        start = self.cutter.peek()
        if start == "{":
            yield from self._root()
        elif start == "[":
            yield from self._array()
        else:
            self.cutter.fail("not JSON" if start else "an empty document")
        self.cutter.end_of_document()
        self._judge_context()
        self._judge_total()

    @property
    def text(self) -> str:
        """The JSON text of the record given last."""
        return self.cutter.text[self.cutter.start : self.cutter.end]

    def _root(self) -> Iterator[Any]:
        values: dict[str, Any] = {}
        found = False
        for name in self.cutter.members():
            if name.lower() in _RECORDS and self.cutter.peek() == "[":
                found = True
                yield from self._array()
            else:
                values[name] = self._member(name, self.root)
                self._note_context(name, values[name])
                self._note_producer(name, values[name])
        if not found:
            yield from self._lone_record(values)

    def _lone_record(self, values: dict[str, Any]) -> Iterator[Any]:
        """A root object without an array is a record itself, or holds one under `value`."""
        inner = next((value for name, value in values.items() if name.lower() in _RECORDS), values)
        if not isinstance(inner, dict) or not _HASHES & {name.lower() for name in inner}:
            raise MalformedDocument(0, "no Media records found, looked")
        self.kind = "Media"
        yield inner

    def _array(self) -> Iterator[Any]:
        if not self.cutter.open_array():
            return
        if not self.kind:
            yield from self._first()
            if not self.cutter.next_element():
                return
        if self.kind == "Cases":
            yield from self._more_cases()
        elif self.decode_block is None:
            yield from self.cutter.elements()
        else:
            yield from self._blocks(self.decode_block)

    def _blocks(self, decode: Callable[[str], Block | None]) -> Iterator[Any]:
        """Blocks as far as they can be decoded; single records in between."""
        more = True
        while more:
            text = self.cutter.block()
            block = decode(text) if text else None
            if block is None:
                more = yield from self.cutter.elements(SINGLY)
            else:
                yield block
                more = self.cutter.pass_block()

    def _first(self) -> Iterator[Any]:
        """The first element decides what the document is; a case may be larger than memory, so it is walked."""
        self.kind = "Media"
        if self.cutter.peek() != "{":
            yield self.cutter.value()
            return
        values = yield from self._walk_case()
        lower = {name.lower() for name in values}
        if self.kind == "Media" and lower & _CASE_FIELDS and not lower & _HASHES:
            self.kind = "Cases"  # one without any media
        if self.kind == "Media":
            self.cases.clear()
            yield values

    def _more_cases(self) -> Iterator[Any]:
        while True:
            if self.cutter.peek() == "{":
                yield from self._walk_case()
            else:
                self.report.warn("not-a-case", "an element beside the cases was passed over")
                self.cutter.skip()
            if not self.cutter.next_element():
                return

    def _walk_case(self) -> Generator[Any, None, dict[str, Any]]:
        """Yields the records of one case; returns its other members, decoded."""
        case = CaseFields()
        values: dict[str, Any] = {}
        self.cases.append(case)
        for name in self.cutter.members():
            if name.lower() == "media" and self.cutter.peek() == "[" and not case.media_name:
                self.kind, case.media_name = "Cases", name
                if self.cutter.open_array():
                    yield from self.cutter.elements()
            else:
                values[name] = self._member(name, case.after if case.media_name else case.before)
                self._note_producer(name, values[name])
        return values

    def _member(self, name: str, into: list[Member]) -> Any:
        value = self.cutter.value()
        if isinstance(value, PassedOver):
            self.report.warn("member-lost", f"{name}: {value.reason}")
            return None
        into.append((name, self.text))
        return value

    def _note_context(self, name: str, value: Any) -> None:
        if name.lower() in vics_context.MEMBERS and isinstance(value, str):
            self.report.context = value[:500]

    def _note_producer(self, name: str, value: Any) -> None:
        if name.lower() in {"sourceapplicationname", "sourceapplicationversion"} and isinstance(value, str):
            self.report.producer = f"{self.report.producer} {value}".strip()[:200]

    def _judge_total(self) -> None:
        """Exporters count different things; a total is never trusted (vics.md section 2)."""
        said = next((text.strip('"') for name, text in self.root if name.lower() == "totalmediafiles"), "")
        if said.isascii() and said.isdigit() and len(said) < 20 and int(said) != self.report.read:
            self.report.warn("total-disagrees", f"TotalMediaFiles says {int(said):,}, there are {self.report.read:,}")

    def _judge_context(self) -> None:
        """Compare what the document says of itself with what it held; every doubt is a warning."""
        report, context = self.report, vics_context.parse(self.report.context)
        report.document = self.kind or (context.document if context else "")
        if context is None:
            report.warn("no-context" if not report.context else "unknown-context", report.context)
            return
        report.version, report.region = context.version, context.region
        if context.version not in vics_context.VERSIONS:
            report.warn("unknown-version", context.version)
        if context.region and context.region.lower() not in vics_context.REGIONS:
            report.warn("unknown-region", context.region)
        if context.document and context.document != report.document:
            report.warn("context-disagrees", f"it says {context.document}, the records are {report.document}")
