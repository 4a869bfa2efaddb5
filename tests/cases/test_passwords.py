"""Passwords of an exhibit: given at the beginning or later, tried on what is encrypted, and told to nobody."""

import io
import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from cases import evidence, passwords, uploads
from cases.ingest import archive, pipeline
from cases.models import Case, Exhibit
from tests import factories
from tests.cases.ingest.trees import add, chains, figures, picture, take_in, tree
from tests.people import People, signed_in
from tests.workbench.archive_samples import aes_zip, archived, sevened
from workbench import checks
from workbench.errors import BadInput
from workbench.models import AuditEvent

pytestmark = pytest.mark.django_db(transaction=True)
FILES = {"1.png": picture(1), "2.png": picture(2)}
SECRET = "open sesame 17"
ZIP = aes_zip(FILES, SECRET.encode())
SEVEN = sevened(list(FILES.items()), password=SECRET, header_encryption=True)


@pytest.fixture
def case(people: People) -> Case:
    return factories.case(people.investigator)


def give(exhibit: Exhibit, *given: str) -> int:
    return passwords.give(exhibit, passwords=given, by=exhibit.case.lead)


def test_of_what_is_encrypted_is_named_and_read_once_its_password_is_given(case: Case, tmp_path: Path) -> None:
    exhibit = take_in(case, tree(tmp_path, {"a.zip": ZIP, "b.7z": SEVEN, "c.zip": archived("zip", [("in.zip", ZIP)])}))
    assert figures(exhibit) == (8, 0, 0, 0, 4, 4, 8)
    reasons = {name: why for name, (_, why) in chains(exhibit).items()}
    assert [reasons["a.zip"], reasons["a.zip > 1.png"], reasons["b.7z"]] == ["archive", "encrypted", "encrypted"]
    assert give(exhibit, "wrong") == 5
    assert figures(pipeline.drain(exhibit.pk)) == (8, 0, 0, 0, 4, 4, 8)
    assert give(exhibit, SECRET) == 5
    assert checks.broken(None) == []
    exhibit = pipeline.drain(exhibit.pk)
    assert exhibit.state == "done"
    assert figures(exhibit) == (10, 0, 0, 6, 4, 0, 4)
    assert chains(exhibit)["b.7z > 2.png"] == ("accepted", "")
    assert checks.broken(None) == []


def test_of_a_password_is_an_event_and_no_part_of_the_log(case: Case, tmp_path: Path) -> None:
    exhibit = take_in(case, tree(tmp_path, {"a.zip": ZIP}))
    give(exhibit, SECRET, "another")
    event = AuditEvent.objects.get(verb="evidence.password")
    assert json.loads(event.body)["details"] == {"files": 2, "passwords": 2, "ref": exhibit.ref}
    assert not [event for event in AuditEvent.objects.all() if SECRET in event.body]


def test_of_nothing_or_too_much_is_refused(case: Case, tmp_path: Path) -> None:
    exhibit = add(case, tree(tmp_path, {"a.zip": ZIP}))
    for given in ([], [""], ["x" * 201], [str(number) for number in range(101)]):
        with pytest.raises(BadInput):
            give(exhibit, *given)


@pytest.mark.parametrize("data", [ZIP, SEVEN])
def test_of_an_encrypted_archive_that_is_a_whole_exhibit_goes_on(case: Case, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    exhibit = take_in(case, path, reader="archive")
    assert (exhibit.state, exhibit.accepted) in {("done", 0), ("stopped", 0)}
    give(exhibit, SECRET)
    exhibit = pipeline.drain(exhibit.pk)
    assert (exhibit.state, figures(exhibit)) == ("done", (2, 0, 0, 2, 0, 0, 0))


def test_of_an_uploaded_archive_is_kept_until_nothing_in_it_is_encrypted(case: Case) -> None:
    sent = io.BytesIO(ZIP)
    exhibit = uploads.add_file(case=case, ref="U", reader_id="archive", stream=sent, by=case.lead)
    pipeline.drain(exhibit.pk)
    assert Path(evidence.upload_folder(exhibit.public_id)).exists()
    give(exhibit, SECRET)
    assert figures(pipeline.drain(exhibit.pk)) == (2, 0, 0, 2, 0, 0, 0)
    assert not Path(evidence.upload_folder(exhibit.public_id)).exists()


def test_of_an_encrypted_case_is_added_and_goes_on_with_its_password(case: Case) -> None:
    document = json.dumps({"value": [{"CaseNumber": "1", "Media": [{"MediaID": 1}]}]}).encode()
    sent = io.BytesIO(aes_zip({"case.json": document}, SECRET.encode()))
    exhibit = pipeline.drain(uploads.add_file(case=case, ref="V", reader_id="vics", stream=sent, by=case.lead).pk)
    assert (exhibit.state, exhibit.state_reason) == ("stopped", archive.LOCKED)
    give(exhibit, SECRET)
    assert pipeline.drain(exhibit.pk).state == "done"


def test_of_passwords_that_are_too_many_are_refused_before_there_is_an_exhibit(case: Case) -> None:
    fields = {"form": "zip", "ref": "U", "source": "archive", "file": SimpleUploadedFile("a.zip", ZIP)}
    many = "\n".join(map(str, range(passwords.MOST + 1)))
    page = f"/cases/{case.public_id}/evidence/new/"
    assert signed_in(case.lead).post(page, fields | {"passwords": many}, secure=True).status_code == 400
    assert not Exhibit.objects.exists()


def test_of_the_command_reads_passwords_from_a_file(case: Case, people: People, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.write_text(f"wrong\n{SECRET}\n")
    source = tree(tmp_path / "evidence", {"a.zip": ZIP})
    call_command(
        "ingest", case.number, str(source), exhibit="P", password_file=str(secrets), wait=True,
        as_user=case.lead.username,
    )  # fmt: skip
    assert Exhibit.objects.get(ref="P").accepted == 2


def test_of_the_problems_page_takes_a_password_beside_what_is_encrypted(
    case: Case, people: People, client: Client, tmp_path: Path
) -> None:
    exhibit = take_in(case, tree(tmp_path, {"a.zip": ZIP}))
    client.force_login(people.investigator)
    page = client.get(reverse("cases:problems", args=[case.public_id])).content.decode()
    url = reverse("cases:exhibit_act", args=[exhibit.public_id, "password"])
    assert url in page
    assert "a.zip &gt; 1.png" in page
    assert client.post(url, {"passwords": f"wrong\r\n{SECRET}\r\n"}).status_code == 302
    exhibit.refresh_from_db()
    assert (exhibit.state, exhibit.pending) == ("running", 2)
    assert exhibit.passwords == ["wrong", SECRET]
    pipeline.drain(exhibit.pk)
    assert url not in client.get(reverse("cases:problems", args=[case.public_id])).content.decode()
    assert SECRET not in client.get(reverse("cases:case", args=[case.public_id])).content.decode()
