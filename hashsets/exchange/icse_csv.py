"""Lists saved from INTERPOL's ICSE database: CSV with `;` (vics.md section 10). PURE.

The column Baseline becomes a code of the scheme interpol-baseline: "baseline" or "not-baseline", and none where
the cell says neither. "Not baseline" is not "legal" (vics.md section 5). Read only: such lists come from one place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from hashsets import kinds
from hashsets.exchange import vics_values as values
from hashsets.exchange.base import HashRecord, MalformedDocument, ReadOptions, Report
from hashsets.exchange.cleaning import clean
from hashsets.exchange.csv_rows import Row, rows
from hashsets.exchange.csv_text import plain
from hashsets.exchange.peek import Peek, column_name
from hashsets.exchange.photodna_watch import PhotoDnaWatch
from hashsets.exchange.taking import Taker
from hashsets.exchange.text_source import TextSource

_OURS = frozenset({"md5", "imageid", "baseline"})
_FLAGS = {
    "isdistributed": "is_distributed",
    "victimidentified": "victim_identified",
    "offenderidentified": "offender_identified",
}
_TAKEN = {"md5", "sha1", "sha256", "photodna", "imageid", "seriesname", "baseline", *_FLAGS}
_WORDS = {"yes": "true", "y": "true", "no": "false", "n": "false", "-": "", "n/a": "", "unknown": ""}


class IcseCsv:
    """See the module."""

    id = "icse"
    label = "INTERPOL ICSE CSV"

    def sniff(self, peek: Peek) -> bool:
        """The header names what only ICSE has."""
        return peek.header >= _OURS

    def read(self, stream: BinaryIO, report: Report, options: ReadOptions) -> Iterator[HashRecord]:
        """See ListFormat."""
        report.format = self.id
        reader: _Rows | None = None
        for number, cells in rows(TextSource(stream, report), report):
            if reader is None:
                reader = _Rows(cells, report, options)
                continue
            if record := reader.record(cells, f"line {number}"):
                yield record
        if reader is None:
            raise MalformedDocument(0, "an empty document")


class _Rows:
    """Reads the rows below one header. Raises MalformedDocument for a header that is not ICSE's."""

    def __init__(self, header: Row, report: Report, options: ReadOptions) -> None:
        self._columns = [column_name(cell) for cell in header]
        if not set(self._columns) >= _OURS:
            raise MalformedDocument(0, "no header of ICSE; looked")
        self._others = [(n, clean(header[n])) for n, name in enumerate(self._columns) if name and name not in _TAKEN]
        self._report = report
        self._take = options.take
        self._taker = Taker(report, options)
        self._watch = PhotoDnaWatch(report)

    def record(self, row: Row, place: str) -> HashRecord | None:
        """One row, or None when it is no entry."""
        texts = [clean(plain(value)).strip() if value else "" for value in row]
        cells = dict(zip(self._columns, texts, strict=False))
        code = {True: "baseline", False: "not-baseline", None: None}[self._flag("baseline", cells)]
        record = self._taker.take({kind: cells.get(kind) for kind in kinds.DIGESTS}, code=code, place=place)
        if record is None:
            return None
        for name, flag in _FLAGS.items():
            if flag in self._take and (said := self._flag(name, cells)) is not None:
                record.flags[flag] = said
        if "series" in self._take:
            record.series = values.names(cells.get("seriesname", ""))
        self._photodna(record, cells.get("photodna", ""))
        self._media_id(record, cells.get("imageid", ""))
        if "metadata" in self._take:
            record.raw |= {name: texts[n] for n, name in self._others if n < len(texts) and texts[n]}
        return record

    def _photodna(self, record: HashRecord, text: str) -> None:
        """288 hex digits or 192 characters of base64, stored as received."""
        try:
            value = values.photodna(text)
        except values.Unreadable:
            self._report.dropped_photodna += 1
            self._report.warn("photodna-length", text[:20], record.position)
            return
        if value and self._watch.accepts(value, record.md5 or record.sha1):
            record.photodna = value

    def _media_id(self, record: HashRecord, text: str) -> None:
        try:
            record.media_id = values.number(text)
        except values.Unreadable:
            record.raw["Image ID"] = text

    def _flag(self, name: str, cells: dict[str, str]) -> bool | None:
        """Yes, no, or neither; a word that is none of these is told."""
        text = cells.get(name, "").lower()
        try:
            return values.flag(_WORDS.get(text, text))
        except values.Unreadable:
            self._report.warn("bad-flag", f"{name}: {text[:100]!r}", self._report.read + (name == "baseline"))
            return None
