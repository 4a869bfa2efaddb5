"""The pages of the hash sets: what they show, take and refuse."""

import errno
import json
import re
import shutil
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from hashsets import exchange, import_jobs, importing, kept_lists, policies, tasks
from hashsets.importing import Part
from hashsets.models import HashSet, Policy
from tests.hashsets import makers
from tests.hashsets.test_importing import digest, document, load, media
from tests.people import People, signed_in
from workbench.models import AuditEvent, Job, User


@pytest.fixture
def hash_set(people: People, tmp_path: Path) -> HashSet:
    """A set of the first agency with three entries."""
    made = makers.hash_set(people.supervisor, "Harbour", scheme="us-pvic")
    path = document(tmp_path, media(1), media(2, 2), media(3, 0))
    importing.import_file(made, [Part(path, "first.json")], by=people.supervisor)
    return made


def url(name: str, of: HashSet) -> str:
    """The address of one of a set's pages."""
    return reverse(f"hashsets:{name}", args=[of.public_id])


def text(answer: Any) -> str:
    """What a reader sees, blanks folded."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_the_list_shows_name_version_and_number(hash_set: HashSet, people: People) -> None:
    seen = text(signed_in(people.investigator).get(reverse("hashsets:list"), secure=True))
    assert "Harbour" in seen
    assert "v1" in seen
    assert "New set" not in seen


def test_the_list_costs_the_same_for_any_number_of_sets(people: People) -> None:
    counts = []
    for _round in range(2):
        makers.publish(makers.hash_set(people.supervisor), makers.picture("lake"), by=people.supervisor)
        client = signed_in(people.supervisor)
        client.get(reverse("hashsets:list"), secure=True)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("hashsets:list"), secure=True).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_set_shows_its_versions_categories_and_policies(hash_set: HashSet, people: People) -> None:
    seen = text(signed_in(people.supervisor).get(url("set", hash_set), secure=True))
    for words in ("first.json", "+3", "Accept", "default", "Import a list", "Save the set", "version 1, 3 hashes"):
        assert words in seen
    assert seen.count("Noted only") == 3, "comparison, no verdict and unmapped never close an item"


def test_a_set_for_every_agency_hides_its_sources_from_the_others(people: People, tmp_path: Path) -> None:
    shared = makers.hash_set(people.supervisor, "Shared", reach="node")
    importing.import_file(shared, [Part(document(tmp_path, media(1)), "secret.json")], by=people.supervisor)
    client = signed_in(people.outsider)
    seen = text(client.get(url("set", shared), secure=True))
    assert "Shared" in seen
    assert "secret.json" not in seen
    assert "Save the set" not in seen
    assert client.get(url("export", shared) + "?format=csv", secure=True).status_code == 403
    assert client.post(url("import", shared), secure=True).status_code == 403


def test_no_page_holds_a_picture(hash_set: HashSet, people: People) -> None:
    for address in (reverse("hashsets:list"), url("set", hash_set), reverse("hashsets:lookup")):
        page = signed_in(people.supervisor).get(address, secure=True).content.decode()
        assert "<img" not in page
        assert "/media/" not in page


def test_a_supervisor_makes_a_set(people: People) -> None:
    data = {"name": "Alpine", "role": "relevant", "scheme": "landscapes-t1", "reach": "node", "vouched": "on"}
    answer = signed_in(people.supervisor).post(reverse("hashsets:new"), data, secure=True)
    made = HashSet.objects.get(name="Alpine")
    assert answer.headers["Location"] == url("set", made)
    assert (made.owner, made.reach, made.trust) == (people.north, "node", "trusted")
    again = signed_in(people.supervisor).post(reverse("hashsets:new"), data, secure=True)
    assert "already" in text(again)


def test_a_set_is_called_what_it_looks_like(people: People) -> None:
    data = {"name": "Alp\u202eeni", "role": "relevant", "scheme": "landscapes-t1", "reach": "node"}
    answer = signed_in(people.supervisor).post(reverse("hashsets:new"), data, secure=True)
    assert "cannot be seen" in text(answer)
    assert not HashSet.objects.exists()


def test_a_policy_is_set_from_the_page(hash_set: HashSet, people: People) -> None:
    data = {"disposition": "not_relevant", "action": "hide", "min_trust": "trusted", "may_discard": "on"}
    answer = signed_in(people.supervisor).post(url("policy", hash_set), data, secure=True)
    assert answer.status_code == 302
    policy = Policy.objects.get(set=hash_set)
    assert (policy.agency, policy.action, policy.may_discard) == (people.north, "hide", True)
    refused = signed_in(people.supervisor).post(url("policy", hash_set), {"action": "burn"}, secure=True)
    assert refused.status_code == 400


@pytest.mark.parametrize("disposition", ["relevant", "relevant_restricted"])
def test_what_is_relevant_is_never_hidden_as_harmless(disposition: str, hash_set: HashSet, people: People) -> None:
    data = {"disposition": disposition, "action": "hide", "min_trust": "trusted"}
    refused = signed_in(people.supervisor).post(url("policy", hash_set), data, secure=True)
    assert (refused.status_code, "harmless" in text(refused)) == (400, True)
    assert not Policy.objects.exists()


def test_a_set_is_retired_with_a_reason_and_then_offers_nothing_more(hash_set: HashSet, people: People) -> None:
    client = signed_in(people.supervisor)
    assert client.post(url("retire", hash_set), {"reason": " "}, secure=True).status_code == 400
    assert client.post(url("retire", hash_set), {"reason": "superseded"}, secure=True).status_code == 302
    seen = text(client.get(url("set", hash_set), secure=True))
    assert "retired" in seen
    for act in ("Retire set", "Import a list", "Set policy"):
        assert act not in seen


def test_only_the_owner_retires_a_set_for_every_agency(people: People) -> None:
    shared = makers.hash_set(people.supervisor, "Shared", reach="node")
    assert signed_in(people.outsider).post(url("retire", shared), {"reason": "no"}, secure=True).status_code == 403
    shared.refresh_from_db()
    assert shared.retired_at is None


def test_entries_without_a_category_of_the_scheme_are_told(people: People, tmp_path: Path) -> None:
    made = makers.hash_set(people.supervisor, "Harbour", scheme="us-pvic")
    path = document(tmp_path, media(1), media(2, 77))
    importing.import_file(made, [Part(path, "first.json")], by=people.supervisor)
    seen = text(signed_in(people.supervisor).get(url("set", made), secure=True))
    assert "1 entry has no category of this scheme" in seen


def test_a_foreign_agency_sets_its_own_policy_for_a_set_it_may_use(people: People) -> None:
    shared = makers.hash_set(people.supervisor, "Shared", reach="node")
    data = {"disposition": "", "action": "accept", "min_trust": "provisional"}
    signed_in(people.outsider).post(url("policy", shared), data, secure=True)
    assert {rule.action for rule in policies.effective(people.south.pk, shared.pk)} == {"accept"}
    assert {rule.min_trust for rule in policies.effective(people.north.pk, shared.pk)} == {"provisional"}
    assert not Policy.objects.filter(agency=people.north).exists()


def test_the_page_offers_every_format_there_is(hash_set: HashSet, people: People) -> None:
    page = signed_in(people.supervisor).get(url("set", hash_set), secure=True)
    seen, source = text(page), page.content.decode()
    assert [format_.label for format_ in exchange.BUILT_IN if format_.label not in seen] == []
    saved = re.findall(r'<option value="([a-z0-9.]+)">', source.split('id="format"')[1].split("</select>")[0])
    assert saved == list(exchange.WRITERS)
    refused = signed_in(people.exporter).get(url("export", hash_set), {"format": "dfxml"}, secure=True)
    assert (refused.status_code, ", ".join(exchange.WRITERS) in text(refused)) == (400, True)


@pytest.mark.parametrize("format_id", exchange.WRITERS)
def test_a_set_is_saved_as_a_file(format_id: str, hash_set: HashSet, people: People) -> None:
    answer = signed_in(people.exporter).get(url("export", hash_set), {"format": format_id}, secure=True)
    body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert answer.headers["Content-Length"] == str(len(body))
    assert body.upper().count(digest(1).upper().encode()) >= 1
    assert "harbour-v1" in answer.headers["Content-Disposition"]


def test_the_region_of_an_export_can_be_chosen(hash_set: HashSet, people: People) -> None:
    client, address = signed_in(people.exporter), url("export", hash_set)
    answer = client.get(address, {"format": "vics2.0", "region": "UK"}, secure=True)
    assert b"2.0.xml/UK/$metadata#Media" in b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert client.get(address, {"format": "vics2.0", "region": "a b/c"}, secure=True).status_code == 400


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
    assert "waiting" in text(client.get(answer.headers["Location"], secure=True))
    tasks.run_import(job.pk)
    told = client.get(progress, secure=True).json()
    assert (told["done"], told["fields"]["state"]) == (True, "done")
    seen = text(client.get(answer.headers["Location"], secure=True))
    for words in ("new.json", "Version 2" if "Version 2" in seen else "v2", "the hash is not one"):
        assert words in seen
    report = client.get(answer.headers["Location"] + "?format=json", secure=True).json()
    assert (report["read"], report["stored"], report["skipped"]) == (3, 2, {"invalid-hash": 1})
    assert not list(import_jobs._folder(job).parent.glob("*"))
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
    records = (media(1), {"MD5": "nothing", "Category": 1}, media(8, 1), media(8, 0), media(9, 77))
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
        f"3 {digest(8)} 0, 1", "Region US", "Encoding UTF-8", "Version 2.0", "5 read, 4 used",
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
        import_jobs.start(hash_set, [cast("BinaryIO", file)], by=people.supervisor, dry_run=False)
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


ROUTES = [
    ("set", "get", {}),
    ("import", "get", {}),
    ("import", "post", {}),
    ("policy", "post", {"action": "accept", "min_trust": "trusted"}),
    ("export", "get", {"format": "csv"}),
]


@pytest.mark.parametrize(("name", "method", "data"), ROUTES)
def test_the_set_of_another_agency_does_not_exist(
    name: str, method: str, data: dict[str, str], hash_set: HashSet, people: People
) -> None:
    answer = getattr(signed_in(people.outsider), method)(url(name, hash_set), data, secure=True)
    assert answer.status_code == 404


@pytest.mark.parametrize(("name", "method", "data"), [*ROUTES[1:], ("set", "get", {})])
def test_welfare_officers_do_nothing_with_sets(
    name: str, method: str, data: dict[str, str], hash_set: HashSet, people: People
) -> None:
    answer = getattr(signed_in(people.welfare), method)(url(name, hash_set), data, secure=True)
    assert answer.status_code == 403


def test_the_runs_of_another_agency_do_not_exist(hash_set: HashSet, people: People, woken: list[int]) -> None:
    upload(signed_in(people.supervisor), hash_set, ("new.json", b"[]"))
    job = Job.objects.get(pk=woken[0])
    for name in ("import_run", "import_progress"):
        address = reverse(f"hashsets:{name}", args=[job.public_id])
        assert signed_in(people.outsider).get(address, secure=True).status_code == 404
        assert signed_in(people.investigator).get(address, secure=True).status_code == 403


def look_up(user: User, *hashes: str, purpose: str = "case 0417") -> HttpResponse:
    """Paste hashes into the page."""
    told = {"hashes": "\n".join(hashes), "purpose": purpose}
    answer = signed_in(user).post(reverse("hashsets:lookup"), told, secure=True)
    assert isinstance(answer, HttpResponse)
    return answer


def test_a_look_up_says_known_or_unknown_and_is_an_event(hash_set: HashSet, people: People) -> None:
    seen = text(look_up(people.investigator, digest(1).upper(), digest(77), "rubbish"))
    for words in ("1 known, 2 unknown", "Harbour v1", "weak", "rubbish: not an MD5"):
        assert words in seen
    details = json.loads(AuditEvent.objects.get(verb="set.search").body)["details"]
    assert details == {"asked": 3, "known": 1, "purpose": "case 0417"}


def test_a_look_up_without_a_purpose_asks_for_one_and_is_none(hash_set: HashSet, people: People) -> None:
    for purpose in ("", "  x ", "long " * 50):
        seen = text(look_up(people.investigator, digest(1), purpose=purpose))
        assert "what the look-up is for" in seen
        assert "Harbour v1" not in seen
    assert not AuditEvent.objects.filter(verb="set.search").exists()


def test_a_purpose_is_remembered_for_the_session(hash_set: HashSet, people: People) -> None:
    client, page = signed_in(people.investigator), reverse("hashsets:lookup")
    client.post(page, {"hashes": digest(1), "purpose": "quay lights"}, secure=True)
    assert 'value="quay lights"' in client.get(page, secure=True).content.decode()
    assert "quay lights" not in signed_in(people.investigator).get(page, secure=True).content.decode()


def test_a_script_of_the_page_gets_what_is_known_with_the_category_as_it_is_drawn(
    hash_set: HashSet, people: People
) -> None:
    told = {"hashes": f"{digest(2)} {digest(77)}", "purpose": "files dropped"}
    headers = {"accept": "application/json"}
    answer = signed_in(people.investigator).post(reverse("hashsets:lookup"), told, secure=True, headers=headers).json()
    (known,) = answer["answers"]
    (match,) = known["matches"]
    assert (answer["asked"], known["hash"], match["set"]) == (2, digest(2), "Harbour v1")
    assert (match["category"]["code"], match["category"].keys()) == ("2", {"code", "name", "colour", "glyph"})
    told["purpose"] = ""
    refused = signed_in(people.investigator).post(reverse("hashsets:lookup"), told, secure=True, headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "purpose-needed")


def test_a_look_up_finds_nothing_in_sets_the_agency_does_not_use(hash_set: HashSet, people: People) -> None:
    assert "0 known, 1 unknown" in text(look_up(people.outsider, digest(1)))


def test_a_look_up_takes_ten_thousand_lines_and_not_one_more(hash_set: HashSet, people: People) -> None:
    many = [digest(number) for number in range(10_000)]
    assert "3 known, 9,997 unknown" in text(look_up(people.investigator, *many))
    assert "At most 10,000" in text(look_up(people.investigator, *many, digest(1)))


def test_a_look_up_costs_one_query_for_the_sets_and_one_per_kind(hash_set: HashSet, people: People) -> None:
    from hashsets import lookups

    with CaptureQueriesContext(connection) as queries:
        lookups.lookup(people.north.pk, [digest(n) for n in range(50)] + [digest(n, 40) for n in range(50)])
    assert len(queries) == 3
