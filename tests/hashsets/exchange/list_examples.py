"""A small list in every format, made of invented hashes, a piece at a time; and ways to pack it."""

import gzip
import io
import sqlite3
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from hashsets.exchange import BY_ID, HashRecord, ReadOptions, Report
from hashsets.exchange.encase_hash import MAGIC, NAME_AT, ROWS_AT
from tests.hashsets.exchange.vics_texts import CONTEXT, fake

EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
V2 = CONTEXT.replace("US", "Default")
V1 = "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media"
ICSE = ("MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;Series name;"
        "Number of submissions;File Available;Media Type;Baseline\r\n")  # fmt: skip
NSRL_2 = '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"\r\n'
DELTA = "INSERT INTO FILE VALUES('','','{}','AA6A7B16','it''s.jpg',12,1);\n"
KEEPER = ('"file_id","hashset_id","file_name","directory","hash","file_size","date_modified","time_modified",'
          '"time_zone","comments","date_accessed","time_accessed"\r\n')  # fmt: skip
DFXML = "<?xml version='1.0' encoding='UTF-8'?>\n<dfxml xmloutputversion='1.0'>\n"
FILE_OBJECT = "<fileobject><filesize>12</filesize><hashdigest type='md5'>{}</hashdigest></fileobject>\n"
MINIMAL = """
CREATE TABLE FILE (sha256 VARCHAR NOT NULL, sha1 VARCHAR NOT NULL, md5 VARCHAR NOT NULL, file_name VARCHAR NOT NULL,
  file_size INTEGER NOT NULL, package_id INTEGER NOT NULL);
CREATE TABLE PKG (package_id INTEGER, name VARCHAR);
CREATE VIEW DISTINCT_HASH AS SELECT DISTINCT sha256, sha1, md5 FROM FILE;
"""
FULL = """
CREATE TABLE METADATA (object_id INTEGER PRIMARY KEY, sha256 VARCHAR, sha1 VARCHAR, md5 VARCHAR, crc32 VARCHAR,
  file_name VARCHAR, extension VARCHAR, bytes INTEGER);
CREATE TABLE PACKAGE_OBJECT (package_id INTEGER, object_id INTEGER);
CREATE TABLE VERSION (version VARCHAR);
CREATE VIEW FILE AS SELECT UPPER(m.sha256) AS sha256, UPPER(m.sha1) AS sha1, UPPER(m.md5) AS md5, m.file_name,
  m.bytes AS file_size, p.package_id FROM METADATA m JOIN PACKAGE_OBJECT p ON p.object_id = m.object_id;
"""
KDB = """
CREATE TABLE db_properties (name TEXT, value TEXT);
CREATE TABLE hashes (id INTEGER PRIMARY KEY, md5 BINARY(16), sha1 BINARY(20), sha2_256 BINARY(32), database_id INTEGER);
CREATE TABLE file_names (name TEXT, hash_id INTEGER);
CREATE TABLE comments (comment TEXT, hash_id INTEGER);
"""


@dataclass(frozen=True)
class Shape:
    """How a list is written: what stands before, for each MD5 in hex, between and after."""

    begin: str
    row: Callable[[str], str]
    between: str = ""
    end: str = ""

    def pieces(self, hashes: Iterable[str]) -> Iterator[bytes]:
        """The list, a piece for each hash."""
        yield self.begin.encode()
        for number, each in enumerate(hashes):
            yield ((self.between if number else "") + self.row(each)).encode()
        yield self.end.encode()


@dataclass(frozen=True)
class EnCase(Shape):
    """The same for a format that is not text."""

    def pieces(self, hashes: Iterable[str]) -> Iterator[bytes]:
        yield MAGIC.ljust(NAME_AT, b"\0") + "Landscapes\0".encode("utf-16-le").ljust(ROWS_AT - NAME_AT, b"\0")
        for each in hashes:
            yield bytes.fromhex(each) + b"\0\0"


@dataclass(frozen=True)
class Sqlite(Shape):
    """The same for a database: `begin` is its schema, `end` the statement that takes a row."""

    def pieces(self, hashes: Iterable[str]) -> Iterator[bytes]:
        yield database(self.begin, self.end, ((self.row(each),) for each in hashes))


SHAPES: dict[str, Shape] = {
    "vics2.0": Shape(f'{{"@odata.context":"{V2}","value":[\n', '{{"MediaID":7,"MD5":"{}"}}'.format, ",\n", "\n]}"),
    "vics1.3": Shape(f'{{"odata.metadata":"{V1}","value":[\n', '{{"MediaID":7,"MD5":"{}"}}'.format, ",\n", "\n]}"),
    "icse": Shape(ICSE, "{};;;7;false;;;;1;true;image;true\r\n".format),
    "nsrl3": Sqlite(MINIMAL, str, end="INSERT INTO FILE VALUES ('', '', ?, 'a.jpg', 12, 1)"),
    "nsrl3-delta": Shape("BEGIN TRANSACTION;\n", DELTA.format, end="COMMIT;\n"),
    "nsrl2": Shape(NSRL_2, '"","{}","AA6A7B16","caf\xe9.gif",12,228,"WIN",""\r\n'.format),
    "encase": EnCase("", str),
    "checksums": Shape("", "{}  folder/a.jpg\n".format),
    "hashdeep": Shape("%%%% HASHDEEP-1.0\n%%%% size,md5,sha1,filename\n## made\n", "12,{},,a,b.jpg\n".format),
    "hashkeeper": Shape(KEEPER, '1,5,"a.jpg","C:\\X","{}",12,,,"PST",,,\r\n'.format),
    "kdb": Sqlite(KDB, str, end="INSERT INTO hashes (md5) VALUES (iif(length(?1) = 32, unhex(?1), ?1))"),
    "idx": Shape(f"{'0' * 41}|md5sum\n{'0' * 40}1|list.md5\n", "{}|0000000000001204\n".format),
    "dfxml": Shape(DFXML, FILE_OBJECT.format, end="</dfxml>\n"),
    "csv": Shape("md5,size\r\n", "{},12\r\n".format),
}  # fmt: skip


def database(schema: str, insert: str = "", rows: Iterable[tuple[object, ...]] = ()) -> bytes:
    """An SQLite database."""
    with sqlite3.connect(":memory:") as made:
        made.create_function(
            "unhex", 1, lambda text: bytes.fromhex(text) if _is_hex(text) else text, deterministic=True
        )
        made.executescript(schema)
        if insert:
            made.executemany(insert, rows)
        made.commit()
        return made.serialize()


def _is_hex(text: str) -> bool:
    return set(text.lower()) <= set("0123456789abcdef")


def example(format_id: str, *hashes: str) -> bytes:
    """A list of these MD5s; of three when none are given."""
    return b"".join(SHAPES[format_id].pieces(hashes or tuple(fake(n) for n in (1, 2, 3))))


def gzipped(data: bytes) -> bytes:
    """The bytes in gzip."""
    return gzip.compress(data, mtime=0)


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip of these files, by name."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def read(format_id: str, data: bytes, options: ReadOptions | None = None) -> tuple[list[HashRecord], Report]:
    """Every record of a list in a named format, and the report."""
    report = Report()
    return list(BY_ID[format_id].read(io.BytesIO(data), report, options or ReadOptions())), report
