"""Every evidence reader: stopped anywhere and run again, it finds the same; what it finds, it can read or refuse."""

import json
import os
from collections.abc import Callable
from hashlib import md5
from itertools import islice
from pathlib import Path

import pytest

from cases.ingest import BUILT_IN, reader
from cases.ingest.base import Found, Reader, Row, SourceGone
from tests.cases.ingest import disks
from tests.workbench.archive_samples import KINDS, archived

FILES = {f"folder/{number:02d}.bin": bytes([number]) * (number * 1000 + 1) for number in range(12)}


def as_folder(root: Path) -> Path:
    for name, data in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(data)
    return root


def as_archive(kind: str) -> Callable[[Path], Path]:
    def made(root: Path) -> Path:
        path = root / f"evidence.{kind}"
        path.write_bytes(archived(kind, list(FILES.items())))
        return path

    return made


def as_case(root: Path) -> Path:
    as_folder(root)
    media = [
        {"MD5": md5(data).hexdigest(), "RelativeFilePath": name.replace("/", "\\"), "MediaFiles": [{"FilePath": name}]}
        for name, data in FILES.items()
    ]
    (root / "case.json").write_text(json.dumps({"value": [{"CaseNumber": "1", "Media": media}]}))
    return root


def as_disk(root: Path) -> Path:
    return disks.split(root, disks.partitioned(disks.fat(FILES)), 3)


SOURCES: dict[str, dict[str, Callable[[Path], Path]]] = {
    "folder": {"": as_folder},
    "archive": {kind: as_archive(kind) for kind in KINDS},
    "image": {"": as_disk},
    "vics": {"": as_case},
}
# The browser itself enters what an upload holds.
FINDERS = [(kind.id, form) for kind in BUILT_IN if kind.id != "upload" for form in SOURCES[kind.id]]


@pytest.fixture(params=FINDERS, ids=lambda given: " ".join(filter(None, given)))
def source(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Reader, bytes]:
    name, form = request.param
    return reader(name), os.fsencode(SOURCES[name][form](tmp_path))


def found(source: tuple[Reader, bytes]) -> list[Found]:
    return [one for one in source[0].find(source[1]) if isinstance(one, Found)]


def name(raw_path: bytes) -> str:
    """The name below the volume, where there is one."""
    return raw_path.removeprefix(b"vol1/").decode()


def row(number: int, one: Found) -> Row:
    return Row(number, one.raw_path, one.ordinal, one.locator, one.size)


def test_of_it_finds_every_file_once_and_the_same_again_after_being_stopped(source: tuple[Reader, bytes]) -> None:
    whole = found(source)
    list(islice(source[0].find(source[1]), 5))
    assert found(source) == whole
    assert len({(one.raw_path, one.ordinal) for one in whole}) == len(FILES)
    assert all(not one.reason for one in whole)


def test_of_it_reads_the_bytes_of_any_rows_in_any_claim(source: tuple[Reader, bytes]) -> None:
    rows = [row(number, one) for number, one in enumerate(found(source))]
    for claim in (rows, rows[7:9], rows[3:4]):
        read = {name(reading.row.raw_path): b"".join(reading.chunks) for reading in source[0].read(source[1], claim)}
        assert read == {name(one.raw_path): FILES[name(one.raw_path)] for one in claim}


def test_of_it_can_be_left_in_the_middle_of_a_file(source: tuple[Reader, bytes]) -> None:
    readings = source[0].read(source[1], [row(number, one) for number, one in enumerate(found(source))])
    next(iter(next(readings).chunks))
    readings.close()  # type: ignore[attr-defined]
    assert found(source)


def test_of_a_source_that_is_gone_is_said_so(source: tuple[Reader, bytes], tmp_path: Path) -> None:
    with pytest.raises(SourceGone):
        source[0].check(source[1] + b"-gone")


def test_of_a_row_never_leads_out_of_its_source(source: tuple[Reader, bytes], tmp_path: Path) -> None:
    (tmp_path.parent / "outside.txt").write_bytes(b"secret")
    place = b"../outside.txt" if source[0].id != "archive" else b"99"
    for reading in source[0].read(source[1], [Row(1, b"../outside.txt", 0, place)]):
        assert (reading.problem, list(reading.chunks)) == ("unreadable", [])
