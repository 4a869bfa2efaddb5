"""CSV and TSV lists as labs have them."""

import csv
import io

import pytest

from hashsets.exchange import (
    BY_ID,
    WRITERS,
    HashRecord,
    MalformedDocument,
    Peek,
    ReadOptions,
    Report,
    UnknownFormat,
    WriteOptions,
    detect,
)
from hashsets.exchange.csv_text import cell, plain
from tests.hashsets.exchange.vics_texts import fake

MD5, SHA1, SHA256 = fake(1), fake(1, 40), fake(1, 64)


def read(data: bytes, options: ReadOptions | None = None) -> tuple[list[HashRecord], Report]:
    report = Report()
    assert detect(Peek(data[:4096]), "list.txt").id == "csv"
    return list(BY_ID["csv"].read(io.BytesIO(data), report, options or ReadOptions())), report


@pytest.mark.parametrize(
    "text",
    [
        f"md5,sha1,size,category\n{MD5},{SHA1},10,2\n",
        f"MD5;SHA-1;File Size;Category\r\n{MD5};{SHA1};10;2\r\n",
        f"sep=;\r\nmd5;sha1;size;category\r\n{MD5.upper()};{SHA1.upper()};10;2",
        f'sep=,\n"MD5","SHA1","Bytes","Code"\n"{MD5}","{SHA1}","10","2"\n',
        f"# made by hand\n\nmd5\tsha1\tsize\tcategory\n\n{MD5}\t{SHA1}\t10\t2\n",
        f"md5,sha1,size,category\r{MD5},{SHA1},10,2\r",
    ],
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_separators_line_ends_and_encodings_give_the_same_row(text: str, codec: str) -> None:
    records, report = read(text.encode(codec))
    assert [(record.md5, record.sha1, record.size, record.code) for record in records] == [
        (bytes.fromhex(MD5), bytes.fromhex(SHA1), 10, "2")
    ]
    assert (report.read, report.skipped.total()) == (1, 0)


@pytest.mark.parametrize(
    ("text", "hashes"),
    [
        (f"{MD5}\n{SHA1}\n{SHA256}\n", [("md5", MD5), ("sha1", SHA1), ("sha256", SHA256)]),
        (f"{SHA256.upper()};name.png\n", [("sha256", SHA256)]),
        (f"hash\n{MD5}\n{SHA256}\n", [("md5", MD5), ("sha256", SHA256)]),
    ],
)
def test_without_named_columns_the_length_tells_the_kind(text: str, hashes: list[tuple[str, str]]) -> None:
    records, _ = read(text.encode())
    assert [[getattr(record, kind) for record, (kind, _) in zip(records, hashes, strict=True)]] == [
        [bytes.fromhex(value) for _, value in hashes]
    ]


def test_bad_rows_are_counted_with_their_line_and_the_rest_comes_through() -> None:
    empty = "d41d8cd98f00b204e9800998ecf8427e"
    lines = ["md5,sha1,size,category", MD5, "zz", "", empty, ",,5,1", f"{fake(2)},zz,x,1,surplus"]
    lines += ['"' + "x" * 140_000, "y" * 140_000, fake(3)]
    records, report = read("\n".join(lines).encode())
    assert [record.md5.hex() for record in records if record.md5] == [MD5, fake(2), fake(3)]
    assert dict(report.skipped) == {"invalid-hash": 1, "zero-length": 1, "no-hash": 1, "too-long": 2}
    assert [warning.detail for warning in report.warnings if warning.code in report.skipped] == [
        "line 3", "line 5", "line 6", "line 8", "line 9",
    ]  # fmt: skip
    assert report.warned["too-many-cells"] == report.warned["bad-hash"] == report.warned["bad-size"] == 1
    assert (report.read, report.accepted) == (8, 3)


def test_a_stray_quote_spoils_one_row_only() -> None:
    records, report = read(f'md5,tags\n{MD5},"a\n{fake(2)},b\n'.encode())
    assert [record.tags for record in records] == [("a",), ("b",)]
    assert report.read == 2


def test_columns_that_are_not_ours_are_kept_and_counted() -> None:
    records, report = read(f"md5,Source,category\n{MD5},lab 3,1\n".encode())
    assert records[0].raw == {"Source": "lab 3"}
    assert dict(report.unknown_fields) == {"Source": 1}


def test_a_list_without_categories_takes_the_chosen_one() -> None:
    assert read(MD5.encode(), ReadOptions(default_code="8"))[0][0].code == "8"
    assert read(MD5.encode())[0][0].code is None


def test_what_is_not_asked_for_is_not_taken() -> None:
    text = f"md5,victim_identified,tags,series,note\n{MD5},true,a,b,c\n".encode()
    (record,), _ = read(text, ReadOptions(take=frozenset({"series"})))
    assert (record.flags, record.tags, record.series, record.raw) == ({}, (), ("b",), {})


@pytest.mark.parametrize("data", [b"", b"hello\nworld", b"\x89PNG\r\n\x1a\n", b"a,b,c\n1,2,3"])
def test_what_is_no_list_is_not_recognised(data: bytes) -> None:
    with pytest.raises(UnknownFormat):
        detect(Peek(data), "list.csv")


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(MalformedDocument):
        list(BY_ID["csv"].read(io.BytesIO(b"\n# nothing\n"), Report(), ReadOptions()))


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠x", "plain", "'", "'quoted'", "", "a=b"],
)
def test_no_cell_starts_a_formula_and_every_text_comes_back(text: str) -> None:
    shown = cell(text)
    assert not shown.startswith(tuple("=+-@\t\r＝＋－＠"))
    assert plain(shown) == text


def test_hidden_characters_are_shown() -> None:
    assert cell("a\u202eb\x00\u200b") == "a\\u{202e}b\\u{0}\\u{200b}"
    assert plain("\\u{41}") == "\\u{41}"  # only what is hidden is ever written so


def test_a_written_list_holds_no_formula_in_any_cell() -> None:
    stream = io.BytesIO()
    record = HashRecord(1, md5=bytes(15) + b"\1", code="=cmd", series=("@x", "a\nb"), tags=("-1,5",))
    WRITERS["csv"].write([record], stream, WriteOptions())
    _, row = csv.reader(io.StringIO(stream.getvalue().decode(), newline=""))
    assert not [value for value in row if value.startswith(tuple("=+-@"))]
    (back,), _ = read(stream.getvalue())
    assert (back.code, back.series, back.tags) == (record.code, record.series, record.tags)
