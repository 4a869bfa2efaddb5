"""Deltas of the NSRL: SQL that is read and never run, whatever stands in it (vics.md section 10)."""

import io
import sqlite3
import tracemalloc
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashsets.exchange import MalformedDocument, ReadOptions, Report, sql_tokens
from hashsets.exchange.sql_inserts import Inserts, Other, Row
from hashsets.exchange.sql_tokens import MAX_TOKEN, Tokens
from hashsets.exchange.text_source import TextSource
from tests.hashsets.exchange.list_examples import read
from tests.hashsets.exchange.vics_texts import fake

MINIMAL = "INSERT INTO FILE VALUES('{0}','','','AA','a.jpg',12,1);"
MADE = 'CREATE TABLE IF NOT EXISTS "FILE" (md5 TEXT NOT NULL, n DECIMAL(9,2), PRIMARY KEY (md5, n));'
SHA256 = "fa4e" + "0" * 59 + "1"


@pytest.fixture(autouse=True, scope="module")
def in_small_pieces() -> Iterator[None]:
    """So that every word is cut somewhere."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sql_tokens, "_PIECE", 1)
        yield


class Dripping(io.RawIOBase):
    """A stream that gives what it has in pieces of its own size, and tells how much was taken."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self.taken = 0

    def read(self, _size: int = -1) -> bytes:
        piece = next(self._pieces, b"")
        self.taken += len(piece)
        return piece


def inserts(stream: BinaryIO) -> list[Row | Other]:
    return list(Inserts(Tokens(TextSource(stream, Report()))))


def parsed(text: str, size: int = 1 << 20) -> list[Row | Other]:
    """What stands in a text that comes in pieces of `size` bytes."""
    data = text.encode("utf-8", "surrogatepass")
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return inserts(cast("BinaryIO", Dripping(pieces)))


# Texts of what is odd in SQL, and anything; SQLite itself writes them down and reads them back.
odd = st.sampled_from(["'", "''", '"', ";", "--", "/*", "*/", "\n", "(", ")", ",", "VALUES", "x'"])
plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
words = st.lists(odd | plain, max_size=6).map("".join)
values = st.none() | words | st.integers(-(1 << 60), 1 << 60) | st.binary(max_size=8)


@settings(max_examples=150)
@given(rows=st.lists(st.tuples(values, values, values), min_size=1, max_size=4), size=st.integers(1, 40),
       together=st.booleans(), noise=st.sampled_from(["", " ", "\n", "/* ; ' */", "-- ' ;\n"]))  # fmt: skip
def test_every_row_that_sqlite_would_store_is_read_as_it_would_store_it(
    rows: list[tuple[Any, Any, Any]], size: int, together: bool, noise: str
) -> None:
    with sqlite3.connect(":memory:") as database:

        def said(row: tuple[Any, Any, Any]) -> str:
            return (
                "("
                + ",".join(noise + database.execute("SELECT quote(?)", [value]).fetchone()[0] for value in row)
                + ")"
            )

        head = f"INSERT{noise or ' '}INTO {noise}FILE{noise or ' '}VALUES"
        told = [f"{head}{','.join(map(said, rows))};"] if together else [f"{head}{said(row)};" for row in rows]
        text = f"BEGIN;{noise}{noise.join(told)}COMMIT;{noise}"
        database.executescript(f"CREATE TABLE FILE (a, b, c); {text}")
        stored = database.execute("SELECT a, b, c FROM FILE").fetchall()
    found = parsed(text, size)
    assert all(isinstance(one, Row) and one.table == "file" for one in found)
    assert [one.values for one in found if isinstance(one, Row)] == [tuple(map(as_text, row)) for row in stored]


def as_text(value: Any) -> str | None:
    return value.hex().upper() if isinstance(value, bytes) else None if value is None else str(value)


@settings(max_examples=300)
@given(text=st.text("'\"`[]();,-/*xXINSERTOVALUEFILEBGCM \n1.\0", max_size=120), size=st.integers(1, 50))
def test_whatever_stands_there_is_read_or_refused_and_the_same_in_any_pieces(text: str, size: int) -> None:
    def told(pieces: int) -> object:
        try:
            return parsed(text, pieces)
        except MalformedDocument as error:
            return error.offset, error.reason

    assert told(size) == told(1 << 20)


# A statement, and what is made of it: rows, or why not and where.
STATEMENTS: list[tuple[str, list[tuple[Any, ...]]]] = [
    # names of columns in any quotes and any order; a database before the table
    ('insert or ignore into a.`FILE` ("md5",[SHA1]) values (\'m\', NULL);', [("file", ("md5", "sha1"), ("m", None))]),
    # the columns that the text itself gave the table
    (f"{MADE} INSERT INTO file VALUES('m', -1);", [("file", ("md5", "n"), ("m", "-1"))]),
    # what is no literal is not worked out
    ("INSERT INTO FILE VALUES(replace('a\\n','\\n',char(10)), 'm', 1+1);", [("file", (), (None, "m", None))]),
    ("INSERT INTO FILE VALUES('m') ON CONFLICT DO NOTHING;", [("file", (), ("m",))]),
    ("INSERT INTO FILE (md5) VALUES('m', 'n');", [("bad", "file", 1)]),
    # what names no rows
    ("\n\nDELETE FROM FILE WHERE md5 = 'a;b';", [("delete", "file", 3)]),
    ("UPDATE FILE SET md5 = 'INSERT INTO FILE VALUES(1);';", [("update", "file", 1)]),
    ("INSERT INTO FILE SELECT * FROM other;", [("unknown", "file", 1)]),
    ("ATTACH 'x' AS y;", [("unknown", "", 1)]),
    ("\0;", [("unknown", "", 1)]),
    ("PRAGMA x=1; BEGIN; CREATE INDEX a ON FILE (md5); END;;", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), STATEMENTS)
def test_a_statement_is_read_as_far_as_its_form_is_known(text: str, found: list[tuple[Any, ...]]) -> None:
    assert [
        (one.table, one.columns, one.values) if isinstance(one, Row) else (one.what, one.table, one.line)
        for one in parsed(text)
    ] == found


# What makes a whole text unfit: nothing of it is stored.
UNFIT = [
    ("a text without an end", f"{MINIMAL}\nINSERT INTO FILE VALUES('a", "no end (line 2)"),
    ("a comment without an end", f"{MINIMAL}/* x", "no end (line 1)"),
    ("a statement that was cut", f"{MINIMAL}\nINSERT INTO FILE VALUES('a')", "a statement has no end (line 2)"),
    ("brackets that never close", "INSERT INTO FILE VALUES('a'; INSERT INTO FILE VALUES('b');", "within brackets"),
    ("a transaction that was cut", f"BEGIN;\n{MINIMAL}\n", "not committed"),
    ("one that is taken back", f"BEGIN;{MINIMAL}ROLLBACK;", "takes back"),
    ("a trigger", f"CREATE TEMP TRIGGER t AFTER INSERT ON FILE BEGIN {MINIMAL} END;", "trigger"),
    ("no row at all", "BEGIN; COMMIT; -- INTO FILE", "no row"),
]


@pytest.mark.parametrize(("text", "reason"), [case[1:] for case in UNFIT], ids=[case[0] for case in UNFIT])
def test_a_text_that_cannot_be_trusted_to_be_whole_is_refused(text: str, reason: str) -> None:
    with pytest.raises(MalformedDocument) as caught:
        read("nsrl3-delta", text.encode())
    assert reason in str(caught.value)


@pytest.mark.parametrize("begins", ["INSERT INTO FILE VALUES('", "INSERT INTO FILE VALUES(", "/*", "--"])
def test_a_line_of_a_hundred_megabytes_is_given_up_after_a_few(begins: str) -> None:
    def endless() -> Iterator[bytes]:
        yield begins.encode()
        for _ in range(1600):
            yield b"7" * (1 << 16)

    stream = Dripping(endless())
    with pytest.raises(MalformedDocument, match="a word of more than"):
        inserts(cast("BinaryIO", stream))
    assert stream.taken < 5 * MAX_TOKEN


WORD = b"'" + b"7" * (1 << 19) + b"',"


@pytest.mark.parametrize(
    ("begins", "word"),
    [
        (b"INSERT INTO FILE VALUES(", WORD),
        (b"INSERT INTO FILE (md5) VALUES('m'), (", WORD),
        (b"INSERT INTO ", WORD),
        (b"DELETE ", WORD),
        (b"CREATE TABLE x (", b'"' + b"7" * (1 << 19) + b'" TEXT,'),
    ],
)
def test_many_words_each_of_an_honest_length_are_not_held_together(begins: bytes, word: bytes) -> None:
    def one_statement() -> Iterator[bytes]:
        yield begins
        for _ in range(100):
            yield word
        yield b"1)" if b"(" in begins else b"1"
        yield b";"

    tracemalloc.start()
    found = inserts(cast("BinaryIO", Dripping(one_statement())))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 * MAX_TOKEN
    assert not any(isinstance(one, Row) and len(one.values) > 1 for one in found)


def test_a_statement_of_any_number_of_rows_is_read_row_by_row() -> None:
    rows = 60_000

    def one_line() -> Iterator[bytes]:
        yield b"INSERT INTO FILE (md5) VALUES('m')"
        for _ in range(rows):
            yield b",('" + b"0" * 32 + b"')"
        yield b";"

    seen, stream = 0, Dripping(one_line())
    for found in Inserts(Tokens(TextSource(cast("BinaryIO", stream), Report()))):
        assert isinstance(found, Row)
        seen += 1
        if seen == 10:
            assert stream.taken < rows * 10, "the first rows come before the last are read"
    assert seen == rows + 1


FULL = f"""-- a delta of the full list
CREATE TABLE METADATA (object_id INTEGER, key_hash TEXT, sha256 TEXT, md5 TEXT, extension TEXT, bytes INTEGER);
BEGIN;
INSERT INTO METADATA VALUES (1, '{"0" * 64}', '{SHA256}', '{fake(1)}', 'jpg', 12);
INSERT INTO PACKAGE_OBJECT VALUES (1, 2), (1, 3);
INSERT INTO METADATA VALUES (2, '{"0" * 64}', '', '{fake(2)}', 'txt', 0);
DELETE FROM METADATA WHERE object_id = 9;
INSERT INTO FILE VALUES ('x');
UPDATE METADATA SET bytes = 1;
COMMIT;
"""


def test_all_that_is_not_taken_from_a_delta_is_counted_and_named() -> None:
    found, report = read("nsrl3-delta", FULL.encode())
    assert [(one.sha256 and one.sha256.hex(), one.md5 and one.md5.hex(), one.size) for one in found] == [
        (SHA256, fake(1), 12), (None, fake(2), None),
    ]  # fmt: skip
    assert dict(report.skipped) == {"taken-away": 1, "columns-unsaid": 1, "changed-in-place": 1}
    assert [(each.code, each.detail) for each in report.warnings] == [
        ("only-changes", ""),
        ("taken-away", "line 7: DELETE FROM METADATA WHERE object_id = 9"),
        ("columns-unsaid", "line 8"),
        ("changed-in-place", "line 9: UPDATE METADATA SET bytes = 1"),
        ("other-table", "package_object: 2 rows"),
    ]
    assert (report.read, report.accepted, report.document) == (5, 2, "delta")


def test_of_a_delta_only_pictures_and_videos_can_be_taken() -> None:
    found, report = read("nsrl3-delta", FULL.encode(), ReadOptions(only_media=True))
    assert ([one.md5 and one.md5.hex() for one in found], report.skipped["other-type"]) == ([fake(1)], 1)
