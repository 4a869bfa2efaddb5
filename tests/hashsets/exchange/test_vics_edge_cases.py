"""The edge-case table of vics.md section 8, row by row. Rows about archives and bytes are the readers' tests."""

import base64
import gzip
import io
from datetime import UTC, datetime, timedelta, timezone

import pytest

from hashsets.exchange import HashRecord, MalformedDocument
from tests.hashsets.exchange.vics_texts import CONTEXT, fake, hash_set, one, read_set
from tests.shared_data import shared

PHOTODNA = base64.b64encode(bytes(range(144))).decode()


@pytest.fixture(name="quirks")
def quirks_by_media_id() -> dict[int, list[HashRecord]]:
    records, _ = read_set(shared("vics/quirks-2.0.json").read_bytes())
    found: dict[int, list[HashRecord]] = {}
    for record in records:
        assert record.media_id is not None
        found.setdefault(record.media_id, []).append(record)
    return found


# UTF-8 BOM; UTF-16LE BOM CRLF; no BOM (sample files): same 8 rows
@pytest.mark.parametrize(
    ("name", "encoding", "region"),
    [
        ("hashset-2.0-us.json", "utf-8", "US"),
        ("hashset-2.0-utf8-bom.json", "utf-8-bom", "Default"),
        ("hashset-2.0-utf16le-bom-crlf.json", "utf-16-le-bom", "UK"),
    ],
)
def test_each_encoding_gives_the_same_eight_rows(name: str, encoding: str, region: str) -> None:
    plain, _ = read_set(shared("vics/hashset-2.0-us.json").read_bytes())
    records, report = read_set(shared(f"vics/{name}").read_bytes())
    assert records == plain
    assert len(records) == 8
    assert (report.encoding, report.region, report.version, report.document) == (encoding, region, "2.0", "Media")
    assert report.warnings == []


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_seen_by_its_zeros(codec: str) -> None:
    text = hash_set({"MD5": fake(1), "Series": "日本"}).decode("ascii")
    records, report = read_set(text.encode(codec))
    assert records[0].series == ("日本",)
    assert report.encoding == codec


def test_a_gzipped_set_reads_like_a_plain_one() -> None:
    plain = hash_set(*({"MD5": fake(n)} for n in range(1, 500)))
    assert read_set(gzip.compress(plain)) == read_set(plain)
    with pytest.raises(MalformedDocument, match="cut off"):
        read_set(gzip.compress(plain)[:-200])


# truncated file; trailing comma; data after the document; missing comma: reject, reason + offset
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda whole: whole[: len(whole) * 2 // 3], "looks truncated"),
        (lambda whole: whole[:-1], "looks truncated"),
        (lambda whole: whole[:-2] + b",]}", "a value should stand here"),
        (lambda whole: whole + b"{}", "data after the document"),
        (lambda whole: whole.replace(b"}, {", b"} {"), "expected , or ]"),
        (lambda whole: whole.replace(b', "Category"', b' "Category"', 1), "expected , or }"),
        (lambda whole: whole.replace(b'"Category": 1', b'"Category": NaN'), "NaN is not JSON"),
        (lambda whole: b"", "an empty document"),
        (lambda whole: b"  \n", "an empty document"),
        (lambda whole: b"MD5,SHA1", "not JSON"),
        (lambda whole: b'{"@odata.context": "x"}', "no Media records"),
    ],
)
def test_a_broken_document_is_refused_with_reason_and_place(spoil, reason: str) -> None:  # type: ignore[no-untyped-def]
    whole = hash_set({"MD5": fake(1), "Category": 1}, {"MD5": fake(2), "Category": 1})
    with pytest.raises(MalformedDocument) as caught:
        read_set(spoil(whole))
    assert caught.value.reason.startswith(reason)
    assert 0 <= caught.value.offset <= len(whole) + 2


def test_the_truncated_sample_says_where_it_ends() -> None:
    data = shared("vics/hashset-2.0-truncated.json").read_bytes()
    with pytest.raises(MalformedDocument, match="looks truncated") as caught:
        read_set(data)
    assert caught.value.offset == len(data)


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le"])
def test_the_place_of_a_fault_is_counted_in_bytes_of_the_document(codec: str) -> None:
    text = '{"value":[{"MD5":"' + fake(1) + '","Series":"日本"},{"MD5" "x"}' + " " * 99 + "]}"
    with pytest.raises(MalformedDocument) as caught:
        read_set(text.encode(codec))
    assert caught.value.offset == len(text[: text.index('"x"')].encode(codec))


# context after value; unknown region; unknown version: import with warning
@pytest.mark.parametrize(
    ("context", "warning"),
    [
        (CONTEXT.replace("US", "Atlantis"), "unknown-region"),
        (CONTEXT.replace("2.0", "3.1"), "unknown-version"),
        (CONTEXT.replace("#Media", "#Cases"), "context-disagrees"),
        ("something else", "unknown-context"),
        (None, "no-context"),
        (CONTEXT.upper().replace("HTTP", "https"), ""),
        ("http://github.com/ICMEC/ProjectVic/DataModels/1.1.xml#Media", ""),
    ],
)
def test_a_doubtful_context_is_a_warning_and_nothing_more(context: str | None, warning: str) -> None:
    records, report = read_set(hash_set({"MD5": fake(1)}, context=context))
    assert len(records) == 1
    assert [each.code for each in report.warnings] == ([warning] if warning else [])


def test_a_context_after_the_records_is_found() -> None:
    _, report = read_set(shared("vics/quirks-2.0.json").read_bytes())
    assert (report.version, report.region) == ("2.0", "CUSTOM")


# "Category":"1", "MediaID":"1", lower-case keys: accepted
def test_numbers_as_strings_and_lower_case_keys_are_accepted(quirks: dict[int, list[HashRecord]]) -> None:
    (first,), (eleventh,) = quirks[1], quirks[11]
    assert (first.code, first.media_id, first.size) == ("1", 1, 10)
    assert (eleventh.code, eleventh.md5) == ("2", bytes.fromhex(fake(311)))


# Category null / absent / "": no verdict
@pytest.mark.parametrize("fields", [{"Category": None}, {}, {"Category": ""}, {"Category": "  "}])
def test_no_category_is_no_verdict(fields: dict[str, object]) -> None:
    assert one(**fields).code is None


# Category 99: stored; that it is unmapped is the scheme's finding
@pytest.mark.parametrize(("given", "code"), [(99, "99"), (0, "0"), ("01", "01"), (" A ", "A"), (-1, "-1")])
def test_a_category_is_kept_verbatim(given: object, code: str) -> None:
    assert one(Category=given).code == code


@pytest.mark.parametrize("given", [True, 1.5, [1], {"a": 1}, "x" * 41])
def test_a_category_that_is_no_code_is_no_verdict_but_kept(given: object) -> None:
    record = one(Category=given)
    assert record.code is None
    assert record.raw == {"Category": given}


# same MD5 categories 1 and 2, 1 and 0: both rows come; merging them and seeing the conflict is the importer's
def test_rows_of_one_hash_all_come_through(quirks: dict[int, list[HashRecord]]) -> None:
    assert [record.code for n in (4, 5) for record in quirks[n] if record.md5 == bytes.fromhex(fake(304))] == ["1", "2"]
    assert [quirks[n][0].code for n in (21, 22)] == ["1", "0"]


# repeated MediaID, different MD5: two rows
def test_a_repeated_media_id_is_two_rows(quirks: dict[int, list[HashRecord]]) -> None:
    assert len({record.md5 for record in quirks[5]}) == 2


# no MD5 but SHA1: row keyed by SHA1
def test_a_record_without_md5_stands_by_its_sha1(quirks: dict[int, list[HashRecord]]) -> None:
    (record,) = quirks[8]
    assert record.md5 is None
    assert record.sha1 == bytes.fromhex(fake(308, 40))


# bad hex, wrong length, zero-length hash: skipped, counted
def test_records_without_a_usable_hash_are_skipped_and_counted() -> None:
    _, report = read_set(shared("vics/quirks-2.0.json").read_bytes())
    assert (report.read, report.accepted) == (23, 21)
    assert dict(report.skipped) == {"invalid-hash": 1, "zero-length": 1}
    assert {warning.code: warning.position for warning in report.warnings}["zero-length"] == 7


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"MD5": "xyz"}, "invalid-hash"),
        ({"MD5": fake(1)[:-1]}, "invalid-hash"),
        ({"MD5": fake(1)[:-2] + "  "}, "invalid-hash"),
        ({"MD5": 12}, "invalid-hash"),
        ({"MD5": None}, "no-hash"),
        ({"MD5": ""}, "no-hash"),
        ({"MediaID": 1}, "no-hash"),
        ({"SHA1": "da39a3ee5e6b4b0d3255bfef95601890afd80709", "MD5": fake(1)}, "zero-length"),
        ({"SHA256": "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"}, "zero-length"),
        (None, "not-a-record"),
        ([], "not-a-record"),
        ("x", "not-a-record"),
        (3, "not-a-record"),
    ],
)
def test_a_useless_record_is_skipped_with_its_reason_and_place(fields: object, reason: str) -> None:
    records, report = read_set(hash_set({"MD5": fake(8)}, fields, {"MD5": fake(9)}))
    assert [record.position for record in records] == [1, 3]
    assert dict(report.skipped) == {reason: 1}
    assert report.warnings[-1].position == 2


def test_one_bad_hash_beside_a_good_one_is_a_warning() -> None:
    records, report = read_set(hash_set({"MD5": fake(1), "SHA1": "zz"}))
    assert (records[0].sha1, records[0].raw) == (None, {"SHA1": "zz"})
    assert dict(report.warned) == {"bad-hash": 1}


# hash with spaces: trimmed
def test_blanks_around_a_hash_are_trimmed(quirks: dict[int, list[HashRecord]]) -> None:
    assert quirks[10][0].md5 == bytes.fromhex(fake(310))


# flags "False"/"TRUE"/null: False/True/None
@pytest.mark.parametrize(
    ("given", "flags"),
    [
        ("False", {"victim_identified": False}),
        ("TRUE", {"victim_identified": True}),
        (False, {"victim_identified": False}),
        (1, {"victim_identified": True}),
        ("0", {"victim_identified": False}),
        (None, {}),
        ("", {}),
        ("maybe", {}),
    ],
)
def test_a_flag_is_true_false_or_not_said(given: object, flags: dict[str, bool]) -> None:
    assert one(VictimIdentified=given).flags == flags


# Tags list, Series object: flattened, raw kept
def test_lists_and_objects_of_names_are_flattened_and_kept(quirks: dict[int, list[HashRecord]]) -> None:
    (record,) = quirks[10]
    assert (record.tags, record.series) == (("x", "y"), ('Synthetic ] } " Series 日本',))
    assert record.raw == {"Tags": ["x", "y"], "Series": {"Name": 'Synthetic ] } " Series 日本'}}


# PhotoDNA of wrong length: dropped with count
def test_a_photodna_of_wrong_length_is_dropped_and_counted(quirks: dict[int, list[HashRecord]]) -> None:
    _, report = read_set(shared("vics/quirks-2.0.json").read_bytes())
    assert quirks[12][0].photodna is None
    assert report.dropped_photodna == 1
    assert quirks[13][0].photodna


# the same PhotoDNA on many: dropped with count
def test_a_photodna_on_25_files_is_dropped_and_named() -> None:
    data = hash_set(*({"MD5": fake(n), "PhotoDNA": PHOTODNA} for n in range(1, 26)))
    records, report = read_set(data)
    assert report.placeholder_photodna == [PHOTODNA]  # the importer takes it from the first nineteen
    assert [record.photodna for record in records[19:]] == [None] * 6
    assert report.dropped_photodna == 25


def test_a_photodna_on_19_files_or_25_times_on_one_is_kept() -> None:
    data = hash_set(*({"MD5": fake(min(n, 19)), "PhotoDNA": PHOTODNA} for n in range(1, 45)))
    records, report = read_set(data)
    assert all(record.photodna == PHOTODNA for record in records)
    assert (report.placeholder_photodna, report.dropped_photodna) == ([], 0)


# an emptied object in AlternativeHashes: ignored
def test_an_emptied_alternative_hash_is_ignored(quirks: dict[int, list[HashRecord]]) -> None:
    assert quirks[15][0].raw == {}


def test_alternative_hashes_go_to_their_places_and_unknown_ones_stay(quirks: dict[int, list[HashRecord]]) -> None:
    (record,) = quirks[20]
    assert record.sha256 == bytes.fromhex(fake(320, 64).replace("140", "140"))
    assert record.other_hashes == {"ed2k": fake(320), "pdq": fake(320, 64)}
    assert record.raw == {"AlternativeHashes": [{"HashName": "F1", "HashValue": "AAECAwQ="}]}


# four odd dates: parsed or None + raw kept
@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2023-06-07T02:31:49.8300Z", datetime(2023, 6, 7, 2, 31, 49, 830000, UTC)),
        ("2025-01-02T03:04:05-05:00", datetime(2025, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=-5)))),
        ("2024-01-02T03:04:05", datetime(2024, 1, 2, 3, 4, 5)),  # noqa: DTZ001 no zone was named
        ("2024-01-02T03:04:05.678+02:00Z", datetime(2024, 1, 2, 3, 4, 5, 678000, timezone(timedelta(hours=2)))),
        ("2024-01-02T03:04:05.0000678Z", datetime(2024, 1, 2, 3, 4, 5, 67, UTC)),
        ("/Date(1700000000000)/", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("Fri Apr 29 12:00:00 2022", datetime(2022, 4, 29, 12)),  # noqa: DTZ001
        ("04/29/2022 12:00:01", datetime(2022, 4, 29, 12, 0, 1)),  # noqa: DTZ001
        ("29/04/2022 12:00:01", None),
        ("/Date(99999999999999999)/", None),
        ("Fri Xyz 29 12:00:00 2022", None),
        ("yesterday", None),
    ],
)
def test_a_date_is_parsed_or_kept_as_it_stood(text: str, moment: datetime | None) -> None:
    records, report = read_set(hash_set({"MD5": fake(1), "DateUpdated": text}))
    assert (records[0].date_updated, records[0].date_updated_text) == (moment, text)
    assert report.bad_dates == (1 if moment is None else 0)


# RelativeFilePath ..\..\etc\passwd, absolute, UNC: record kept, path refused (cases: test_vics_case)
def test_a_record_with_an_escaping_path_is_kept(quirks: dict[int, list[HashRecord]]) -> None:
    _, report = read_set(shared("vics/quirks-2.0.json").read_bytes())
    assert quirks[19][0].md5 == bytes.fromhex(fake(319))
    assert [each.position for each in report.warnings if each.code == "path-refused"] == [20]
    assert "RelativeFilePath" not in quirks[19][0].raw


# 2.0 Media with MediaFiles inside a #Media document (NIST style): hash set; names ignored
def test_a_known_good_set_with_file_names_is_a_hash_set_without_them() -> None:
    records, report = read_set(shared("vics/knowngood-1.2-cat8.json").read_bytes())
    assert [record.code for record in records] == ["8"] * 3
    assert all(record.raw == {} for record in records)
    assert (report.version, report.document, dict(report.codes)) == ("1.2", "Media", {"8": 3})


# JSON array at root; {"Media":[...]} without value; one record alone: accepted as hash set
@pytest.mark.parametrize(
    "text",
    [
        '[{"MD5":"%s"}]',
        '{"Media":[{"MD5":"%s"}]}',
        '{"media":[{"MD5":"%s"}]}',
        '{"MD5":"%s"}',
        '{"value":{"MD5":"%s"}}',
        ' \n[ {"md5" : "%s" } ]\r\n',
    ],
)
def test_records_are_found_without_the_usual_frame(text: str) -> None:
    records, report = read_set((text % fake(1)).encode())
    assert [record.md5 for record in records] == [bytes.fromhex(fake(1))]
    assert report.document == "Media"


def test_an_empty_set_is_a_set() -> None:
    assert read_set(hash_set())[0] == []
    assert read_set(b"[]")[0] == []


def test_a_13_set_gives_what_a_20_set_gives() -> None:
    records, report = read_set(shared("vics/hashset-1.3.json").read_bytes())
    assert [(record.size, record.code) for record in records] == [(2048, "2"), (4096, "3"), (6144, "1"), (8192, "2")]
    assert all(record.photodna and record.raw == {} for record in records)
    assert report.version == "1.3"


def test_a_case_document_is_no_hash_set() -> None:
    with pytest.raises(MalformedDocument, match="add it as evidence"):
        read_set(b'{"value":[{"CaseID":"x","Media":[{"MD5":"' + fake(1).encode() + b'"}]}]}')


def test_unknown_fields_are_kept_and_counted(quirks: dict[int, list[HashRecord]]) -> None:
    _, report = read_set(shared("vics/quirks-2.0.json").read_bytes())
    assert quirks[9][0].raw == {"NewField": {"a": [1, {"b": 2}]}}
    assert dict(report.unknown_fields) == {"NewField": 1}


# record cap 1 MB (Miniature dropped), nesting 16
def test_a_large_thumbnail_is_dropped_and_its_record_kept() -> None:
    records, _ = read_set(hash_set({"MD5": fake(1), "Miniature": "A" * (3 << 20)}, {"MD5": fake(2)}))
    assert [record.raw for record in records] == [{}, {}]


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ('"x":"' + "y" * (1 << 20) + '"', "too-long"),
        ('"x":"' + '\\"' * (9 << 20) + '"', "too-long"),
        ('"x":' + "[" * 17 + "]" * 17, "too-deep"),
        ('"x":' + '[{"]":"' + "[" * 50_000 + '"}]' + ',"y":' + "[" * 5000 + "]" * 5000, "too-deep"),
        ('"x":' + "1" * 5000, "unreadable-number"),
    ],
)
def test_a_monstrous_record_is_passed_over_and_the_next_one_read(field: str, reason: str) -> None:
    parts = [f'{{"MD5":"{fake(1)}"}}', f'{{"MD5":"{fake(2)}",{field}}}', f'{{"MD5":"{fake(3)}"}}']
    records, report = read_set(('{"value":[' + ",\n".join(parts) + "]}").encode())
    assert [record.position for record in records] == [1, 3]
    assert dict(report.skipped) == {reason: 1}


def test_text_no_database_takes_is_mended_and_everything_else_kept() -> None:
    assert one(Series="a\x00b\ud800c\u202e日").series == ("ab\ufffdc\u202e日",)
    records, report = read_set(b'[{"MD5":"%s","Series":"caf\xe9"}]' % fake(1).encode())
    assert records[0].series == ("caf\ufffd",)
    assert report.warned["not-utf8"] == 1


def test_a_fault_far_into_a_document_is_found_at_its_byte() -> None:
    many = b",".join(b'{"MD5":"%s"}' % fake(n).encode() for n in range(1, 60_000))
    data = b'{"value":[' + many + b' {"MD5":"x"}]}'
    with pytest.raises(MalformedDocument) as caught:
        read_set(data)
    assert caught.value.offset == len(b'{"value":[' + many) + 1


def test_a_stream_that_gives_single_bytes_reads_the_same() -> None:
    class Trickle(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 1, 1))

    from hashsets.exchange import BY_ID, ReadOptions, Report

    data = b"\xef\xbb\xbf" + hash_set({"MD5": fake(1), "Series": "日本"}, {"MD5": fake(2), "MediaSize": 12})
    records = list(BY_ID["vics2.0"].read(Trickle(data), Report(), ReadOptions()))
    assert [(record.series, record.size) for record in records] == [(("日本",), None), ((), 12)]
