"""Packages as jobs: ordered and brought by page, told while they run, killed, given up, tried again, swept."""

import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from hashsets import tasks
from hashsets.models import HashSet, Package, PackageUpload, Peer, Subscription
from hashsets.packages import jobs, kept, making, running, taking, uploads
from hashsets.packages.watching import PackageCancelled, Watch
from tests.hashsets import makers, paired
from tests.hashsets.pages import text
from tests.hashsets.test_list_uploads import JSON, PIECE, TUS, b64
from tests.people import People, signed_in
from workbench.errors import WorkbenchError
from workbench.models import AuditEvent, Job, User

pytestmark = pytest.mark.django_db(transaction=True)  # progress goes over a connection of its own


@pytest.fixture(autouse=True)
def tidied() -> Iterator[None]:
    """Files outlive the rows of a test, those of other modules too."""
    _tidy()
    yield
    _tidy()


def _tidy() -> None:
    for path in [*kept.root().glob("*/*.tar"), *(settings.DATA_DIR / "uploads" / "packages").glob("*")]:
        path.unlink()


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The jobs a worker was woken for; nothing runs by itself."""
    found: list[int] = []
    monkeypatch.setattr(tasks, "wake_package", found.append)
    return found


@pytest.fixture
def shared(people: People) -> HashSet:
    made = makers.hash_set(people.supervisor, "Harbour")
    makers.publish(made, makers.picture("a"), makers.picture("b", "2"), by=people.supervisor)
    return made


@pytest.fixture
def peer(shared: HashSet, people: People) -> Peer:
    return paired.reader(shared, people)


@pytest.fixture
def mirror(shared: HashSet, people: People) -> Subscription:
    return paired.mirror(shared, people)


@pytest.fixture
def file(shared: HashSet, peer: Peer, tmp_path: Path, people: People) -> Path:
    made = making.make(shared, peer, target=tmp_path, by=people.supervisor)
    assert made
    return made.path


def at(name: str, *ids: Any) -> str:
    return reverse(f"exchange:{name}", args=ids)


def brought(client: Client, file: Path, name: str = "") -> HttpResponse:
    """A file sent with the form, without a script."""
    sent = {"file": SimpleUploadedFile(file.name, file.read_bytes()), "name": name}
    answer = client.post(at("unpack"), sent, secure=True)
    assert isinstance(answer, HttpResponse)
    return answer


def said(client: Client, page: str) -> str:
    return text(client.get(page, secure=True))


def job_of(answer: HttpResponse) -> Job:
    return Job.objects.get(public_id=UUID(answer.headers["Location"].rstrip("/").rsplit("/", 1)[-1]))


def test_a_courier_file_is_made_by_a_worker_kept_and_saved_from_its_page(
    shared: HashSet, peer: Peer, people: People, woken: list[int]
) -> None:
    client = signed_in(people.supervisor)
    order = at("package", peer.public_id, peer.shares.get().public_id)
    page = client.post(order, secure=True).headers["Location"]
    assert client.post(order, secure=True).headers["Location"] == page  # the order that waits already
    assert not Package.objects.exists()
    assert "Waiting for a worker" in said(client, page)
    tasks.run_package(woken[0])
    progress = client.get(f"{page}progress/", secure=True).json()
    assert (progress["done"], progress["fields"]["state"]) == (True, "done")
    made = Package.objects.get()
    assert "2 lines are in the courier file." in said(client, page)
    saved = client.get(at("package_file", peer.public_id, made.public_id), secure=True)
    data = b"".join(saved)
    assert (len(data), f"{shared.public_id}-0-2.tar" in saved.headers["Content-Disposition"]) == (made.size, True)
    assert AuditEvent.objects.filter(verb="package.fetch").count() == 1
    assert (
        at("package_file", peer.public_id, made.public_id)
        in client.get(at("peer", peer.public_id), secure=True).content.decode()
    )
    again = client.post(order, secure=True).headers["Location"]
    tasks.run_package(woken[-1])
    assert "Nothing changed since the last courier file." in said(client, again)


def test_a_file_that_came_piece_by_piece_is_checked_stored_and_told(
    file: Path, mirror: Subscription, people: People, woken: list[int]
) -> None:
    client, data = signed_in(people.outsider), file.read_bytes()
    meta = {"Upload-Length": str(len(data)), "Upload-Metadata": f"filename {b64(b'a.tar')},fingerprint {b64(b'x')}"}
    place = client.post(at("package_uploads"), secure=True, headers=TUS | meta).headers["Location"]
    half: dict[str, Any] = {"data": data[:700], "content_type": PIECE, "secure": True}
    assert client.patch(place, headers=TUS | {"Upload-Offset": "0"}, **half).status_code == 204
    upload = PackageUpload.objects.get()
    early = client.post(at("unpack"), {"upload": upload.public_id}, secure=True, headers=JSON)
    assert early.json()["error"]["code"] == "package-incomplete"
    found = client.post(at("package_uploads"), secure=True, headers=TUS | meta)  # the same file again goes on
    assert (found.headers["Location"], found.headers["Upload-Offset"]) == (place, "700")
    assert signed_in(people.supervisor).head(place, secure=True, headers=TUS).status_code == 404
    rest = half | {"data": data[700:]}
    assert client.patch(place, headers=TUS | {"Upload-Offset": "700"}, **rest).status_code == 204
    page = client.post(at("unpack"), {"upload": upload.public_id}, secure=True, headers=JSON).json()["next"]
    lost = client.post(at("unpack"), {"upload": upload.public_id}, secure=True, headers=JSON).json()["next"]
    assert lost == page
    tasks.run_package(woken[0])
    assert "2 records of Harbour, mirrored are taken in." in said(client, page)
    assert "a.tar done" in said(client, at("unpack"))
    mirror.refresh_from_db()
    assert (mirror.seq, list((settings.DATA_DIR / "uploads" / "packages").glob("*"))) == (2, [])


def test_a_file_larger_than_one_may_be_is_refused_before_its_first_byte(
    file: Path, people: People, settings: Settings
) -> None:
    settings.PACKAGE_BYTES = 1000
    client = signed_in(people.outsider)
    meta = {"Upload-Length": "1001", "Upload-Metadata": f"filename {b64(b'a.tar')}"}
    assert client.post(at("package_uploads"), secure=True, headers=TUS | meta).status_code == 413
    refused = brought(client, file)
    assert (refused.status_code, "may have 1,000 bytes" in text(refused)) == (400, True)
    assert not Job.objects.exists()


def test_a_refused_file_needs_not_be_sent_again(file: Path, people: People, peer: Peer, woken: list[int]) -> None:
    paired.peer(people.south, people.north, by=people.outsider, confirmed_by=people.colleague)
    HashSet.objects.update(public_id=UUID(int=7))  # as if on another node: there this set is none of its own
    client = signed_in(people.outsider)
    page = brought(client, file).headers["Location"]
    tasks.run_package(woken[-1])
    shown = said(client, page)
    assert "Nothing was stored." in shown
    assert "is not read here" in shown
    tasks.sweep_rows()
    page = client.post(f"{page}again/", {"name": "Northmoor's"}, secure=True).headers["Location"]
    tasks.run_package(woken[-1])
    assert "2 records of Northmoor&#x27;s are taken in." in said(client, page)
    assert client.post(f"{page}again/", {}, secure=True).status_code == 409


@pytest.mark.usefixtures("german")
def test_a_damaged_file_is_refused_told_in_the_readers_language_and_gone(
    file: Path, mirror: Subscription, people: People, woken: list[int]
) -> None:
    file.write_bytes(file.read_bytes().replace(b'"count":2', b'"count":3'))
    client = signed_in(people.outsider)
    page = brought(client, file).headers["Location"]
    tasks.run_package(woken[0])
    assert "Nothing was stored." in said(client, page)
    User.objects.filter(pk=people.outsider.pk).update(language="de")
    assert "Die Lieferung ist nicht" in said(client, page)
    assert AuditEvent.objects.filter(verb="package.refuse", body__contains=file.name).count() == 1
    assert not list((settings.DATA_DIR / "uploads" / "packages").glob("*"))
    page = brought(signed_in(people.supervisor), file).headers["Location"]  # at home again
    tasks.run_package(woken[-1])
    assert "This agency made this courier file itself" in said(signed_in(people.supervisor), page)
    assert "Try again" not in said(signed_in(people.supervisor), page)


def test_what_somebody_gave_up_stores_nothing_however_far_it_was(
    file: Path, mirror: Subscription, people: People, woken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, before = signed_in(people.outsider), AuditEvent.objects.filter(verb="package.refuse").count()
    page = brought(client, file).headers["Location"]
    job = Job.objects.get(pk=woken[0])

    def elsewhere() -> None:
        jobs.cancel(job, by=people.outsider)
        connection.close()

    def tell(_self: running.Teller, phase: str, _done: int, _of: int) -> None:
        if phase == "Putting it in force":  # the last word before the end
            canceller = threading.Thread(target=elsewhere)
            canceller.start()
            canceller.join()

    monkeypatch.setattr(running.Teller, "tell", tell)
    tasks.run_package(job.pk)
    assert "gave this up. Nothing was stored." in said(client, page)
    mirror.refresh_from_db()
    assert (mirror.seq, mirror.set.generation) == (0, 0)
    assert AuditEvent.objects.filter(verb="package.refuse").count() == before
    assert AuditEvent.objects.filter(verb="package.cancel").count() == 1
    assert "It was over already" in text(client.post(f"{page}cancel/", secure=True, follow=True))


def test_a_worker_hears_on_its_way_that_it_was_given_up(shared: HashSet, peer: Peer, people: People) -> None:
    job = jobs.order(peer.shares.get(), by=people.supervisor)
    Job.objects.update(state=Job.State.RUNNING)
    teller = running.Teller(job)
    teller.tell("Writing", 0, 2)
    assert Job.objects.get().cursor["phase"] == "Writing"
    jobs.cancel(job, by=people.supervisor)
    with pytest.raises(PackageCancelled):
        teller.tell("Storing", 1, 2)
    teller.close()


def test_a_set_that_is_being_read_just_now_is_tried_again_by_the_sweeper(
    file: Path, mirror: Subscription, people: People, woken: list[int]
) -> None:
    Subscription.objects.update(lease_until=timezone.now() + timedelta(minutes=5))
    job = job_of(brought(signed_in(people.outsider), file))
    tasks.run_package(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED
    Subscription.objects.update(lease_until=None)
    assert jobs.waiting() == []
    Job.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    assert jobs.waiting() == [job.pk]
    tasks.run_package(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.DONE


def test_a_job_that_stopped_thrice_is_given_up(peer: Peer, people: People) -> None:
    job = jobs.order(peer.shares.get(), by=people.supervisor)
    Job.objects.update(cursor=job.cursor | {"tries": running.MOST_TRIES})
    tasks.run_package(job.pk)
    job.refresh_from_db()
    assert (job.state, "three times" in job.message, Package.objects.exists()) == (Job.State.FAILED, True, False)


def test_who_may_not_send_any_more_makes_no_file(peer: Peer, people: People) -> None:
    job = jobs.order(peer.shares.get(), by=people.supervisor)
    User.objects.filter(pk=people.supervisor.pk).update(is_active=False)
    tasks.run_package(job.pk)
    job.refresh_from_db()
    assert (job.state, Package.objects.exists()) == (Job.State.FAILED, False)


def test_files_go_when_their_time_is_over_and_what_is_under_way_stays(
    shared: HashSet, peer: Peer, people: People, settings: Settings
) -> None:
    made = making.make(shared, peer, target=None, by=people.supervisor)
    assert made
    upload = uploads.begin(by=people.outsider, name=b"a.tar", size=9)
    tasks.sweep_rows()
    assert (made.path.is_file(), uploads.path_of(upload.public_id).is_file()) == (True, True)
    PackageUpload.objects.update(expires_at=timezone.now())
    stray = kept.folder(people.north) / "00000000-fa4e-4000-8000-000000000001.tar"
    stray.touch()
    os.utime(stray, (0, 0))
    settings.PACKAGE_DAYS = 0
    tasks.sweep_rows()
    assert not made.path.exists()
    assert not stray.exists()
    assert not uploads.path_of(upload.public_id).exists()
    assert AuditEvent.objects.filter(verb__in=["package.expire", "package.upload.expire"]).count() == 2
    with pytest.raises(kept.PackageGone):
        kept.fetch(made.package, by=people.supervisor)


def test_whoever_follows_may_end_the_work_at_any_word(file: Path, mirror: Subscription, people: People) -> None:
    for stops_at in ("Checking", "Storing", "Putting it in force"):

        def stop(phase: str, _done: int, _of: int, at: str = stops_at) -> None:
            if phase == at:
                raise PackageCancelled

        with pytest.raises(WorkbenchError):
            taking.take(file, by=people.outsider, watch=Watch(tell=stop))
        mirror.refresh_from_db()
        assert (mirror.seq, mirror.set.generation) == (0, 0)
