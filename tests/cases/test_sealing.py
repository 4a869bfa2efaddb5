"""The seal of an exhibit: a hash over the list of its files, which the log keeps."""

import hashlib
import json
import os
import zipfile
from pathlib import Path

import pytest

from cases import passwords, sealing
from cases.ingest import pipeline
from cases.models import Case, Exhibit
from tests import factories
from tests.cases.ingest.trees import picture, take_in, tree
from tests.people import People
from workbench.models import AuditEvent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def case(people: People) -> Case:
    return factories.case(people.investigator)


def told(exhibit: Exhibit) -> list[dict[str, object]]:
    """What the log says of the ends of the exhibit's ingest."""
    found = AuditEvent.objects.filter(verb="ingest.done", subject=f"exhibit:{exhibit.public_id}").order_by("seq")
    return [json.loads(event.body)["details"] for event in found]


def line(name: str, data: bytes) -> str:
    return f"{name.encode().hex()}:0 {len(data)} {hashlib.sha256(data).hexdigest()}\n"


def test_of_the_hash_is_that_of_a_list_anybody_can_make_of_the_files(case: Case, tmp_path: Path) -> None:
    files: dict[bytes | str, bytes] = {"b/2.png": picture(2), "a.png": picture(1), "notes.txt": b"hills"}
    source = tree(tmp_path, files)
    (source / "link").symlink_to("a.png")
    exhibit = take_in(case, source)
    lines = [line(str(name), data) for name, data in files.items()]
    lines.append(f"{b'link'.hex()}:0 - symlink-not-followed\n")
    wanted = hashlib.sha256("".join(["winnow-file-list/1\n", *sorted(lines)]).encode()).hexdigest()
    assert exhibit.integrity["list"] == {"format": "winnow-file-list/1", "sha256": wanted, "files": 4}
    assert told(exhibit)[0]["list"] == exhibit.integrity["list"]
    assert sealing.sealed(exhibit) == (sealing.file_list(exhibit), True)
    assert exhibit.sealed_at


def test_of_what_lies_in_an_archive_is_listed_behind_the_archives_own_place(case: Case, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("a.png", picture(1))
    packed = (tmp_path / "z.zip").read_bytes()
    exhibit = take_in(case, tmp_path)
    lines = [line("z.zip", packed), f"{b'z.zip'.hex()}:0>{line('a.png', picture(1))}"]
    wanted = hashlib.sha256("".join(["winnow-file-list/1\n", *lines]).encode()).hexdigest()
    assert exhibit.integrity["list"]["sha256"] == wanted


def test_of_the_same_files_in_another_exhibit_have_the_same_hash(case: Case, tmp_path: Path) -> None:
    first = take_in(case, tree(tmp_path, {"a.png": picture(1), "b.png": picture(2)}))
    second = take_in(case, tmp_path, ref="NM-02")
    assert sealing.sealed(first) == sealing.sealed(second)


def test_of_an_exhibit_that_takes_in_more_gets_a_new_seal_and_the_log_keeps_the_old_one(
    case: Case, tmp_path: Path
) -> None:
    os.mkfifo(tree(tmp_path, {"a.png": picture(1), "b.png": picture(2)}) / "pipe")
    exhibit = take_in(case, tmp_path)
    exhibit.files.filter(raw_path=b"b.png").update(state="rejected", reason="encrypted", content=None)
    Exhibit.objects.filter(pk=exhibit.pk).update(accepted=1, rejected=2, problems=2)
    passwords.give(exhibit, passwords=["granite"], by=case.lead)
    pipeline.drain(exhibit.pk)
    first, second = told(exhibit)
    assert second["earlier"] == first["list"]["sha256"]  # type: ignore[index]
