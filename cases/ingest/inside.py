"""Reading claimed rows wherever they lie: in the exhibit's source, or in a file whose bytes are in the store."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

from django.conf import settings

from cases.ingest import archive, budgets, reader, slices
from cases.ingest.base import Container, Reading, Row
from cases.ingest.previews import LOST
from cases.models import Exhibit
from workbench import storage
from workbench.jail import ArchiveLimits
from workbench.models import Agency


def read(exhibit: Exhibit, rows: Sequence[Row]) -> Iterator[Reading]:
    """The bytes of rows, those of one parent together. Raises SourceGone, StoreGone."""
    exhibit.refresh_from_db(fields=["passwords"])  # one may have been given since the last claim
    if own := [row for row in rows if row.inside is None]:
        yield from reader(exhibit.reader, exhibit.passwords).read(bytes(exhibit.source), own)
    inner = sorted((row for row in rows if row.inside), key=_parent)
    for _, group in groupby(inner, key=_parent):
        yield from _of_one(exhibit, list(group))


def _parent(row: Row) -> int:
    return row.inside.id if row.inside else 0


def _of_one(exhibit: Exhibit, rows: list[Row]) -> Iterator[Reading]:
    container, agency = rows[0].inside, exhibit.case.agency
    if container is None:
        return
    if not _is_kept(agency, container):
        yield from (Reading(row, LOST) for row in rows)
    elif slices.are_slices(rows):
        yield from slices.read(agency, container, rows)
    else:
        key = (container.id, tuple(exhibit.passwords))
        limits = _limits(container, rows)
        yield from archive.read_members(key, lambda: _blob(agency, container), limits, rows, exhibit.passwords)


def _is_kept(agency: Agency, container: Container) -> bool:
    """Whether the store has the container's bytes. Raises StoreGone where there is no store to ask."""
    try:
        storage.open_blob(agency, container.sha256).close()
    except FileNotFoundError:
        return False
    return True


def _limits(container: Container, rows: list[Row]) -> ArchiveLimits:
    """What was listed with its size was counted then; what unpacks to nobody knows how much gets what is left."""
    budget = budgets.of(container.id)
    unknown = any(row.size is None for row in rows)
    return ArchiveLimits(bytes=budget.bytes_left if unknown else budget.bytes, members=settings.ARCHIVE_MEMBERS)


@contextmanager
def _blob(agency: Agency, container: Container) -> Iterator[int]:
    with storage.open_blob(agency, container.sha256) as blob:
        yield blob.fileno()
