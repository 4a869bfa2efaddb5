"""Whoever sends pieces of files cannot mix two files up, go on without the right, or have something vanish unseen."""

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from cases import announced, events, evidence, uploads
from cases.errors import UploadIncomplete
from cases.models import Case, CaseMember, Exhibit, ResumableUpload
from tests.people import signed_in
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db(transaction=True)
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = "application/offset+octet-stream"


@pytest.fixture
def exhibit(case: Case, dana: User) -> Exhibit:
    return evidence.add_upload(case=case, ref="NM-01", by=dana)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def created(sender: Client, exhibit: Exhibit, mark: bytes, size: int = 10) -> HttpResponse:
    headers = TUS | {"Upload-Length": str(size), "Upload-Metadata": f"filename {b64(b'a.mp4')},fingerprint {b64(mark)}"}
    place = f"/api/v1/exhibits/{exhibit.public_id}/uploads"
    return sender.post(place, b"", content_type="text/plain", headers=headers, secure=True)  # type: ignore[return-value]


def patched(sender: Client, place: str, offset: int, data: bytes) -> int:
    headers = TUS | {"Upload-Offset": str(offset)}
    return sender.patch(place, data, content_type=PIECE, headers=headers, secure=True).status_code


@pytest.mark.parametrize("marks", [(b"\xfe", b"\xff"), (b"x" * 200 + b"1", b"x" * 200 + b"2"), (b"nul\0a", b"nul\0b")])
def test_two_files_whose_fingerprints_look_alike_are_never_one(
    exhibit: Exhibit, dana: User, marks: tuple[bytes, bytes]
) -> None:
    sender = signed_in(dana)
    answers = [created(sender, exhibit, mark) for mark in (*marks, marks[0])]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    first, second, again = (answer.headers["Location"] for answer in answers)
    assert (first != second, first == again) == (True, True)


@pytest.mark.parametrize("size", ["Infinity", "-Infinity", "NaN", "1e400", "1e30", "-1", "null", '"x"', "[]"])
def test_a_size_that_no_file_has_is_told_so(exhibit: Exhibit, dana: User, size: str) -> None:
    body = f'{{"files": [["{b64(b"a")}", {size}]]}}'
    path = f"/api/v1/exhibits/{exhibit.public_id}/announced"
    answer = signed_in(dana).post(path, body, content_type="application/json", secure=True)
    assert (answer.status_code, json.loads(answer.content)["error"]["code"]) == (400, "bad-input")


def test_who_gives_an_upload_up_is_in_the_log(exhibit: Exhibit, dana: User, ines: User) -> None:
    place = created(signed_in(dana), exhibit, b"1").headers["Location"]
    patched(signed_in(dana), place, 0, b"12345")
    assert signed_in(dana).delete(place, headers=TUS, secure=True).status_code == 204
    event = AuditEvent.objects.get(verb=events.UPLOAD_DISCARDED)
    told = json.loads(event.body)["details"]
    assert (event.actor, told["kept"], told["size"], told["name"]) == ("dana", 5, 10, "a.mp4")
    assert announced.missing(exhibit) == 1


class Interrupted(io.BytesIO):
    """A piece of two halves; something happens between them."""

    def __init__(self, between: Callable[[], object]) -> None:
        super().__init__()
        self.between, self.left = between, [b"after", b"first"]

    def read(self, _size: int | None = -1) -> bytes:
        if len(self.left) == 1:
            self.between()
        return self.left.pop() if self.left else b""


@pytest.mark.parametrize(
    "lose",
    [
        lambda case, _sender: CaseMember.objects.filter(case=case).delete(),
        lambda _case, _sender: User.objects.filter(username="dana").update(is_active=False),
        lambda _case, sender: sender.post("/signout/", secure=True),
    ],
)
def test_a_long_piece_ends_with_the_right_to_send_it(
    case: Case, exhibit: Exhibit, dana: User, lose: Callable[[Case, Client], object]
) -> None:
    sender = signed_in(dana)
    place = created(sender, exhibit, b"1").headers["Location"]
    piece: dict[str, Any] = {"wsgi.input": Interrupted(lambda: lose(case, sender)), "CONTENT_LENGTH": "10"}
    piece["CONTENT_TYPE"] = PIECE  # the client tells none for an empty body
    headers = TUS | {"Upload-Offset": "0"}
    answer = sender.generic("PATCH", place, b"", PIECE, secure=True, headers=headers, **piece)
    assert answer.status_code in (403, 404)
    assert ResumableUpload.objects.get().offset == 5


def test_a_second_file_of_one_name_and_size_is_missed_when_it_came_in_part(exhibit: Exhibit, dana: User) -> None:
    sender = signed_in(dana)
    first, second = (created(sender, exhibit, mark).headers["Location"] for mark in (b"1", b"2"))
    assert [patched(sender, first, 0, b"0123456789"), patched(sender, second, 0, b"98765")] == [204, 204]
    with pytest.raises(UploadIncomplete):
        uploads.all_sent(exhibit)
    assert announced.give_up_missing(exhibit, by=dana) == 1
    assert list(exhibit.files.order_by("ordinal").values_list("ordinal", "reason")) == [
        (0, ""),
        (1, "upload-incomplete"),
    ]
    uploads.all_sent(exhibit)


def test_giving_up_many_files_names_each_once(exhibit: Exhibit, dana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announced, "ROWS", 3)
    announced.announce(exhibit, [(b"%d.txt" % (number % 4), number) for number in range(10)])
    assert announced.give_up_missing(exhibit, by=dana) == 10
    rows = {(bytes(name), ordinal) for name, ordinal in exhibit.files.values_list("raw_path", "ordinal")}
    assert len(rows) == 10
    uploads.all_sent(exhibit)


def test_no_piece_is_taken_or_forgotten_for_another_site(exhibit: Exhibit, dana: User) -> None:
    sender = signed_in(dana)
    place = created(sender, exhibit, b"1").headers["Location"]
    sender.handler.enforce_csrf_checks = True
    assert patched(sender, place, 0, b"12345") == 403
    assert sender.delete(place, headers=TUS, secure=True).status_code == 403
    assert created(sender, exhibit, b"2").status_code == 403
    assert ResumableUpload.objects.get().offset == 0
