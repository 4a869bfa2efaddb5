"""Imports that are killed: the version in force stays, and the next try succeeds."""

import time
from pathlib import Path

import pytest
from django.db import connection

from hashsets import import_runs, importing
from hashsets.importing import Part
from hashsets.models import Entry, HashSet
from tests.hashsets import held_import, makers
from tests.hashsets.lists import document, load, media
from tests.people import People
from workbench.models import Job

RECORDS = 20_100  # enough for a new partition where the set is empty
PATIENCE = 60  # seconds


@pytest.fixture
def waiting_set(transactional_db: None, people: People, tmp_path: Path) -> HashSet:
    """A set with one entry in force, and a long list for it in `tmp_path`."""
    made = makers.hash_set(people.supervisor, "Long", scheme="us-pvic")
    load(made, document(tmp_path, media(1), name="short.json"), by=people.supervisor)
    document(tmp_path, *(media(number) for number in range(1, RECORDS)), name="long.json")
    return made


@pytest.mark.slow
@pytest.mark.parametrize(
    "moment", ["ANALYZE hashsets_staged", "WITH twice", "WITH fresh"], ids=["read", "checking", "storing"]
)
def test_a_killed_import_leaves_the_version_in_force(
    moment: str, waiting_set: HashSet, people: People, tmp_path: Path
) -> None:
    held_import.killed(tmp_path / "long.json", moment)
    _until_the_database_noticed()
    assert HashSet.objects.get(pk=waiting_set.pk).generation == 1
    assert Entry.objects.filter(set=waiting_set).count() == 1
    assert importing.sweep() == 0
    again = [Part(tmp_path / "long.json", "long.json")]
    assert import_runs.run_here(waiting_set, again, by=people.supervisor, dry_run=False).generation == 2
    assert Entry.objects.filter(set=waiting_set, removed_in=None).count() == RECORDS - 1
    assert sorted(Job.objects.values_list("state", flat=True)) == ["done", "failed"]


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["SELECT hashsets_fresh_index", "SELECT hashsets_fresh_take"], ids=["full", "whole"])
def test_a_killed_first_import_leaves_the_set_empty(
    moment: str, transactional_db: None, people: People, tmp_path: Path
) -> None:
    made = makers.hash_set(people.supervisor, "Long", scheme="us-pvic")
    path = document(tmp_path, *(media(number, MediaSize=1) for number in range(1, RECORDS)), name="long.json")
    held_import.killed(path, moment)
    _until_the_database_noticed()
    assert (HashSet.objects.get(pk=made.pk).generation, Entry.objects.filter(set=made).count()) == (0, 0)
    assert tables_of_imports() == []
    again = import_runs.run_here(made, [Part(path, path.name)], by=people.supervisor, dry_run=False)
    assert (again.generation, Entry.objects.filter(set=made).count()) == (1, RECORDS - 1)
    assert tables_of_imports() == []


def tables_of_imports() -> list[str]:
    """What an import makes and must not leave behind."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^hashsets_(fresh|staged|gone)' ORDER BY 1"
        )
        return [name for (name,) in cursor.fetchall()]


def _until_the_database_noticed() -> None:
    """A killed client's statement may run on for a moment; it can then commit nothing."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
            if not cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    pytest.fail("the killed import still holds its lock")
