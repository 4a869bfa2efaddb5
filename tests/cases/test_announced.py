"""Every file that a browser announced ends in the ledger, whether it came or not."""

import base64
import io
import json

import pytest

from cases import announced, events, evidence, uploads
from cases.errors import UploadIncomplete
from cases.ingest import ledger, pipeline
from cases.ingest.base import Found
from cases.models import AnnouncedFile, Case, Exhibit
from tests.people import signed_in
from tests.statements import plan
from workbench.errors import BadInput
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db(transaction=True)
FILES = [(b"DCIM/a.txt", 1), (b"DCIM/b.txt", 2), (b"b\xff\n.txt", 3)]


@pytest.fixture
def exhibit(case: Case, dana: User) -> Exhibit:
    return evidence.add_upload(case=case, ref="NM-01", by=dana)


def send(exhibit: Exhibit, name: bytes, data: bytes) -> None:
    uploads.receive(exhibit, [(name, io.BytesIO(data))])


def test_what_came_by_name_and_size_need_not_be_sent_again(exhibit: Exhibit) -> None:
    assert announced.announce(exhibit, FILES) == [0, 1, 2]
    send(exhibit, b"DCIM/b.txt", b"22")
    send(exhibit, b"DCIM/a.txt", b"longer than was said")
    assert announced.announce(exhibit, FILES) == [0, 2]
    assert announced.missing(exhibit) == 2


def test_an_upload_does_not_end_by_itself_while_something_is_missing(exhibit: Exhibit) -> None:
    announced.announce(exhibit, FILES)
    for name, size in FILES[:2]:
        send(exhibit, name, bytes(size))
    with pytest.raises(UploadIncomplete, match="1 announced file has not come"):
        uploads.all_sent(exhibit)
    send(exhibit, FILES[2][0], bytes(3))
    uploads.all_sent(exhibit)
    assert pipeline.drain(exhibit.pk).seen == 3


def test_what_never_came_is_a_line_of_the_ledger_with_its_reason(exhibit: Exhibit, dana: User) -> None:
    announced.announce(exhibit, FILES)
    send(exhibit, b"DCIM/a.txt", b"longer than was said")
    assert announced.give_up_missing(exhibit, by=dana) == 3
    assert announced.give_up_missing(exhibit, by=dana) == 0
    uploads.all_sent(exhibit)
    assert pipeline.drain(exhibit.pk).rejected == 3
    rows = exhibit.files.order_by("pk").values_list("raw_path", "ordinal", "size", "reason")
    assert [(bytes(name), *rest) for name, *rest in rows][1:] == [
        (b"DCIM/a.txt", 1, 1, "upload-incomplete"),
        (b"DCIM/b.txt", 0, 2, "upload-incomplete"),
        (b"b\xff\n.txt", 0, 3, "upload-incomplete"),
    ]
    assert AuditEvent.objects.filter(verb=events.UPLOAD_CUT_SHORT).count() == 1


def test_what_never_came_is_entered_page_by_page(exhibit: Exhibit, dana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announced, "ROWS", 2)
    announced.announce(exhibit, [(b"a.txt", size) for size in range(5)] + FILES)
    send(exhibit, b"a.txt", b"333")
    assert announced.give_up_missing(exhibit, by=dana) == 7
    same = exhibit.files.filter(size__lt=5, raw_path=b"a.txt").order_by("size").values_list("ordinal", flat=True)
    assert sorted(same) == [0, 1, 2, 3, 4]
    assert json.loads(AuditEvent.objects.get(verb=events.UPLOAD_CUT_SHORT).body)["details"]["missing"] == 7


def test_an_upload_announces_no_more_files_than_it_may(exhibit: Exhibit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announced, "MOST", 3)
    announced.announce(exhibit, FILES)
    assert announced.announce(exhibit, FILES) == [0, 1, 2]
    with pytest.raises(BadInput, match="3 files at most"):
        announced.announce(exhibit, [(b"one more.txt", 1)])
    assert AnnouncedFile.objects.count() == 3


def test_what_came_is_looked_up_by_name_before_the_server_has_statistics(exhibit: Exhibit) -> None:
    ledger.add(exhibit.pk, [Found(b"%d" % number, size=1) for number in range(3000)])
    values = {"exhibit": exhibit.pk, "after": 0, "rows": 1, "keys": [b"x"], "sizes": [1]}
    never_came = announced.NEXT.format(announced.WANTING[0])
    for statement in (f"SELECT count(*) FROM {announced.WANTING[0]}", never_came, announced.MISSING_OF):
        told = plan(statement, values)
        assert "Join Filter" not in told
        assert "(name_key = a.name_key))" in told


def test_a_page_announces_and_ends_without_what_is_missing(exhibit: Exhibit, dana: User) -> None:
    sender = signed_in(dana)
    body = {"files": [[base64.b64encode(name).decode(), size] for name, size in FILES]}
    place = f"/api/v1/exhibits/{exhibit.public_id}/announced"
    answer = sender.post(place, json.dumps(body), content_type="application/json", secure=True)
    assert answer.json() == {"missing": [0, 1, 2]}
    done = f"/exhibits/{exhibit.public_id}/files/done/"
    asked = {"Accept": "application/json"}
    refused = sender.post(done, secure=True, headers=asked)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "upload-incomplete")
    assert sender.post(done, {"anyway": "1"}, secure=True, headers=asked).status_code == 200
    assert Exhibit.objects.get(pk=exhibit.pk).rejected == 3


@pytest.mark.parametrize("body", ["", "[]", '{"files": [["a", 1]]}', '{"files": [["YQ==", -1]]}', '{"files": [1]}'])
def test_what_is_no_announcement_is_refused(exhibit: Exhibit, dana: User, body: str) -> None:
    place = f"/api/v1/exhibits/{exhibit.public_id}/announced"
    answer = signed_in(dana).post(place, body, content_type="application/json", secure=True)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad-input")
