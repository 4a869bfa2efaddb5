"""A first list that is put in its place beside other work: who waits for whom, and for how long."""

import threading
import time
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from hashsets import fresh, importing
from hashsets.fresh import SetInUse
from hashsets.models import Entry, HashSet
from tests.hashsets import held_import, makers
from tests.hashsets.lists import document, load, media
from tests.hashsets.test_import_kills import tables_of_imports
from tests.people import People
from workbench.launcher import addresses

RECORDS = 20_100  # enough for a partition of its own

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def small_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short lists come as partitions too, and who waits for the table looks often."""
    for name, value in (("WORTH_IT", 1), ("WAIT", 0.05), ("PAUSE", 0.05)):
        monkeypatch.setattr(fresh, name, value)


def plain(folder: Path, number: int, name: str) -> Path:
    """A list of so many plain records."""
    return document(folder, *(media(n, MediaSize=1) for n in range(number)), name=name)


@pytest.mark.slow
def test_while_one_list_is_stored_sets_are_made_read_and_filled(
    people: People, small_lists: None, tmp_path: Path
) -> None:
    long = makers.hash_set(people.supervisor, "Long", scheme="us-pvic")
    path = plain(tmp_path, RECORDS, "long.json")
    with held_import.begin(path, "SELECT hashsets_fresh_index") as process:
        assert process.stdin
        assert process.stdout
        try:
            assert process.stdout.readline() == "here\n"  # all its rows are stored, in its open transaction
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '5s'")
            other = makers.hash_set(people.supervisor, "Other", scheme="us-pvic")
            short = plain(tmp_path, 30, "short.json")
            assert load(other, short, by=people.supervisor).generation == 1
            assert Entry.objects.filter(set=other).count() == 30
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.wait(60) == 0
        finally:
            process.kill()
    assert Entry.objects.filter(set=long).count() == RECORDS
    assert HashSet.objects.get(pk=long.pk).generation == 1
    importing.sweep()
    assert tables_of_imports() == []


def test_who_reads_entries_is_waited_for(people: People, small_lists: None, tmp_path: Path) -> None:
    made = makers.hash_set(people.supervisor, "Long", scheme="us-pvic")
    reads, waited = psycopg.connect(addresses.superuser_url(addresses.DATABASE)), time.monotonic()
    reads.execute("SELECT FROM hashsets_entry")
    threading.Timer(0.5, reads.close).start()
    path = plain(tmp_path, 30, "short.json")
    assert load(made, path, by=people.supervisor).generation == 1
    assert time.monotonic() - waited > 0.5


def test_who_reads_for_ever_makes_the_import_end_with_nothing_changed(
    people: People, small_lists: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fresh, "MOST_WAITS", 2)
    made = makers.hash_set(people.supervisor, "Long", scheme="us-pvic")
    path = plain(tmp_path, 30, "short.json")
    with psycopg.connect(addresses.superuser_url(addresses.DATABASE)) as reads:
        reads.execute("SELECT FROM hashsets_entry")
        with pytest.raises(SetInUse):
            load(made, path, by=people.supervisor)
    assert (HashSet.objects.get(pk=made.pk).generation, Entry.objects.count()) == (0, 0)
    assert load(made, path, by=people.supervisor).generation == 1
