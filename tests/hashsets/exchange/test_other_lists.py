"""ICSE, NSRL, EnCase, checksum, hashdeep, Sleuth Kit and DFXML lists as labs have them (vics.md section 10)."""

import base64
import io
import sqlite3
from collections import deque
from pathlib import Path

import pytest

from hashsets import exchange
from hashsets.exchange import MalformedDocument, Peek, ReadOptions, Report, UnknownFormat, sqlite_source
from tests.hashsets.exchange.list_examples import DFXML, FULL, ICSE, KDB, MINIMAL, database, example, read
from tests.hashsets.exchange.vics_texts import fake

MD5, SHA1, SHA256 = fake(1), fake(1, 40), fake(1, 64)
PHOTODNA = bytes(range(144))
BASE64, HEX = base64.b64encode(PHOTODNA).decode(), PHOTODNA.hex().upper()


def icse(*cells: str) -> bytes:
    return (ICSE + ";".join(cells) + "\r\n").encode()


def test_an_icse_row_gives_hashes_flags_series_and_baseline() -> None:
    row = icse(MD5.upper(), SHA1, HEX, "77", "True", "false", "", "Series A, Series B", "12", "yes", "image", "True")
    (record,), report = read("icse", row)
    assert (record.md5, record.sha1, record.photodna) == (bytes.fromhex(MD5), bytes.fromhex(SHA1), HEX)
    assert record.flags == {"is_distributed": True, "victim_identified": False}
    assert (record.series, record.media_id, record.code) == (("Series A", "Series B"), 77, "baseline")
    assert record.raw == {"Number of submissions": "12", "File Available": "yes", "Media Type": "image"}
    assert report.warnings == []


@pytest.mark.parametrize(
    ("cell", "code"),
    [("Yes", "baseline"), ("1", "baseline"), ("NO", "not-baseline"), ("0", "not-baseline"), ("", None)],
)
def test_baseline_is_yes_no_or_not_said(cell: str, code: str | None) -> None:
    (record,), _ = read("icse", icse(MD5, "", "", "", "", "", "", "", "", "", "", cell))
    assert record.code == code


def test_icse_cells_that_make_no_sense_are_told_and_the_row_is_kept() -> None:
    data = icse(MD5, "zz", "abc", "x7", "perhaps", "", "", "", "", "", "", "maybe")
    (record,), report = read("icse", data, ReadOptions(take=frozenset()))
    assert (record.code, record.flags, record.photodna, record.raw) == (None, {}, None, {"Image ID": "x7"})
    assert dict(report.warned) == {"bad-flag": 1, "bad-hash": 1, "photodna-length": 1}
    assert report.dropped_photodna == 1


def test_icse_photodna_comes_as_hex_or_base64_and_a_placeholder_is_dropped() -> None:
    rows = [";".join([fake(n), "", BASE64, *[""] * 9]) for n in range(1, 26)]
    records, report = read("icse", (ICSE + "\r\n".join(rows)).encode())
    assert (records[0].photodna, records[24].photodna) == (BASE64, None)
    assert report.placeholder_photodna == [BASE64]


def nsrl_full(*rows: tuple[object, ...]) -> bytes:
    insert = "INSERT INTO METADATA (sha256, sha1, md5, file_name, extension, bytes) VALUES (?, ?, ?, ?, ?, ?)"
    return database(FULL, insert, rows)


def test_the_full_nsrl_is_read_from_its_table_of_files() -> None:
    data = nsrl_full((SHA256.upper(), SHA1.upper(), MD5.upper(), "a", "jpg", 12), ("", "", fake(2), "b", "dll", 7))
    (first, second), report = read("nsrl3", data)
    assert (first.md5, first.sha1, first.sha256) == (bytes.fromhex(MD5), bytes.fromhex(SHA1), bytes.fromhex(SHA256))
    assert (first.size, second.size, first.code) == (12, 7, None)
    assert (report.document, report.read) == ("metadata", 2)


def test_of_the_nsrl_pictures_and_videos_alone_may_be_taken() -> None:
    data = nsrl_full(("", "", MD5, "a", "JPG", 12), ("", "", fake(2), "b", "dll", 7), ("", "", fake(3), "c", None, 7))
    records, report = read("nsrl3", data, ReadOptions(only_media=True))
    assert [record.md5 for record in records] == [bytes.fromhex(MD5)]
    assert (report.read, dict(report.skipped), report.warnings) == (3, {"other-type": 2}, [])
    minimal = database(MINIMAL, "INSERT INTO FILE VALUES ('', '', ?, ?, 1, 1)", [(MD5, "a.mov"), (fake(2), "b.exe")])
    assert len(read("nsrl3", minimal, ReadOptions(only_media=True))[0]) == 1


NOT_READ = "SQLite cannot read it|no table of files"


def test_no_view_is_read_though_it_gave_good_rows() -> None:
    schema = "CREATE TABLE METADATA (x); CREATE VIEW FILE AS SELECT x AS md5 FROM METADATA; CREATE TABLE PKG (x);"
    with pytest.raises(MalformedDocument, match=NOT_READ):
        read("nsrl3", database(schema, "INSERT INTO METADATA VALUES (?)", [(MD5,)]))


HOSTILE = {
    "a view that never ends": "CREATE VIEW FILE AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n FROM r)"
    " SELECT n AS md5, n AS sha1 FROM r",
    "a view that makes a gigabyte": "CREATE VIEW FILE AS SELECT hex(zeroblob(500000000)) AS md5, '' AS sha1",
    "a view that loads code": "CREATE VIEW FILE AS SELECT load_extension('x') AS md5, '' AS sha1",
    "a view that reads files": "CREATE VIEW FILE AS SELECT readfile('/etc/passwd') AS md5, '' AS sha1",
    "a view of the schema": "CREATE VIEW FILE AS SELECT name AS md5, sql AS sha1 FROM pragma_database_list",
    "a generated column": "CREATE TABLE FILE (x, md5 AS (hex(zeroblob(900000))), sha1 AS (printf('%1000000s', x)))",
    "generated columns that double": "CREATE TABLE FILE (x, c0 AS (x||x), "
    + ", ".join(f"c{n + 1} AS (c{n}||c{n})" for n in range(40))
    + ", md5 AS (c40||c40))",
    "a virtual table": "CREATE VIRTUAL TABLE FILE USING fts5(md5, sha1)",
    "a view of itself": "CREATE VIEW FILE AS SELECT * FROM DISTINCT_HASH;"
    "CREATE VIEW DISTINCT_HASH AS SELECT * FROM FILE",
}


@pytest.mark.parametrize("words", HOSTILE)
def test_a_database_that_is_a_program_is_refused_at_once(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_source, "MAX_SECONDS", 5)
    data = database(f"{HOSTILE[words]}; CREATE TABLE PKG (x);")
    with sqlite3.connect(":memory:") as made:
        made.deserialize(data)
        if words == "a generated column":
            made.execute("INSERT INTO FILE (x) VALUES (1)")
            made.commit()
            data = made.serialize()
    assert exchange.detect(Peek.at(io.BytesIO(data)), "x").id == "nsrl3"
    with pytest.raises(MalformedDocument, match=NOT_READ):
        read("nsrl3", data)


def test_a_query_that_works_longer_than_such_a_file_may_take_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    data = nsrl_full(*(("", "", fake(n), "a", "jpg", 12) for n in range(2000)))
    assert len(read("nsrl3", data)[0]) == 2000
    monkeypatch.setattr(sqlite_source, "MAX_SECONDS", 0)
    monkeypatch.setattr(sqlite_source, "SLOWEST", 1 << 50)
    with pytest.raises(MalformedDocument, match="interrupted"):
        read("nsrl3", data)


PAGE = 4096  # bytes of a database's page


def branching(*children: int) -> bytes:
    """A page of an SQLite table that holds no rows: only where the pages below it are (its format 2, section 1.6)."""
    cells = [child.to_bytes(4) + b"\1" for child in children[:-1]]
    start = PAGE - 5 * len(cells)
    pointers = b"".join((start + 5 * n).to_bytes(2) for n in range(len(cells)))
    head = b"\5\0\0" + len(cells).to_bytes(2) + start.to_bytes(2) + b"\0" + children[-1].to_bytes(4)
    return (head + pointers).ljust(start, b"\0") + b"".join(cells)


def meeting() -> bytes:
    """A database whose table has two floors of 500 branches that all lead to one and the same leaf, of three rows."""
    data = example("kdb")
    with sqlite3.connect(":memory:") as made:
        made.deserialize(data)
        ((root,),) = made.execute("SELECT rootpage FROM sqlite_master WHERE name = 'hashes'")
    pages = [data[at : at + PAGE] for at in range(0, len(data), PAGE)]
    leaf, floor = len(pages) + 1, len(pages) + 2
    pages += [pages[root - 1], branching(*[leaf] * 500)]
    pages[root - 1] = branching(*[floor] * 500)
    whole = bytearray(b"".join(pages))
    whole[28:32] = len(pages).to_bytes(4)
    return bytes(whole)


def test_branches_that_meet_again_give_no_more_rows_than_the_file_has_room_for() -> None:
    data, report = meeting(), Report()
    assert len(data) < 10 * PAGE
    with pytest.raises(MalformedDocument, match="more rows than it has room for"):
        deque(exchange.BY_ID["kdb"].read(io.BytesIO(data), report, ReadOptions()), maxlen=0)
    assert report.read == len(data) // sqlite_source.SMALLEST


def test_reading_a_database_leaves_it_and_its_folder_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "RDS.db"
    path.write_bytes(example("nsrl3"))
    with path.open("rb") as stream:
        assert len(list(exchange.read(stream, "RDS.db", Report(), ReadOptions()))) == 3
    assert [each.name for each in tmp_path.iterdir()] == ["RDS.db"]
    assert path.read_bytes() == example("nsrl3")


def test_a_database_of_something_else_is_unknown() -> None:
    with pytest.raises(UnknownFormat):
        list(exchange.read(io.BytesIO(database("CREATE TABLE people (name)")), "x", Report(), ReadOptions()))


def test_the_older_header_of_the_nsrl_is_read_too() -> None:
    header = '"SHA-1","FileName","FileSize","ProductCode","OpSystemCode","MD4","MD5","CRC32","SpecialCode"\r\n'
    row = f'"{SHA1}","caf\xe9, ""x"".gif",2226,228,"WIN","","{MD5}","AA6A7B16",""\r\n'
    (record,), report = read("nsrl2", (header + row).encode("latin-1"))
    assert (record.md5, record.sha1, record.size) == (bytes.fromhex(MD5), bytes.fromhex(SHA1), 2226)
    assert (report.encoding, report.warnings) == ("latin-1", [])


def test_an_encase_set_tells_its_name_and_a_torn_row_is_a_fault() -> None:
    records, report = read("encase", example("encase"))
    assert (len(records), report.document) == (3, "Landscapes")
    whole = example("encase")
    with pytest.raises(MalformedDocument, match="truncated") as caught:
        read("encase", whole[:-1])
    assert caught.value.offset == len(whole) - 1
    with pytest.raises(MalformedDocument, match="header looks truncated"):
        read("encase", whole[:600])


@pytest.mark.parametrize(
    ("line", "kind", "size"),
    [
        (f"{MD5}  a.jpg", "md5", None),
        (f"{MD5.upper()} *a b  c.jpg", "md5", None),
        (f"{SHA1}  a.jpg\r", "sha1", None),
        (f"{SHA256}  -", "sha256", None),
        (f"\\{MD5}  a\\nb\\\\c.jpg", "md5", None),
        (f"MD5 (a (1).jpg) = {MD5}", "md5", None),
        (f"\\SHA256 (a\\nb.jpg) = {SHA256}", "sha256", None),
        (f"SHA1(a.jpg)= {SHA1}", "sha1", None),
        (f"      4286  {MD5}  a.jpg", "md5", 4286),
        (f"4286  {SHA256} *a.jpg", "sha256", 4286),
    ],
)
def test_each_form_of_a_checksum_line_gives_its_hash(line: str, kind: str, size: int | None) -> None:
    (record,), report = read("checksums", f"{line}\n".encode())
    assert getattr(record, kind) == bytes.fromhex({"md5": MD5, "sha1": SHA1, "sha256": SHA256}[kind])
    assert (record.size, report.skipped.total()) == (size, 0)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"{fake(1, 128)}  a.jpg", "other-kind"),
        (f"{fake(1, 56)}  a.jpg", "other-kind"),
        (f"SHA256 (a.jpg) = {MD5}", "other-kind"),
        (f"SHA512 (a.jpg) = {fake(1, 128)}", "other-kind"),
        ("hello world", "not-a-row"),
        (f"{MD5[:-1]}  a.jpg", "not-a-row"),
        (f"{MD5}  " + "x" * 200_000, "too-long"),
    ],
)
def test_a_line_that_gives_no_hash_is_counted_with_its_place(line: str, reason: str) -> None:
    records, report = read("checksums", f"# made by hand\n\n{MD5}  a\n{line}\n{fake(2)}  b\n".encode())
    assert ([record.position for record in records], dict(report.skipped)) == ([1, 3], {reason: 1})
    assert report.warnings[0].detail == "line 4"


def test_hashdeep_takes_the_columns_from_its_header_and_a_second_header_from_there_on() -> None:
    text = (f"%%%% HASHDEEP-1.0\n%%%% size,md5,tiger,filename\n## # hashdeep\n12,{MD5},abc,a,b.jpg\n"
            f"%%%% HASHDEEP-1.0\n%%%% sha256,size,filename\n{SHA256},7,c\n7,c\n")  # fmt: skip
    (first, second), report = read("hashdeep", text.encode())
    assert (first.md5, first.size, second.sha256, second.size) == (bytes.fromhex(MD5), 12, bytes.fromhex(SHA256), 7)
    assert (dict(report.skipped), dict(report.unknown_fields), report.version) == (
        {"not-a-row": 1},
        {"tiger": 1},
        "1.0",
    )


def test_a_hashdeep_list_without_column_names_is_refused() -> None:
    with pytest.raises(MalformedDocument, match="no header that names the columns"):
        read("hashdeep", f"%%%% HASHDEEP-1.0\n12,{MD5},a\n".encode())


def test_a_kdb_gives_every_digest_it_holds() -> None:
    rows = [
        (bytes.fromhex(MD5), bytes.fromhex(SHA1), bytes.fromhex(SHA256)),
        (None, None, None),
        (b"short", None, None),
    ]
    data = database(KDB, "INSERT INTO hashes (md5, sha1, sha2_256) VALUES (?, ?, ?)", rows)
    (record,), report = read("kdb", data)
    assert (record.md5, record.sha1, record.sha256) == rows[0]
    assert dict(report.skipped) == {"no-hash": 1, "invalid-hash": 1}


def test_an_index_of_sha1_is_read_by_the_length_of_its_rows() -> None:
    (record,), _ = read("idx", f"{'0' * 41}|nsrl\n{SHA1.upper()}|0000000000000000\n".encode())
    assert record.sha1 == bytes.fromhex(SHA1)


def test_dfxml_takes_the_file_and_not_its_pieces_or_its_past() -> None:
    piece = f"<byte_runs><byte_run><hashdigest type='md5'>{fake(7)}</hashdigest></byte_run></byte_runs>"
    past = f"<delta:original_fileobject><hashdigest type='md5'>{fake(8)}</hashdigest></delta:original_fileobject>"
    text = (f"{DFXML}<fileobject><filename>a.jpg</filename><filesize>12</filesize>{piece}{past}"
            f"<hashdigest type='SHA-1'>{SHA1}</hashdigest><hashdigest type='md5'>\n{MD5} </hashdigest>"
            f"<hashdigest type='tiger'>x</hashdigest></fileobject></dfxml>")  # fmt: skip
    (record,), report = read("dfxml", text.encode())
    assert (record.md5, record.sha1, record.size) == (bytes.fromhex(MD5), bytes.fromhex(SHA1), 12)
    assert report.warnings == []
    assert read("dfxml", text.replace("UTF-8", "UTF-16").encode("utf-16"))[0] == [record]


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"<?xml version='1.0'?>{BOMB}]><dfxml>&j;</dfxml>", "a document type"),
        ('<!DOCTYPE dfxml SYSTEM "file:///etc/passwd"><dfxml></dfxml>', "a document type"),
        ("<dfxml><fileobject>", "not XML in line 1"),
        ("<dfxml>&undefined;</dfxml>", "not XML in line 1"),
        ("<dfxml><fileobject></dfxml>", "not XML in line 1"),
        ("<?xml version='1.0' encoding='utf-7'?><dfxml></dfxml>", "not XML"),
        ("<dfxml>" + "<a>" * 100, "deeper or more manifold"),
        ("<dfxml>" + "".join(f"<a{n}/>" for n in range(3000)), "deeper or more manifold"),
        ("<dfxml><!--" + "x" * (3 << 20), "longer than any honest one"),
        ("<dfxml a='" + "x" * (3 << 20), "longer than any honest one"),
    ],
)
def test_xml_that_is_a_trap_is_refused(text: str, reason: str) -> None:
    assert exchange.detect(Peek(text.encode()[:4096] + b"<dfxml>"), "x").id == "dfxml"
    with pytest.raises(MalformedDocument, match=reason):
        read("dfxml", text.encode())
