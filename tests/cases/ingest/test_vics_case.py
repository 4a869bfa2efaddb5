"""A VICS case as evidence (vics.md sections 2, 4 and 8): its records kept word for word, its files hashed by us."""

import json
import os
import zipfile
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest

from cases.ingest.base import SourceGone, SourceUnusable
from cases.ingest.vics_case import VicsCase
from cases.models import Case, Content, Exhibit, ImportedRecord, Item
from hashsets.exchange.vics_case import CaseFrame
from tests.cases.ingest.trees import figures, picture, take_in
from tests.cases.ingest.trees import ledger as rows
from tests.shared_data import shared
from workbench import checks

pytestmark = pytest.mark.django_db(transaction=True)


def record(data: bytes, *places: str, **fields: Any) -> dict[str, Any]:
    digest = md5(data).hexdigest()
    files = [{"MD5": digest, "FileName": place.rpartition("\\")[2], "FilePath": place} for place in places]
    path = f"Files\\{digest[:2]}\\{digest}"
    return {"MD5": digest, "MediaSize": len(data), "RelativeFilePath": path, "MediaFiles": files} | fields


def document(*records: dict[str, Any]) -> bytes:
    context = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Cases"
    cases = [{"CaseNumber": "SYN-1", "Media": list(records), "Unknown": {"kept": True}}]
    return json.dumps({"@odata.context": context, "value": cases}).encode()


def folder(root: Path, text: bytes, *files: bytes) -> Path:
    (root / "case.json").write_bytes(text)
    for data in files:
        digest = md5(data).hexdigest()
        place = root / "Files" / digest[:2] / digest
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return root


def test_of_the_sample_case_has_four_media_at_six_places(case: Case) -> None:
    exhibit = take_in(case, shared("vics/case-2.0-uk.zip"), reader="vics")
    assert figures(exhibit) == (6, 0, 0, 6, 0, 0, 0)
    assert Item.objects.filter(case=case).count() == 4
    assert ImportedRecord.objects.filter(exhibit=exhibit).count() == 5
    assert b"Partition 1\\Users\\demo\\Pictures\\chart0.png" in rows(exhibit)
    assert checks.broken(None) == []


def test_of_the_same_case_unpacked_gives_the_same(case: Case, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared("vics/case-2.0-uk.zip")) as archive:
        for member in archive.infolist():
            place = tmp_path / member.filename.replace("\\", "/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(archive.read(member))
    zipped = take_in(case, shared("vics/case-2.0-uk.zip"), reader="vics")
    unpacked = take_in(case, tmp_path, ref="NM-02", reader="vics")
    assert rows(unpacked) == rows(zipped)
    assert Exhibit.objects.get(ref="NM-02").frame == Exhibit.objects.get(ref="NM-01").frame


def test_of_records_and_frame_are_kept_as_they_were(case: Case, tmp_path: Path) -> None:
    one = record(picture(1), "D:\\a.png", Odd={"field": "ü\\n"}, Category=2)
    exhibit = take_in(case, folder(tmp_path, document(one), picture(1)), reader="vics")
    kept = ImportedRecord.objects.get(exhibit=exhibit)
    assert bytes(kept.raw) == json.dumps(one).encode()
    assert exhibit.files.get().record == kept.position == 1
    exhibit.refresh_from_db()
    frame = CaseFrame.from_json(json.loads(bytes(exhibit.frame or b"")))
    assert ("Unknown", '{"kept": true}') in frame.cases[0].after


def test_of_a_file_that_is_not_there_and_one_with_another_hash_are_told(case: Case, tmp_path: Path) -> None:
    absent, other = record(picture(1), "gone.png"), record(picture(2), "changed.png")
    root = folder(tmp_path, document(absent, other, record(picture(3), "fine.png")), picture(2), picture(3))
    (root / "Files" / other["MD5"][:2] / other["MD5"]).write_bytes(picture(9))
    exhibit = take_in(case, root, reader="vics")
    assert rows(exhibit) == {
        b"gone.png": ("rejected", "file-missing"),
        b"changed.png": ("accepted", "hash-mismatch"),
        b"fine.png": ("accepted", ""),
    }
    assert Content.objects.filter(md5=md5(picture(9)).digest()).exists()
    assert checks.broken(None) == []


@pytest.mark.parametrize("path", ["..\\..\\etc\\passwd", "/etc/passwd", "\\\\server\\share\\x.png"])
def test_of_a_path_that_leads_out_is_refused_and_its_record_kept(case: Case, tmp_path: Path, path: str) -> None:
    text = document(record(picture(1), "a.png", RelativeFilePath=path))
    exhibit = take_in(case, folder(tmp_path, text), reader="vics")
    assert rows(exhibit)[b"a.png"][0] == "rejected"
    assert ImportedRecord.objects.filter(exhibit=exhibit).count() == 1


def test_of_a_truncated_document_leaves_nothing_and_says_where(case: Case, tmp_path: Path) -> None:
    text = document(record(picture(1), "a.png"), record(picture(2), "b.png"))[:-60]
    exhibit = take_in(case, folder(tmp_path, text, picture(1)), reader="vics")
    assert (exhibit.state, exhibit.seen) == ("stopped", 0)
    assert "at byte" in exhibit.state_reason
    assert not ImportedRecord.objects.exists()


def test_of_an_element_that_is_no_record_is_a_line_in_the_ledger(case: Case, tmp_path: Path) -> None:
    text = document(record(picture(1), "a.png")).replace(b'"Media": [', b'"Media": [17, ')
    exhibit = take_in(case, folder(tmp_path, text, picture(1)), reader="vics")
    assert rows(exhibit) == {b"Media[1]": ("rejected", "record-unreadable"), b"a.png": ("accepted", "")}


def test_of_the_same_place_named_twice_is_two_files(case: Case, tmp_path: Path) -> None:
    text = document(record(picture(1), "a.png", "a.png"), record(picture(2), "a.png"))
    exhibit = take_in(case, folder(tmp_path, text, picture(1), picture(2)), reader="vics")
    assert sorted(exhibit.files.values_list("ordinal", flat=True)) == [0, 1, 2]


def test_of_files_that_moved_or_are_spelled_otherwise_are_found_and_twins_not_guessed(
    case: Case, tmp_path: Path
) -> None:
    moved, spelled, twin = (record(picture(n), f"{n}.png", RelativeFilePath=f"Files\\{n}.png") for n in (1, 2, 3))
    root = folder(tmp_path, document(moved, spelled, twin))
    for place, number in {"deep/down/1.png": 1, "files/2.PNG": 2, "one/3.png": 3, "two/3.png": 4}.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_bytes(picture(number))
    exhibit = take_in(case, root, reader="vics")
    assert rows(exhibit) == {
        b"1.png": ("accepted", ""),
        b"2.png": ("accepted", ""),
        b"3.png": ("rejected", "file-missing"),
    }


def test_of_a_zip_only_what_lies_in_the_documents_folder_is_meant(case: Case, tmp_path: Path) -> None:
    text = document(record(picture(1), "a.png", RelativeFilePath="a.png"), record(picture(2), "b.png"))
    with zipfile.ZipFile(tmp_path / "case.zip", "w") as archive:
        archive.writestr("export/case.json", text)
        archive.writestr("a.png", picture(9))
        archive.writestr("export/A.png", picture(1))
    exhibit = take_in(case, tmp_path / "case.zip", reader="vics")
    assert rows(exhibit) == {b"a.png": ("accepted", ""), b"b.png": ("rejected", "file-missing")}
    assert checks.broken(None) == []


@pytest.mark.parametrize("made", ["fifo", "link"])
def test_of_what_is_no_file_is_refused_and_nobody_waits_for_it(case: Case, tmp_path: Path, made: str) -> None:
    document_path = tmp_path / "case.json"
    if made == "fifo":
        os.mkfifo(document_path)
    else:
        document_path.symlink_to("/etc/hostname")
    with pytest.raises((SourceUnusable, SourceGone)):
        list(VicsCase().find(os.fsencode(document_path)))
