"""`manage.py ingest`: the contract for scripts (commands.md)."""

import io
import os
import shutil
from pathlib import Path

import pytest
from django.core.management import call_command

from cases.models import Case, Exhibit
from tests.cases.ingest.test_vics_case import document, folder, record
from tests.cases.ingest.trees import picture, tree
from tests.shared_data import shared

pytestmark = pytest.mark.django_db(transaction=True)


def run(case: Case, source: Path, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `manage.py ingest NUMBER SOURCE --exhibit P --wait WORDS`."""
    out, err = io.StringIO(), io.StringIO()
    line = [case.number, str(source), "--exhibit", "P", "--wait", "--as", case.lead.username, *words]
    try:
        call_command("ingest", *line, stdout=out, stderr=err)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_of_an_ingest_that_accepts_everything_ends_with_0(case: Case, tmp_path: Path) -> None:
    assert run(case, tree(tmp_path, {"a.png": picture(1)}))[0] == 0


def test_of_an_ingest_with_rejected_files_ends_with_1_and_says_where_they_are(case: Case, tmp_path: Path) -> None:
    os.mkfifo(tree(tmp_path, {"a.png": picture(1)}) / "pipe")
    code, out, err = run(case, tmp_path)
    assert (code, Exhibit.objects.get().rejected) == (1, 1)
    assert "1 rejected" in out
    assert f"`manage.py problems {case.number}`" in err


def test_of_a_zip_with_a_vics_case_is_read_as_one(case: Case) -> None:
    _code, _out, err = run(case, shared("vics/case-2.0-uk.zip"))
    assert (Exhibit.objects.get().reader, "Reading it as: VICS case." in err) == ("vics", True)


def test_of_a_folder_with_a_vics_case_is_read_as_one(case: Case, tmp_path: Path) -> None:
    run(case, folder(tmp_path, document(record(picture(1), "D:\\a.png")), picture(1)))
    assert Exhibit.objects.get().reader == "vics"


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"notes.json": b'{"weather": "fine"}'},
        {"notes.json": b"[1, 2"},
        {"one.json": document(record(picture(1), "a")), "two.json": document(record(picture(1), "a"))},
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_of_anything_else_stays_a_folder_or_an_archive(
    case: Case, tmp_path: Path, files: dict[bytes | str, bytes], packed: bool
) -> None:
    source = tree(tmp_path / "evidence", files | {"a.png": picture(1)})
    if packed:
        source = Path(shutil.make_archive(str(tmp_path / "evidence"), "zip", source))
    _code, _out, err = run(case, source)
    wanted = ("archive", "Archive") if packed else ("folder", "Folder")
    assert (Exhibit.objects.get().reader, f"Reading it as: {wanted[1]}" in err) == (wanted[0], True)
