"""Trying again what an exhibit could not give, when it may come out otherwise by now."""

import os
from hashlib import md5
from pathlib import Path

import pytest

from cases import again, evidence, figures, removal
from cases.ingest import listing, pipeline
from cases.models import Case, Content, Exhibit, Item
from tests.cases.ingest.test_vics_case import document, folder, record
from tests.cases.ingest.trees import add, ledger, picture, take_in, tree
from tests.cases.ingest.trees import figures as counted
from workbench import checks
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db(transaction=True)


def tried(exhibit: Exhibit, by: User) -> tuple[int, int, int]:
    found = again.try_again(exhibit, by=by)
    return found.files, found.previews, found.missing


@pytest.fixture
def broken(case: Case, tmp_path: Path) -> Exhibit:
    """Four files: a whole picture, a damaged one, one cut short, and one that was not there when it was read."""
    cut, damaged = picture(3, "JPEG", (320, 240))[:-600], b"\x89PNG\r\n\x1a\n damaged"
    source = tree(tmp_path / "e", {"whole.png": picture(1), "bad.png": damaged, "cut.jpg": cut, "gone.png": b"x"})
    exhibit = add(case, source)
    listing.list_files(exhibit.pk)
    (tmp_path / "e" / "gone.png").unlink()
    return pipeline.drain(exhibit.pk)


def test_files_that_are_readable_by_now_are_read(case: Case, dana: User, broken: Exhibit) -> None:
    assert ledger(broken)[b"gone.png"] == ("rejected", "unreadable")
    (Path(os.fsdecode(bytes(broken.source))) / "gone.png").write_bytes(picture(2))
    assert tried(broken, dana) == (1, 2, 0)
    assert checks.broken() == []
    exhibit = pipeline.drain(broken.pk)
    assert exhibit.state == "done"
    assert ledger(exhibit)[b"gone.png"] == ("accepted", "")
    assert figures.of(case).left == 4
    assert checks.broken() == []


def test_previews_that_a_newer_decoder_makes_take_their_reason_away(dana: User, broken: Exhibit) -> None:
    assert ledger(broken)[b"bad.png"] == ("without_preview", "undecodable")
    assert ledger(broken)[b"cut.jpg"] == ("accepted", "truncated")
    before = counted(broken)
    again.try_again(broken, by=dana)
    assert ledger(broken)[b"bad.png"] == ledger(broken)[b"cut.jpg"] == ("hashed", "")
    assert Content.objects.filter(preview="pending").count() == 2
    assert Item.objects.filter(state="waiting").count() == 2
    assert counted(pipeline.drain(broken.pk)) == before
    assert ledger(broken)[b"bad.png"] == ("without_preview", "undecodable")
    assert checks.broken() == []


def test_trying_twice_at_once_changes_nothing_more(dana: User, broken: Exhibit) -> None:
    assert tried(broken, dana) == (1, 2, 0)
    assert tried(broken, dana) == (0, 0, 0)
    assert AuditEvent.objects.filter(verb="ingest.again").count() == 1


def test_files_of_a_source_that_is_away_stay_as_they_are(dana: User, broken: Exhibit) -> None:
    source = Path(os.fsdecode(bytes(broken.source)))
    source.rename(source.with_name("away"))
    assert tried(broken, dana) == (0, 2, 0)
    assert ledger(broken)[b"gone.png"] == ("rejected", "unreadable")
    assert pipeline.drain(broken.pk).state == "done"


def test_files_a_case_document_names_are_found_once_they_are_delivered(case: Case, dana: User, tmp_path: Path) -> None:
    there, late = picture(1), picture(2)
    text = document(record(there, "C:\\a.png"), record(late, "C:\\b.png"))
    exhibit = take_in(case, folder(tmp_path, text, there), reader="vics")
    assert ledger(exhibit)[b"C:\\b.png"] == ("rejected", "file-missing")
    assert tried(exhibit, dana) == (0, 0, 1)
    assert counted(pipeline.drain(exhibit.pk)) == (2, 0, 0, 1, 0, 1, 1)
    digest = md5(late).hexdigest()
    place = tmp_path / "Files" / digest[:2] / digest
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(late)
    assert tried(exhibit, dana) == (0, 0, 1)
    assert counted(pipeline.drain(exhibit.pk)) == (2, 0, 0, 2, 0, 0, 0)
    assert checks.broken() == []


def test_what_is_held_while_it_lists_again_goes_on_listing(case: Case, dana: User, tmp_path: Path) -> None:
    exhibit = take_in(case, folder(tmp_path, document(record(picture(1), "C:\\a.png"))), reader="vics")
    again.try_again(exhibit, by=dana)
    evidence.pause(exhibit, by=dana)
    evidence.resume(exhibit, by=dana)
    assert exhibit.state == "listing"
    assert pipeline.drain(exhibit.pk).state == "done"


@pytest.mark.parametrize("state", ["waiting", "paused", "cancelled", "stopped"])
def test_only_what_runs_or_is_done_can_be_tried_again(dana: User, broken: Exhibit, state: str) -> None:
    Exhibit.objects.filter(pk=broken.pk).update(state=state)
    with pytest.raises(evidence.NotInThisState):
        again.try_again(broken, by=dana)


def test_a_removed_exhibit_is_not_tried_again(dana: User, broken: Exhibit) -> None:
    removal.ask(broken, by=dana, reason="wrong case")
    removal.carry_out(broken.pk)
    with pytest.raises(evidence.NotInThisState):
        again.try_again(broken, by=dana)
