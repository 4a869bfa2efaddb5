"""`manage.py exhibit verify`: an exhibit still is what came in, or the command says what is not."""

import io
import json
from dataclasses import asdict
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from cases import sealing, tasks, verify_jobs
from cases.models import Case, Content, Exhibit
from tests import factories
from tests.cases.ingest.trees import add, picture, take_in, tree
from tests.damage import as_superuser, past_all_guards
from tests.people import People, signed_in
from workbench import storage
from workbench.models import AuditEvent, Job, User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def case(people: People) -> Case:
    return factories.case(people.investigator)


@pytest.fixture
def exhibit(case: Case, tmp_path: Path) -> Exhibit:
    return take_in(case, tree(tmp_path, {"a.png": picture(1), "b/c.png": picture(2), "d.png": picture(2)}))


def verify(case: Case, *words: str) -> tuple[int, dict[str, object], str]:
    """Exit code, JSON fields and messages of `manage.py exhibit verify NUMBER nm-01`."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    line = ["exhibit", "verify", case.number, "nm-01", "--json", "--as", case.lead.username, *words]
    try:
        call_command(*line, stdout=out, stderr=err)
    except SystemExit as end:
        code = int(end.code or 0)
    return code, json.loads(out.getvalue() or "{}"), err.getvalue()


def blob(case: Case, data: bytes) -> Path:
    """Where the bytes lie in the store."""
    found = next(c for c in Content.objects.filter(size=len(data)) if _bytes(case, c) == data)
    return storage.blob_path(case.agency, bytes(found.sha256))


def _bytes(case: Case, content: Content) -> bytes:
    return storage.blob_path(case.agency, bytes(content.sha256)).read_bytes()


def test_of_what_is_as_it_came_in_is_said_to_be(case: Case, exhibit: Exhibit) -> None:
    code, told, err = verify(case)
    size = len(picture(1)) + len(picture(2))
    assert (code, err) == (0, "")
    assert told == {
        "ok": True, "files": 3, "sealed_files": 3, "list_agrees": True, "log_stands": True, "checked": 2, "bytes": size,
        "missing": 0, "differing": 0, "unreachable": 0, "broken": [],
    }  # fmt: skip


def test_of_a_changed_byte_is_named_with_its_file(case: Case, exhibit: Exhibit) -> None:
    path = blob(case, picture(2))
    path.write_bytes(picture(2)[:-1] + b"?")
    code, told, err = verify(case)
    assert (code, told["ok"], told["differing"]) == (1, False, 1)
    assert told["broken"] == [{"sha256": path.name, "what": "differing", "exhibit": "NM-01", "name": "d.png"}]
    assert "NM-01: d.png: differing" in err


def test_of_lost_bytes_are_missing(case: Case, exhibit: Exhibit) -> None:
    blob(case, picture(1)).unlink()
    code, told, _err = verify(case)
    assert (code, told["missing"], told["list_agrees"]) == (1, 1, True)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE cases_fileinstance SET raw_path = 'elsewhere.png' WHERE raw_path = 'a.png'",
        "UPDATE cases_fileinstance SET content_id = (SELECT max(content_id) FROM cases_fileinstance)",
        "DELETE FROM cases_fileinstance WHERE raw_path = 'a.png'",
        "UPDATE cases_exhibit SET integrity = jsonb_set(integrity, '{list,files}', '2')",
    ],
)
def test_of_a_changed_row_the_list_is_no_longer_the_sealed_one(case: Case, exhibit: Exhibit, change: str) -> None:
    with as_superuser(), connection.cursor() as cursor:
        cursor.execute(change)
    code, told, err = verify(case)
    assert (code, told["ok"], told["list_agrees"]) == (1, False, False)
    assert "The list of files is not the one that was sealed" in err


def test_of_a_seal_that_was_changed_in_the_log_with_everything_else_does_not_stand(
    case: Case, exhibit: Exhibit
) -> None:
    path, other = blob(case, picture(1)), picture(7)
    path.unlink()
    with storage.Batch(case.agency) as batch:
        now = batch.receive([other])
        batch.commit()
    with as_superuser(), transaction.atomic():
        past_all_guards("UPDATE cases_content SET sha256 = %s WHERE sha256 = %s", now.sha256, bytes.fromhex(path.name))
        forged = asdict(sealing.file_list(exhibit))
        sealing.keep(exhibit, {"list": forged})
        told = AuditEvent.objects.get(verb="ingest.done")
        past_all_guards(
            "UPDATE workbench_auditevent SET body = %s WHERE verb = 'ingest.done'",
            told.body.replace(exhibit.integrity["list"]["sha256"], forged["sha256"]),
        )
    code, told_now, err = verify(case)
    assert (code, told_now["list_agrees"], told_now["log_stands"]) == (1, True, False)
    assert "manage.py audit verify" in err


def test_of_a_verification_the_log_and_the_exhibit_tell(case: Case, exhibit: Exhibit) -> None:
    blob(case, picture(1)).unlink()
    verify(case)
    event = AuditEvent.objects.get(verb="exhibit.verify")
    body = json.loads(event.body)
    assert (event.actor, body["outcome"], body["details"]["missing"]) == (case.lead.username, "differs", 1)
    exhibit.refresh_from_db()
    assert exhibit.integrity["verified"]["missing"] == 1
    assert exhibit.integrity["list"]["files"] == 3


def test_of_an_exhibit_whose_ingest_goes_on_has_nothing_to_compare_with(case: Case, tmp_path: Path) -> None:
    add(case, tree(tmp_path, {"a.png": picture(1)}))
    code, _told, err = verify(case)
    assert (code, "It gets one when its ingest ends." in err) == (2, True)
    assert not AuditEvent.objects.filter(verb="exhibit.verify").exists()


def case_page(case: Case, by: User) -> str:
    return signed_in(by).get(f"/cases/{case.public_id}/", secure=True).content.decode()


def ask(exhibit: Exhibit, by: User) -> int:
    """Press the button of the case's page; the status of the answer."""
    return signed_in(by).post(f"/exhibits/{exhibit.public_id}/verify/", secure=True).status_code


def test_of_a_verification_asked_for_on_the_page_a_worker_tells_there_what_it_found(
    case: Case, exhibit: Exhibit
) -> None:
    assert f", {exhibit.integrity['list']['sha256'][:12]}<" in case_page(case, case.lead)
    assert [ask(exhibit, case.lead), ask(exhibit, case.lead)] == [302, 302]
    assert "Being verified, 0 %" in case_page(case, case.lead)
    [order] = verify_jobs.waiting()
    tasks.verify_exhibit(order)
    tasks.verify_exhibit(order)
    assert "all 3 files are what came in" in case_page(case, case.lead)
    assert AuditEvent.objects.filter(verb="exhibit.verify").count() == 1


def test_of_a_verification_that_finds_something_the_page_says_what(case: Case, exhibit: Exhibit) -> None:
    blob(case, picture(1)).unlink()
    ask(exhibit, case.lead)
    tasks.verify_exhibit(verify_jobs.waiting()[0])
    assert "Verified" in case_page(case, case.lead)
    assert ": 1 missing" in case_page(case, case.lead)


def test_of_a_verification_whose_workers_die_the_page_says_so_in_the_end(case: Case, exhibit: Exhibit) -> None:
    ask(exhibit, case.lead)
    Job.objects.filter(kind="verify").update(state="running", cursor={"by": case.lead.pk, "tries": 3})
    tasks.verify_exhibit(verify_jobs.waiting()[0])
    assert "Not verified: Verifying it ended early three times." in case_page(case, case.lead)


def test_of_an_exhibit_without_a_seal_no_verification_can_be_asked_for(case: Case, tmp_path: Path) -> None:
    waiting = add(case, tree(tmp_path, {"a.png": picture(1)}))
    assert ask(waiting, case.lead) == 409
    assert f"/exhibits/{waiting.public_id}/verify/" not in case_page(case, case.lead)
