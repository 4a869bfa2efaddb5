"""Nothing leaves the store without the log knowing, and nothing stays there that nobody may need any more."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection

from cases import collecting
from cases.models import Case, Exhibit
from tests import factories
from tests.damage import as_superuser
from tests.people import People
from workbench import storage

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = 3 * 86_400  # seconds


@pytest.fixture
def case(people: People) -> Case:
    return factories.case(people.investigator)


@contextmanager
def log_that_takes_nothing() -> Iterator[None]:
    """Inside the block no event can be written."""
    change("REVOKE INSERT ON workbench_auditevent FROM app")
    try:
        yield
    finally:
        change("GRANT INSERT ON workbench_auditevent TO app")


def change(sql: str) -> None:
    with as_superuser(), connection.cursor() as cursor:
        cursor.execute(sql)


def aged(*paths: Path) -> None:
    for path in paths:
        os.utime(path, (time.time() - LONG_AGO,) * 2)


def uploaded(exhibit: Exhibit | None = None) -> Path:
    """A folder of files that a browser sent long ago."""
    folder: Path = settings.DATA_DIR / "uploads" / str(exhibit.public_id if exhibit else uuid4())
    folder.mkdir(parents=True)
    (folder / "source").write_bytes(b"hills")
    aged(folder / "source", folder)
    return folder


def test_without_a_log_nothing_is_removed(case: Case) -> None:
    for other in (settings.DATA_DIR / "uploads").glob("*-*-*"):
        shutil.rmtree(other)  # what other tests sent for an exhibit
    with storage.Batch(case.agency) as batch:
        sha256 = batch.receive([b"unnamed hills"]).sha256
        batch.commit()
    blob = storage.blob_path(case.agency, sha256)
    aged(blob)
    refused(case)
    assert blob.exists()
    blob.unlink()
    folder = uploaded()
    refused(case)
    assert (folder / "source").exists()
    assert collecting.collect(by=case.lead).uploads == 1
    assert not folder.exists()


def refused(case: Case) -> None:
    with log_that_takes_nothing(), pytest.raises(ProgrammingError):
        collecting.collect(by=case.lead)


@pytest.mark.parametrize(("state", "stays"), [("removed", False), ("removing", True), ("waiting", True)])
def test_what_was_sent_for_an_exhibit_goes_with_it(case: Case, state: str, stays: bool) -> None:
    exhibit = factories.exhibit(case, "NM-01")
    Exhibit.objects.filter(pk=exhibit.pk).update(state=state)
    folder = uploaded(exhibit)
    collecting.collect(by=case.lead)
    assert folder.exists() == stays
    shutil.rmtree(folder, ignore_errors=True)
