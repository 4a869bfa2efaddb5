"""What pages say to somebody who would otherwise be stuck: an image in a folder, an upload cut off, waiting."""

from pathlib import Path

import pytest
from django.utils import timezone

from cases.ingest import listing, pipeline, progress
from cases.models import Case, Exhibit
from tests.cases.ingest import disks
from tests.cases.ingest.trees import add, picture, tree
from tests.cases.ingest.trees import ledger as rows
from tests.people import signed_in
from workbench.models import User

pytestmark = pytest.mark.django_db(transaction=True)


def page(user: User, path: str) -> str:
    return signed_in(user).get(path, secure=True).content.decode()


def test_of_an_image_its_folder_may_be_named_and_as_a_folder_it_is_pointed_out(case: Case, inbox: Path) -> None:
    (inbox / "laptop").mkdir()
    disks.split(inbox / "laptop", disks.fat({"a.png": picture(1)}), 2)
    browser, address = signed_in(case.lead), f"/cases/{case.public_id}/evidence/new/"
    fields = {"form": "inbox", "folder": "laptop"}
    answer = browser.post(address, fields | {"ref": "NM-01", "source": "folder"}, secure=True, follow=True)
    assert "disk.001 is a disk image." in answer.content.decode()
    answer = browser.post(address, fields | {"ref": "NM-02", "source": "image"}, secure=True, follow=True)
    assert "is a disk image." not in answer.content.decode()
    exhibit = pipeline.drain(Exhibit.objects.get(ref="NM-02").pk)
    assert rows(exhibit) == {b"vol1/a.png": ("accepted", "")}


def test_of_an_upload_that_was_cut_off_both_pages_tell_how_to_go_on(case: Case) -> None:
    signed_in(case.lead).post(f"/cases/{case.public_id}/uploads/", {"ref": "NM & 01"}, secure=True)
    assert progress.UPLOADING in page(case.lead, f"/cases/{case.public_id}/")
    address = f"/cases/{case.public_id}/evidence/new/"
    assert 'href="?upload=NM%20%26%2001"' in page(case.lead, address)
    assert page(case.lead, f"{address}?upload=NM%20%26%2001").count('value="NM &amp; 01"') == 1


def test_of_an_ingest_no_worker_has_begun_with_is_said_to_wait(case: Case, tmp_path: Path) -> None:
    exhibit = add(case, tree(tmp_path, {"a.png": picture(1)}))
    assert progress.phase(exhibit, timezone.now()) == "waits for its turn"
    listing.list_files(exhibit.pk)
    exhibit.refresh_from_db()
    assert progress.phase(exhibit, timezone.now()).startswith("hashing, matching")
