"""VICS cases: every record with its places and exact text, the frame around them, and all of it given back."""

import io
import json
import zipfile
from datetime import UTC, datetime

import pytest

from hashsets.exchange import MalformedDocument, Report
from hashsets.exchange.vics_case import CaseFrame, Occurrence, new_frame, read_case, write_case
from hashsets.exchange.vics_media import MediaIndex, PathRefused, components, stored_path
from hashsets.exchange.vics_rewrite import case_record, rewrite_record
from tests.hashsets.exchange.vics_texts import CASES, case_document, fake, hash_set, read_whole_case
from tests.shared_data import shared


def sample() -> tuple[bytes, list[str]]:
    """The JSON of the sample case, and the names of the zip as they stand in it."""
    with zipfile.ZipFile(shared("vics/case-2.0-uk.zip")) as archive:
        names = [member.orig_filename for member in archive.infolist()]
        return archive.read("VICS_Pictures_Results.json"), names


# five entries on four files (case zip): 4 media, 6 occurrences
def test_the_sample_case_has_four_files_at_six_places() -> None:
    records, reader, report = read_whole_case(sample()[0])
    assert len(records) == 5
    assert len({record.record.md5 for record in records}) == 4
    assert sum(len(record.occurrences) for record in records) == 6
    assert (report.read, report.document, report.region, report.producer) == (5, "Cases", "UK", "make_samples 1")
    assert report.warnings == []
    assert dict(reader.frame.cases[0].before)["CaseNumber"] == '"SYN-2026-001"'


def test_a_place_keeps_its_name_path_times_and_source() -> None:
    records, _, _ = read_whole_case(sample()[0])
    first, copy = records[0].occurrences
    assert first.path == "Partition 1\\Users\\demo\\Pictures\\chart0.png"
    assert copy.file_name == "copy of chart0.png"
    assert first.created
    assert (first.created.text, first.created.at) == (
        "2026-01-02T03:04:05.0000000Z",
        datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )
    assert (first.source_id, first.physical_location, first.unallocated) == ("SYN/1", 1 << 20, None)
    assert records[4].occurrences[0].unallocated is True


def test_every_file_of_the_sample_is_found_in_its_zip() -> None:
    data, names = sample()
    index = MediaIndex(names, "VICS_Pictures_Results.json")
    for record in read_whole_case(data)[0]:
        found = index.find(record.relative_path, record.record.md5)
        assert found
        assert (found.how, found.name) == ("path", "\\".join(record.relative_path or ()))


def test_the_text_of_a_record_is_exactly_what_stood_in_the_document() -> None:
    data, _ = sample()
    for record in read_whole_case(data)[0]:
        assert record.text in data
        assert record.text.startswith(b"{")
        assert record.text.endswith(b"}")


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_the_exact_text_is_utf8_whatever_the_document_was(codec: str) -> None:
    inner = '{"MD5": "' + fake(1) + '",  "FileSize":1.50, "日":"本"}'
    document = '{"value":[{"CaseNumber":"1","Media":[' + inner + "]}]}"
    records, _, report = read_whole_case(document.encode(codec))
    assert records[0].text == inner.encode()
    assert report.warned["no-context"] == 1


# category 0, null, "", absent in a case: no verdict
@pytest.mark.parametrize("fields", [{"Category": 0}, {"Category": "0"}, {"Category": None}, {"Category": ""}, {}])
def test_in_a_case_zero_is_no_verdict(fields: dict[str, object]) -> None:
    records, _, _ = read_whole_case(case_document({"MD5": fake(1), **fields}))
    assert records[0].record.code is None


def test_a_pre_categorised_flag_is_never_a_verdict() -> None:
    records, _, _ = read_whole_case(case_document({"MD5": fake(1), "IsPrecategorized": True, "Category": None}))
    assert records[0].record.code is None
    assert records[0].record.flags == {"is_precategorized": True}


# RelativeFilePath ..\..\etc\passwd, absolute, UNC: record kept, path refused
@pytest.mark.parametrize(
    "path",
    ["..\\..\\etc\\passwd", "a/../../b", "/etc/passwd", "\\\\server\\share\\x", "C:\\x", "c:x", "a\\..", "a\0b"],
)
def test_a_path_that_could_lead_out_is_refused_and_its_record_kept(path: str) -> None:
    records, _, report = read_whole_case(case_document({"MD5": fake(1), "RelativeFilePath": path}))
    assert records[0].relative_path is None
    assert records[0].path_refused
    assert dict(report.warned) == {"path-refused": 1}
    with pytest.raises(PathRefused):
        components(path)


@pytest.mark.parametrize("path", ["Files\\fa\\4e\\x", "Files/fa/4e/x", "Files\\\\fa//4e\\.\\x"])
def test_both_slashes_part_a_path(path: str) -> None:
    assert components(path) == ("Files", "fa", "4e", "x")


# a case keeps records that are of no use in a hash set: they are files all the same
@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({"MediaID": 1}, "no-hash"),
        ({"MD5": "zz"}, "invalid-hash"),
        ({"MD5": "D41D8CD98F00B204E9800998ECF8427E"}, "zero-length"),
    ],
)
def test_a_record_without_a_usable_hash_is_kept_with_a_warning(fields: dict[str, object], warning: str) -> None:
    records, _, report = read_whole_case(
        case_document({**fields, "MediaFiles": [{"FileName": "a.png"}]}, {"MD5": fake(2)})
    )
    assert [record.position for record in records] == [1, 2]
    assert warning in report.warned


def test_odd_places_never_lose_a_record() -> None:
    place = {
        "FileName": None,
        "FilePath": 7,
        "Created": "no",
        "Unallocated": "perhaps",
        "PhysicalLocation": "x",
        "New": [1],
    }
    records, _, report = read_whole_case(case_document({"MD5": fake(1), "MediaFiles": [place, 3, None], "Name": "n"}))
    (found,) = records[0].occurrences
    assert (found.file_name, found.path, found.unallocated, found.physical_location) == ("", "7", None, None)
    assert found.created
    assert (found.created.text, found.created.at) == ("no", None)
    assert found.raw == {"New": [1], "Unallocated": "perhaps", "PhysicalLocation": "x"}
    assert report.warned["bad-occurrence"] == 2


@pytest.mark.parametrize(
    ("folder", "name", "path"),
    [
        ("C:\\a\\", "b.png", "C:\\a\\b.png"),
        ("C:\\a", "b.png", "C:\\a\\b.png"),
        ("C:\\a\\b.png", "b.png", "C:\\a\\b.png"),
        ("/a/b", "c", "/a/b/c"),
        ("", "c", "c"),
        ("/a/", "", "/a/"),
        ("c", "c", "c"),
    ],
)
def test_writers_differ_in_where_a_path_ends(folder: str, name: str, path: str) -> None:
    assert Occurrence(file_name=name, file_path=folder).path == path


def test_version_11_has_the_name_on_the_record() -> None:
    records, _, _ = read_whole_case(case_document({"MD5": fake(1), "Name": "chart.png"}))
    assert [place.file_name for place in records[0].occurrences] == ["chart.png"]


def test_several_cases_and_cases_without_media_are_read() -> None:
    document = {
        "value": [
            {"CaseID": "1", "Media": [{"MD5": fake(1)}]},
            {"CaseID": "2"},
            7,
            {"Media": [{"MD5": fake(2)}, {"MD5": fake(3)}], "CaseID": "3"},
        ],
        "@odata.context": CASES,
    }
    records, reader, report = read_whole_case(json.dumps(document).encode())
    assert [(record.position, record.case) for record in records] == [(1, 0), (2, 2), (3, 2)]
    assert [case.media_name for case in reader.frame.cases] == ["Media", "", "Media"]
    assert report.warned["not-a-case"] == 1


def test_a_case_without_any_media_is_a_case() -> None:
    records, reader, report = read_whole_case(b'{"value":[{"CaseNumber":"1","Media":[]}]}')
    assert (records, report.document, len(reader.frame.cases)) == ([], "Cases", 1)
    assert read_whole_case(b'{"value":[{"CaseNumber":"1"}]}')[2].document == "Cases"


def test_a_hash_set_is_no_case() -> None:
    with pytest.raises(MalformedDocument, match="import it as a set"):
        read_whole_case(hash_set({"MD5": fake(1)}))


def test_a_cut_case_is_refused_wherever_it_is_cut() -> None:
    data = sample()[0]
    for end in range(0, len(data) - 1, 37):
        with pytest.raises(MalformedDocument):
            read_whole_case(data[:end])


# finding files
def test_a_file_is_found_by_path_then_other_case_then_base_name_then_md5() -> None:
    md5 = bytes.fromhex(fake(7))
    index = MediaIndex(
        ["out/Files\\fa\\a.PNG", "out/x/b.png", "out/" + fake(7) + ".jpg", "elsewhere/c.png"], "out/case.json"
    )
    assert [
        (found.how, found.name) if (found := index.find(path, md5 if use_md5 else None)) else None
        for path, use_md5 in [
            (("Files", "fa", "a.PNG"), False),
            (("files", "FA", "A.png"), False),
            (("Files", "b.png"), False),
            (("Files", "nothing.png"), True),
            (None, True),
            (("c.png",), False),  # not in the folder of the document
        ]
    ] == [
        ("path", "out/Files\\fa\\a.PNG"),
        ("path in other case", "out/Files\\fa\\a.PNG"),
        ("base name", "out/x/b.png"),
        ("md5 name", f"out/{fake(7)}.jpg"),
        ("md5 name", f"out/{fake(7)}.jpg"),
        None,
    ]


def test_two_files_of_one_base_name_are_not_guessed_at() -> None:
    index = MediaIndex(["a/x.png", "b/x.png", "../x.png", "/x.png"])
    assert index.find(("c", "x.png"), None) is None
    found = index.find(("b", "x.png"), None)
    assert found
    assert found.name == "b/x.png"


# giving a case back
def test_a_case_written_with_untouched_records_is_the_same_case() -> None:
    data, _ = sample()
    records, reader, _ = read_whole_case(data)
    frame = CaseFrame.from_json(json.loads(json.dumps(reader.frame.as_json())))
    stream = io.BytesIO()
    assert write_case(stream, frame, (record.text for record in records)) == 5
    assert json.loads(stream.getvalue()) == json.loads(data)
    assert list(json.loads(stream.getvalue())) == ["@odata.context", "value"]
    again = io.BytesIO()
    write_case(again, frame, [record.text for record in records])
    assert again.getvalue() == stream.getvalue()
    lines = [line for line in stream.getvalue().splitlines() if line.startswith(b'{"MediaID"')]
    assert len(lines) == 5


def test_several_cases_are_written_in_their_places() -> None:
    document = {
        "@odata.context": CASES,
        "value": [{"A": 1, "Media": [{"MD5": "x"}], "B": 2.50}, {"Media": [], "C": None}],
        "x": 1,
    }
    records, reader, _ = read_whole_case(json.dumps(document).encode())
    stream = io.BytesIO()
    write_case(stream, reader.frame, [record.text for record in records if record.case == 0])
    assert json.loads(stream.getvalue()) == document


ODD = b"""{ "Unknown" : [1.50, 1e3, {"a":  "\\u0041"}],
  "category":1, "MediaSize":"109" ,"Tags" : ["x"], "Comments":"theirs",
  "IsPrecategorized":"true", "PhotoDNA":null, "Big":12345678901234567890 }"""


def test_only_the_verdict_changes_and_all_else_stays_as_it_was_written() -> None:
    assert rewrite_record(ODD, code="2").decode() == (
        '{"Unknown":[1.50, 1e3, {"a":  "\\u0041"}],"category":2,"MediaSize":"109","Tags":["x"],"Comments":"theirs",'
        '"IsPrecategorized":"false","PhotoDNA":null,"Big":12345678901234567890}'
    )


@pytest.mark.parametrize(
    ("arguments", "changed"),
    [
        ({"code": None}, {"category": None, "IsPrecategorized": "false"}),
        ({"code": "A"}, {"category": "A", "IsPrecategorized": "false"}),
        ({"code": "007"}, {"category": "007", "IsPrecategorized": "false"}),
        (
            {"code": "1", "inherited_from": "Shared v3"},
            {"category": 1, "IsPrecategorized": "true", "PrecategorizationSource": "Shared v3"},
        ),
        ({"code": "1", "tags": ["a", "b"]}, {"category": 1, "IsPrecategorized": "false", "Tags": ["a", "b"]}),
        ({"code": "1", "comments": 'o"urs\n'}, {"category": 1, "IsPrecategorized": "false", "Comments": 'o"urs\n'}),
        ({"code": "1", "version": "2.0"}, {"category": 1, "IsPrecategorized": "false", "MediaSize": 109}),
        ({"code": "1", "version": "1.3"}, {"category": 1, "IsPrecategorized": False}),
    ],
)
def test_each_change_touches_its_own_fields(arguments: dict[str, object], changed: dict[str, object]) -> None:
    rewritten = rewrite_record(ODD, **arguments)  # type: ignore[arg-type]
    assert json.loads(rewritten) == {**json.loads(ODD), **changed}
    assert b"\n" not in rewritten


def test_into_13_a_photodna_moves_among_the_alternative_hashes() -> None:
    record = b'{"MD5":"x","PhotoDNA":"QUJD","AlternativeHashes":[{"HashName":"F1","HashValue":"0.10"}],"MediaSize":5}'
    assert json.loads(rewrite_record(record, code=None, version="1.3")) == {
        "MD5": "x",
        "AlternativeHashes": [{"HashName": "F1", "HashValue": "0.10"}, {"HashName": "PhotoDNA", "HashValue": "QUJD"}],
        "MediaSize": "5",
        "Category": None,
        "IsPrecategorized": False,
    }


def test_bytes_that_are_no_utf8_are_kept_exactly_and_written_readably() -> None:
    records, _, _ = read_whole_case(
        b'{"value":[{"CaseNumber":"caf\xe9","Media":[{"MD5":"%s","X":"\xe9"}]}]}' % fake(1).encode()
    )
    assert records[0].text.endswith(b'"X":"\xe9"}')
    assert rewrite_record(records[0].text, code=None).decode().count("\ufffd") == 1


@pytest.mark.parametrize("version", ["2.0", "1.3"])
def test_a_case_of_our_own_is_read_back_equal(version: str) -> None:
    places = (
        Occurrence(file_name='we"ird\u202e\n.png', file_path="DCIM\\日本\\", source_id="NM-01", deleted=True),
        Occurrence(file_name="copy.png", file_path="Download", physical_location=512, raw={"ParentFileName": "a.zip"}),
    )
    md5, sha1, sha256 = bytes(range(16)), bytes(range(20)), bytes(range(32))
    text = case_record(
        media_id=7, md5=md5, sha1=sha1, sha256=sha256, size=12, mime_type="image/png", code="3", tags=["a"],
        inherited_from="Shared v3", occurrences=places, version=version,
    )  # fmt: skip
    stream = io.BytesIO()
    write_case(stream, new_frame({"CaseNumber": "NM-2026"}, version, "UK"), [text])
    records, reader, report = read_whole_case(stream.getvalue())
    (found,) = records
    assert found.occurrences == places
    assert found.relative_path == stored_path(md5) == ("Files", "00", "01", md5.hex())
    assert (found.record.md5, found.record.sha1, found.record.sha256, found.record.size) == (md5, sha1, sha256, 12)
    assert (found.record.code, found.record.tags, found.record.flags) == ("3", ("a",), {"is_precategorized": True})
    assert (report.version, report.document, found.mime_type) == (version, "Cases", "image/png")
    assert isinstance(json.loads(text)["MediaSize"], int if version == "2.0" else str)
    assert dict(reader.frame.cases[0].before) == {"CaseNumber": '"NM-2026"'}


def test_memory_stays_flat_over_a_long_case() -> None:
    """One case object of 60 MB is walked, not decoded at once."""

    class Long(io.RawIOBase):
        def __init__(self) -> None:
            self.pieces = iter([b'{"value":[{"CaseID":"1","Media":[', *[block] * 60, record + b"]}]}"])

        def read(self, size: int = -1) -> bytes:
            return next(self.pieces, b"")

    record = b'{"MD5":"%s","Category":1,"MediaFiles":[{"FileName":"%s"}]}' % (fake(1).encode(), b"n" * 900)
    block = (record + b",\n") * 1000
    report, longest = Report(), 0
    reader = read_case(Long(), report)  # type: ignore[arg-type]
    for _ in reader:
        longest = max(longest, len(reader._document.cutter.text))
    assert report.read == 60_001
    assert longest < 3 << 20
