"""The case as a VICS document, for other tools: imported cases given back with our verdicts, all else added.

An imported record keeps its text but for Category and its provenance (vics.md section 9). A file found elsewhere
gets a record of its own, in a case object of our own, with every place it was found.
"""

import base64
import json
import zipfile
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from cases import metadata, moments, names
from cases.exports import vics_files
from cases.exports.base import DEFAULT_REGION, REGION, WITH_MEDIA, Described, ExportUnreadable, Options, UnknownOption
from cases.exports.package import Package
from cases.exports.snapshot import Snapshot
from cases.models import Exhibit
from hashsets.exchange import MalformedDocument, Report, vics_context
from hashsets.exchange.json_text import JsonObject
from hashsets.exchange.vics_case import CaseFrame, Moment, Occurrence, new_frame, read_case, write_case
from hashsets.exchange.vics_context import Context
from hashsets.exchange.vics_rewrite import KEEP, Keep, case_record, rewrite_record
from hashsets.exchange.vics_values import to_json
from workbench.words import noop

DOCUMENT = "case.json"
VERSIONS = ("2.0", "1.3")
NO_END = 2**31 - 1  # positions are below

# By the place of its record in the document; where the file did not come in, by the MD5 the record names.
IMPORTED = """,
placed AS (
  SELECT record, min(content_id) AS content_id FROM files
  WHERE exhibit_id = %(exhibit)s AND record IS NOT NULL GROUP BY record)
SELECT r.position, r.raw, s.content_id IS NOT NULL AS is_item, s.code, s.basis, s.known_set, s.known_version,
  s.from_ms, s.until_ms
FROM cases_importedrecord r
LEFT JOIN placed p ON p.record = r.position
LEFT JOIN LATERAL (
  SELECT c.id FROM cases_content c JOIN cases_item i ON i.content_id = c.id AND i.case_id = %(case)s
  WHERE c.md5 = r.md5 AND c.agency_id = %(agency)s ORDER BY c.sha256 LIMIT 1) m ON p.content_id IS NULL
LEFT JOIN shown s ON s.content_id = coalesce(p.content_id, m.id)
WHERE r.exhibit_id = %(exhibit)s AND r.position >= %(first)s AND r.position < %(end)s ORDER BY r.position
"""

OWN = """,
placed AS (
  SELECT content_id, jsonb_agg(jsonb_build_array(ref, encode(raw_path, 'base64'), encode(parent_path, 'base64'),
    modified, about) ORDER BY ref COLLATE "C", parent_path NULLS FIRST, raw_path, ordinal, id) AS places
  FROM files WHERE record IS NULL GROUP BY content_id)
SELECT s.sha256, s.md5, s.sha1, s.size, s.mime, s.code, s.basis, s.known_set, s.known_version, s.from_ms, s.until_ms,
  p.places,
  m.make, m.model, m.serial, m.software, m.taken_text, m.taken_at, m.taken_zone, m.latitude, m.longitude
FROM shown s JOIN placed p ON p.content_id = s.content_id LEFT JOIN cases_metadata m ON m.content_id = s.content_id
ORDER BY s.sha256
"""

ANY_OWN = "SELECT 1 AS one FROM shown s JOIN files f ON f.content_id = s.content_id AND f.record IS NULL LIMIT 1"

README = """case.json is a VICS-shaped case document. Each record names a file by its hashes and gives its category
and where it was found.

Records that were imported are given back as they came; only Category and its provenance are Winnow's, and where a film
was decided on a moment of it, that moment behind the sender's Comments. A record
whose file never came in keeps the sender's category. Category is null where nobody decided. IsPrecategorized is
true exactly when the category comes from a hash set and nobody here looked; PrecategorizationSource then names
the set and its version.

manifest.json names every file of this package with its size and SHA-256.
"""


class Vics:
    """VICS case documents, versions 2.0 and 1.3, with or without the files."""

    id = "vics"
    layout = 4
    described = Described(
        noop("VICS case"),
        noop(
            "For another tool: every picture and video by its hashes, with category and places. "
            "No pictures unless asked."
        ),
        VERSIONS,
    )
    readme = README

    def variant(self, options: Options) -> str:
        """`vics2.0`, `vics1.3`, `vics2.0-uk`, `vics2.0+media`."""
        if options.version not in VERSIONS:
            raise UnknownOption(f"VICS is written as {' or '.join(VERSIONS)}.")
        if options.region and not REGION.fullmatch(options.region):
            raise UnknownOption("A region has two to six letters, such as US or UK.")
        if options.region and options.version == "1.3":
            raise UnknownOption("VICS 1.3 has no regions. Leave the region out, or write 2.0.")
        region = f"-{options.region.lower()}" if options.region else ""
        return f"vics{options.version}{region}{WITH_MEDIA if options.media else ''}"

    def write(self, snapshot: Snapshot, options: Options, package: Package) -> None:
        """The files if asked for, README.txt, the document."""
        twins = vics_files.twins(snapshot) if options.media else None
        if twins is not None:
            vics_files.write(snapshot, package, twins)
        package.add("README.txt", README.encode())
        document = _Document(snapshot, options, twins)
        with package.member(DOCUMENT) as stream:
            write_case(stream, document.frame(), *document.records())

    def check(self, package: Package) -> None:
        """The case reader reads the document and finds every record."""
        report = Report()
        try:
            with zipfile.ZipFile(package.path) as archive, archive.open(DOCUMENT) as stream:
                for _record in read_case(stream, report):  # type: ignore[arg-type]
                    pass
        except MalformedDocument as error:
            raise ExportUnreadable(f"The case reader refuses the document: {error}.") from error
        if report.skipped:
            raise ExportUnreadable(f"The case reader passes records over: {dict(report.skipped)}.")


class _Document:
    """All case objects of one export, in order: the imported ones by exhibit, then our own if anything is in it."""

    def __init__(self, snapshot: Snapshot, options: Options, twins: set[bytes] | None) -> None:
        self._snapshot = snapshot
        self._version = options.version
        self._twins = twins
        self._sources = [_Source(exhibit) for exhibit in snapshot.exhibits if exhibit.frame is not None]
        self._region = self._chosen_region(options.region)
        self._has_own = any(snapshot.rows(ANY_OWN)) or not self._sources
        self._last_id = -1

    def frame(self) -> CaseFrame:
        """The frame around all cases. An imported context stays as it is where it says what was asked for."""
        case = self._snapshot.case
        fields = {
            "CaseID": str(case.public_id),
            "CaseNumber": case.number,
            "ContactOrganization": case.agency.name,
            "SourceApplicationName": settings.PRODUCT,
        }
        own = new_frame(fields, self._version, self._region)
        cases = [each for source in self._sources for each in source.frame.cases]
        framed = CaseFrame(
            self._sources[0].frame.root if self._sources else own.root, cases + (own.cases if self._has_own else [])
        )
        said = _context(framed)
        asked = (self._version, self._region.lower())
        if (said.version, said.region.lower() or asked[1]) == asked:
            return framed
        return framed.as_version(self._version, self._region)

    def records(self) -> Iterator[Iterator[bytes]]:
        """One iterator of records for each case of the frame; to be used up in order."""
        for source in self._sources:
            for first, end in source.spans():
                yield self._imported(source, first, end)
        if self._has_own:
            yield self._own()

    def _chosen_region(self, asked: str) -> str:
        imported = next((region for source in self._sources if (region := source.context.region)), "")
        wanted = asked or imported or DEFAULT_REGION
        return next((known for known in ("Default", "CUSTOM") if known.lower() == wanted.lower()), wanted.upper())

    def _imported(self, source: "_Source", first: int, end: int) -> Iterator[bytes]:
        version = None if source.context.version == self._version else self._version
        for row in self._snapshot.rows(IMPORTED, exhibit=source.exhibit.pk, first=first, end=end):
            text = bytes(row["raw"])
            self._note_id(text)
            yield _rewritten(text, row, version)

    def _note_id(self, text: bytes) -> None:
        """Our own records are numbered after the imported ones."""
        found = JsonObject(text.decode("utf-8", "replace")).find("MediaID")
        digits = found.text.strip('"') if found else ""
        if digits.isascii() and digits.isdigit():
            self._last_id = max(self._last_id, int(digits))

    def _own(self) -> Iterator[bytes]:
        for number, row in enumerate(self._snapshot.rows(OWN), self._last_id + 1):
            record = case_record(
                media_id=number,
                md5=bytes(row["md5"]),
                sha1=bytes(row["sha1"]),
                sha256=bytes(row["sha256"]),
                size=row["size"],
                mime_type=row["mime"],
                code=row["code"],
                inherited_from=_inherited(row),
                comments=_basis(row),
                exifs=metadata.exifs(row),
                occurrences=[_occurrence(*place) for place in json.loads(row["places"])],
                with_file=self._twins is not None,
                version=self._version,
            )
            yield self._with_stored_path(record, row)

    def _with_stored_path(self, record: bytes, row: dict[str, Any]) -> bytes:
        if not self._twins or bytes(row["sha256"]) not in self._twins:
            return record
        fields = JsonObject(record.decode())
        fields.set("RelativeFilePath", to_json("\\".join(vics_files.stored(row, self._twins))))
        return fields.text().encode()


class _Source:
    """An imported document: its exhibit and what stood around its records."""

    def __init__(self, exhibit: Exhibit) -> None:
        kept = json.loads(bytes(exhibit.frame or b"{}"))
        self.exhibit = exhibit
        self.frame = CaseFrame.from_json(kept)
        self.context = _context(self.frame)
        self._starts: list[int] = kept.get("starts", [])

    def spans(self) -> Iterator[tuple[int, int]]:
        """First position, and the one after the last, of the records of each case of the document."""
        starts = [1, *self._starts[1 : len(self.frame.cases)]]
        ends = [*starts[1:], NO_END]
        spans = list(zip(starts, ends, strict=True))
        return iter(spans + [(NO_END, NO_END)] * (len(self.frame.cases) - len(spans)))


def _context(frame: CaseFrame) -> Context:
    said = next((text for name, text in frame.root if name.lower() in vics_context.MEMBERS), '""')
    value = json.loads(said)
    return (vics_context.parse(value) if isinstance(value, str) else None) or Context()


def _rewritten(text: bytes, row: dict[str, Any], version: str | None) -> bytes:
    """The record with our verdict. Of a file that never came in nobody can judge: only its form may change."""
    if row["is_item"]:
        return rewrite_record(
            text, code=row["code"], inherited_from=_inherited(row), comments=_comments(text, row), version=version
        )
    return _reshaped(text, version) if version else text


def _basis(row: dict[str, Any]) -> str:
    """The moment of a film that our decision rests on, in the words of a comment; "" where none is marked."""
    moment = moments.of(row["from_ms"], row["until_ms"])
    return f"Decided on {moments.exactly(moment)} of the film." if moment else ""


def _comments(text: bytes, row: dict[str, Any]) -> str | Keep:
    """The sender's Comments with ours behind; as they are where we have nothing to say."""
    basis = _basis(row)
    if not basis:
        return KEEP
    found = JsonObject(text.decode("utf-8", "replace")).find("Comments")
    said = json.loads(found.text) if found else None
    return f"{said}\n{basis}" if isinstance(said, str) and said else basis


def _reshaped(text: bytes, version: str) -> bytes:
    """The record in the form of another version, with the sender's category."""
    sent = JsonObject(text.decode("utf-8", "replace"))
    record = JsonObject(rewrite_record(text, code=None, version=version).decode())
    for name in ("Category", "IsPrecategorized"):
        if said := sent.find(name):
            record.set(name, said.text)
        else:
            record.drop(name)
    return record.text().encode()


def _inherited(row: dict[str, Any]) -> str | None:
    """Name and version of the set the category comes from; None where a person decided, or nobody did."""
    return f"{row['known_set']} v{row['known_version']}" if row["basis"] == "set" else None


def _occurrence(ref: str, raw_path: str, parent_path: str | None, modified: str, about: dict[str, Any]) -> Occurrence:
    folder, _slash, name = base64.b64decode(raw_path).rpartition(b"/")
    inside = base64.b64decode(parent_path) + b"/" if parent_path is not None else b""
    place = inside + (folder + b"/" if folder else b"")
    return Occurrence(
        file_name=_text(name),
        file_path=_text(place),
        created=_moment(about.get("created")),
        written=_moment(modified),
        accessed=_moment(about.get("accessed")),
        unallocated=bool(about.get("unallocated")) if about else None,
        deleted=bool(about.get("deleted")) if about else None,
        source_id=ref,
        physical_location=about.get("offset"),
    )


def _moment(text: str | None) -> Moment | None:
    return Moment(text, None) if text else None


def _text(raw: bytes) -> str:
    """A name as it is; where it is not text, with what is not shown as escapes."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return names.display(raw)
    return names.display(raw) if "\0" in text else text
