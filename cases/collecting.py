"""Removing from the store what no row names: left by workers that were killed between storing and naming.

What is younger than an hour is not looked at, and nothing is removed while somebody is between storing and naming
(workbench/store_files.py); each chunk is one transaction with its event.
"""

import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from cases import events
from workbench import audit, storage, store_files
from workbench.models import Agency, User
from workbench.store_files import BLOB, Kept, StoreBusy

CHUNK = 200  # files
TRIES = 5  # of a chunk, while others store files
UPLOAD_AGE = 86_400  # seconds in which a browser must have sent something

# OFFSET 0 keeps the planner to the index, whatever its statistics tell.
UNNAMED = """
SELECT DISTINCT s.sha256 FROM unnest(%s::bytea[]) AS s(sha256)
WHERE NOT EXISTS (SELECT FROM cases_content c WHERE c.agency_id = %s AND c.sha256 = s.sha256 OFFSET 0)
"""

# What a browser sent is needed until the exhibit's ingest is over; of an encrypted archive, as a password may come.
NEEDED = """
SELECT x.public_id FROM cases_exhibit x
WHERE x.public_id = ANY(%s) AND x.state NOT IN ('cancelled', 'removed') AND (x.state <> 'done' OR EXISTS (
  SELECT FROM cases_fileinstance f WHERE f.exhibit_id = x.id AND f.parent_id IS NULL AND f.reason = 'encrypted'))
FOR NO KEY UPDATE
"""


@dataclass(slots=True)
class Collected:
    """How many files no row named, and their bytes. Uploads are counted by exhibit."""

    blobs: int = 0
    previews: int = 0
    uploads: int = 0
    bytes: int = 0

    def add(self, other: "Collected") -> None:
        """Count these too."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


def collect(*, by: User, dry_run: bool = False) -> Collected:
    """Remove what no row names, of all agencies of this node; with `dry_run` only count it.

    Raises StoreBusy; what was removed until then is removed, and told.
    """
    total = Collected()
    for agency in Agency.objects.filter(is_local=True).order_by("pk"):
        old = (one for one in store_files.kept(agency) if _age(one.path) > storage.ABANDONED)
        while chunk := list(islice(old, CHUNK)):
            total.add(_of_chunk(agency, chunk, by, dry_run=dry_run))
    total.add(_uploads(by, dry_run=dry_run))
    return total


def _of_chunk(agency: Agency, chunk: Sequence[Kept], by: User, *, dry_run: bool) -> Collected:
    """Count or remove what of these no row names. Nobody is kept waiting where all have one."""
    unnamed = _unnamed(agency, chunk)
    if dry_run or not unnamed:
        return _counted(unnamed)
    for attempt in range(1, TRIES + 1):
        try:
            with store_files.removing(agency):
                return _removed(agency, _unnamed(agency, unnamed), by)
        except StoreBusy:
            if attempt == TRIES:
                raise
    return Collected()


def _unnamed(agency: Agency, chunk: Sequence[Kept]) -> list[Kept]:
    with connection.cursor() as cursor:
        cursor.execute(UNNAMED, [[one.sha256 for one in chunk], agency.pk])
        nobodys = {bytes(row[0]) for row in cursor.fetchall()}
    return [one for one in chunk if one.sha256 in nobodys]


def _counted(unnamed: Sequence[Kept]) -> Collected:
    blobs = sum(one.ending == BLOB for one in unnamed)
    return Collected(blobs, len(unnamed) - blobs, 0, sum(one.path.stat().st_size for one in unnamed))


def _removed(agency: Agency, unnamed: Sequence[Kept], by: User) -> Collected:
    """No file goes before the log has taken the event."""
    there = [one for one in unnamed if one.path.exists()]  # another collection may have been here
    counted = _counted(there)
    if there:
        files = [one.path.name for one in there]
        audit.record(events.STORE_COLLECTED, by=by, on=agency, agency=agency, files=files, bytes=counted.bytes)
    for one in there:
        one.path.unlink()
    return counted


def _uploads(by: User, *, dry_run: bool) -> Collected:
    """The same of what browsers sent, by exhibit."""
    root, total = settings.DATA_DIR / "uploads", Collected()
    folders = (found for path in _folders(root) if (found := _upload(path)))
    while chunk := dict(islice(folders, CHUNK)):
        with transaction.atomic():
            needed = _needed(chunk)
            unneeded = {public_id: path for public_id, path in chunk.items() if public_id not in needed}
            size = sum(file.stat().st_size for path in unneeded.values() for file in path.rglob("*") if file.is_file())
            total.add(Collected(uploads=len(unneeded), bytes=size))
            if unneeded and not dry_run:
                audit.record(
                    events.STORE_COLLECTED, by=by, on=by.agency, agency=audit.NODE, uploads=list(unneeded), bytes=size
                )
                for path in unneeded.values():
                    shutil.rmtree(path)
    return total


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []


def _upload(path: Path) -> tuple[UUID, Path] | None:
    """The exhibit's public id and the folder; None where it is another folder, or a young one."""
    try:
        public_id = UUID(path.name)
    except ValueError:
        return None
    youngest = min(map(_age, [path, *path.rglob("*")]))
    return (public_id, path) if youngest > UPLOAD_AGE else None


def _needed(uploads: Iterable[UUID]) -> set[UUID]:
    """Of these exhibits, those that need what was sent. Locked until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(NEEDED, [list(uploads)])
        return {row[0] for row in cursor.fetchall()}


def _age(path: Path) -> float:
    """Seconds since somebody wrote to it; 0 where it has just gone."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
