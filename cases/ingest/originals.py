"""Original bytes wherever they lie: those of claimed rows, and those of a content that came in before.

Claimed rows are read from the exhibit's source, or from the file they lie in.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from typing import BinaryIO

from django.conf import settings

from cases.ingest import archive, base, budgets, reader, slices
from cases.ingest.base import Container, Reading, Row, Spoiled
from cases.models import Exhibit
from workbench import storage
from workbench.jail import ArchiveLimits
from workbench.models import Agency


@contextmanager
def opened(agency: Agency, sha256: bytes) -> Iterator[BinaryIO]:
    """The bytes of a content, read-only. Raises Spoiled (with the reason), StoreGone."""
    try:
        blob = storage.open_blob(agency, sha256)
    except FileNotFoundError as error:
        raise Spoiled(base.LOST) from error
    with blob:
        yield blob


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
