"""Nothing comes into a closed case: no upload, no resumed ingest, no batch."""

import io
import zipfile
from pathlib import Path
from uuid import uuid4

import pytest

from cases import decisions, evidence, investigations, review, uploads
from cases.errors import CaseIsClosed
from cases.evidence import ExhibitTaken
from cases.models import Case, Content, Exhibit, FileInstance, Item
from tests import factories
from tests.cases import material
from tests.cases.ingest import trees
from tests.cases.test_matching import entry, own_set, sync
from tests.hashsets import makers
from workbench import checks
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def test_files_sent_after_the_case_was_closed_are_refused(case: Case, dana: User) -> None:
    exhibit = evidence.add_upload(case=case, ref="NM-01", by=dana)
    investigations.close(case=case, by=dana, reason="done")
    with pytest.raises(CaseIsClosed):
        uploads.receive(exhibit, [(b"late.jpg", io.BytesIO(b"late"))])
    with pytest.raises(CaseIsClosed):
        uploads.all_sent(exhibit)
    assert not FileInstance.objects.exists()
    assert checks.broken() == []


def test_closing_holds_the_ingest_and_nobody_resumes_it(case: Case, dana: User) -> None:
    exhibit = evidence.add_upload(case=case, ref="NM-01", by=dana)
    uploads.all_sent(exhibit)
    investigations.close(case=case, by=dana, reason="done")
    exhibit.refresh_from_db()
    assert exhibit.state == Exhibit.State.PAUSED
    with pytest.raises(CaseIsClosed):
        evidence.resume(exhibit, by=dana)
    assert checks.broken() == []


def test_a_decision_whose_page_was_loaded_before_the_case_closed_is_refused(case: Case, dana: User) -> None:
    (content,) = material.pictures(case, dana, ["a"])
    stale = Case.objects.get(pk=case.pk)
    investigations.close(case=case, by=dana, reason="done")
    with pytest.raises(CaseIsClosed):
        decisions.decide_content(case=stale, content=content, code="1", by=dana, via="test")
    with pytest.raises(CaseIsClosed):
        decisions.confirm(case=stale, items=[uuid4()], by=dana)


def test_a_closed_case_gets_no_items_and_is_told_of_what_a_set_knows_now(case: Case, dana: User, sam: User) -> None:
    material.pictures(case, dana, ["a"])
    sync()
    investigations.close(case=case, by=dana, reason="done")
    makers.publish(own_set(case), entry("a"), by=sam)
    sync()
    assert list(Item.objects.values_list("state", flat=True)) == ["open"]
    told = AuditEvent.objects.get(verb="match.note", case=case.public_id)
    assert '"items":1' in told.body
    assert checks.broken() == []


@pytest.mark.django_db(transaction=True)
def test_bytes_that_a_later_name_calls_a_picture_leave_a_closed_case_alone(
    case: Case, dana: User, tmp_path: Path
) -> None:
    trees.take_in(case, trees.tree(tmp_path / "one", {"note.txt": b"hills and rivers"}))
    investigations.close(case=case, by=dana, reason="done")
    other = factories.case(dana, number="later")
    trees.take_in(other, trees.tree(tmp_path / "two", {"hill.jpg": b"hills and rivers"}))
    assert Content.objects.get().kind == "still"
    assert list(Item.objects.values_list("case", flat=True)) == [other.pk]
    assert trees.ledger(Exhibit.objects.get(case=case)) == {b"note.txt": ("without_preview", "not-media")}
    assert checks.broken() == []


def test_closing_with_two_open_batches_gives_both_back_and_logs_them_before_the_closing(
    case: Case, dana: User, sam: User
) -> None:
    material.pictures(case, dana, ["a"])
    first = review.claim(case=case, by=dana)
    material.pictures(case, dana, ["b"], ref="NM-02")
    second = review.claim(case=case, by=sam)
    investigations.close(case=case, by=dana, reason="done")
    told = list(AuditEvent.objects.filter(case=case.public_id).order_by("-seq").values_list("verb", flat=True)[:3])
    assert told == ["case.close", "batch.close", "batch.close"]
    for batch in (first, second):
        batch.refresh_from_db()
        assert batch.state == "released"
    assert checks.broken() == []


@pytest.mark.django_db(transaction=True)
def test_of_two_files_sent_as_one_exhibit_the_first_is_kept_and_the_second_leaves_nothing(
    case: Case, dana: User
) -> None:
    archive, other = zipped({"hill.png": trees.picture(1)}), zipped({"other.png": trees.picture(2)})
    exhibit = uploads.add_file(case=case, ref="NM-01", reader_id="archive", by=dana, stream=io.BytesIO(archive))
    folder = Path(evidence.upload_folder(exhibit.public_id))
    before = set(folder.parent.iterdir())
    with pytest.raises(ExhibitTaken):
        uploads.add_file(case=case, ref="NM-01", reader_id="archive", by=dana, stream=io.BytesIO(other))
    (kept,) = folder.iterdir()
    assert bytes(exhibit.source) == bytes(kept)
    assert kept.read_bytes() == archive
    assert set(folder.parent.iterdir()) == before


@pytest.mark.django_db(transaction=True)
def test_a_cancelled_upload_leaves_no_bytes_behind(case: Case, dana: User) -> None:
    exhibit = evidence.add_upload(case=case, ref="NM-01", by=dana)
    uploads.receive(exhibit, [(b"hill.jpg", io.BytesIO(b"hill"))])
    evidence.cancel(exhibit, by=dana, reason="the wrong phone")
    assert not Path(evidence.upload_folder(exhibit.public_id)).exists()
