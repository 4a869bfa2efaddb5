"""Small VICS documents made of harmless, invented hashes, and how the tests read them."""

import io
import json
from typing import Any

from hashsets.exchange import BY_ID, HashRecord, ReadOptions, Report
from hashsets.exchange.vics_case import CaseReader, CaseRecord, read_case

CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"
CASES = CONTEXT.replace("#Media", "#Cases")


def fake(number: int, digits: int = 32) -> str:
    """An obviously invented hash."""
    return "fa4e" + f"{number:0{digits - 4}x}"


def hash_set(*records: Any, context: str | None = CONTEXT, **others: Any) -> bytes:
    """A hash set document; `context` None leaves it out."""
    named = {} if context is None else {"@odata.context": context}
    return json.dumps({**named, **others, "value": list(records)}).encode()


def case_document(*media: Any, context: str = CASES, **fields: Any) -> bytes:
    """A case document with one case."""
    return json.dumps(
        {"@odata.context": context, "value": [{"CaseNumber": "SYN-1", **fields, "Media": media}]}
    ).encode()


def read_set(data: bytes, options: ReadOptions | None = None) -> tuple[list[HashRecord], Report]:
    """Every record of a hash set, and the report."""
    report = Report()
    return list(BY_ID["vics2.0"].read(io.BytesIO(data), report, options or ReadOptions())), report


def one(**fields: Any) -> HashRecord:
    """The record that comes of these fields."""
    records, report = read_set(hash_set({"MD5": fake(1), **fields}))
    assert report.skipped.total() == 0
    return records[0]


def read_whole_case(data: bytes) -> tuple[list[CaseRecord], CaseReader, Report]:
    """Every record of a case, the exhausted reader and the report."""
    report = Report()
    reader = read_case(io.BytesIO(data), report)
    return list(reader), reader, report
