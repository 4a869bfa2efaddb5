"""VICS hash sets: reading any version, writing 2.0 and 1.3 (vics.md sections 8 and 9). PURE."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import numpy as np

from hashsets.exchange import plain, vics_context
from hashsets.exchange.base import HashRecord, MalformedDocument, ReadOptions, Report, WriteOptions
from hashsets.exchange.json_cutter import Cutter, PassedOver
from hashsets.exchange.text_source import TextSource
from hashsets.exchange.vics_document import Document
from hashsets.exchange.vics_record import RecordReader
from hashsets.exchange.vics_values import FLAG_FIELDS, date_text, to_json

MAX_RECORD = 1 << 20  # characters of one record without its Miniature; vics.md section 8 rule 2
_HASH_NAMES = {"sha512": "SHA512", "ed2k": "EDK", "pdq": "PDQ"}


def read(stream: BinaryIO, report: Report, options: ReadOptions) -> Iterator[HashRecord]:
    """Yields one HashRecord per usable Media record. Raises MalformedDocument, also for a case document."""
    for records, rows in read_parts(stream, report, options):
        yield from heapq.merge(records, plain.records(rows), key=lambda record: record.position)


def read_parts(stream: BinaryIO, report: Report, options: ReadOptions) -> Iterator[plain.Stretch]:
    """As `read`, with plain records as rows (`plain.ROW`) of many."""
    source = TextSource(stream, report)
    document = Document(Cutter(source), report, decode_block=plain.decode)
    reader = RecordReader(report, options)
    for fields in document.records():
        if document.kind == "Cases":
            raise MalformedDocument(0, "this is a case, not a hash set: add it as evidence; seen")
        if isinstance(fields, plain.Block):
            yield _block(fields, reader, report, options)
        elif record := _single(fields, document, reader, report):
            record.code = options.default_code if record.code is None else record.code
            report.count_code(record.code)
            yield [record], plain.NO_ROWS
    if document.kind == "Cases":
        raise MalformedDocument(0, "this is a case, not a hash set: add it as evidence; seen")


def _single(fields: Any, document: Document, reader: RecordReader, report: Report) -> HashRecord | None:
    """The next record, or None and a line in the report."""
    report.read += 1
    record = reader.read(fields, report.read) if isinstance(fields, dict) else None
    problem = _problem(fields, document) or reader.problem
    if record is None or problem:
        report.skip(problem, report.read)
        return None
    return record


def _block(block: plain.Block, reader: RecordReader, report: Report, options: ReadOptions) -> plain.Stretch:
    """The records of a block: those that are no rows, and the rows."""
    first = report.read + 1
    report.read += block.length
    records = []
    for place, fields in block.others:
        record = reader.read(fields, first + place)
        if reader.problem:
            report.skip(reader.problem, record.position)
        else:
            record.code = options.default_code if record.code is None else record.code
            records.append(record)
    block.rows["position"] += first
    _count_codes(block.rows, records, report)
    return records, block.rows


def _count_codes(rows: plain.Rows, records: list[HashRecord], report: Report) -> None:
    """Count categories in the order they first come, for only so many different ones have a count of their own."""
    codes, which = plain.different(rows["code"])
    places, times = np.empty(len(codes), np.int64), np.bincount(which)
    places[which[::-1]] = np.arange(len(which))[::-1]  # the first row of each: what is assigned last stays
    seen = {str(code): int(rows["position"][place]) for code, place in zip(codes, places, strict=True)}
    counts = Counter(dict(zip(seen, times.tolist(), strict=True)))
    for record in records:
        code = record.code or ""
        seen[code] = min(record.position, seen.get(code, record.position))
        counts[code] += 1
    for code in sorted(seen, key=seen.__getitem__):
        report.count_code(code, counts[code])


def _problem(fields: Any, document: Document) -> str:
    """Why what stands here cannot be an entry, whatever its fields; "" when it may."""
    if isinstance(fields, dict):
        length = document.cutter.end - document.cutter.start
        return "too-long" if length > MAX_RECORD and _length(document, fields) > MAX_RECORD else ""
    return fields.reason if isinstance(fields, PassedOver) else "not-a-record"


def _length(document: Document, fields: dict[str, Any]) -> int:
    """Characters of a record, its thumbnail not counted."""
    miniatures = (str(value) for name, value in fields.items() if name.lower() == "miniature")
    return document.cutter.end - document.cutter.start - sum(map(len, miniatures))


def write(records: Iterable[HashRecord], stream: BinaryIO, options: WriteOptions, version: str) -> int:
    """Write a hash set of `version` "2.0" or "1.3", one record a line; the number written.

    Root is exactly context, then value: a widely used reader takes nothing else. No names, no comments,
    no case data (vics.md section 9).
    """
    name, context = vics_context.member(version, "Media", options.region)
    stream.write(f'{{{to_json(name)}:{to_json(context)},"value":['.encode())
    number = 0
    for number, record in enumerate(records, 1):
        fields = media_fields(record, number, version=version, json_booleans=options.json_booleans or version != "2.0")
        stream.write((("," if number > 1 else "") + "\n" + to_json(fields)).encode())
    stream.write(b"\n]}\n")
    return number


def media_fields(record: HashRecord, number: int, *, version: str, json_booleans: bool) -> dict[str, Any]:
    """The members of one record in file order; `number` is its MediaID unless it brought its own."""
    optional = {
        "MD5": record.md5 and record.md5.hex().upper(),
        "SHA1": record.sha1 and record.sha1.hex().upper(),
        "MediaSize": record.size if version == "2.0" or record.size is None else str(record.size),
        "DateUpdated": date_text(record.date_updated, record.date_updated_text),
        **{name: _flag_json(record.flags.get(flag), json_booleans) for flag, name in FLAG_FIELDS.items()},
        "Series": _names_json(record.series),
        "Tags": _names_json(record.tags),
        "PhotoDNA": record.photodna if version == "2.0" else None,
        "AlternativeHashes": _alternatives(record, version) or None,
    }
    media_id = number if record.media_id is None else record.media_id
    said = {name: value for name, value in optional.items() if value is not None}
    return {"MediaID": media_id, "Category": code_json(record.code), **said}


def _flag_json(value: bool | None, json_booleans: bool) -> bool | str | None:
    return value if json_booleans or value is None else str(value).lower()


def _names_json(names: tuple[str, ...]) -> str | list[str] | None:
    """Comma-separated, as sets have it; a list where a name holds a comma."""
    if any("," in name for name in names):
        return list(names)
    return ",".join(names) or None


def _alternatives(record: HashRecord, version: str) -> list[dict[str, str]]:
    pairs = []
    if record.photodna and version != "2.0":
        pairs.append(("PhotoDNA", record.photodna))
    if record.sha256:
        pairs.append(("SHA256", record.sha256.hex()))
    pairs += [(_HASH_NAMES[kind], value) for kind, value in sorted(record.other_hashes.items()) if kind in _HASH_NAMES]
    md5 = {"MD5": record.md5.hex()} if record.md5 else {}
    return [{**md5, "HashName": name, "HashValue": value} for name, value in pairs]


def code_json(code: str | None) -> int | str | None:
    """A code as readers expect it: a JSON int where it is one."""
    return int(code) if code is not None and code.isascii() and code.isdigit() and str(int(code)) == code else code
