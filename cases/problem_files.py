"""The problems of a case as a file: CSV for a spreadsheet, JSON lines for programs; streamed, grouped by reason."""

import base64
import csv
import io
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import transaction

from cases import events, problems
from cases.models import Case
from hashsets.exchange.csv_text import cell
from workbench import audit
from workbench.errors import BadInput
from workbench.models import User

BOM = "\ufeff"  # so that spreadsheets take it for UTF-8
COLUMNS = ("exhibit", "name", "name_b64", "size", "reason", "meaning", "outcome")


def write(case: Case, *, kind: str, by: User, exhibit: UUID | None = None, reason: str = "") -> Iterator[bytes]:
    """The file's bytes, as they are read; the download is an event. Raises BadInput for another kind."""
    if kind not in WRITERS:
        raise BadInput(f"Problems are written as {' or '.join(WRITERS)}.")
    with transaction.atomic():
        audit.record(
            events.PROBLEMS_FETCHED, by=by, on=case, case=case.public_id, agency=case.agency_id, format=kind,
            exhibit=str(exhibit or ""), reason_of_files=reason,
        )  # fmt: skip
    return WRITERS[kind](_fields(row) for row in problems.grouped(case, exhibit=exhibit, reason=reason))


def _fields(row: problems.Problem) -> dict[str, Any]:
    raw = base64.b64encode(row.raw_path).decode()
    values = (row.exhibit, row.name, raw, row.size, row.reason, problems.WORDS.get(row.reason, row.reason), row.outcome)
    return dict(zip(COLUMNS, values, strict=True))


def _csv(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    yield (BOM + ",".join(COLUMNS) + "\r\n").encode()
    for row in rows:
        line = io.StringIO(newline="")
        csv.writer(line).writerow(cell("" if value is None else str(value)) for value in row.values())
        yield line.getvalue().encode()


def _json_lines(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    for row in rows:
        yield json.dumps(row).encode() + b"\n"


WRITERS = {"csv": _csv, "jsonl": _json_lines}
