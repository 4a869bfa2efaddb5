"""Every registered list format: what is written is read back equal; nothing bad passes unnamed; memory stays flat."""

import io
import os
import string
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashsets import exchange
from hashsets.exchange import BUILT_IN, HashRecord, ListFormat, MalformedDocument, ReadOptions, Report, WriteOptions
from hashsets.exchange.base import SWITCHES

each_format = pytest.mark.parametrize("list_format", BUILT_IN, ids=lambda each: each.id)

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
    )


def written(list_format: ListFormat, given_records: list[HashRecord]) -> bytes:
    stream = io.BytesIO()
    assert list_format.write(given_records, stream, WriteOptions()) == len(given_records)
    return stream.getvalue()


def read(list_format: ListFormat, data: bytes) -> tuple[list[HashRecord], Report]:
    report = Report()
    return list(list_format.read(io.BytesIO(data), report, ReadOptions())), report


@each_format
@settings(deadline=None, max_examples=40)
@given(given_records=st.lists(records(), max_size=6))
def test_what_is_written_is_read_back_equal(list_format: ListFormat, given_records: list[HashRecord]) -> None:
    for position, record in enumerate(given_records, 1):
        record.position = position
    back, report = read(list_format, written(list_format, given_records))
    for record in back:
        record.raw.clear()  # names that hold a comma are written as lists, whose original is kept
    assert back == given_records
    assert report.skipped.total() == 0


@each_format
def test_the_same_records_give_the_same_bytes(list_format: ListFormat) -> None:
    some = [HashRecord(n, md5=bytes([n] * 16), code="1", flags={"is_distributed": True}) for n in range(1, 50)]
    assert written(list_format, some) == written(list_format, some)


@each_format
def test_a_written_list_is_recognised_by_its_first_bytes(list_format: ListFormat) -> None:
    data = written(list_format, [HashRecord(1, md5=b"\1" * 16)])
    assert list_format.sniff(data[:4096], "anything.bin")
    back, _ = read(exchange.detect(data, "anything.bin"), data)
    assert [record.md5 for record in back] == [b"\1" * 16]


@each_format
def test_a_bad_record_is_named_by_its_place_and_the_others_come_through(list_format: ListFormat) -> None:
    some = [HashRecord(n, md5=bytes([n] * 16), media_id=n) for n in (1, 2, 3)]
    data = written(list_format, some)
    for spelling in (some[1].md5.hex(), some[1].md5.hex().upper()):  # type: ignore[union-attr]
        data = data.replace(spelling.encode(), b"x" * 32)
    back, report = read(list_format, data)
    assert [record.position for record in back] == [1, 3]
    assert dict(report.skipped) == {"invalid-hash": 1}
    assert [warning.position for warning in report.warnings if warning.code == "invalid-hash"] == [2]
    assert (report.read, report.accepted) == (3, 2)


@each_format
@given(data=st.binary(max_size=400))
@settings(deadline=None)
def test_arbitrary_bytes_raise_nothing_but_malformed_document(list_format: ListFormat, data: bytes) -> None:
    report, fault = Report(), None
    try:
        list(list_format.read(io.BytesIO(data), report, ReadOptions()))
    except MalformedDocument as error:
        fault = error
    assert fault is None or (fault.reason and 0 <= fault.offset <= len(data))
    assert report.accepted <= report.read


class Endless(io.RawIOBase):
    """A readable stream made of pieces, so that the list itself takes no memory."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size and (piece := next(self._pieces, b"")):
            self._rest += piece
        found, self._rest = self._rest[:size], self._rest[size:]
        return found


def streamed(list_format: ListFormat, number: int) -> Iterator[bytes]:
    """A list of `number` records, a line at a time: its beginning, the middle repeated, its end."""
    lines = written(list_format, [HashRecord(n, md5=b"\1" * 15 + bytes([n]), code="1") for n in (1, 2)]).splitlines(
        True
    )
    first, *middle, last = lines if list_format.id.startswith("vics") else [*lines, b""]
    yield first
    block = middle[0] if list_format.id == "csv" else middle[0].rstrip(b",\n") + b",\n"
    for _ in range(number // 1000):
        yield block * 1000
    yield middle[-1]
    yield last


def resident() -> int:
    """Bytes of this process in memory now."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


@each_format
def test_memory_stays_constant_over_200_000_records(list_format: ListFormat) -> None:
    samples = []
    stream = cast("BinaryIO", Endless(streamed(list_format, 200_000)))
    for count, _ in enumerate(list_format.read(stream, Report(), ReadOptions()), 1):
        if count % 10_000 == 0:
            samples.append(resident())
    assert len(samples) == 20
    assert max(samples) < samples[5] + (3 << 20)  # bytes; after 60,000 records nothing more is taken
