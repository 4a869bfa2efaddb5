"""What a browser announced for an exhibit: which of it has not come, and the line it gets when it never does."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_noop as noop

from cases import events, receiving
from cases.ingest import base, ledger
from cases.ingest.base import Found
from cases.ingest.upload import Upload
from cases.models import AnnouncedFile, Case, Exhibit, ResumableUpload
from workbench import audit
from workbench.errors import BadInput
from workbench.models import User
from workbench.words import digits

MOST = 2_000_000  # files an exhibit may announce
ROWS = 2000  # entered at once
File = tuple[bytes, int]  # raw relative name, bytes

ADD = """
INSERT INTO cases_announcedfile (exhibit_id, name_key, raw_path, size)
SELECT %s, * FROM unnest(%s::bytea[], %s::bytea[], %s::bigint[]) ON CONFLICT DO NOTHING
"""

# Whether a file of that name and size came. One that was refused at its end did not.
# OFFSET 0 keeps the planner to the index on names: while files come in, the table's statistics lie.
CAME = """EXISTS (
  SELECT FROM cases_fileinstance f WHERE f.exhibit_id = %(exhibit)s AND f.parent_id IS NULL
    AND f.name_key = a.name_key AND f.size = a.size AND f.state <> 'rejected' OFFSET 0)"""

MISSING_OF = f"""
SELECT a.place - 1 FROM unnest(%(keys)s::bytea[], %(sizes)s::bigint[]) WITH ORDINALITY AS a(name_key, size, place)
WHERE NOT {CAME} ORDER BY a.place
"""  # noqa: S608 only a constant

# What was announced and never came; what came in part beside a file of that name and size that came whole.
WANTING = (
    f"cases_announcedfile a WHERE a.exhibit_id = %(exhibit)s AND NOT {CAME}",
    f'cases_resumableupload a WHERE a.exhibit_id = %(exhibit)s AND NOT a.entered AND a."offset" > 0 AND {CAME}',
)

# Beside same-named files that are in the ledger, each gets the next ordinal.
NEXT = """
SELECT a.id, a.raw_path, a.size, row_number() OVER (PARTITION BY a.name_key ORDER BY a.size, a.id) - 1
  + (SELECT count(*) FROM cases_fileinstance f
     WHERE f.exhibit_id = %(exhibit)s AND f.parent_id IS NULL AND f.name_key = a.name_key)
FROM (SELECT a.* FROM {} AND a.id > %(after)s ORDER BY a.id LIMIT %(rows)s) a ORDER BY a.id
"""


@transaction.atomic
def announce(exhibit: Exhibit, files: Sequence[File]) -> list[int]:
    """Note what will be sent; returns the places in the list of what has not come yet. Again it changes nothing.

    Raises NotInThisState, CaseIsClosed, BadInput.
    """
    receiving.hold(exhibit)
    for raw_path, size in files:
        receiving.check_name(raw_path)
        receiving.check_size(size)
    keys, sizes = [sha256(raw_path).digest() for raw_path, _size in files], [size for _raw_path, size in files]
    with connection.cursor() as cursor:
        cursor.execute(ADD, [exhibit.pk, keys, [raw_path for raw_path, _size in files], sizes])
        if cursor.rowcount and AnnouncedFile.objects.filter(exhibit=exhibit)[MOST : MOST + 1].exists():
            raise BadInput(noop("An upload takes %(most)s files at most. Put more into the inbox."), most=digits(MOST))
        cursor.execute(MISSING_OF, {"exhibit": exhibit.pk, "keys": keys, "sizes": sizes})
        return [row[0] for row in cursor.fetchall()]


def missing(exhibit: Exhibit) -> int:
    """How many announced files have not come. Two queries."""
    found = 0
    with connection.cursor() as cursor:
        for wanting in WANTING:
            cursor.execute(f"SELECT count(*) FROM {wanting}", {"exhibit": exhibit.pk})  # noqa: S608 only a constant
            found += cursor.fetchone()[0]
    return found


@dataclass(frozen=True, slots=True)
class Waiting:
    """An exhibit that waits for files from a browser, and how many of the announced ones are missing."""

    exhibit: Exhibit
    missing: int


def waiting(case: Case) -> list[Waiting]:
    """The uploads of the case that are not ended, by reference; a query for each of these few."""
    found = Exhibit.objects.filter(case=case, state=Exhibit.State.WAITING, reader=Upload.id).order_by("ref")
    return [Waiting(exhibit, missing(exhibit)) for exhibit in found]


@transaction.atomic
def give_up_missing(exhibit: Exhibit, *, by: User) -> int:
    """Enter what was announced and has not come into the ledger as rejected, so that none is lost; how many.

    Raises NotInThisState, CaseIsClosed.
    """
    receiving.hold(exhibit)
    given_up = sum(_enter(exhibit, wanting) for wanting in WANTING)
    if not given_up:
        return 0
    AnnouncedFile.objects.filter(exhibit=exhibit).delete()
    ResumableUpload.objects.filter(exhibit=exhibit, entered=False).delete()
    audit.record(
        events.UPLOAD_CUT_SHORT, by=by, on=exhibit, case=exhibit.case.public_id, agency=exhibit.case.agency_id,
        ref=exhibit.ref, missing=given_up,
    )  # fmt: skip
    return given_up


def _enter(exhibit: Exhibit, wanting: str) -> int:
    """Enter what is wanting as rejected, a page at a time: it may be two million names. How many."""
    entered, after = 0, 0
    while rows := _page(exhibit, wanting, after):
        ledger.add(exhibit.pk, [_never_came(*row) for _id, *row in rows])
        entered, after = entered + len(rows), rows[-1][0]
    return entered


def _page(exhibit: Exhibit, wanting: str, after: int) -> list[tuple[Any, ...]]:
    values = {"exhibit": exhibit.pk, "after": after, "rows": ROWS}
    with connection.cursor() as cursor:
        cursor.execute(NEXT.format(wanting), values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _never_came(raw_path: bytes, size: int, ordinal: int) -> Found:
    return Found(bytes(raw_path), ordinal, size=size, reason=base.UPLOAD_INCOMPLETE)
