"""What became of comparing an image's hashes is told where a person looks, and to scripts."""

import io
import json
import shutil
from pathlib import Path

import pytest
from django.core.management import call_command

from cases import evidence
from cases.ingest import pipeline
from cases.models import Case
from tests.people import signed_in
from tests.shared_data import shared
from tests.workbench.image_samples import MEDIA

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("name", "digest", "words", "agrees"),
    [
        ("CFReDS001.E01", None, "Hash verified", True),
        ("CFReDS001.E01", bytes(20), "Hash differs", False),
        ("ext2.qcow2", None, "Hash computed", None),
    ],
)
def test_of_page_and_command_say_what_became_of_comparing_hashes(
    case: Case, tmp_path: Path, name: str, digest: bytes | None, words: str, agrees: bool | None
) -> None:
    path = Path(shutil.copy(shared(f"{MEDIA}/disk") / name, tmp_path))
    exhibit = evidence.add_exhibit(
        case=case, ref="NM-01", reader_id="image", source=bytes(path), by=case.lead, source_hash=digest
    )
    found = pipeline.drain(exhibit.pk).integrity["image"]
    page = signed_in(case.lead).get(f"/cases/{case.public_id}/").content.decode()
    assert words in page
    said = io.StringIO()
    call_command("case", "status", case.number, "--as", case.lead.username, stdout=said)
    assert f"Disk image NM-01: {words.lower()}." in said.getvalue()
    call_command("case", "status", case.number, "--as", case.lead.username, "--json", stdout=said)
    facts = {part: found[part] for part in ("agrees", "problem", "stored", "computed")}
    assert json.loads(said.getvalue().splitlines()[-1])["images"] == [{"exhibit": "NM-01"} | facts]
    assert found["agrees"] is agrees
