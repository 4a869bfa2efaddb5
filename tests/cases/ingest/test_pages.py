"""Adding evidence in the browser, uploads, holding an ingest, problems and progress."""

import base64
import io
import json
import re
import zipfile
from hashlib import md5
from pathlib import Path
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from pytest_django import DjangoAssertNumQueries

from cases import evidence
from cases.ingest import pipeline
from cases.models import Case, Exhibit, Item
from tests import factories
from tests.cases.ingest import disks
from tests.cases.ingest.trees import add, figures, picture, take_in, tree
from tests.cases.ingest.trees import ledger as rows
from tests.people import signed_in
from workbench.models import User

pytestmark = pytest.mark.django_db(transaction=True)
SECURE = {"secure": True}


def post(user: User, path: str, **fields: object) -> HttpResponse:
    return signed_in(user).post(path, fields, secure=True)  # type: ignore[return-value]


def item_of(exhibit: Exhibit, raw_path: bytes) -> UUID:
    content = exhibit.files.get(raw_path=raw_path).content
    return Item.objects.get(case=exhibit.case, content=content).public_id


def get(user: User, path: str) -> HttpResponse:
    return signed_in(user).get(path, secure=True)  # type: ignore[return-value]


def test_of_a_folder_of_the_inbox_becomes_an_exhibit(case: Case, inbox: Path) -> None:
    tree(inbox / "stick 1", {"a.png": picture(1)})
    page = get(case.lead, f"/cases/{case.public_id}/evidence/new/")
    assert b'value="stick%201"' in page.content
    assert "folder, 1 file\n" in page.content.decode()
    answer = post(case.lead, page.request["PATH_INFO"], ref="NM-01", source="folder", folder="stick%201")  # type: ignore[attr-defined]
    assert answer.status_code == 302
    assert figures(pipeline.drain(Exhibit.objects.get(ref="NM-01").pk)) == (1, 0, 0, 1, 0, 0, 0)


def test_of_a_disk_image_of_the_inbox_becomes_an_exhibit_and_its_hash_is_shown(case: Case, inbox: Path) -> None:
    disk = disks.fat({"a.png": picture(1), "gone.png": picture(2)}, deleted={"gone.png"})
    first = disks.split(inbox, disk, 2)
    answer = post(
        case.lead, f"/cases/{case.public_id}/evidence/new/", ref="NM-01", source="image", folder=first.name
    )  # fmt: skip
    assert answer.status_code == 302
    exhibit = Exhibit.objects.get(ref="NM-01")
    exhibit.source_hash = md5(disk, usedforsecurity=False).digest()
    exhibit.save()
    assert figures(pipeline.drain(exhibit.pk)) == (2, 0, 0, 2, 0, 0, 0)
    assert b"Hash verified" in get(case.lead, f"/cases/{case.public_id}/").content
    page = get(case.lead, f"/items/{item_of(exhibit, b'vol1/gone.png')}/").content.decode()
    assert "vol1/gone.png" in page
    assert "deleted · unallocated · at byte" in page


@pytest.mark.parametrize("folder", ["../outside", "..", "", "/etc", "link", "stick/link", "a%00b"])
def test_of_nothing_outside_the_inbox_can_be_named(case: Case, inbox: Path, folder: str) -> None:
    outside = tree(inbox.parent / "outside", {"secret.png": picture(1)})
    tree(inbox / "stick", {"a.png": picture(1)})
    (inbox / "link").symlink_to(outside)
    (inbox / "stick" / "link").symlink_to(outside)
    answer = post(case.lead, f"/cases/{case.public_id}/evidence/new/", ref="NM-01", source="folder", folder=folder)
    assert answer.status_code == 400
    assert not Exhibit.objects.exists()


def test_of_a_zip_from_the_browser_is_taken_in(case: Case) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.png", picture(1))
    file = SimpleUploadedFile("evidence.zip", stream.getvalue())
    answer = post(case.lead, f"/cases/{case.public_id}/evidence/new/", ref="NM-01", source="archive", file=file)
    assert answer.status_code == 302
    exhibit = pipeline.drain(Exhibit.objects.get().pk)
    assert rows(exhibit) == {b"a.png": ("accepted", "")}
    assert not Path(evidence.upload_folder(exhibit.public_id)).exists()


@pytest.mark.parametrize("source", ["archive", "vics"])
@pytest.mark.parametrize("sent", [b"not a zip", b'{"value": "no case"}', b"PK\x05\x06" + bytes(18)])
def test_of_a_refused_file_no_exhibit_stays_and_its_number_is_free(
    case: Case, tmp_path: Path, source: str, sent: bytes
) -> None:
    if (source, sent[:2]) == ("archive", b"PK"):
        return  # an empty zip is a zip
    page = f"/cases/{case.public_id}/evidence/new/"
    fields = {"form": "zip", "ref": "NM-01", "description": "worn card", "source": source}
    answer = post(case.lead, page, **fields, file=SimpleUploadedFile("x.zip", sent))
    assert answer.status_code == 400
    assert not Exhibit.objects.exists()
    assert answer.content.decode().count('value="worn card"') == 1  # in the form it came from, and no other
    assert take_in(case, tree(tmp_path, {"a.png": picture(1)})).ref == "NM-01"


def test_of_the_same_evidence_once_more_the_page_says_so(case: Case, inbox: Path) -> None:
    tree(inbox / "stick", {"a.png": picture(1)})
    browser = signed_in(case.lead)

    def told(ref: str) -> str:
        fields = {"form": "inbox", "ref": ref, "source": "folder", "folder": "stick"}
        address = f"/cases/{case.public_id}/evidence/new/"
        return browser.post(address, fields, secure=True, follow=True).content.decode()

    assert "NM-01 is in this case already" not in told("NM-01")
    assert "NM-01 is in this case already" in told(" nm-01 ")
    assert "The same place was taken in as NM-01." in told("NM-02")
    assert Exhibit.objects.count() == 2


@pytest.mark.parametrize(("keep", "wanted"), [({"keep": "place"}, "place"), ({}, "copy")])
def test_of_a_folder_is_left_in_place_when_the_page_says_so(
    case: Case, inbox: Path, keep: dict[str, str], wanted: str
) -> None:
    tree(inbox / "stick", {"a.png": picture(1)})
    fields = {"form": "inbox", "ref": "NM-01", "source": "folder", "folder": "stick"} | keep
    post(case.lead, f"/cases/{case.public_id}/evidence/new/", **fields)
    assert Exhibit.objects.get().keep == wanted


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        ("waiting", ["cancel"]),
        ("listing", ["pause", "cancel"]),
        ("running", ["pause", "cancel"]),
        ("paused", ["resume", "cancel"]),
        ("stopped", ["resume", "cancel"]),
        ("done", []),
        ("cancelled", []),
    ],
)
def test_of_an_exhibit_the_case_page_offers_what_can_be_done(case: Case, state: str, offered: list[str]) -> None:
    exhibit = factories.exhibit(case)
    Exhibit.objects.update(state=state, state_reason="The source is another one.")
    page = get(case.lead, f"/cases/{case.public_id}/").content.decode()
    acts = [act for act in ("pause", "resume", "cancel") if f'/exhibits/{exhibit.public_id}/{act}/"' in page]
    assert acts == offered


def test_of_a_cancelled_ingest_a_reason_is_asked_for_and_its_free_number_told(case: Case, tmp_path: Path) -> None:
    exhibit = add(case, tree(tmp_path, {"a.png": picture(1)}))
    browser, address = signed_in(case.lead), f"/exhibits/{exhibit.public_id}/cancel/"
    assert browser.post(address, {"reason": " "}, secure=True).status_code == 400
    page = browser.post(address, {"reason": "wrong device"}, secure=True, follow=True).content.decode()
    assert "Nothing had come in: its number can be used again." in page
    assert "wrong device" in page
    assert take_in(case, tmp_path).ref == exhibit.ref


def test_of_a_refused_upload_the_answer_says_why_in_json(case: Case) -> None:
    factories.exhibit(case, "NM-01")
    path = f"/cases/{case.public_id}/uploads/"
    asked = {"secure": True, "headers": {"Accept": "application/json"}}
    answer = signed_in(case.lead).post(path, {"ref": "NM-01"}, **asked)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "exhibit-taken")
    assert signed_in(None).post(path, {"ref": "NM-02"}, **asked).status_code == 401  # type: ignore[arg-type]


def test_of_an_upload_sent_twice_is_there_once(case: Case) -> None:
    start = post(case.lead, f"/cases/{case.public_id}/uploads/", ref="NM-01", files="2", bytes="99")
    place = json.loads(start.content)
    names = ["DCIM/../a.png", "b\u202egnp.txt"]
    told = [base64.b64encode(name.encode()).decode() for name in names]
    for _ in range(2):
        files = [SimpleUploadedFile("x", picture(number)) for number in (1, 2)]
        answer = post(case.lead, place["files_url"], files=files, names=told)
        assert json.loads(answer.content) == {"received": 2}
    assert json.loads(post(case.lead, f"/cases/{case.public_id}/uploads/", ref="NM-01").content) == place
    assert post(case.lead, place["done_url"]).headers["Location"] == f"/cases/{case.public_id}/"
    exhibit = pipeline.drain(Exhibit.objects.get().pk)
    assert rows(exhibit) == {name.encode(): ("accepted", "") for name in names}
    assert post(case.lead, place["files_url"], files=[SimpleUploadedFile("x", b"x")], names=["eA=="]).status_code == 409


def test_of_an_ingest_is_held_and_resumed_by_its_buttons(case: Case, tmp_path: Path) -> None:
    exhibit = add(case, tree(tmp_path, {"a.png": picture(1)}))
    place = f"/exhibits/{exhibit.public_id}"
    assert post(case.lead, f"{place}/pause/").status_code == 302
    assert post(case.lead, f"{place}/pause/").status_code == 409
    assert pipeline.drain(exhibit.pk).state == "paused"
    assert post(case.lead, f"{place}/resume/").status_code == 302
    assert pipeline.drain(exhibit.pk).state == "done"
    assert post(case.lead, f"{place}/explode/").status_code == 404


@pytest.mark.parametrize("act", ["pause", "files", "files/done"])
def test_of_an_outsider_cannot_tell_that_an_exhibit_exists(
    case: Case, outsider: User, tmp_path: Path, act: str
) -> None:
    exhibit = add(case, tree(tmp_path, {"a.png": picture(1)}))
    assert post(outsider, f"/exhibits/{exhibit.public_id}/{act}/").status_code == 404
    assert Exhibit.objects.get().state == "listing"


def test_of_problems_are_listed_with_their_reason_in_words(case: Case, tmp_path: Path) -> None:
    tree(tmp_path, {"empty.png": b"", "a\nb.txt": b"text", "fine.png": picture(1)})
    exhibit = take_in(case, tmp_path)
    page = get(case.lead, f"/cases/{case.public_id}/problems/").content.decode()
    assert "Empty: no bytes." in page
    assert "a\\nb.txt" in page
    assert "fine.png" not in page
    only = get(case.lead, f"/cases/{case.public_id}/problems/?reason=empty-file&exhibit={exhibit.public_id}")
    assert b"not-media</span>" not in only.content
    assert "1 file<" in only.content.decode()
    assert re.findall(r'<option value="([a-z-]+)"[^>]*>[^<]*\((\d+)\)', page) == [
        ("empty-file", "1"),
        ("not-media", "1"),
    ]
    none = get(case.lead, f"/cases/{case.public_id}/problems/?reason=corrupt").content.decode()
    assert "No file fits this filter." in none
    assert "Every file seen so far was read." not in none
    assert get(case.lead, f"/cases/{case.public_id}/problems/?exhibit=x").status_code == 404


def test_of_progress_asks_no_table_of_files(
    case: Case, tmp_path: Path, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    exhibit = take_in(case, tree(tmp_path, {f"{n}.png": picture(n) for n in range(3)}))
    browser = signed_in(case.lead)
    with django_assert_max_num_queries(10) as asked:
        answer = browser.get(f"/cases/{case.public_id}/progress/", secure=True).json()
    assert answer["done"]
    assert answer["say"] == "NM-01: Ready, 3 files"
    assert answer["fields"][f"exhibit-{exhibit.public_id}-bar"] == 100
    assert answer["fields"]["ladder-unmatched"] == "3"
    assert answer["fields"]["ladder-unmatched-percent"] == "100.0"
    assert not any("cases_fileinstance" in query["sql"] for query in asked.captured_queries)


def test_of_the_ladder_what_is_written_while_it_is_live_is_what_the_page_showed(case: Case, tmp_path: Path) -> None:
    take_in(case, tree(tmp_path, {"a.png": picture(1), "copy.png": picture(1), "b.png": picture(2), "empty.png": b""}))
    page = get(case.lead, f"/cases/{case.public_id}/").content.decode()
    fields = json.loads(get(case.lead, f"/cases/{case.public_id}/progress/").content)["fields"]
    shown = dict(re.findall(r'data-field="(ladder-[a-z-]+)"[^>]*>([^<]*)<', page))
    widths = re.findall(r'width="([0-9.]+)%" data-field="(ladder-[a-z-]+)"', page)
    assert {"ladder-bytes", "ladder-problems", "ladder-left", "ladder-views-share"} <= shown.keys()
    shown |= {name: width for width, name in widths}
    assert {name: fields[name] for name in shown} == shown
    assert fields["ladder-problems"] == "1 problem"
