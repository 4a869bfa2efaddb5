"""The files of an agency's store as they lie there, and the lock between those who name files and who removes them.

Storing a file and naming it in the tables are two steps. Whoever takes them does so inside `naming`; whoever removes
what no row names does so inside `removing`, and so never meets a file between the two.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from workbench import storage
from workbench.errors import WorkbenchError
from workbench.models import Agency

LOCK_SPACE = 0x5753544F  # advisory locks of the store; the second number is the agency's
PATIENCE = "2s"  # those who want to store a file wait as long, behind whoever wants to remove some
NAME = re.compile(r"([0-9a-f]{64})(\.jpg|\.frames)?")
BLOB = ""


class StoreBusy(WorkbenchError):
    """Files are coming in just now. Run it again when the ingest has ended."""

    code = "store-busy"
    status = HTTPStatus.CONFLICT
    permanent = False


@dataclass(frozen=True, slots=True)
class Kept:
    """One file of the store."""

    path: Path
    sha256: bytes  # of the content
    ending: str  # BLOB, ".jpg" or ".frames"


def kept(agency: Agency) -> Iterator[Kept]:
    """Every blob, then every preview and storyboard; what bears another name is not ours to touch."""
    for root in (storage.evidence_folder(agency), storage.previews_folder(agency)):
        for folder in _below(root):
            for path in sorted(folder.iterdir()):
                if match := NAME.fullmatch(path.name):
                    yield Kept(path, bytes.fromhex(match[1]), match[2] or BLOB)


def _below(folder: Path) -> list[Path]:
    """The folders of content in a store, by their names."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted(
            Path(one.path)
            for one in entries
            if len(one.name) == storage.FOLDER_DIGITS and one.is_dir(follow_symlinks=False)
        )


@contextmanager
def naming(agency: Agency) -> Iterator[None]:
    """From before a file is stored, or found to be there, until the tables name it. Many at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s, %s)", [LOCK_SPACE, agency.pk])
    try:
        yield
    finally:
        if connection.is_usable():  # else the lock has ended with the connection
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock_shared(%s, %s)", [LOCK_SPACE, agency.pk])


@contextmanager
def removing(agency: Agency) -> Iterator[None]:
    """One transaction in which nobody is inside `naming`. Raises StoreBusy where somebody stays there."""
    with transaction.atomic():
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, agency.pk])
                cursor.execute("SET LOCAL lock_timeout = 0")
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise StoreBusy from error
            raise
        yield
