"""The reader of packages against bytes of any kind: it refuses with its own error, and nothing else happens."""

import gzip
import hashlib
import io
import json
import tarfile
from functools import cache
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hashsets import courier

IDLY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ENTRY = {
    "EntryID": "00000000-fa4e-4000-8000-000000000001", "MD5": "FA4E0000000000000000000000000001",
    "Scheme": "landscapes-t1", "Category": "1", "Trust": "trusted", "Votes": 3, "DateUpdated": "2026-03-01T10:00:00Z",
}  # fmt: skip


def line(seq: int) -> bytes:
    return json.dumps(ENTRY | {"Seq": seq}).encode()


@cache
def package() -> bytes:
    """A sound package of three entries."""
    records = gzip.compress(b"".join(line(seq) + b"\n" for seq in (1, 2, 3)), 1, mtime=0)
    manifest = {
        "protocol": 1, "kind": "relevant", "set": str(UUID(int=10)), "scheme": "landscapes-t1", "from": 0, "to": 3,
        "count": 3, "previous": None, "created": "2026-03-01T10:00:00Z", "addressee": str(UUID(int=11)),
        "issuer": {"organisation": str(UUID(int=12)), "key": "0" * 64},
        "files": [{"name": "entries-0001.ndjson.gz", "bytes": len(records),
                   "sha256": hashlib.sha256(records).hexdigest()}],
    }  # fmt: skip
    members = {"manifest.json": json.dumps(manifest).encode(), "manifest.sig": bytes(64)}
    return tarred(members | {"entries-0001.ndjson.gz": records})


def tarred(members: dict[str, bytes], form: int = tarfile.USTAR_FORMAT) -> bytes:
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode="w", format=form) as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return into.getvalue()


def read(path: Path, data: bytes) -> int:
    """Records in these bytes; 0 when they are refused. Any other error is the test's failure."""
    path.write_bytes(data)
    try:
        with courier.opened(path) as found:
            return len(list(courier.of_a_set(found)))
    except courier.PackageDamaged:
        return 0


def test_a_sound_package_of_another_maker_is_read(tmp_path: Path) -> None:
    assert read(tmp_path / "p.tar", package()) == 3


@IDLY
@given(data=st.binary(max_size=3000))
def test_bytes_of_any_kind_are_refused(data: bytes, tmp_path: Path) -> None:
    assert read(tmp_path / "p.tar", data) == 0


@IDLY
@given(at=st.integers(0, len(package()) - 1), value=st.integers(0, 255))
def test_no_byte_can_be_another_and_be_read_as_more_than_was_there(at: int, value: int, tmp_path: Path) -> None:
    data = bytearray(package())
    data[at] = value
    assert read(tmp_path / "p.tar", bytes(data)) in (0, 3)


@IDLY
@given(length=st.integers(0, len(package())), tail=st.binary(max_size=600))
def test_a_package_that_was_cut_or_has_a_tail_is_refused_or_whole(length: int, tail: bytes, tmp_path: Path) -> None:
    assert read(tmp_path / "p.tar", package()[:length] + tail) in (0, 3)


NAMES = st.sampled_from(
    ["manifest.json", "manifest.sig", "entries-0001.ndjson.gz", "entries-0002.ndjson.gz", "entries-1.ndjson.gz",
     "../manifest.sig", "/etc/hostname", "entries-0001.ndjson.gz/", "Entries-0001.ndjson.gz", "entries-٠٠٠١.ndjson.gz",
     "x" * 300]
)  # fmt: skip


@IDLY
@given(
    members=st.lists(st.tuples(NAMES, st.binary(min_size=1, max_size=100)), max_size=5),
    form=st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
)
def test_members_of_any_name_and_order_are_refused(members: list[tuple[str, bytes]], form: int, tmp_path: Path) -> None:
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode="w", format=form, encoding="utf-8") as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            try:
                tar.addfile(info, io.BytesIO(data))
            except ValueError:  # this form has no room for the name
                continue
    assert read(tmp_path / "p.tar", into.getvalue()) == 0


@pytest.mark.parametrize(
    "kind",
    [tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE,
     tarfile.CONTTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_SPARSE, tarfile.XHDTYPE, tarfile.XGLTYPE],
)  # fmt: skip
def test_what_is_no_plain_file_is_refused(kind: bytes, tmp_path: Path) -> None:
    info = tarfile.TarInfo("manifest.json")
    info.type, info.size, info.linkname = kind, 5, "manifest.sig"
    head = info.tobuf(tarfile.USTAR_FORMAT) + b"hello".ljust(512, b"\0")
    assert read(tmp_path / "p.tar", head + package()) == 0


def test_a_bomb_is_read_no_further_than_its_first_line_too_long(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(200_000_000), 1, mtime=0)
    members = dict.fromkeys(("manifest.json", "manifest.sig"), b"")
    with tarfile.open(fileobj=io.BytesIO(package())) as tar:
        members = {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]
    said = json.loads(members["manifest.json"])
    said["files"][0] |= {"bytes": len(bomb), "sha256": hashlib.sha256(bomb).hexdigest()}
    members |= {"manifest.json": json.dumps(said).encode(), "entries-0001.ndjson.gz": bomb}
    path = tmp_path / "p.tar"
    path.write_bytes(tarred(members))
    with courier.opened(path) as found, pytest.raises(courier.PackageDamaged, match="Line 1 of"):
        list(found.lines())


@IDLY
@given(numbers=st.lists(st.integers(-1, 5), max_size=6))
def test_numbers_that_do_not_rise_within_their_bounds_are_refused(numbers: list[int], tmp_path: Path) -> None:
    records = gzip.compress(b"".join(line(seq) + b"\n" for seq in numbers), 1, mtime=0)
    with tarfile.open(fileobj=io.BytesIO(package())) as tar:
        members = {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]
    said = json.loads(members["manifest.json"])
    said["files"][0] |= {"bytes": len(records), "sha256": hashlib.sha256(records).hexdigest()}
    members |= {
        "manifest.json": json.dumps(said | {"count": len(numbers)}).encode(),
        "entries-0001.ndjson.gz": records,
    }
    rising = numbers == sorted(set(numbers)) and all(0 < number <= 3 for number in numbers)
    assert read(tmp_path / "p.tar", tarred(members)) == (len(numbers) if rising else 0)
