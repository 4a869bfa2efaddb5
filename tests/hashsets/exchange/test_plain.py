"""Blocks of plain records and single records are read alike, whatever a document holds."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashsets.exchange import (
    HashRecord,
    MalformedDocument,
    ReadOptions,
    Report,
    alike,
    json_cutter,
    plain,
    vics_hashset,
)
from tests.hashsets.exchange.test_vics_properties import FIELDS, json_values
from tests.hashsets.exchange.vics_texts import fake, hash_set

Answer = tuple[list[HashRecord], dict[str, Any], str]

numbers = st.integers(0, 9)
plain_records = st.builds(
    lambda n, code, size: {"MediaID": n, "Category": code, "MD5": fake(n), "SHA1": fake(n, 40), "MediaSize": size},
    st.integers(0, 40),
    numbers | st.integers(0, 300),
    st.integers(1, 1 << 63),
)
EMPTY = "d41d8cd98f00b204e9800998ecf8427e"
# What a field of a distributed set may hold, honest or not.
usual = {
    "MediaID": st.sampled_from([0, 7, "7", " 7 ", -1, 1.0, True, 1 << 63, None]),
    "Category": st.sampled_from([0, "1", "", "A" * 41, 1.5, None, -1, 10**7]),
    "MD5": st.sampled_from([fake(1), fake(2).upper(), f" {fake(3)}", "fa 4e" + "0" * 27, "x" * 32, "é" * 32, EMPTY]),
    "SHA1": st.sampled_from([fake(1, 40), fake(1, 39), "", None]),
    "MediaSize": st.sampled_from([0, 1, "12", "0", 1.0, None]),
    "VictimIdentified": st.sampled_from([True, "false", "TRUE", "", "maybe", 1, None]),
    "IsDistributed": st.sampled_from([False, "true", None]),
    "Series": st.sampled_from(["a,b", "", 'x } , " y', "日本\0", ["a"], None]),
    "Tags": st.sampled_from(["t", "},{", None, {"Name": "n"}]),
    "DateUpdated": st.sampled_from(["2023-06-07T02:31:49Z", "never", "", "/Date(1700000000000)/", "9" * 120]),
    "PhotoDNA": st.sampled_from(["A" * 192, "B" * 192, "short", "", None]),
    "Extra": json_values,
}  # fmt: skip
usual_records = st.fixed_dictionaries({}, optional=usual)
any_records = st.dictionaries(st.sampled_from(FIELDS), json_values | st.just(fake(1)), max_size=6)
record_lists = st.lists(st.one_of(plain_records, plain_records, usual_records, any_records), max_size=30)


def read(data: bytes) -> Answer:
    """Records, report, and the words of a refusal."""
    report, refused = Report(), ""
    found: list[HashRecord] = []
    try:
        found.extend(vics_hashset.read(io.BytesIO(data), report, ReadOptions(default_code="9")))
    except MalformedDocument as error:
        refused, found = str(error), []
    return found, report.as_json() | {"warnings": report.warnings} if not refused else {}, refused


def read_singly(data: bytes) -> Answer:
    """The same without blocks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "decode", lambda _text: None)
        return read(data)


@settings(deadline=None, max_examples=300)
@given(records=record_lists, indent=st.none() | st.integers(0, 1), room=st.sampled_from([300, 3000, 1 << 20]))
def test_both_roads_give_the_same_records_and_report(
    records: list[dict[str, Any]], indent: int | None, room: int
) -> None:
    data = json.dumps(json.loads(hash_set({"MD5": fake(99)}, *records)), indent=indent).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_cutter, "MAX_BLOCK", room)
        patch.setattr("hashsets.exchange.text_source.CHUNK", room)
        patch.setattr("hashsets.exchange.vics_document.SINGLY", 3)
        assert read(data) == read_singly(data)


LONG = hash_set(*[
    {"MediaID": n, "Category": n % 3, "MD5": fake(n), "SHA1": fake(n, 40), "MediaSize": n + 1} for n in range(12)
])  # fmt: skip


@settings(deadline=None, max_examples=500)
@given(data=st.data())
def test_both_roads_say_the_same_of_a_damaged_document(data: st.DataObject) -> None:
    damaged = bytearray(LONG)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    assert read(bytes(damaged)) == read_singly(bytes(damaged))


@pytest.mark.parametrize("end", range(0, len(LONG), 7))
def test_both_roads_find_the_same_end_of_a_cut_document(end: int) -> None:
    assert read(LONG[:end]) == read_singly(LONG[:end])


def test_plain_records_come_as_rows() -> None:
    parts = list(vics_hashset.read_parts(io.BytesIO(LONG), Report(), ReadOptions()))
    assert [len(rows) for _records, rows in parts] == [0, 10, 0]  # the first tells what it is, the last ends the array
    assert list(plain.records(parts[1][1])) == read_singly(LONG)[0][1:-1]


ALIKE = [{"MediaID": n, "Category": n % 3, "MD5": fake(n), "SHA1": fake(n, 40), "MediaSize": 10**n} for n in range(9)]


def as_records(columns: dict[str, Any]) -> list[dict[str, Any]]:
    """Every field of every record, as the document has them."""
    values = [[bytes(one).hex() if name in alike.DIGESTS else int(one) for one in column]
              for name, column in columns.items()]  # fmt: skip
    return [dict(zip(columns, record, strict=True)) for record in zip(*values, strict=True)]


@pytest.mark.parametrize("order", [("MD5", "SHA1", "MediaID", "Category", "MediaSize"), tuple(ALIKE[0])])
@pytest.mark.parametrize("style", [{}, {"separators": (",", ":")}, {"indent": 1}, {"indent": "\t"}], ids=repr)
@pytest.mark.parametrize("number", [1, 2, 9])
def test_records_written_alike_are_read_as_columns(order: tuple[str, ...], style: dict[str, Any], number: int) -> None:
    text = json.dumps([{name: record[name] for name in order} for record in ALIKE[:number]], **style).strip()
    text = f"{text[:-1].rstrip()}]"  # as a block is cut: right behind the last record
    found = alike.columns(text)
    assert found is not None
    assert as_records(found) == ALIKE[:number]


@settings(deadline=None, max_examples=500)
@given(data=st.data())
def test_one_byte_that_differs_is_never_read_as_something_else(data: st.DataObject) -> None:
    text = bytearray(json.dumps(ALIKE).encode())
    place = data.draw(st.integers(0, len(text) - 1))
    text[place : place + data.draw(st.integers(0, 2))] = data.draw(
        st.sampled_from([b"", b'"', b"0", b" ", b"}", b"x", b"-", b"\\u0031"])
    )
    found = alike.columns(text.decode())
    try:
        records = json.loads(text)
    except ValueError:
        assert found is None
        return
    if found is not None:
        assert as_records(found) == records
