"""Importing a list by page: checked first or at once, told while it runs, in parts, broken, twice."""

import errno
import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hashsets import import_jobs, import_queue, importing, kept_lists, tasks
from hashsets.models import HashSet
from tests.hashsets.lists import digest, document, load, media
from tests.hashsets.pages import text, url
from tests.people import People, signed_in
from workbench.models import AuditEvent, Job


def upload(client: Client, to: HashSet, *files: tuple[str, bytes], **more: str) -> HttpResponse:
    """Post files to a set's import."""
    sent: dict[str, Any] = {"file": [SimpleUploadedFile(name, data) for name, data in files], **more}
    answer = client.post(url("import", to), sent, secure=True)
    assert isinstance(answer, HttpResponse)
    return answer


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The jobs a worker was woken for; nothing runs by itself."""
    jobs: list[int] = []
    monkeypatch.setattr(tasks, "wake", jobs.append)
    return jobs


def test_an_upload_is_imported_by_a_worker_and_told_on_its_page(
    hash_set: HashSet, people: People, tmp_path: Path, woken: list[int]
) -> None:
    client = signed_in(people.supervisor)
    data = document(tmp_path, media(1), media(9), {"MD5": "nothing", "Category": 1}).read_bytes()
    answer = upload(client, hash_set, ("new.json", data))
    job = Job.objects.get(pk=woken[0])
    progress = reverse("hashsets:import_progress", args=[job.public_id])
    assert answer.headers["Location"] == reverse("hashsets:import_run", args=[job.public_id])
    assert client.get(progress, secure=True).json()["done"] is False
    seen = text(client.get(answer.headers["Location"], secure=True))
    assert "waiting" in seen
    assert "Waiting for a worker" in seen
    for not_yet in ("Withdrawn", "Nothing was left out", "Duplicates"):
        assert not_yet not in seen
    tasks.run_import(job.pk)
    told = client.get(progress, secure=True).json()
    assert (told["done"], told["fields"]["state"]) == (True, "done")
    seen = text(client.get(answer.headers["Location"], secure=True))
    for words in ("new.json", "Version 2" if "Version 2" in seen else "v2", "the hash is not one"):
        assert words in seen
    report = client.get(answer.headers["Location"] + "?format=json", secure=True).json()
    assert (report["read"], report["stored"], report["skipped"]) == (3, 2, {"invalid-hash": 1})
    assert not list(kept_lists.folder(job).parent.glob("*"))
    assert str(job.public_id) in client.get(url("set", hash_set), secure=True).content.decode()


def test_a_broken_upload_says_so_and_leaves_the_version(hash_set: HashSet, people: People, woken: list[int]) -> None:
    client = signed_in(people.supervisor)
    answer = upload(client, hash_set, ("cut.json", b'{"value":[{"MD5":'))
    tasks.run_import(woken[0])
    seen = text(client.get(answer.headers["Location"], secure=True))
    assert "Nothing was imported." in seen
    assert "truncated at byte" in seen
    assert HashSet.objects.get(pk=hash_set.pk).generation == 1


def test_several_files_are_uploaded_as_parts(
    hash_set: HashSet, people: People, tmp_path: Path, woken: list[int]
) -> None:
    one, two = (document(tmp_path, media(n), name=f"{n}.json").read_bytes() for n in (1, 2))
    upload(signed_in(people.supervisor), hash_set, ("1.json", one), ("2.json", two), dry_run="on")
    tasks.run_import(woken[0])
    job = Job.objects.get(pk=woken[0])
    assert (job.state, job.cursor["report"]["stored"], job.cursor["report"]["dry_run"]) == ("done", 2, True)
    assert HashSet.objects.get(pk=hash_set.pk).generation == 1


@pytest.fixture
def checked(hash_set: HashSet, people: People, tmp_path: Path, woken: list[int]) -> Job:
    """A dry run that is over; its list has an entry that contradicts itself behind a bad record."""
    records = (
        *(media(1), {"MD5": "nothing", "Category": 1}, media(8, 1), media(8, 0), media(9, 77), media(10, 1)),
        media(10, 2),
    )
    data = document(tmp_path, *records).read_bytes()
    upload(signed_in(people.supervisor), hash_set, ("new.json", data), dry_run="on")
    tasks.run_import(woken[-1])
    return Job.objects.get(pk=woken[-1])


def test_after_a_dry_run_the_very_list_is_imported_without_being_sent_again(
    hash_set: HashSet, people: People, checked: Job, woken: list[int]
) -> None:
    client, page = signed_in(people.supervisor), reverse("hashsets:import_run", args=[checked.public_id])
    assert "Import this list now" in text(client.get(page, secure=True))
    now = reverse("hashsets:import_now", args=[checked.public_id])
    answer = client.post(now, secure=True)
    tasks.run_import(woken[-1])
    hash_set.refresh_from_db()
    assert hash_set.generation == 2
    assert "v2" in text(client.get(answer.headers["Location"], secure=True))
    assert not any(kept_lists.folder(job).exists() for job in Job.objects.all())
    assert client.post(now, secure=True).status_code == 409
    assert "not kept any more" in text(client.get(page, secure=True))


def test_the_files_of_a_dry_run_are_kept_for_a_day(people: People, checked: Job) -> None:
    kept_lists.sweep()
    assert kept_lists.folder(checked).is_dir()
    Job.objects.filter(pk=checked.pk).update(created_at=timezone.now() - kept_lists.KEPT)
    now = reverse("hashsets:import_now", args=[checked.public_id])
    assert signed_in(people.supervisor).post(now, secure=True).status_code == 409
    kept_lists.sweep()
    assert not kept_lists.folder(checked).exists()


def test_a_check_that_was_overtaken_is_not_imported(
    hash_set: HashSet, people: People, checked: Job, tmp_path: Path
) -> None:
    client, page = signed_in(people.supervisor), reverse("hashsets:import_run", args=[checked.public_id])
    assert "Import this list now" in text(client.get(page, secure=True))
    load(hash_set, document(tmp_path, media(77), name="meanwhile.json"), by=people.supervisor)
    seen = text(client.get(page, secure=True))
    assert "The set has changed since this check" in seen
    assert "Import this list now" not in seen
    before = HashSet.objects.get(pk=hash_set.pk).generation
    assert client.post(reverse("hashsets:import_now", args=[checked.public_id]), secure=True).status_code == 409
    assert HashSet.objects.get(pk=hash_set.pk).generation == before


def test_a_version_that_comes_while_the_checked_list_waits_keeps_it_out(
    hash_set: HashSet, people: People, checked: Job, tmp_path: Path, woken: list[int]
) -> None:
    client = signed_in(people.supervisor)
    answer = client.post(reverse("hashsets:import_now", args=[checked.public_id]), secure=True)
    load(hash_set, document(tmp_path, media(77), name="meanwhile.json"), by=people.supervisor)
    tasks.run_import(woken[-1])
    job = Job.objects.get(pk=woken[-1])
    assert (job.state, job.cursor["report"]["refused_code"]) == ("failed", "check-overtaken")
    assert HashSet.objects.get(pk=hash_set.pk).generation == 2
    assert AuditEvent.objects.filter(verb="set.import.fail", body__contains="has changed since this check").exists()
    assert "The set has changed since this check" in text(client.get(answer.headers["Location"], secure=True))


def test_a_version_that_was_begun_before_a_check_and_came_after_it_overtakes_it(
    hash_set: HashSet, people: People, checked: Job, tmp_path: Path
) -> None:
    load(hash_set, document(tmp_path, media(77), name="meanwhile.json"), by=people.supervisor)
    Job.objects.filter(pk=checked.pk).update(created_at=timezone.now() + timedelta(seconds=5))
    now = reverse("hashsets:import_now", args=[checked.public_id])
    assert signed_in(people.supervisor).post(now, secure=True).status_code == 409


def test_of_dry_runs_without_end_only_the_last_ones_are_kept(
    hash_set: HashSet, people: People, checked: Job, tmp_path: Path, woken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_lists, "MOST", 2)
    client = signed_in(people.supervisor)
    for number in (20, 21):
        data = document(tmp_path, media(number)).read_bytes()
        upload(client, hash_set, (f"{number}.json", data), dry_run="on")
        tasks.run_import(woken[-1])
    runs = Job.objects.order_by("pk")
    assert [bool(kept_lists.kept_until(run)) for run in runs if run.cursor.get("dry_run")] == [False, True, True]
    assert client.post(reverse("hashsets:import_now", args=[checked.public_id]), secure=True).status_code == 409
    assert [kept_lists.folder(run).exists() for run in runs] == [False, True, True]


def test_the_report_of_a_dry_run_names_what_is_odd_with_place_and_file(people: People, checked: Job) -> None:
    client, page = signed_in(people.supervisor), reverse("hashsets:import_run", args=[checked.public_id])
    seen = text(client.get(page, secure=True))
    for words in (
        "the hash is not one", "Nothing has changed yet.", "a category the scheme does not have",
        f"{digest(8)} 1 in record 3, 0 in record 4 conflict", "2 categories 1",
        f"{digest(10)} 1 in record 6, 2 in record 7 the same", "Conflicts 1", "Region US",
        "Encoding UTF-8", "Version 2.0", "7 read, 6 used",
    ):  # fmt: skip
        assert words.casefold() in seen.casefold(), words
    told = client.get(page + "?format=json", secure=True).json()
    (conflict,) = [one for one in told["warnings"] if one["code"] == "conflicting"]
    assert (conflict["detail"], conflict["position"]) == (f"{digest(8)}: 0, 1", 3)
    assert told["source_sha256"] in seen


def test_a_second_import_waits_for_the_first(hash_set: HashSet, people: People, woken: list[int]) -> None:
    client = signed_in(people.supervisor)
    upload(client, hash_set, ("a.json", b"[]"))
    assert upload(client, hash_set, ("b.json", b"[]")).status_code == 409
    tasks.run_import(woken[0])
    assert upload(client, hash_set, ("c.json", b"[]")).status_code == 302


@pytest.mark.parametrize(
    ("choice", "files", "told"),
    [
        ({}, {"set 1 of 2.json": json.dumps([media(8)])}, "Parts of this list are missing: set 2 of 2.json"),
        ({"incomplete": "on"}, {"set 1 of 2.json": json.dumps([media(8)])}, "Stored 1 "),
        ({}, {"sums": f"{digest(8)}  a.jpg\n{digest(9)}  b.exe"}, "Stored 2 "),
        ({"only_media": "on"}, {"sums": f"{digest(8)}  a.jpg\n{digest(9)}  b.exe"}, "Stored 1 "),
    ],
)
def test_what_the_person_chose_is_what_the_worker_does(
    choice: dict[str, str], files: dict[str, str], told: str, hash_set: HashSet, people: People, woken: list[int]
) -> None:
    client = signed_in(people.supervisor)
    answer = upload(client, hash_set, *((name, data.encode()) for name, data in files.items()), **choice)
    tasks.run_import(woken[0])
    seen = text(client.get(answer.headers["Location"], secure=True))
    assert told in seen
    assert ("neither picture nor video" in seen) == ("only_media" in choice)


def test_an_import_without_a_file_is_asked_again(hash_set: HashSet, people: People, woken: list[int]) -> None:
    answer = signed_in(people.supervisor).post(url("import", hash_set), {"dry_run": "on"}, secure=True)
    assert answer.status_code == 200
    assert "required" in text(answer)
    assert woken == []


def test_running_a_finished_import_again_changes_nothing(
    hash_set: HashSet, people: People, tmp_path: Path, woken: list[int]
) -> None:
    upload(signed_in(people.supervisor), hash_set, ("new.json", document(tmp_path, media(7)).read_bytes()))
    tasks.run_import(woken[0])
    before = AuditEvent.objects.count()
    tasks.run_import(woken[0])
    assert (HashSet.objects.get(pk=hash_set.pk).generation, AuditEvent.objects.count()) == (2, before)


def test_an_import_that_stops_three_times_is_given_up(
    hash_set: HashSet, people: People, woken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(signed_in(people.supervisor), hash_set, ("new.json", b"[]"))

    def dies(*_args: object, **_more: object) -> None:
        raise MemoryError

    monkeypatch.setattr(importing, "import_file", dies)
    for _try in range(3):
        with pytest.raises(MemoryError):
            tasks.run_import(woken[0])
    tasks.run_import(woken[0])
    job = Job.objects.get(pk=woken[0])
    assert (job.state, "three times" in job.message) == ("failed", True)


def test_the_sweeper_takes_up_what_nobody_works_on(hash_set: HashSet, people: People, woken: list[int]) -> None:
    upload(signed_in(people.supervisor), hash_set, ("new.json", b"[]"))
    assert import_jobs.sweep() == []
    Job.objects.update(created_at="2026-01-01T00:00:00Z")
    assert import_jobs.sweep() == woken


def test_a_list_whose_upload_ended_early_is_never_imported(
    hash_set: HashSet, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(_source: object, kept: BinaryIO, _size: int) -> None:
        kept.write(b"md5\n" + b"0" * 32)  # half a list is a list, too
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "copyfileobj", dies)
    file = SimpleUploadedFile("long.csv", b"md5\n")
    with pytest.raises(KeyboardInterrupt):
        import_queue.start(hash_set, [cast("BinaryIO", file)], by=people.supervisor, dry_run=False)
    Job.objects.update(created_at="2026-01-01T00:00:00Z")
    for found in import_jobs.sweep():
        tasks.run_import(found)
    job = Job.objects.get()
    assert (job.state, "ended early" in job.message) == ("failed", True)
    assert HashSet.objects.get(pk=hash_set.pk).generation == 1


def test_an_upload_for_which_there_is_no_room_leaves_the_set_free(
    hash_set: HashSet, people: People, woken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    client = signed_in(people.supervisor)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfileobj", full)
        with pytest.raises(OSError, match="No space"):
            upload(client, hash_set, ("new.json", b"[]"))
    assert not Job.objects.exists()
    upload(client, hash_set, ("new.json", b"[]"))
    assert Job.objects.get().pk in woken


def test_the_runs_of_another_agency_do_not_exist(hash_set: HashSet, people: People, woken: list[int]) -> None:
    upload(signed_in(people.supervisor), hash_set, ("new.json", b"[]"))
    job = Job.objects.get(pk=woken[0])
    for name in ("import_run", "import_progress"):
        address = reverse(f"hashsets:{name}", args=[job.public_id])
        assert signed_in(people.outsider).get(address, secure=True).status_code == 404
        assert signed_in(people.investigator).get(address, secure=True).status_code == 403
