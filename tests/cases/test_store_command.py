"""`manage.py store verify` and `store gc`: the store has what the tables name, and nothing else for long."""

import io
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from cases import collecting, events
from cases.models import Case, Content
from tests import factories
from tests.cases.ingest.trees import picture, take_in, tree
from tests.people import People
from workbench import storage, store_files
from workbench.models import Agency, AuditEvent
from workbench.store_files import StoreBusy

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = 3 * 86_400  # seconds


@pytest.fixture
def case(people: People, tmp_path: Path) -> Case:
    made = factories.case(people.investigator)
    take_in(made, tree(tmp_path / "source", {"a.png": picture(1), "b.png": picture(2)}))
    return made


def store(by: str, *words: str) -> tuple[int, dict[str, object], str]:
    """Exit code, JSON fields and messages of `manage.py store WORDS`."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    try:
        call_command("store", *words, "--json", "--as", by, stdout=out, stderr=err)
    except SystemExit as end:
        code = int(end.code or 0)
    return code, json.loads(out.getvalue() or "{}"), err.getvalue()


def blobs(agency: Agency) -> list[Path]:
    return [one.path for one in store_files.kept(agency) if one.ending == store_files.BLOB]


def nobodys(agency: Agency, data: bytes, age: float = LONG_AGO) -> Path:
    """A blob as a worker leaves it that was killed before the tables named it."""
    with storage.Batch(agency) as batch:
        sha256 = batch.receive([data]).sha256
        batch.commit()
    path = storage.blob_path(agency, sha256)
    aged(path, age)
    return path


def aged(path: Path, age: float) -> None:
    os.utime(path, (time.time() - age,) * 2)


def test_of_a_whole_store_is_said_to_be_whole(case: Case) -> None:
    code, told, _err = store("admin", "verify")
    size = len(picture(1)) + len(picture(2))
    assert (code, told["ok"], told["checked"], told["bytes"], told["broken"]) == (0, True, 2, size, [])


@pytest.mark.parametrize(("by", "scope"), [("admin", ["--agency", "northmoor"]), ("investigator", ["--case"])])
def test_of_broken_blobs_are_named_and_by_their_file_only_to_who_may_see_the_case(
    case: Case, by: str, scope: list[str]
) -> None:
    first, second = blobs(case.agency)
    first.unlink()
    second.write_bytes(b"other hills")
    code, told, err = store(by, "verify", *scope, *([case.number] if scope == ["--case"] else []))
    assert (code, told["ok"], told["missing"], told["differing"]) == (1, False, 1, 1)
    assert (first.name in err, ".png" in err) == (True, by == "investigator")
    assert AuditEvent.objects.filter(verb=events.STORE_VERIFIED).count() == 1


def test_of_another_agencys_contents_are_not_in_question(case: Case) -> None:
    assert store("admin", "verify", "--agency", "southmoor")[1]["checked"] == 0


@pytest.mark.parametrize("act", ["verify", "gc"])
def test_of_the_whole_store_is_the_business_of_who_runs_the_node(case: Case, act: str) -> None:
    assert store("supervisor", act)[0] == 2


def test_of_files_that_no_row_names_are_removed_and_all_others_stay(case: Case) -> None:
    named = list(store_files.kept(case.agency))
    for one in named:
        aged(one.path, LONG_AGO)
    lost, young = nobodys(case.agency, b"unnamed hills"), nobodys(case.agency, b"young hills", age=60)
    stray = storage.previews_folder(case.agency) / "abc" / f"{'abcd' * 16}.jpg"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"jpeg")
    aged(stray, LONG_AGO)
    code, told, _err = store("admin", "gc")
    assert (code, told) == (0, {"blobs": 1, "previews": 1, "uploads": 0, "bytes": 17, "dry_run": False})
    assert {one.path for one in store_files.kept(case.agency)} == {one.path for one in named} | {young}
    event = json.loads(AuditEvent.objects.get(verb=events.STORE_COLLECTED).body)
    assert event["details"] == {"files": [lost.name, stray.name], "bytes": 17}


def test_of_a_dry_run_counts_and_removes_nothing(case: Case) -> None:
    lost = nobodys(case.agency, b"unnamed hills")
    assert store("admin", "gc", "--dry-run")[1]["blobs"] == 1
    assert lost.exists()
    assert not AuditEvent.objects.filter(verb=events.STORE_COLLECTED).exists()


def test_of_what_browsers_sent_only_that_of_exhibits_under_way_stays(case: Case) -> None:
    root = settings.DATA_DIR / "uploads"
    waiting, done = factories.exhibit(case), factories.exhibit(case)
    type(waiting).objects.filter(pk=waiting.pk).update(state="waiting")
    folders = {name: root / str(name) for name in (waiting.public_id, done.public_id, uuid4())}
    for folder in folders.values():
        folder.mkdir()
        (folder / "source").write_bytes(b"hills")
        aged(folder / "source", LONG_AGO)
        aged(folder, LONG_AGO)
    told = store("admin", "gc")[1]
    assert (told["uploads"], told["bytes"]) == (2, 10)
    assert [name for name, folder in folders.items() if folder.exists()] == [waiting.public_id]


def beside(act: Callable[[], None]) -> Thread:
    """Do it in another thread, as another worker would."""

    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread


def test_of_a_file_that_somebody_is_about_to_name_stays(case: Case) -> None:
    data, found, agency = b"hills nobody named yet", Event(), case.agency
    lost = nobodys(agency, data)

    def take_in_again() -> None:
        with store_files.naming(agency), storage.Batch(agency) as batch:
            digests = batch.receive([data])  # it is there: nothing is written
            batch.commit()
            found.set()
            time.sleep(0.3)
            factories.content(agency, data.decode())
            assert digests.sha256.hex() == lost.name

    worker = beside(take_in_again)
    found.wait()
    collecting.collect(by=case.lead)
    worker.join()
    assert Content.objects.filter(sha256=bytes.fromhex(lost.name)).exists()
    assert lost.exists()


def test_of_a_store_where_files_keep_coming_in_nothing_is_removed(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    lost, over, inside = nobodys(case.agency, b"unnamed hills"), Event(), Event()
    monkeypatch.setattr(store_files, "PATIENCE", "20ms")

    def store_on() -> None:
        with store_files.naming(case.agency):
            inside.set()
            over.wait()

    worker = beside(store_on)
    inside.wait()
    try:
        with pytest.raises(StoreBusy):
            collecting.collect(by=case.lead)
    finally:
        over.set()
        worker.join()
    assert lost.exists()
