"""Lists that come piece by piece: after a cut and a reload of the page they go on, and are imported as they are."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from hashsets import import_jobs, list_uploads, tasks
from hashsets.models import HashSet, ListUpload
from tests.hashsets.lists import document, media
from tests.hashsets.pages import text, url
from tests.people import People, signed_in
from workbench.models import AuditEvent, Job

pytestmark = pytest.mark.django_db(transaction=True)
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = "application/offset+octet-stream"
JSON = {"accept": "application/json"}


@pytest.fixture(autouse=True)
def tidied() -> Iterator[None]:
    """Files outlive the rows of a test, those of other modules too."""
    folder = settings.DATA_DIR / "uploads" / "lists"
    for path in folder.glob("*"):
        path.unlink()
    yield
    for path in folder.glob("*"):
        path.unlink()


@pytest.fixture
def sender(people: People) -> Client:
    return signed_in(people.supervisor)


@pytest.fixture
def listed(tmp_path: Path) -> bytes:
    """A list of two entries, one of which the set has."""
    return document(tmp_path, media(1), media(8), name="sent.json").read_bytes()


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    jobs: list[int] = []
    monkeypatch.setattr(tasks, "wake", jobs.append)
    return jobs


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def begun(
    sender: Client, to: HashSet, size: int, name: bytes = b"folder/sent.json", mark: bytes = b"1"
) -> HttpResponse:
    headers = TUS | {"Upload-Length": str(size), "Upload-Metadata": f"filename {b64(name)},fingerprint {b64(mark)}"}
    answer = sender.post(url("list_uploads", to), b"", content_type="text/plain", headers=headers, secure=True)
    assert isinstance(answer, HttpResponse)
    return answer


def place_of(answer: HttpResponse) -> str:
    assert answer.status_code == 201, answer.content
    return str(answer.headers["Location"])


def patched(sender: Client, place: str, offset: int, data: bytes, **more: str) -> HttpResponse:
    headers = TUS | {"Upload-Offset": str(offset)} | {name.replace("_", "-"): value for name, value in more.items()}
    answer = sender.patch(place, data, content_type=PIECE, headers=headers, secure=True)
    assert isinstance(answer, HttpResponse)
    return answer


def id_of(place: str) -> str:
    return place.rstrip("/").rsplit("/", 1)[-1]


def files() -> list[str]:
    return sorted(path.name for path in (settings.DATA_DIR / "uploads" / "lists").glob("*"))


def test_a_list_that_was_cut_goes_on_after_a_reload_and_is_imported_as_it_is(
    hash_set: HashSet, sender: Client, people: People, listed: bytes, woken: list[int]
) -> None:
    place = place_of(begun(sender, hash_set, len(listed)))
    assert patched(sender, place, 0, listed[:50]).headers["Upload-Offset"] == "50"
    cut = sender.post(url("import", hash_set), {"upload": id_of(place)}, secure=True, headers=JSON)
    assert (cut.status_code, cut.json()["error"]["code"]) == (409, "list-incomplete")
    # the page is loaded anew, and the same file chosen again
    again = begun(signed_in(people.supervisor), hash_set, len(listed))
    assert (place_of(again), again.headers["Upload-Offset"]) == (place, "50")
    checksum = f"sha256 {b64(hashlib.sha256(listed[50:]).digest())}"
    assert patched(sender, place, 50, listed[50:], Upload_Checksum=checksum).status_code == 204
    answer = sender.post(url("import", hash_set), {"upload": id_of(place)}, secure=True, headers=JSON)
    (job_id,) = woken
    job = Job.objects.get(pk=job_id)
    assert answer.json() == {"next": f"/hashsets/imports/{job.public_id}/"}
    assert (files(), ListUpload.objects.count()) == ([], 0)
    tasks.run_import(job_id)
    hash_set.refresh_from_db()
    job.refresh_from_db()
    report = job.cursor["report"]
    assert (hash_set.generation, report["stored"], report["source_sha256"], report["files"][0]["name"]) == (
        2, 2, hashlib.sha256(listed).hexdigest(), "sent.json",
    )  # fmt: skip


def test_the_parts_of_a_list_come_in_the_order_they_were_chosen_and_can_be_checked_first(
    hash_set: HashSet, sender: Client, tmp_path: Path, woken: list[int]
) -> None:
    places = []
    for number in (2, 1):
        data = document(tmp_path, media(number + 20), name=f"{number}.json").read_bytes()
        places.append(place_of(begun(sender, hash_set, len(data), f"{number}.json".encode())))
        patched(sender, places[-1], 0, data)
    told = {"upload": [id_of(place) for place in places], "dry_run": "on"}
    assert sender.post(url("import", hash_set), told, secure=True, headers=JSON).status_code == 200
    tasks.run_import(woken[0])
    job = Job.objects.get(pk=woken[0])
    assert (job.state, job.cursor["files"], job.cursor["report"]["stored"]) == ("done", ["2.json", "1.json"], 2)


def test_an_import_that_cannot_begin_leaves_what_was_sent(
    hash_set: HashSet, sender: Client, people: People, listed: bytes
) -> None:
    place = place_of(begun(sender, hash_set, len(listed)))
    patched(sender, place, 0, listed)
    import_jobs.claim(hash_set, ["other.json"], by=people.supervisor, chosen={"dry_run": False}, via="worker")
    answer = sender.post(url("import", hash_set), {"upload": id_of(place)}, secure=True, headers=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "import-running")
    assert files() == [id_of(place)]
    assert place_of(begun(sender, hash_set, len(listed))) == place


def test_an_upload_is_its_sender_s_alone(
    hash_set: HashSet, sender: Client, people: People, listed: bytes, woken: list[int]
) -> None:
    other = signed_in(people.outsider)
    place = place_of(begun(sender, hash_set, len(listed)))
    assert begun(other, hash_set, len(listed)).status_code in {403, 404}
    assert patched(other, place, 0, listed).status_code in {403, 404}
    assert other.head(place, headers=TUS, secure=True).status_code in {403, 404}
    assert files() == [id_of(place)]
    assert ListUpload.objects.get().offset == 0


def bad_piece(sender: Client, place: str, why: str) -> HttpResponse:
    if why == "beyond":
        return patched(sender, place, 0, b"x" * 101)
    if why == "elsewhere":
        return patched(sender, place, 7, b"x")
    return patched(sender, place, 0, b"x", Upload_Checksum=f"sha256 {b64(hashlib.sha256(b'y').digest())}")


@pytest.mark.parametrize(("why", "status"), [("beyond", 413), ("elsewhere", 409), ("damaged", 460)])
def test_of_a_bad_piece_nothing_is_kept(why: str, status: int, hash_set: HashSet, sender: Client) -> None:
    place = place_of(begun(sender, hash_set, 100))
    assert bad_piece(sender, place, why).status_code == status
    assert (ListUpload.objects.get().offset, list_uploads.path_of(ListUpload.objects.get()).read_bytes()) == (0, b"")


def test_lists_have_the_limits_of_evidence(
    hash_set: HashSet, sender: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.UPLOAD_BYTES = 1 << 20
    assert begun(sender, hash_set, (1 << 20) + 1).status_code == 413
    assert begun(sender, hash_set, 9, name=b"").status_code == 400
    monkeypatch.setattr(list_uploads, "MOST_OPEN", 1)
    place_of(begun(sender, hash_set, 9))
    assert begun(sender, hash_set, 9, mark=b"2").status_code == 429
    assert begun(sender, hash_set, 9).status_code == 201, "the one under way goes on"


def test_what_nobody_goes_on_with_is_removed_with_an_event_and_can_be_given_up(
    hash_set: HashSet, sender: Client
) -> None:
    late, given_up, kept = (place_of(begun(sender, hash_set, 9, mark=mark)) for mark in (b"1", b"2", b"3"))
    for stranger in ("00000000-0000-4000-8000-000000000000", "a-name-of-some-tool", "notes.txt"):
        (settings.DATA_DIR / "uploads" / "lists" / stranger).write_bytes(b"nobody's")
    ListUpload.objects.filter(public_id=id_of(late)).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert patched(sender, late, 0, b"x").status_code == 410
    assert sender.delete(given_up, headers=TUS, secure=True).status_code == 204
    list_uploads.sweep()
    assert files() == [id_of(kept)]
    assert sender.head(late, headers=TUS, secure=True).status_code == 404
    assert AuditEvent.objects.filter(verb="set.upload.expire").count() == 1
    assert AuditEvent.objects.filter(verb="set.upload.discard").count() == 1


def test_without_the_script_the_page_sends_everything_in_one_request(hash_set: HashSet, sender: Client) -> None:
    seen = sender.get(url("import", hash_set), secure=True).content.decode()
    assert f'data-list-uploads="{url("list_uploads", hash_set)}"' in seen
    assert "This field is required" in text(sender.post(url("import", hash_set), {"dry_run": "on"}, secure=True))
    assert sender.post(url("import", hash_set), {"upload": "x"}, secure=True).status_code == 400
    many = {"upload": [str(uuid4()) for _ in range(51)]}
    assert "At most 50 files" in text(sender.post(url("import", hash_set), many, secure=True))
