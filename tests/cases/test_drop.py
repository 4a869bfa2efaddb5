"""What stands still in the drop folder becomes an exhibit of its case, once; what cannot is told; nothing is moved."""

import os
import time
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import F

from cases import drop, events, evidence
from cases.ingest import pipeline, source_hash
from cases.ingest.base import SourceGone
from cases.models import Case, DropEntry, Exhibit
from tests.people import signed_in
from workbench import people
from workbench.models import Agency, AuditEvent, Role, User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def operator(northmoor: Agency) -> User:
    return people.add_person(username="operator", name="Operator", agency=northmoor, roles={Role.SUPERVISOR})


@pytest.fixture
def place(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the case in a drop folder of the test's own."""
    monkeypatch.setattr(settings, "DROP", tmp_path)
    folder = tmp_path / case.number
    folder.mkdir()
    return folder


def card(folder: Path, name: str = "NM-01") -> Path:
    (folder / name / "DCIM").mkdir(parents=True)
    (folder / name / "DCIM" / "a.txt").write_text("note")
    return folder / name


def stand_still() -> None:
    """Let the time go by that an entry must stand still."""
    DropEntry.objects.update(still_since=F("still_since") - timedelta(seconds=settings.DROP_SECONDS))


def after_a_while() -> list[int]:
    """Look, wait, look again; the exhibits that began."""
    assert drop.sweep() == []
    stand_still()
    return drop.sweep()


def test_a_folder_that_stands_still_becomes_an_exhibit_and_only_once(place: Path, case: Case) -> None:
    before = card(place).stat()
    (exhibit_id,) = after_a_while()
    exhibit = pipeline.drain(exhibit_id)
    assert (exhibit.ref, exhibit.case, exhibit.reader) == ("NM-01", case, "folder")
    assert (exhibit.seen, exhibit.state) == (1, "done")
    assert AuditEvent.objects.filter(verb=events.EVIDENCE_ADDED, actor="operator").count() == 1
    (place / "NM-01" / "later.txt").write_text("later")
    assert after_a_while() == []
    assert (place / "NM-01").stat().st_ino == before.st_ino


def test_what_still_grows_is_left_alone(place: Path) -> None:
    growing = card(place) / "DCIM" / "b.bin"
    for size in (1, 2, 3):
        growing.write_bytes(bytes(size))
        stand_still()
        assert drop.sweep() == []
    part = growing.rename(growing.with_suffix(".bin.part"))
    assert after_a_while() == []
    part.rename(growing)
    assert len(after_a_while()) == 1


def test_nothing_is_taken_before_its_time(place: Path) -> None:
    card(place)
    assert drop.sweep() == drop.sweep() == []


@pytest.mark.parametrize(("name", "ref"), [("NM-02.zip", "NM-02"), ("card 3.tar.gz.zip", "card 3.tar.gz")])
def test_an_archive_is_an_exhibit_under_its_name_without_the_ending(place: Path, name: str, ref: str) -> None:
    with zipfile.ZipFile(place / name, "w") as archive:
        archive.writestr("a.txt", "note")
    (exhibit_id,) = after_a_while()
    assert (Exhibit.objects.get(pk=exhibit_id).ref, Exhibit.objects.get().reader) == (ref, "archive")


def test_an_image_in_segments_is_one_exhibit_and_its_later_segments_are_told(place: Path) -> None:
    for name in ("NM-05.E01", "NM-05.E02"):
        (place / name).write_bytes(b"EVF\x09\x0d\x0a\xff\x00" + bytes(600))
    (exhibit_id,) = after_a_while()
    assert (Exhibit.objects.get(pk=exhibit_id).ref, Exhibit.objects.get().reader) == ("NM-05", "image")
    assert "NM-05.E02 is a later segment" in DropEntry.objects.get(exhibit=None).refusal


def test_what_cannot_be_taken_is_told_once_on_the_page_of_the_case(place: Path, case: Case, dana: User) -> None:
    (place / "note.txt").write_text("no archive")
    for _ in range(3):
        assert after_a_while() == []
    assert AuditEvent.objects.filter(verb=events.DROP_REFUSED, case=case.public_id).count() == 1
    page = signed_in(dana).get(f"/cases/{case.public_id}/", secure=True).content.decode()
    assert "26-1/note.txt" in page
    assert "This is no archive that Winnow opens." in page
    assert not Exhibit.objects.exists()


def test_what_is_for_no_case_is_told_to_supervisors_and_taken_once_the_case_is_there(
    place: Path, case: Case, dana: User, sam: User, ines: User
) -> None:
    card(place.rename(place.with_name("26-9")))
    assert after_a_while() == []
    home = {user.username: signed_in(user).get("/", secure=True).content.decode() for user in (dana, sam, ines)}
    assert {name for name, page in home.items() if "There is no case &#x27;26-9&#x27;" in page} == {"sam"}
    Case.objects.update(number="26-9")
    stand_still()
    assert len(drop.sweep()) == 1
    assert "drop folder" not in signed_in(sam).get("/", secure=True).content.decode()


def test_links_lead_nowhere(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = card(tmp_path.parent, f"outside-{time.time_ns()}")
    (place / "NM-03").symlink_to(outside)
    (place.parent / "26-link").symlink_to(outside)
    assert after_a_while() == []
    assert "a link" in DropEntry.objects.get().refusal


def test_an_archive_is_not_hashed_behind_a_link_that_came_later(place: Path) -> None:
    with zipfile.ZipFile(place / "NM-02.zip", "w") as archive:
        archive.writestr("a.txt", "note")
    (exhibit_id,) = after_a_while()
    place.symlink_to(place.rename(place.with_name("elsewhere")))
    with pytest.raises(SourceGone):
        source_hash.noted(Exhibit.objects.get(pk=exhibit_id), lambda: True)


def test_a_number_that_other_evidence_has_is_refused(place: Path, case: Case, dana: User) -> None:
    evidence.add_upload(case=case, ref="NM-01", by=dana)
    card(place)
    assert after_a_while() == []
    assert "NM-01 is used for other evidence" in DropEntry.objects.get().refusal


def test_names_that_are_no_text_are_shown_and_harm_nothing(place: Path, case: Case) -> None:
    card(place)
    (place / os.fsdecode(b"caf\xe9\n")).mkdir()
    assert len(after_a_while()) == 1
    assert "visible characters" in DropEntry.objects.get(exhibit=None).refusal
