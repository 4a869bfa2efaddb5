"""Whatever evidence holds: what lies in the drop folder is taken in or told, and keeps nothing else from its turn."""

import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.models import F

from cases import drop, inbox
from cases.ingest import pipeline
from cases.models import Case, DropEntry, Exhibit
from workbench import people, unfinished
from workbench.models import Agency, Role

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place(case: Case, northmoor: Agency, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the case in a drop folder of the test's own."""
    people.add_person(username="operator", name="Operator", agency=northmoor, roles={Role.SUPERVISOR})
    monkeypatch.setattr(settings, "DROP", tmp_path)
    (tmp_path / case.number).mkdir()
    yield tmp_path / case.number
    subprocess.run(["rm", "-rf", tmp_path / case.number], check=True)  # goes deeper than Python can


def card(folder: Path, name: str, *files: str) -> Path:
    (folder / name).mkdir()
    for file in files:
        (folder / name / file).write_text("note")
    return folder / name


def after(times: int = 1) -> set[str]:
    """Look, wait so many times as long as an entry must stand still, look again; references of all exhibits."""
    drop.sweep()
    DropEntry.objects.update(still_since=F("still_since") - times * timedelta(seconds=settings.DROP_SECONDS))
    drop.sweep()
    return set(Exhibit.objects.values_list("ref", flat=True))


def test_a_card_with_a_file_that_looks_unfinished_is_taken_after_a_longer_while(place: Path) -> None:
    card(place, "NM-01", "a.txt", "thumbs.tmp")
    assert after() == set()
    assert after(unfinished.TIMES) == {"NM-01"}
    assert pipeline.drain(Exhibit.objects.get().pk).seen == 2


@pytest.mark.parametrize(("depth", "name"), [(30, "d" * 200), (1200, "d")])
def test_a_card_deeper_than_any_path_or_stack_is_taken_and_offered_all_the_same(
    place: Path, depth: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = card(place, "NM-01", "a.txt")
    handle = os.open(deep, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=handle)
        deeper = os.open(name, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = deeper
    os.close(os.open("deep.txt", os.O_CREAT | os.O_WRONLY, dir_fd=handle))
    os.close(handle)
    assert after() == {"NM-01"}
    assert pipeline.drain(Exhibit.objects.get().pk).seen == 2
    monkeypatch.setattr(settings, "EVIDENCE_ROOTS", [place])
    assert [inbox.files_below(entry) for entry in inbox.entries()] == [2]


def test_a_pipe_a_link_and_a_bad_image_keep_nobody_waiting(place: Path) -> None:
    os.mkfifo(place / "A")
    (place / "B").symlink_to("/etc/passwd")
    (place / "C.E01").write_bytes(b"EVF\x09\x0d\x0a\xff\x00" + bytes(100))
    os.mkfifo(card(place, "D", "a.txt") / "case.json")
    card(place, "E", "a.txt")
    assert {"D", "E"} <= after()
    refused = set(DropEntry.objects.exclude(refusal="").values_list("raw_path", flat=True))
    assert {bytes(path).rpartition(b"/")[2] for path in refused} >= {b"A", b"B"}


def test_what_is_taken_away_while_it_is_looked_at_keeps_nobody_waiting(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = card(place, "A", "a.txt")
    card(place, "B", "a.txt")
    drop.sweep()
    DropEntry.objects.update(still_since=F("still_since") - timedelta(seconds=settings.DROP_SECONDS))
    scandir = os.scandir

    def scanned(folder: Any) -> Any:
        """What the system tells of a folder that somebody takes away in that moment."""
        found = scandir(folder)
        if isinstance(folder, int) and gone.exists() and os.path.samestat(os.fstat(folder), gone.stat()):
            gone.rename(gone.parents[1] / ".taken")
        return found

    monkeypatch.setattr(os, "scandir", scanned)
    drop.sweep()
    assert set(Exhibit.objects.values_list("ref", flat=True)) == {"B"}
