"""One Media record of any VICS version to a HashRecord (vics.md sections 2, 3, 7 and 8). PURE."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hashsets import kinds
from hashsets.exchange import vics_values as values
from hashsets.exchange.base import HashRecord, ReadOptions, Report
from hashsets.exchange.cleaning import clean, clean_json
from hashsets.exchange.photodna_watch import PhotoDnaWatch
from hashsets.exchange.vics_media import PathRefused, components

_MD5, _SHA1, _SHA256 = (kinds.DIGESTS[name] for name in ("md5", "sha1", "sha256"))
_FLAGS = {spelling: flag for flag, name in values.FLAG_FIELDS.items() for spelling in (name, name.lower())}
# Known fields whose value is kept as it stands, by the switch that asks for them.
_KEPT = {
    "comments": "comments",
    "mimetype": "metadata",
    "precategorizationsource": "metadata",
    "name": "metadata",
}
_CASE_DATA = {"miniature", "mediafiles", "exifs"}  # never part of a hash set
_OTHER_KINDS = {"edk": ("ed2k", 32), "edonkey": ("ed2k", 32), "ed2k": ("ed2k", 32),
                "sha512": ("sha512", 128), "sha-512": ("sha512", 128)}  # fmt: skip
_OTHER_EMPTY = {"31d6cfe0d16ae931b73c59d7e0c089c0"}  # ed2k of zero bytes


class RecordReader:
    """Reads records of one document; what is odd about them goes into the report.

    `problem` after `read()` says why the record is no use as an entry: "no-hash", "invalid-hash",
    "zero-length", "too-deep", or "" when it is fine. A case keeps such records all the same. `path` is its
    RelativeFilePath in parts (None: not said, or refused for the reason in `path_refused`).
    """

    def __init__(self, report: Report, options: ReadOptions) -> None:
        self._report = report
        self._take = options.take
        self._watch = PhotoDnaWatch(report)
        self._record = HashRecord(position=0)
        self._doubt = ""
        self.problem = ""
        self.path: tuple[str, ...] | None = None
        self.path_refused = ""

    def read(self, fields: dict[str, Any], position: int) -> HashRecord:
        """The record in normal form; never raises."""
        self.problem = self._doubt = self.path_refused = ""
        self.path = None
        self._record = record = HashRecord(position)
        for name, value in fields.items():
            field = _READERS.get(name) or _READERS.get(name.lower(), RecordReader._other)
            if value is not None or field is RecordReader._other:
                field(self, name, value)
        if record.md5 is record.sha1 is record.sha256 is None:
            self.problem = self.problem or self._doubt or "no-hash"
        if record.photodna and not self._watch.accepts(record.photodna, record.md5 or record.sha1):
            record.photodna = None
        return record

    def _odd(self, what: str, name: str, value: Any) -> None:
        """Keep the original of a value nobody can read."""
        self._report.warn(what, f"{name}: {str(value)[:100]!r}", self._record.position)
        if not values.too_deep(value):
            self._record.raw[clean(name)] = clean_json(value)

    def _hash(self, kind: kinds.Digest, name: str, value: Any) -> None:
        try:
            setattr(self._record, kind.id, kind.parse(value))
        except kinds.EmptyFileHash:
            self.problem = "zero-length"
        except (kinds.BadHash, TypeError):
            if not isinstance(value, str) or value.strip():
                self._doubt = "invalid-hash"
                self._odd("bad-hash", name, value)
        else:
            if len(value) != 2 * kind.size:
                self._report.warn("hash-trimmed", f"{name}: {value[:100]!r}", self._record.position)

    def _md5(self, name: str, value: Any) -> None:
        self._hash(_MD5, name, value)

    def _sha1(self, name: str, value: Any) -> None:
        self._hash(_SHA1, name, value)

    def _sha256(self, name: str, value: Any) -> None:
        self._hash(_SHA256, name, value)

    def _code(self, name: str, value: Any) -> None:
        try:
            self._record.code = values.code(value)
        except values.Unreadable:
            self._odd("bad-category", name, value)

    def _media_id(self, name: str, value: Any) -> None:
        try:
            self._record.media_id = values.number(value)
        except values.Unreadable:
            self._odd("bad-media-id", name, value)

    def _size(self, name: str, value: Any) -> None:
        try:
            size = values.number(value)
        except values.Unreadable:
            self._odd("bad-size", name, value)
            return
        if size == 0:  # some writers put 0 for "not known"; a file of 0 bytes is no entry anyway
            self._odd("zero-size", name, value)
            return
        self._record.size = size

    def _flag(self, name: str, value: Any) -> None:
        flag = _FLAGS.get(name) or _FLAGS[name.lower()]
        if flag not in self._take:
            return
        try:
            said = values.flag(value)
        except values.Unreadable:
            self._odd("bad-flag", name, value)
            return
        if said is not None:
            self._record.flags[flag] = said

    def _series(self, name: str, value: Any) -> None:
        if "series" in self._take:
            self._record.series = self._names(name, value)

    def _tags(self, name: str, value: Any) -> None:
        if "tags" in self._take:
            self._record.tags = self._names(name, value)

    def _names(self, name: str, value: Any) -> tuple[str, ...]:
        try:
            found = values.names(value)
        except values.Unreadable:
            self._odd(f"bad-{name.lower()}", name, value)
            return ()
        if not isinstance(value, str) and not values.too_deep(value):
            self._record.raw[name] = clean_json(value)
        return found

    def _date(self, name: str, value: Any) -> None:
        if not isinstance(value, str) or len(value) > 100:
            self._report.bad_dates += 1
            self._odd("bad-date", name, value)
            return
        self._record.date_updated_text = clean(value)
        try:
            self._record.date_updated = values.date(value)
        except values.Unreadable:
            self._report.bad_dates += 1
            self._report.warn("bad-date", value, self._record.position)

    def _relative_path(self, name: str, value: Any) -> None:
        if not isinstance(value, str) or not value:
            return
        try:
            self.path = components(value) or None
        except PathRefused as refused:
            self.path_refused = str(refused)
            self._report.warn("path-refused", f"{refused}: {value[:100]!r}", self._record.position)
        else:
            self._kept("metadata", name, value)

    def _kept(self, switch: str, name: str, value: Any) -> None:
        if switch in self._take and value != "" and not values.too_deep(value):
            self._record.raw[clean(name)] = clean_json(value)

    def _photodna(self, _name: str, value: Any) -> None:
        try:
            self._record.photodna = values.photodna(value) or self._record.photodna
        except values.Unreadable:
            self._report.dropped_photodna += 1
            self._report.warn("photodna-length", str(value)[:20], self._record.position)

    def _alternatives(self, name: str, value: Any) -> None:
        """AlternativeHashes: the kinds we know go to their places, the others stay as they are."""
        entries = value if isinstance(value, list) else [value]
        left = [entry for entry in entries if not self._alternative(entry)]
        if left and not values.too_deep(left):
            self._record.raw[name] = clean_json(left)

    def _alternative(self, entry: Any) -> bool:
        """Whether nothing of the entry remains to be kept."""
        if not isinstance(entry, dict):
            return False
        lower = {name.lower(): inner for name, inner in entry.items()}
        kind, value = str(lower.get("hashname") or "").strip().lower(), lower.get("hashvalue")
        if not value:
            return True
        if read := _ALTERNATIVES.get(kind):
            read(self, kind, value)
            return True
        return self._pdq(value) if kind == "pdq" else self._other_hash(kind, value)

    def _pdq(self, value: Any) -> bool:
        """A PDQ of low quality says nothing and is left out; what is none stays as it came. Both are counted."""
        try:
            self._record.other_hashes["pdq"] = values.pdq(value)
        except values.Unreadable as problem:
            self._report.warn(str(problem), str(value)[:80], self._record.position)
            return str(problem) == values.LOW_QUALITY
        return True

    def _other_hash(self, kind: str, value: Any) -> bool:
        name, digits = _OTHER_KINDS.get(kind, ("", 0))
        text = str(value).strip().lower()
        if not name or len(text) != digits or not set(text) <= set("0123456789abcdef"):
            return False
        if text not in _OTHER_EMPTY:
            self._record.other_hashes[name] = text
        return True

    def _other(self, name: str, value: Any) -> None:
        """Links are ignored, known text is kept if asked for, an unknown field is kept and counted."""
        lower = name.lower()
        if lower in _CASE_DATA or "odata." in lower:
            return
        if switch := _KEPT.get(lower):
            self._kept(switch, name, value)
            return
        self._report.unknown(name)
        if values.too_deep(value):
            self.problem = "too-deep"
        else:
            self._record.raw[clean(name)] = clean_json(value)


_Reader = Callable[[RecordReader, str, Any], None]
_READERS: dict[str, _Reader] = {
    "md5": RecordReader._md5,
    "sha1": RecordReader._sha1,
    "sha256": RecordReader._sha256,
    "category": RecordReader._code,
    "mediaid": RecordReader._media_id,
    "mediasize": RecordReader._size,
    "series": RecordReader._series,
    "tags": RecordReader._tags,
    "dateupdated": RecordReader._date,
    "photodna": RecordReader._photodna,
    "alternativehashes": RecordReader._alternatives,
    "relativefilepath": RecordReader._relative_path,
    **dict.fromkeys(_FLAGS, RecordReader._flag),
}
_USUAL = ("MD5", "SHA1", "Category", "MediaID", "MediaSize", "Series", "Tags", "DateUpdated", "PhotoDNA")
_READERS |= {name: _READERS[name.lower()] for name in _USUAL}  # found without lower()
_ALTERNATIVES: dict[str, _Reader] = {
    "photodna": RecordReader._photodna,
    "md5": RecordReader._md5,
    "sha1": RecordReader._sha1,
    "sha-1": RecordReader._sha1,
    "sha256": RecordReader._sha256,
    "sha-256": RecordReader._sha256,
}
