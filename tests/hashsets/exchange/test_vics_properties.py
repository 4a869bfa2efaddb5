"""Whatever comes: a clear answer or MalformedDocument, and never a different answer for a cut document."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashsets.exchange import MalformedDocument, Report
from hashsets.exchange.json_text import JsonObject
from hashsets.exchange.vics_case import read_case, write_case
from hashsets.exchange.vics_rewrite import rewrite_record
from tests.hashsets.exchange.vics_texts import case_document, fake, hash_set, read_set, read_whole_case

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    "MD5",
    "md5",
    "SHA1",
    "SHA256",
    "Category",
    "MediaID",
    "MediaSize",
    "Series",
    "Tags",
    "DateUpdated",
    "PhotoDNA",
    "AlternativeHashes",
    "IsDistributed",
    "RelativeFilePath",
    "MediaFiles",
    "Comments",
    "Media",
    "value",
    "X",
]
records = st.dictionaries(st.sampled_from(FIELDS), json_values | st.just(fake(1)), max_size=6)


@settings(deadline=None)
@given(given_records=st.lists(records, max_size=4))
def test_any_records_are_read_or_skipped_and_the_report_adds_up(given_records: list[dict[str, object]]) -> None:
    data = hash_set({"MD5": fake(9)}, *given_records)
    found, report = read_set(data)
    assert report.read == len(given_records) + 1
    assert report.accepted == len(found)
    json.dumps(report.as_json())
    for record in found:
        json.dumps(record.raw).encode()
        assert record.md5 or record.sha1 or record.sha256


@settings(deadline=None)
@given(given_records=st.lists(records, max_size=4))
def test_any_case_written_back_untouched_is_the_same_json(given_records: list[dict[str, object]]) -> None:
    data = case_document(*given_records, Extra=1.5)
    found, reader, report = read_whole_case(data)
    assert len(found) == report.read == len(given_records)
    stream = io.BytesIO()
    write_case(stream, reader.frame, [record.text for record in found])
    assert json.loads(stream.getvalue()) == json.loads(data)


@settings(deadline=None)
@given(record=st.dictionaries(st.text(max_size=6), json_values, max_size=6), indent=st.none() | st.integers(0, 3))
def test_rewriting_any_record_changes_the_verdict_alone(record: dict[str, object], indent: int | None) -> None:
    text = json.dumps(record, indent=indent, ensure_ascii=False).encode("utf-8", "replace")
    before = json.loads(text)
    after = json.loads(rewrite_record(text, code="1"))
    changed = {"category", "isprecategorized", "precategorizationsource"}
    assert {k: v for k, v in after.items() if k.lower() not in changed} == {
        k: v for k, v in before.items() if k.lower() not in changed
    }
    assert after[next(name for name in after if name.lower() == "category")] == 1


def whole_set() -> bytes:
    alternatives = [{"HashName": "SHA256", "HashValue": fake(3, 64)}]
    return hash_set(
        {"MD5": fake(1), "Category": 1, "Series": 'a } ] " b', "Tags": "日本"},
        {"MD5": fake(2), "MediaSize": 1200, "AlternativeHashes": alternatives},
        Other=[1, {"a": None}],
    )


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le"])
def test_a_set_cut_anywhere_is_refused(codec: str) -> None:
    data = whole_set().decode().encode(codec)
    assert len(read_set(data)[0]) == 2
    for end in range(len(data)):
        with pytest.raises(MalformedDocument):
            read_set(data[:end])


@pytest.mark.parametrize("size", range(1, 40))
def test_the_pieces_a_document_arrives_in_do_not_matter(size: int) -> None:
    """Chunks of every size put the seams at every place."""

    class Pieces(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            return super().read(size)

    data = case_document({"MD5": fake(1), "MediaSize": 12345, "X": [1, "日本", True]}, {"MD5": fake(2)}, After=-1.25e3)
    whole = [(record.text, record.record) for record in read_whole_case(data)[0]]
    pieces = read_case(Pieces(data), Report())
    assert [(record.text, record.record) for record in pieces] == whole


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_a_document_with_any_one_byte_changed_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(whole_set())
    whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        found, report = read_set(bytes(whole))
    except MalformedDocument:
        return
    assert report.accepted == len(found)


@given(text=st.text(alphabet='{}[]",:\\ 1a\n', max_size=30))
def test_text_that_is_no_object_is_refused_by_the_member_editor(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        expected = None
    if isinstance(expected, dict):
        assert json.loads(JsonObject(text).text()) == expected
    elif expected is not None:
        with pytest.raises(ValueError, match="not a"):
            JsonObject(text)
