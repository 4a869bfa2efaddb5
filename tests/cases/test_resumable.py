"""Uploads that are resumed speak tus 1.0, and nothing of a file is lost, doubled or mixed up on its way in."""

import base64
import hashlib
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from cases import events, evidence, resumable
from cases.ingest import pipeline
from cases.models import Case, Exhibit, ResumableUpload
from tests.meanwhile import as_it_is_found_again
from tests.people import signed_in
from workbench import pieces
from workbench.models import AuditEvent, User
from workbench.pieces import Piece

pytestmark = pytest.mark.django_db(transaction=True)
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = "application/offset+octet-stream"
FILE = bytes(range(256)) * 20


@pytest.fixture
def exhibit(case: Case, dana: User) -> Exhibit:
    return evidence.add_upload(case=case, ref="NM-01", by=dana)


@pytest.fixture
def sender(dana: User) -> Client:
    return signed_in(dana)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def created(
    sender: Client, exhibit: Exhibit, name: bytes = b"a/film.mp4", size: int = len(FILE), mark: bytes = b"1"
) -> HttpResponse:
    headers = TUS | {"Upload-Length": str(size), "Upload-Metadata": f"filename {b64(name)},fingerprint {b64(mark)}"}
    place = f"/api/v1/exhibits/{exhibit.public_id}/uploads"
    return sender.post(place, b"", content_type="text/plain", headers=headers, secure=True)  # type: ignore[return-value]


def patched(sender: Client, place: str, offset: int, data: bytes, **more: str) -> HttpResponse:
    headers = TUS | {"Upload-Offset": str(offset)} | {name.replace("_", "-"): value for name, value in more.items()}
    return sender.patch(place, data, content_type=PIECE, headers=headers, secure=True)  # type: ignore[return-value]


def headed(sender: Client, place: str) -> HttpResponse:
    return sender.head(place, headers=TUS, secure=True)  # type: ignore[return-value]


def taken_in(exhibit: Exhibit) -> list[tuple[bytes, int, bytes | None]]:
    """What the ledger holds once the ingest is done: name, ordinal, SHA-256."""
    Exhibit.objects.filter(pk=exhibit.pk).update(state=Exhibit.State.LISTING)
    pipeline.drain(exhibit.pk)
    rows = exhibit.files.order_by("pk").values_list("raw_path", "ordinal", "content__sha256")
    return [(bytes(name), ordinal, bytes(digest) if digest else None) for name, ordinal, digest in rows]


def test_a_file_sent_in_pieces_is_the_file(sender: Client, exhibit: Exhibit) -> None:
    answer = created(sender, exhibit)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "0")
    place = answer.headers["Location"]
    for offset in (0, 2000, 4000):
        answer = patched(sender, place, offset, FILE[offset : offset + 2000])
        assert (answer.status_code, answer.headers["Tus-Resumable"]) == (204, "1.0.0")
        assert "Upload-Expires" in answer.headers
    head = headed(sender, place)
    assert head.headers["Upload-Offset"] == head.headers["Upload-Length"] == str(len(FILE))
    assert head.headers["Upload-Metadata"] == f"filename {b64(b'a/film.mp4')}"
    assert taken_in(exhibit) == [(b"a/film.mp4", 0, hashlib.sha256(FILE).digest())]


@how(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, len(FILE)), max_size=6), lost=st.sets(st.integers(0, 6)))
def test_any_cut_into_pieces_gives_the_same_bytes_even_where_answers_are_lost(
    sender: Client, exhibit: Exhibit, cuts: list[int], lost: set[int]
) -> None:
    name = hashlib.sha256(repr((cuts, sorted(lost))).encode()).hexdigest().encode()
    place = created(sender, exhibit, name).headers["Location"]
    for number, end in enumerate([*sorted(cuts), len(FILE)]):
        offset = int(headed(sender, place).headers["Upload-Offset"])
        patched(sender, place, offset, FILE[offset:end])
        if number in lost:  # its answer did not arrive: the sender sends the same once more
            patched(sender, place, offset, FILE[offset:end])
    upload = ResumableUpload.objects.get(raw_path=name)
    assert resumable.path_of(upload).read_bytes() == FILE
    assert exhibit.files.filter(raw_path=name, size=len(FILE)).count() == 1


def test_a_piece_for_another_place_is_refused_and_changes_nothing(sender: Client, exhibit: Exhibit) -> None:
    place = created(sender, exhibit).headers["Location"]
    patched(sender, place, 0, FILE[:100])
    for offset in (0, 99, 101):
        assert patched(sender, place, offset, b"forged").status_code == 409
    assert headed(sender, place).headers["Upload-Offset"] == "100"
    assert patched(sender, place, 100, FILE).status_code == 413


class Slow:
    """A piece during which another request for the same upload comes first."""

    def __init__(self, sender: Client, place: str) -> None:
        self.sender, self.place, self.left = sender, place, [b"late" * 10]

    def read(self, _size: int) -> bytes:
        if self.left:
            assert patched(self.sender, self.place, 0, FILE[:50]).status_code == 204
        return self.left.pop() if self.left else b""


def test_of_two_requests_for_the_same_place_one_is_kept(sender: Client, exhibit: Exhibit) -> None:
    place = created(sender, exhibit).headers["Location"]
    upload = ResumableUpload.objects.get()
    with pytest.raises(pieces.OffsetMoved):
        resumable.append(upload, Piece(Slow(sender, place), 40), offset=0)  # type: ignore[arg-type]
    assert resumable.path_of(upload).read_bytes() == FILE[:50]


class Broken:
    """A connection that ends in the middle of a piece."""

    def __init__(self, data: Iterable[bytes]) -> None:
        self.data = iter(data)

    def read(self, _size: int) -> bytes:
        for data in self.data:
            return data
        raise OSError


def test_of_a_connection_that_breaks_off_what_came_is_kept(sender: Client, exhibit: Exhibit) -> None:
    place = created(sender, exhibit).headers["Location"]
    upload = ResumableUpload.objects.get()
    resumable.append(upload, Piece(Broken([FILE[:70], FILE[70:99]]), 500), offset=0)  # type: ignore[arg-type]
    assert headed(sender, place).headers["Upload-Offset"] == "99"


def test_what_a_killed_process_wrote_beyond_the_offset_is_written_over(sender: Client, exhibit: Exhibit) -> None:
    place = created(sender, exhibit).headers["Location"]
    patched(sender, place, 0, FILE[:100])
    path = resumable.path_of(ResumableUpload.objects.get())
    with path.open("ab") as file:
        file.write(b"never committed" * 1000)
    patched(sender, place, 100, FILE[100:])
    assert path.read_bytes() == FILE


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_piece_with_a_checksum_is_kept_whole_or_not_at_all(sender: Client, exhibit: Exhibit, algorithm: str) -> None:
    place = created(sender, exhibit).headers["Location"]
    right = f"{algorithm} {b64(hashlib.new(algorithm, FILE[:100]).digest())}"
    assert patched(sender, place, 0, FILE[1:101], Upload_Checksum=right).status_code == 460
    assert headed(sender, place).headers["Upload-Offset"] == "0"
    assert patched(sender, place, 0, FILE[:100], Upload_Checksum=right).headers["Upload-Offset"] == "100"
    assert patched(sender, place, 100, b"x", Upload_Checksum="crc32 AAAA").status_code == 400


def test_the_same_file_again_goes_on_and_another_one_of_its_name_and_size_begins(
    sender: Client, exhibit: Exhibit
) -> None:
    place = created(sender, exhibit).headers["Location"]
    patched(sender, place, 0, FILE[:100])
    again, other = created(sender, exhibit), created(sender, exhibit, mark=b"2")
    assert (again.headers["Location"], again.headers["Upload-Offset"]) == (place, "100")
    assert other.headers["Upload-Offset"] == "0"
    patched(sender, other.headers["Location"], 0, FILE[::-1])
    patched(sender, place, 100, FILE[100:])
    digests = [hashlib.sha256(data).digest() for data in (FILE[::-1], FILE)]
    assert taken_in(exhibit) == [(b"a/film.mp4", ordinal, digest) for ordinal, digest in enumerate(digests)]


def test_a_file_found_again_does_not_forget_the_piece_that_comes_just_then(
    sender: Client, exhibit: Exhibit, dana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, other = created(sender, exhibit).headers["Location"], signed_in(dana)
    thread = as_it_is_found_again(monkeypatch, lambda: patched(other, place, 0, FILE[:5]))
    created(sender, exhibit)
    thread.join()
    found = ResumableUpload.objects.get()
    assert (found.offset, resumable.path_of(found).read_bytes()) == (5, FILE[:5])


def test_where_bytes_are_lost_zeros_never_take_their_place(sender: Client, exhibit: Exhibit) -> None:
    place = created(sender, exhibit).headers["Location"]
    patched(sender, place, 0, FILE[:50])
    resumable.path_of(ResumableUpload.objects.get()).write_bytes(FILE[:20])
    assert patched(sender, place, 50, FILE[50:]).status_code == 410
    assert created(sender, exhibit).headers["Upload-Offset"] == "0"
    assert patched(sender, place, 0, FILE).status_code == 204
    assert [digest for _name, _number, digest in taken_in(exhibit)] == [hashlib.sha256(FILE).digest()]


def test_a_file_may_come_with_its_creation_and_may_be_empty(sender: Client, exhibit: Exhibit) -> None:
    headers = TUS | {"Upload-Length": "3", "Upload-Metadata": f"filename {b64(b'x')}"}
    place = f"/api/v1/exhibits/{exhibit.public_id}/uploads"
    answer = sender.post(place, b"abc", content_type=PIECE, headers=headers, secure=True)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "3")
    assert created(sender, exhibit, b"empty", size=0).status_code == 201
    assert [name for name, _ordinal, _digest in taken_in(exhibit)] == [b"x", b"empty"]


def test_names_are_data_and_never_a_path(sender: Client, exhibit: Exhibit) -> None:
    names = [b"../../etc/passwd", b"/abs", b"nul\0in it", b"caf\xe9", b"two\nlines\r", b"."]
    for name in names:
        place = created(sender, exhibit, name, size=1).headers["Location"]
        assert patched(sender, place, 0, b"x").status_code == 204
    folder = Path(evidence.upload_folder(exhibit.public_id))
    assert {path.name[:7] for path in folder.iterdir()} == {"upload-"}
    assert created(sender, exhibit, b"").status_code == 400
    assert [name for name, _ordinal, _digest in taken_in(exhibit)] == names


def test_what_is_no_request_of_the_protocol_is_told_so(sender: Client, exhibit: Exhibit) -> None:
    place = created(sender, exhibit).headers["Location"]
    told = sender.options(place, secure=True)
    assert (told.status_code, told.headers["Tus-Version"]) == (204, "1.0.0")
    assert told.headers["Tus-Extension"] == "creation,creation-with-upload,checksum,expiration,termination"
    assert told.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"
    assert sender.head(place, secure=True).status_code == 412
    assert sender.patch(place, b"x", content_type="text/plain", headers=TUS, secure=True).status_code == 415
    assert sender.patch(place, b"x", content_type=PIECE, headers=TUS, secure=True).status_code == 400
    assert created(sender, exhibit, size=settings.UPLOAD_BYTES + 1).status_code == 413


def test_an_upload_that_is_given_up_leaves_nothing(sender: Client, exhibit: Exhibit) -> None:
    place = created(sender, exhibit).headers["Location"]
    patched(sender, place, 0, FILE[:100])
    path = resumable.path_of(ResumableUpload.objects.get())
    assert sender.delete(place, headers=TUS, secure=True).status_code == 204
    assert not path.exists()
    assert headed(sender, place).status_code == 404


def test_what_nobody_goes_on_with_is_removed_with_an_event(sender: Client, exhibit: Exhibit) -> None:
    place, whole = (created(sender, exhibit, name).headers["Location"] for name in (b"part", b"whole"))
    patched(sender, place, 0, FILE[:100])
    patched(sender, whole, 0, FILE)
    path = resumable.path_of(ResumableUpload.objects.get(raw_path=b"part"))
    resumable.sweep()
    assert path.exists()
    ResumableUpload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert patched(sender, place, 100, FILE[100:]).status_code == 410
    resumable.sweep()
    assert not path.exists()
    assert headed(sender, place).status_code == 404
    assert headed(sender, whole).status_code == 200
    assert AuditEvent.objects.filter(verb=events.UPLOAD_EXPIRED).count() == 1


def test_once_the_exhibit_is_cancelled_no_piece_is_taken(sender: Client, exhibit: Exhibit, dana: User) -> None:
    place = created(sender, exhibit).headers["Location"]
    patched(sender, place, 0, FILE[:100])
    evidence.cancel(exhibit, by=dana, reason="the wrong card")
    assert patched(sender, place, 100, FILE[100:]).status_code == 409
    assert not Path(evidence.upload_folder(exhibit.public_id)).exists()
    resumable.sweep()
    assert not ResumableUpload.objects.exists()
