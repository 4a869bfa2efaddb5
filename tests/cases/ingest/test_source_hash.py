"""A source that is one file is hashed before the first read and after the last."""

import hashlib
import json
from pathlib import Path

import pytest

from cases import evidence
from cases.ingest import finishing, listing, pipeline, sweeping
from cases.models import Case, Exhibit
from tests.cases.ingest.test_archive import zipped
from tests.cases.ingest.trees import add, picture, take_in, tree
from workbench.models import AuditEvent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return zipped(tmp_path / "a.zip", ("a.png", picture(1)), ("b.png", picture(2)))


def listed(case: Case, source: Path) -> Exhibit:
    """An exhibit whose files are listed and read, and not yet done."""
    exhibit = add(case, source, reader="archive")
    listing.list_files(exhibit.pk)
    return exhibit


def test_of_an_archive_that_stood_still_both_hashes_are_in_the_log(case: Case, archive: Path) -> None:
    exhibit = take_in(case, archive, reader="archive")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    told = json.loads(AuditEvent.objects.get(verb="ingest.done").body)["details"]
    assert told["source"] == {"before": digest, "after": digest, "agrees": True}
    assert exhibit.integrity["source"] == told["source"]


def test_of_an_archive_that_changed_while_it_was_read_stops_the_ingest(case: Case, archive: Path) -> None:
    exhibit = listed(case, archive)
    with archive.open("ab") as file:
        file.write(b"more")
    exhibit = pipeline.drain(exhibit.pk)
    assert (exhibit.state, exhibit.pending) == ("stopped", 0)
    assert exhibit.state_reason.startswith("The source changed while it was read")
    assert exhibit.integrity["source"]["agrees"] is False


def test_of_a_person_who_goes_on_all_the_same_takes_it_in_with_the_difference_told(case: Case, archive: Path) -> None:
    exhibit = listed(case, archive)
    with archive.open("ab") as file:
        file.write(b"more")
    evidence.resume(pipeline.drain(exhibit.pk), by=case.lead)
    assert pipeline.drain(exhibit.pk).state == "done"
    assert json.loads(AuditEvent.objects.get(verb="ingest.done").body)["details"]["source"]["agrees"] is False


def test_of_a_source_that_is_gone_at_the_end_holds_the_ingest_until_it_is_back(case: Case, archive: Path) -> None:
    exhibit = take_in(case, archive, reader="archive")
    Exhibit.objects.update(state="running", sealed_at=None)  # as just before its end
    away = archive.rename(archive.with_name("away.zip"))
    assert not finishing.finish(exhibit.pk)
    assert Exhibit.objects.get().state_reason == "source"
    away.rename(archive)
    sweeping.unfinished()  # goes on by itself
    assert Exhibit.objects.get().state == "done"


def test_of_a_folder_only_its_files_are_hashed(case: Case, tmp_path: Path) -> None:
    exhibit = take_in(case, tree(tmp_path / "f", {"a.png": picture(1)}))
    assert "source" not in exhibit.integrity
