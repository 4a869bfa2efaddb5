"""The seal of an exhibit: one hash over the list of its files, in the log from the end of the ingest on.

The list has a line for each file of the ledger, sorted by bytes: place, size, SHA-256 or the reason why there is none.
A place is `hex of the raw path:ordinal`, after that of the file it lies in and a `>`. Who has the files can make the
same list with other tools.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from cases import events
from cases.models import Exhibit
from workbench import audit
from workbench.models import AuditEvent

FORMAT = "winnow-file-list/1"  # the first line of what is hashed
LIST, SOURCE, VERIFIED = "list", "source", "verified"  # keys of Exhibit.integrity

LINES = """
COPY (
  WITH RECURSIVE placed AS (
    SELECT f.id, encode(f.raw_path, 'hex') || ':' || f.ordinal AS place, f.size, f.reason, f.content_id
    FROM cases_fileinstance f WHERE f.exhibit_id = %(exhibit)s AND f.parent_id IS NULL
    UNION ALL
    SELECT f.id, p.place || '>' || encode(f.raw_path, 'hex') || ':' || f.ordinal, f.size, f.reason, f.content_id
    FROM placed p JOIN cases_fileinstance f ON f.exhibit_id = %(exhibit)s AND f.parent_id = p.id)
  SELECT p.place || ' ' || coalesce(p.size::text, '-') || ' ' || coalesce(encode(c.sha256, 'hex'), p.reason)
  FROM placed p LEFT JOIN cases_content c ON c.id = p.content_id ORDER BY p.place COLLATE "C"
) TO STDOUT
"""

KEEP = "UPDATE cases_exhibit SET integrity = integrity || %s::jsonb WHERE id = %s"


@dataclass(frozen=True, slots=True)
class FileList:
    """What the list of an exhibit's files comes to."""

    sha256: str
    files: int
    format: str = FORMAT


def file_list(exhibit: Exhibit) -> FileList:
    """The list of an exhibit's files as the ledger has it now. Streamed in one statement, in constant memory."""
    digest, files = hashlib.sha256(f"{FORMAT}\n".encode()), 0
    with connection.cursor() as cursor, cursor.copy(LINES, {"exhibit": exhibit.pk}) as lines:
        for block in lines:
            digest.update(block)
            files += bytes(block).count(b"\n")
    return FileList(digest.hexdigest(), files)


def seal(exhibit: Exhibit) -> dict[str, Any]:
    """Seal the list as it is now; returns what the event must say. Inside the transaction that ends the ingest."""
    earlier = exhibit.integrity.get(LIST, {}).get("sha256", "")
    now = asdict(file_list(exhibit))
    keep(exhibit, {LIST: now})
    Exhibit.objects.filter(pk=exhibit.pk).update(sealed_at=Now())
    told = {LIST: now, SOURCE: exhibit.integrity.get(SOURCE), "earlier": earlier}
    return {name: value for name, value in told.items() if value}


def sealed(exhibit: Exhibit) -> tuple[FileList, bool] | None:
    """The list as the log says that it was sealed last, and whether that entry of the log stands. Two queries.

    None where it never was sealed.
    """
    told = AuditEvent.objects.filter(
        log__agency=exhibit.case.agency_id, subject=audit.subject_of(exhibit), verb=events.INGEST_DONE
    )
    event = told.order_by("-seq").first()
    found = json.loads(event.body)["details"].get(LIST) if event else None
    return (FileList(**found), audit.stands(event)) if event and found else None


def keep(exhibit: Exhibit, facts: dict[str, Any]) -> None:
    """Keep facts of an exhibit's integrity beside those there are."""
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [json.dumps(facts, default=str), exhibit.pk])
