"""A case as VICS: what was imported comes back with our verdicts only, what was found elsewhere is added."""

import io
import json
import zipfile
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest

from cases import exports
from cases.exports.base import UnknownOption
from cases.models import Case, Content, Exhibit, FileInstance, ImportedRecord
from hashsets.exchange import Report
from hashsets.exchange.vics_case import CaseRecord, read_case
from tests import factories
from tests.cases.exports import scene
from tests.cases.ingest.trees import picture, take_in
from tests.people import People
from tests.shared_data import shared

ours = pytest.mark.django_db
ingested = pytest.mark.django_db(transaction=True)
CHANGED = ("Category", "IsPrecategorized", "PrecategorizationSource", "Comments", "Tags")


def delivered(path: Path) -> Any:
    """The document inside a delivery."""
    with zipfile.ZipFile(path) as archive:
        return json.loads(next(archive.read(name) for name in archive.namelist() if name.endswith(".json")))


def without_verdicts(document: Any) -> Any:
    """The document with only what no export may change."""
    for case in document["value"]:
        for record in case["Media"]:
            for name in CHANGED:
                record.pop(name, None)
    return document


def read(text: bytes) -> tuple[Report, list[CaseRecord]]:
    """As our own reader sees it."""
    report = Report()
    return report, list(read_case(io.BytesIO(text), report))


def by_name(export: Any) -> dict[str, dict[str, Any]]:
    return {record["MediaFiles"][0]["FileName"]: record for record in scene.media(export)}


@pytest.fixture
def case(people: People) -> Case:
    return scene.made(people)


@ours
def test_every_content_has_a_record_with_all_its_places(case: Case, people: People) -> None:
    records = scene.media(scene.build(case, people.supervisor))
    assert [record["MediaID"] for record in records] == [0, 1, 2, 3]
    lake = next(record for record in records if record["MD5"] == bytes(scene.content(case, "lake").md5).hex())
    assert [(place["SourceID"], place["FilePath"], place["FileName"]) for place in lake["MediaFiles"]] == [
        ("NM-10", "", "copy of lake.jpg"),
        ("NM-2", "DCIM/", "lake.jpg"),
    ]
    assert "RelativeFilePath" not in lake


@ours
def test_a_file_of_a_disk_image_says_whether_it_was_deleted_and_where_it_lies(case: Case, people: People) -> None:
    about = {"created": "2021-03-04T05:06:07", "modified": "2021-03-04T05:06:08", "zone": "local", "deleted": True}
    dune = FileInstance.objects.filter(raw_path=b"DCIM/dune.jpg")
    dune.update(modified=about["modified"], about=about | {"unallocated": True, "offset": 8_530_944})
    FileInstance.objects.filter(raw_path=b"DCIM/ridge.jpg").update(
        about={"zone": "utc", "accessed": "2021-03-04T00:00:00"}
    )
    records = by_name(scene.build(case, people.supervisor))
    deleted, kept = (records[f"{name}.jpg"]["MediaFiles"][0] for name in ("dune", "ridge"))
    assert (deleted["Deleted"], deleted["Unallocated"], deleted["PhysicalLocation"]) == (True, True, 8_530_944)
    assert (deleted["Created"], deleted["Written"]) == (about["created"], about["modified"])
    assert (kept["Deleted"], kept["Unallocated"], kept["Accessed"]) == (False, False, "2021-03-04T00:00:00")
    assert {"Deleted", "Unallocated", "PhysicalLocation"} & records["clip.mp4"]["MediaFiles"][0].keys() == set()


@ours
def test_category_is_an_int_and_null_where_nobody_decided(case: Case, people: People) -> None:
    scene.decide(case, "lake", "1", people.investigator)
    records = by_name(scene.build(case, people.supervisor))
    assert records["copy of lake.jpg"]["Category"] == 1
    assert records["ridge.jpg"]["Category"] is None
    assert all(record["IsPrecategorized"] is False for record in records.values())


@ours
def test_a_verdict_of_a_set_is_marked_as_inherited_until_somebody_decides(case: Case, people: People) -> None:
    scene.known(case, "ridge", "2", people.supervisor)
    ridge = by_name(scene.build(case, people.supervisor))["ridge.jpg"]
    assert (ridge["Category"], ridge["IsPrecategorized"], ridge["PrecategorizationSource"]) == (2, True, "Reference v1")
    scene.decide(case, "ridge", "1", people.investigator)
    ridge = by_name(scene.build(case, people.supervisor))["ridge.jpg"]
    assert (ridge["Category"], ridge["IsPrecategorized"]) == (1, False)
    assert "PrecategorizationSource" not in ridge


@ours
def test_a_set_of_another_scheme_gives_no_category(case: Case, people: People) -> None:
    scene.known(case, "ridge", "1", people.supervisor, scheme="us-pvic")
    ridge = by_name(scene.build(case, people.supervisor))["ridge.jpg"]
    assert (ridge["Category"], ridge["IsPrecategorized"]) == (None, False)


@ours
@pytest.mark.parametrize(
    ("options", "member", "context"),
    [
        ({}, "@odata.context", "2.0.xml/Default/$metadata#Cases"),
        ({"region": "uk"}, "@odata.context", "2.0.xml/UK/$metadata#Cases"),
        ({"version": "1.3"}, "odata.metadata", "1.3.xml#Cases"),
    ],
)
def test_the_context_comes_first_in_the_version_asked_for(
    case: Case, people: People, options: dict[str, str], member: str, context: str
) -> None:
    document = scene.document(scene.build(case, people.supervisor, **options))
    assert list(document) == [member, "value"]
    assert document[member].endswith(context)


@ours
def test_version_1_3_writes_sizes_as_text(case: Case, people: People) -> None:
    record = scene.media(scene.build(case, people.supervisor, version="1.3"))[0]
    assert record["MediaSize"] == str(Content.objects.get(md5=bytes.fromhex(record["MD5"])).size)


@ours
@pytest.mark.parametrize(
    "options", [{"version": "3.0"}, {"region": "U/K"}, {"region": "Far Far Away"}, {"version": "1.3", "region": "us"}]
)
def test_unknown_options_are_refused(case: Case, people: People, options: dict[str, str]) -> None:
    with pytest.raises(UnknownOption):
        scene.build(case, people.supervisor, **options)


@ours
def test_each_variant_is_an_export_of_its_own(case: Case, people: People) -> None:
    made = [scene.build(case, people.supervisor, **options) for options in ({}, {"version": "1.3"}, {"region": "us"})]
    assert [export.product for export in made] == ["vics2.0", "vics1.3", "vics2.0-us"]


@ours
def test_our_own_reader_reads_a_document_with_nothing_in_it(people: People) -> None:
    empty = factories.case(people.investigator)
    report, records = read(scene.members(scene.build(empty, people.supervisor))["case.json"])
    assert (report.document, records) == ("Cases", [])


@ours
@pytest.mark.parametrize("raw", [b"caf\xe9.jpg", b"two\nlines.jpg", "\u202egpj.exe".encode(), b"a\\b.jpg", b"=1+1.jpg"])
def test_any_name_of_a_file_survives(people: People, raw: bytes) -> None:
    case = factories.case(people.investigator)
    exhibit = factories.exhibit(case)
    factories.item(exhibit, "lake", "plain.jpg")
    FileInstance.objects.filter(exhibit=exhibit).update(raw_path=raw)
    [record] = scene.media(scene.build(case, people.supervisor))
    expected = raw.decode("utf-8", "backslashreplace")
    assert record["MediaFiles"][0]["FileName"] == expected


def decided(case: Case, people: People) -> None:
    """One of the delivered pictures is decided, one is known, the others stay open."""
    md5s = [record.md5 for record in ImportedRecord.objects.filter(exhibit__case=case).order_by("position")[:2]]
    first, second = (Content.objects.get(item__case=case, md5=one) for one in md5s)
    scene.decide_content(case, first, "2", people.investigator)
    scene.known_content(case, second, "3", people.supervisor)


@ingested
@pytest.mark.parametrize("version", ["2.0", "1.3"])
def test_an_imported_case_comes_back_with_only_its_verdicts_changed(people: People, version: str) -> None:
    case = factories.case(people.investigator, scheme="us-pvic")
    source = shared("vics/case-2.0-uk.zip")
    take_in(case, source, reader="vics")
    decided(case, people)
    export = scene.build(case, people.supervisor, version=version)
    records = scene.media(export)
    assert [record["Category"] for record in records] == [2, 3, None, None, 3], "the last is the second again"
    assert [record["IsPrecategorized"] for record in records] == [False, True, False, False, True]
    assert records[1]["PrecategorizationSource"] == "Reference v1"
    sent, given = without_verdicts(delivered(source)), without_verdicts(scene.document(export))
    if version == "2.0":
        assert given == sent
    else:
        for record in sent["value"][0]["Media"]:
            record["MediaSize"] = str(record["MediaSize"])
        assert given["value"] == sent["value"]


@ingested
def test_unknown_fields_their_order_and_numbers_survive(people: People, tmp_path: Path) -> None:
    data = picture(1)
    digest = md5(data).hexdigest()
    first = (
        f'{{"Zeta":1.50,"MediaID":"9","MD5":"{digest}","Category":2,'
        '"Odd":{"b":[1e3,null],"a":"\\u00fc"},"Tags":"x","IsPrecategorized":false}'
    )
    lost = f'{{"MediaID":4,"MD5":"{"ab" * 16}","Category":1,"Odd":true}}'
    context = '"odata.metadata":"http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Cases"'
    text = f'{{{context},"value":[{{"Case No.":"7","Media":[{first},\n{lost}],"After":0.10}}],"Trailer":"kept"}}'
    (tmp_path / digest).write_bytes(data)
    (tmp_path / "case.json").write_text(text)
    case = factories.case(people.investigator)
    take_in(case, tmp_path, reader="vics")
    [content] = Content.objects.filter(item__case=case)
    scene.decide_content(case, content, "5", people.investigator)
    written = scene.members(scene.build(case, people.supervisor, version="1.3"))["case.json"].decode()
    assert first.replace('"Category":2', '"Category":5') in written
    assert lost in written, "its file never came in, so nobody here can judge"
    assert '"Case No.":"7"' in written
    assert '"After":0.10' in written
    assert '"Trailer":"kept"' in written


@ingested
def test_files_of_other_exhibits_are_added_in_a_case_of_our_own(people: People, tmp_path: Path) -> None:
    case = factories.case(people.investigator)
    take_in(case, shared("vics/case-2.0-uk.zip"), reader="vics")
    (tmp_path / "fjord.png").write_bytes(picture(77))
    take_in(case, tmp_path, ref="NM-02")
    export = scene.build(case, people.supervisor)
    theirs, added = scene.document(export)["value"]
    assert theirs["CaseNumber"] == "SYN-2026-001"
    assert added["CaseNumber"] == case.number
    assert [(one["MediaID"], one["MediaFiles"][0]["FileName"]) for one in added["Media"]] == [(5, "fjord.png")]
    assert "/UK/" in scene.document(export)["@odata.context"]


@ingested
def test_a_case_exported_with_its_files_is_taken_in_again(people: People, tmp_path: Path) -> None:
    case = factories.case(people.investigator)
    (tmp_path / "folder").mkdir()
    for number in range(3):
        (tmp_path / "folder" / f"{number}.png").write_bytes(picture(number))
    take_in(case, tmp_path / "folder", ref="NM-02")
    take_in(case, shared("vics/case-2.0-uk.zip"), reader="vics")
    export = scene.build(case, people.supervisor, media=True)
    names = list(scene.members(export))
    assert names[:-1] == sorted(names[:-1])
    assert len([name for name in names if name.startswith("Files/")]) == 7
    again = factories.case(people.investigator)
    taken = take_in(again, exports.stored(export), reader="vics")
    assert (taken.seen, taken.accepted) == (9, 9)
    assert digests(again) == digests(case)
    assert ImportedRecord.objects.filter(exhibit=taken).count() == 8


def digests(case: Case) -> set[bytes]:
    return {bytes(one) for one in Content.objects.filter(item__case=case).values_list("sha256", flat=True)}


@ours
def test_a_missing_blob_stops_an_export_with_files(case: Case, people: People) -> None:
    from cases.exports.vics_files import EvidenceMissing

    with pytest.raises(EvidenceMissing):
        scene.build(case, people.supervisor, media=True)


@ours
def test_rows_come_a_few_at_a_time(case: Case, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    from cases.exports import snapshot

    whole = scene.members(scene.build(case, people.supervisor))
    monkeypatch.setattr(snapshot, "ROWS", 1)
    with scene.forgotten():
        Exhibit.objects.filter(case=case).update(description="")
        again = scene.members(scene.build(case, people.supervisor))
    assert whole == again
