"""Every registered list format: knows its own, reads all of it, names what is bad, and takes no memory for it.

What is written is read back equal, for the formats that write.
"""

import ctypes
import io
import string
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashsets import exchange
from hashsets.exchange import (
    BUILT_IN,
    WRITERS,
    HashRecord,
    ListFormat,
    ListWriter,
    MalformedDocument,
    Peek,
    ReadOptions,
    Report,
    UnknownFormat,
    WriteOptions,
)
from hashsets.exchange.base import SWITCHES
from tests.hashsets.exchange.list_examples import EMPTY_MD5, SHAPES, Sqlite, example, gzipped, read, zipped
from tests.hashsets.exchange.vics_texts import fake

each_format = pytest.mark.parametrize("list_format", BUILT_IN, ids=lambda each: each.id)
each_writer = pytest.mark.parametrize("list_format", WRITERS.values(), ids=lambda each: each.id)
JSON = {"vics2.0", "vics1.3"}  # of which version, only reading tells
RECORDS = 50_000
TABLES = {"csv"}  # takes any table with a hash in it, and is asked last

names = st.text(
    alphabet=st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zs", "Zl", "Zp"], exclude_characters="\\"), min_size=1
).filter(lambda name: name == name.strip())
digest = {size: st.binary(min_size=size, max_size=size) for size in (16, 20, 32)}


@st.composite
def records(draw: Callable[..., Any]) -> HashRecord:
    md5, sha1, sha256 = (draw(st.none() | digest[size]) for size in (16, 20, 32))
    moment = draw(
        st.none()
        | st.datetimes(
            min_value=datetime(1900, 1, 1),  # noqa: DTZ001 the strategy adds the zone
            timezones=st.just(UTC),
        )
    )
    return HashRecord(
        position=0,
        md5=md5 if md5 or sha1 or sha256 else b"\1" * 16,
        sha1=sha1,
        sha256=sha256,
        size=draw(st.none() | st.integers(1, (1 << 63) - 1)),
        code=draw(st.none() | st.sampled_from(["0", "1", "01", "99", "A", "not-baseline", "=1+1", "-3"])),
        media_id=draw(st.integers(0, 1 << 40)),
        flags=draw(
            st.dictionaries(
                st.sampled_from(sorted(SWITCHES - {"series", "tags", "comments", "metadata"})), st.booleans()
            )
        ),
        series=tuple(draw(st.lists(names, max_size=3))),
        tags=tuple(draw(st.lists(names, max_size=3))),
        date_updated=moment,
        date_updated_text=moment.isoformat().replace("+00:00", "Z") if moment else None,
        photodna=draw(st.none() | st.text(string.ascii_letters, min_size=192, max_size=192)),
        other_hashes=draw(st.just({}) | st.fixed_dictionaries({"pdq": digest[32].map(bytes.hex)})),
    )


def written(list_format: ListWriter, given_records: list[HashRecord]) -> bytes:
    stream = io.BytesIO()
    assert list_format.write(given_records, stream, WriteOptions()) == len(given_records)
    return stream.getvalue()


def md5s(found: list[HashRecord]) -> list[str]:
    return [record.md5.hex() for record in found if record.md5]


def test_there_is_an_example_of_every_format() -> None:
    assert SHAPES.keys() == exchange.BY_ID.keys()


@each_format
def test_a_list_is_recognised_by_its_content_and_whatever_its_name(list_format: ListFormat) -> None:
    peek = Peek.at(io.BytesIO(example(list_format.id)))
    assert list_format.sniff(peek)
    assert exchange.detect(peek, "holiday.jpg").id in (JSON if list_format.id in JSON else {list_format.id})


@each_format
def test_lists_of_other_formats_are_not_taken_for_its_own(list_format: ListFormat) -> None:
    alike = JSON if list_format.id in JSON else {list_format.id}
    others = SHAPES.keys() - alike if list_format.id not in TABLES else set()
    assert [other for other in others if list_format.sniff(Peek.at(io.BytesIO(example(other))))] == []
    assert not list_format.sniff(Peek(b""))
    assert not list_format.sniff(Peek(b"\x89PNG\r\n\x1a\n"))


@each_format
def test_all_records_come_in_file_order_with_the_code_chosen_for_lists_without(list_format: ListFormat) -> None:
    found, report = read(list_format.id, example(list_format.id), ReadOptions(default_code="8"))
    assert md5s(found) == [fake(1), fake(2), fake(3)]
    assert [record.position for record in found] == [1, 2, 3]
    told = ["only-changes"] if list_format.id == "nsrl3-delta" else []
    assert (report.format, report.read, report.accepted) == (list_format.id, 3, 3)
    assert [warning.code for warning in report.warnings] == told
    own = {"baseline": 3} if list_format.id == "icse" else {"8": 3}
    assert dict(report.codes) == own


# In EnCase's list sixteen bytes are an MD5, whatever they are: there is nothing that is none.
BAD = [(one, bad) for one in BUILT_IN for bad in ("x" * 32, EMPTY_MD5) if (one.id, bad) != ("encase", "x" * 32)]


@pytest.mark.parametrize(("list_format", "bad"), BAD, ids=[f"{one.id} {bad[:6]}" for one, bad in BAD])
def test_a_bad_record_is_named_by_its_place_and_the_others_come_through(list_format: ListFormat, bad: str) -> None:
    found, report = read(list_format.id, example(list_format.id, fake(1), bad, fake(3)))
    assert [record.position for record in found] == [1, 3]
    (reason,) = report.skipped
    assert reason in ({"zero-length"} if bad == EMPTY_MD5 else {"invalid-hash", "not-a-row"})
    assert [warning.position for warning in report.warnings if warning.code == reason] == [2]
    assert (report.read, report.accepted) == (3, 2)


@each_format
def test_gzip_and_zip_around_a_list_make_no_difference(list_format: ListFormat) -> None:
    plain = example(list_format.id)
    expected, _ = read(list_format.id, plain)
    for packed in (plain, gzipped(plain), zipped({"a\\list": plain})):
        report = Report()
        assert list(exchange.read(io.BytesIO(packed), "list", report, ReadOptions())) == expected
        assert report.read == 3


@st.composite
def damaged(draw: Callable[..., Any], whole: bytes) -> bytes:
    """A list of which a stretch was lost, doubled, or overwritten."""
    start = draw(st.integers(0, len(whole)))
    end = draw(st.integers(start, min(len(whole), start + 200)))
    middle: bytes = draw(st.just(b"") | st.binary(max_size=60) | st.just(whole[start:end] * 2))
    return whole[:start] + middle + whole[end:]


@each_format
@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_arbitrary_bytes_raise_nothing_but_malformed_document(list_format: ListFormat, data: st.DataObject) -> None:
    given_bytes = data.draw(st.binary(max_size=400) | damaged(example(list_format.id)))
    report, fault = Report(), None
    try:
        list(list_format.read(io.BytesIO(given_bytes), report, ReadOptions()))
    except MalformedDocument as error:
        fault = error
    assert fault is None or (fault.reason and 0 <= fault.offset <= len(given_bytes))
    assert report.accepted <= report.read


@given(data=st.binary(max_size=400) | st.sampled_from(sorted(SHAPES)).map(example).flatmap(damaged))
@settings(deadline=None, max_examples=150)
def test_a_file_of_arbitrary_bytes_is_a_list_broken_or_unknown(data: bytes) -> None:
    told = ""
    for packed in (data, gzipped(data), zipped({"a": data})):
        try:
            list(exchange.read(io.BytesIO(packed), "x", Report(), ReadOptions()))
        except (MalformedDocument, UnknownFormat) as error:
            told = str(error)
    assert told or data


@each_format
@pytest.mark.parametrize("left", [0.35, 0.6, 0.85, 0.99])
def test_a_list_cut_short_never_gives_a_hash_that_it_did_not_hold(list_format: ListFormat, left: float) -> None:
    every = [fake(n) for n in range(1, 200)]
    whole = example(list_format.id, *every)
    found, report = [], Report()
    try:
        for record in list_format.read(io.BytesIO(whole[: int(len(whole) * left)]), report, ReadOptions()):
            found.append(record)  # noqa: PERF402 what came before the fault counts
    except MalformedDocument:
        pass
    assert md5s(found) == every[: len(found)]
    assert len(found) < len(every)


class Endless(io.RawIOBase):
    """A readable stream made of pieces, so that the list itself takes no memory."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = iter(lambda: b"".join(islice(pieces, 1000)), b"")
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size and (piece := next(self._pieces, b"")):
            self._rest += piece
        found, self._rest = self._rest[:size], self._rest[size:]
        return found


FIELDS = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")


class Taken(ctypes.Structure):
    """What malloc has given out (`man mallinfo2`, glibc 2.33 and newer); small objects of Python are not in it."""

    _fields_ = [(name, ctypes.c_size_t) for name in FIELDS]

    @classmethod
    def now(cls) -> int:
        """Bytes, in the heap and in maps of their own."""
        ask = ctypes.CDLL(None).mallinfo2
        ask.restype = cls
        taken = ask()
        return int(taken.uordblks + taken.hblkhd)


@each_format
def test_memory_stays_constant_however_many_records(list_format: ListFormat, tmp_path: Path) -> None:
    """Small objects and what malloc gave are both known exactly, so that a few records tell."""
    hashes = (fake(n) for n in range(1, RECORDS + 1))
    if isinstance(SHAPES[list_format.id], Sqlite):
        (tmp_path / "list").write_bytes(example(list_format.id, *hashes))
        stream = cast("BinaryIO", (tmp_path / "list").open("rb"))
    else:
        stream = cast("BinaryIO", Endless(SHAPES[list_format.id].pieces(hashes)))
    objects, taken = [], []
    with stream:
        for count, _ in enumerate(list_format.read(stream, Report(), ReadOptions()), 1):
            if count % (RECORDS // 12) == 0:
                objects.append(sys.getallocatedblocks())
                taken.append(Taken.now())
    assert len(objects) == 12
    assert max(objects) < objects[1] + RECORDS // 20  # objects; one kept of each record would be five sixths
    assert max(taken) < taken[1] + 50 * RECORDS  # bytes: two or three buffers; less than the list itself


@each_writer
@settings(deadline=None, max_examples=40)
@given(given_records=st.lists(records(), max_size=6))
def test_what_is_written_is_read_back_equal(list_format: ListWriter, given_records: list[HashRecord]) -> None:
    for position, record in enumerate(given_records, 1):
        record.position = position
    back, report = read(list_format.id, written(list_format, given_records))
    for record in back:
        record.raw.clear()  # names that hold a comma are written as lists, whose original is kept
    assert back == given_records
    assert report.skipped.total() == 0


@each_writer
def test_the_same_records_give_the_same_bytes(list_format: ListWriter) -> None:
    some = [HashRecord(n, md5=bytes([n] * 16), code="1", flags={"is_distributed": True}) for n in range(1, 50)]
    assert written(list_format, some) == written(list_format, some)


@each_writer
def test_a_written_list_is_recognised_by_its_first_bytes(list_format: ListWriter) -> None:
    data = written(list_format, [HashRecord(1, md5=b"\1" * 16)])
    assert list_format.sniff(Peek(data[:4096]))
    assert [record.md5 for record in exchange.read(io.BytesIO(data), "x", Report(), ReadOptions())] == [b"\1" * 16]
