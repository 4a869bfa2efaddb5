"""Whether a source is still what was listed: told by names, sizes and times, and never taken in by itself."""

import io
import json
import os
from pathlib import Path

import pytest
from django.core.management import call_command

from cases import comparing, evidence
from cases.ingest import ledger, listing, progress, sweeping
from cases.ingest.base import Found, SourceGone
from cases.models import Case, Exhibit
from tests.cases.ingest.test_vics_case import document, folder, record
from tests.cases.ingest.trees import add, picture, take_in, tree
from tests.statements import plan
from tests.workbench.archive_samples import archived
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db(transaction=True)


def found(exhibit: Exhibit) -> tuple[int, int, int]:
    changes = comparing.compare(exhibit, by=exhibit.case.lead)
    return changes.added, changes.removed, changes.changed


def changed_tree(root: Path) -> None:
    """One file more, one less, one longer, one newer."""
    (root / "new.png").write_bytes(picture(9))
    (root / "sub" / "b.png").unlink()
    (root / "c.png").write_bytes(picture(3) + b" ")
    os.utime(root / "d.png", (1, 1))


@pytest.fixture
def exhibit(case: Case, tmp_path: Path) -> Exhibit:
    names = ("a.png", "sub/b.png", "c.png", "d.png")
    root = tree(tmp_path / "e", {name: picture(place) for place, name in enumerate(names)})
    (root / "link").symlink_to("a.png")
    return take_in(case, root)


def test_of_a_source_that_stood_still_nothing_is_told(exhibit: Exhibit) -> None:
    assert found(exhibit) == (0, 0, 0)
    exhibit.refresh_from_db()
    assert progress.why(exhibit) == ""


def test_names_are_looked_up_by_index_before_the_server_has_statistics(exhibit: Exhibit) -> None:
    ledger.add(exhibit.pk, [Found(b"%d" % number, size=1) for number in range(3000)])
    told = plan(comparing.SAME, [[b"x"] * 2000, [0] * 2000, [1] * 2000, [""] * 2000, exhibit.pk])
    assert "(name_key = n.name_key) AND (ordinal = n.ordinal))" in told, told


def test_of_what_came_went_and_changed_the_numbers_are_told(exhibit: Exhibit, tmp_path: Path) -> None:
    changed_tree(tmp_path / "e")
    assert found(exhibit) == (1, 1, 2)
    exhibit.refresh_from_db()
    assert "1 added, 1 removed, 2 changed" in progress.why(exhibit)
    assert exhibit.seen == 5
    assert AuditEvent.objects.filter(verb="evidence.compare").count() == 1


def test_of_an_archive_members_are_compared(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "e.zip"
    path.write_bytes(archived("zip", [("a.png", picture(1)), ("b.png", picture(2))]))
    exhibit = take_in(case, path, reader="archive")
    assert found(exhibit) == (0, 0, 0)
    path.write_bytes(archived("zip", [("a.png", picture(1) + b" "), ("c.png", picture(2))]))
    assert found(exhibit) == (1, 1, 1)


def test_of_a_case_document_the_claimed_sizes_are_not_taken_for_changes(case: Case, tmp_path: Path) -> None:
    text = document(record(picture(1), "C:\\a.png", MediaSize=7), record(picture(2), "C:\\b.png"))
    assert found(take_in(case, folder(tmp_path, text, picture(1)), reader="vics")) == (0, 0, 0)


def test_of_what_a_person_resumes_the_source_is_compared(case: Case, dana: User, tmp_path: Path) -> None:
    exhibit = add(case, tree(tmp_path / "e", {"a.png": picture(1)}))
    listing.list_files(exhibit.pk)
    evidence.pause(exhibit, by=dana)
    (tmp_path / "e" / "b.png").write_bytes(picture(2))
    evidence.resume(exhibit, by=dana)
    assert sweeping.unfinished().to_compare == [exhibit.pk]
    comparing.carry_out(exhibit.pk)
    exhibit.refresh_from_db()
    assert exhibit.source_changes["added"] == 1
    assert sweeping.unfinished().to_compare == []


def test_of_what_only_lacked_space_nothing_is_compared(case: Case, tmp_path: Path) -> None:
    exhibit = add(case, tree(tmp_path / "e", {"a.png": picture(1)}))
    listing.list_files(exhibit.pk)
    evidence.pause(exhibit, by=None, why=evidence.NO_SPACE)
    sweeping.unfinished()
    exhibit.refresh_from_db()
    assert (exhibit.state, sweeping.unfinished().to_compare) == ("running", [])


def test_of_a_source_that_is_away_the_job_ends_and_the_command_says_so(exhibit: Exhibit, tmp_path: Path) -> None:
    (tmp_path / "e").rename(tmp_path / "away")
    with pytest.raises(SourceGone):
        comparing.compare(exhibit, by=None)
    exhibit.refresh_from_db()
    assert exhibit.source_changes == {}


def run(*words: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("evidence", *words, stdout=out, stderr=io.StringIO())
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_by_command_an_exhibit_is_compared_tried_again_and_removed(exhibit: Exhibit, tmp_path: Path) -> None:
    about = (exhibit.case.number, "--exhibit", "nm-01", "--as", "dana", "--json")
    changed_tree(tmp_path / "e")
    code, out = run("compare", *about)
    assert (code, json.loads(out)) == (1, {"added": 1, "removed": 1, "changed": 2})
    assert run("again", *about)[0] == 0
    code, out = run("remove", *about, "--reason", "wrong stick")
    assert (code, json.loads(out)["state"]) == (0, "removed")
    assert run("compare", *about)[0] == 2
    assert run("compare", exhibit.case.number, "--exhibit", "NM-99", "--as", "dana")[0] == 2
