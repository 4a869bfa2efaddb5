"""A zip as evidence: members are data, same-named ones stay apart, a damaged one does not stop the rest."""

import io
import zipfile
from pathlib import Path

import pytest

from cases.ingest.base import SourceUnusable
from cases.models import Case, FileInstance
from tests.cases.ingest.trees import add, figures, picture, take_in, tree
from tests.cases.ingest.trees import ledger as rows
from workbench import checks

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning"),
]


def zipped(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def test_of_members_are_taken_in_under_the_names_they_carry(case: Case, tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "a.zip", ("a.png", picture(1)), ("../../up.png", picture(2)), ("/etc/abs.png", picture(3)),
        ("b\\c.png", picture(4)), ("notes.txt", b"hills"),
    )  # fmt: skip
    exhibit = take_in(case, path, reader="archive")
    assert {name: state for name, (state, _) in rows(exhibit).items()} == {
        b"a.png": "accepted",
        b"../../up.png": "accepted",
        b"/etc/abs.png": "accepted",
        b"b\\c.png": "accepted",
        b"notes.txt": "without_preview",
    }
    assert {entry.name for entry in tmp_path.iterdir()} == {"a.zip"}
    assert checks.broken(None) == []


def test_of_two_members_of_one_name_are_two_files(case: Case, tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("a.png", picture(1)), ("a.png", picture(2)), ("a.png", picture(1)))
    exhibit = take_in(case, path, reader="archive")
    held = exhibit.files.order_by("ordinal").values_list("ordinal", "content__size", "content__md5")
    assert [ordinal for ordinal, _, _ in held] == [0, 1, 2]
    assert held[0][2] == held[2][2] != held[1][2]


def test_of_a_damaged_member_is_named_and_the_rest_comes_in(case: Case, tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("a.png", picture(1)), ("bad.bin", bytes(range(256)) * 40), ("c.png", picture(3)))
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        at = archive.getinfo("bad.bin").header_offset + 60
    data[at : at + 20] = bytes(20)
    path.write_bytes(data)
    exhibit = take_in(case, path, reader="archive")
    outcomes = rows(exhibit)
    assert outcomes[b"bad.bin"][0] == "rejected"
    assert outcomes[b"bad.bin"][1] in {"corrupt", "bad-crc", "truncated"}
    assert outcomes[b"a.png"] == outcomes[b"c.png"] == ("accepted", "")


def test_of_an_archive_that_ends_early_has_a_line_of_its_own(case: Case, tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("a.png", picture(1)), ("b.png", picture(2)))
    path.write_bytes(path.read_bytes()[:-40])
    exhibit = take_in(case, path, reader="archive")
    assert exhibit.state == "done"
    assert FileInstance.objects.filter(exhibit=exhibit, state="rejected").exists()
    assert checks.broken(None) == []


def test_of_what_is_no_zip_is_refused_before_anything_is_added(case: Case, tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable):
        add(case, tree(tmp_path, {"a.txt": b"a"}) / "a.txt", reader="archive")
    assert not case.exhibits.exists()


def test_of_more_members_than_one_claim_are_all_read(case: Case, tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", *((f"{n:03d}.txt", b"%d" % n) for n in range(300)))
    exhibit = take_in(case, path, reader="archive")
    assert figures(exhibit) == (300, 0, 0, 0, 300, 0, 300)
