"""Original bytes wherever they lie: those of claimed rows, and those of a content that came in before.

Claimed rows are read from the exhibit's source, or from the file they lie in.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from typing import Any, BinaryIO

from django.conf import settings
from django.db import connection

from cases.ingest import archive, base, budgets, reader, slices
from cases.ingest.base import Container, Reading, Row, SourceGone, Spoiled
from cases.models import Exhibit
from workbench import passing, storage
from workbench.jail import ArchiveLimits
from workbench.models import Agency

TRIED = 8  # places of one content
PLACES = """
SELECT f.exhibit_id, f.id, f.raw_path, f.ordinal, f.locator, f.size, f.depth, f.parent_id, t.sha256
FROM cases_content c JOIN cases_fileinstance f ON f.content_id = c.id JOIN cases_exhibit x ON x.id = f.exhibit_id
LEFT JOIN cases_fileinstance p ON p.id = f.parent_id LEFT JOIN cases_content t ON t.id = p.content_id
WHERE c.agency_id = %s AND c.sha256 = %s AND x.keep = 'place' AND x.removed_at IS NULL ORDER BY f.id LIMIT %s
"""


@contextmanager
def opened(agency: Agency, sha256: bytes) -> Iterator[BinaryIO]:
    """The bytes of a content, read-only: its blob, else a verified copy of what was left in place.

    Raises Spoiled (LOST, DIFFERS), SourceGone, StoreGone, StoreFull.
    """
    with _stored(agency, sha256) or _borrowed(agency, sha256) as file:
        yield file


def _stored(agency: Agency, sha256: bytes) -> BinaryIO | None:
    try:
        return storage.open_blob(agency, sha256)
    except FileNotFoundError:
        return None


def _borrowed(agency: Agency, sha256: bytes) -> BinaryIO:
    """A copy for as long as it is needed: what stands on a share may change between two looks at it."""
    fate, away = base.LOST, None
    for exhibit, row in _places(agency, sha256):
        try:
            return _copied(exhibit, row, sha256)
        except Spoiled as spoiled:
            fate = base.DIFFERS if spoiled.reason in (base.CHANGED, base.DIFFERS) else fate
        except SourceGone as error:
            away = error
    raise away or Spoiled(fate)


def _copied(exhibit: Exhibit, row: Row, sha256: bytes) -> BinaryIO:
    for reading in read(exhibit, [row]):
        if reading.problem:
            raise Spoiled(reading.problem)
        file, digest = passing.borrow(exhibit.case.agency, reading.chunks)
        if digest == sha256:
            return file
        file.close()
        raise Spoiled(base.DIFFERS)
    raise Spoiled(base.LOST)


def _places(agency: Agency, sha256: bytes) -> list[tuple[Exhibit, Row]]:
    """Where the bytes were left in place. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(PLACES, [agency.pk, sha256, TRIED])
        found = cursor.fetchall()
    exhibits = Exhibit.objects.select_related("case__agency").in_bulk({row[0] for row in found})
    return [(exhibits[exhibit], _row(*fields)) for exhibit, *fields in found]


def _row(*fields: Any) -> Row:
    row_id, raw_path, ordinal, locator, size, depth, parent, sha256 = fields
    inside = Container(parent, bytes(sha256)) if parent else None
    return Row(row_id, bytes(raw_path), ordinal, bytes(locator), size, None, depth, inside)


def read(exhibit: Exhibit, rows: Sequence[Row]) -> Iterator[Reading]:
    """The bytes of rows, those of one parent together. Raises SourceGone."""
    exhibit.refresh_from_db(fields=["passwords"])  # one may have been given since the last claim
    if own := [row for row in rows if row.inside is None]:
        yield from reader(exhibit.reader, exhibit.passwords).read(bytes(exhibit.source), own)
    inner = sorted((row for row in rows if row.inside), key=_parent)
    for _, group in groupby(inner, key=_parent):
        yield from _of_one(exhibit, list(group))


def _parent(row: Row) -> int:
    return row.inside.id if row.inside else 0


def _of_one(exhibit: Exhibit, rows: list[Row]) -> Iterator[Reading]:
    """The rows of one container; those not read by then share its fate when its own bytes cannot be had."""
    given = set()
    try:
        for reading in _inside(exhibit, rows):
            given.add(reading.row.id)
            yield reading
    except Spoiled as spoiled:
        yield from (Reading(row, spoiled.reason) for row in rows if row.id not in given)


def _inside(exhibit: Exhibit, rows: list[Row]) -> Iterator[Reading]:
    container, agency = rows[0].inside, exhibit.case.agency
    if container is None:
        return
    if slices.are_slices(rows):
        with opened(agency, container.sha256) as file:
            yield from slices.read(file, rows)
    else:
        key = (container.id, tuple(exhibit.passwords))
        opener = partial(_descriptor, agency, container)
        yield from archive.read_members(key, opener, _limits(container, rows), rows, exhibit.passwords)


def _limits(container: Container, rows: list[Row]) -> ArchiveLimits:
    """What was listed with its size was counted then; what unpacks to nobody knows how much gets what is left."""
    budget = budgets.of(container.id)
    unknown = any(row.size is None for row in rows)
    return ArchiveLimits(bytes=budget.bytes_left if unknown else budget.bytes, members=settings.ARCHIVE_MEMBERS)


@contextmanager
def _descriptor(agency: Agency, container: Container) -> Iterator[int]:
    with opened(agency, container.sha256) as file:
        yield file.fileno()
