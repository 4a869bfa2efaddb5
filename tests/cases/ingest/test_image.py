"""A disk image as evidence: every file a row, deleted ones told, the image's hash compared, nothing believed."""

import hashlib
import json
import os
import shutil
import threading
import zipfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
from django.db import connection

from cases import evidence, inspector
from cases.ingest import ledger as entered
from cases.ingest import listing, pipeline, sources
from cases.ingest.base import SourceUnusable
from cases.ingest.image import Image
from cases.models import Case, Exhibit, Item
from tests.cases.ingest import disks
from tests.cases.ingest.trees import add, figures, ledger, picture, take_in
from tests.shared_data import shared
from tests.workbench.image_samples import MEDIA
from workbench import checks
from workbench.models import AuditEvent

pytestmark = pytest.mark.django_db(transaction=True)

PICTURES = {"DCIM/lake.png": picture(1), "DCIM/дюна ☃.png": picture(2), "gone.png": picture(3), "notes.txt": b"hills"}


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """Two volumes with the same files, one of them deleted."""
    volume = disks.fat(PICTURES, deleted={"gone.png"})
    path = tmp_path / "disk.dd"
    path.write_bytes(disks.partitioned(volume, volume))
    return path


def e01(tmp_path: Path, name: str = "CFReDS001.E01") -> Path:
    return Path(shutil.copy(shared(f"{MEDIA}/disk") / name, tmp_path))


def told(exhibit: Exhibit) -> list[dict[str, object]]:
    events = AuditEvent.objects.filter(case=exhibit.case.public_id, verb="evidence.verify")
    return [json.loads(event.body)["details"] for event in events]


def test_of_every_file_of_every_volume_comes_in(case: Case, disk: Path) -> None:
    exhibit = take_in(case, disk, reader="image")
    states = {name.decode(): state for name, (state, _reason) in ledger(exhibit).items()}
    assert states == {
        f"vol{number}/{name}": "without_preview" if name == "notes.txt" else "accepted"
        for number in (1, 2)
        for name in PICTURES
    }
    assert Item.objects.filter(case=case).count() == 3  # equal bytes are one content
    assert checks.broken(None) == []


def test_of_a_row_says_when_whether_deleted_and_where(case: Case, disk: Path) -> None:
    exhibit = take_in(case, disk, reader="image")
    row = exhibit.files.get(raw_path=b"vol2/gone.png")
    assert row.modified == row.about["modified"] == disks.MODIFIED
    assert (row.about["zone"], row.about["deleted"], row.about["unallocated"]) == ("local", True, True)
    assert disk.read_bytes()[row.about["offset"] :].startswith(PICTURES["gone.png"])
    item = Item.objects.get(case=case, content=row.content)
    assert [place["note"] for place in inspector.found_in(item)] == [
        f"deleted · unallocated · at byte {about['offset']:,}"
        for about in exhibit.files.filter(content=row.content).order_by("id").values_list("about", flat=True)
    ]


def test_of_an_image_whose_listing_was_broken_off_is_there_once(case: Case, disk: Path) -> None:
    exhibit = add(case, disk, reader="image")
    entered.add(exhibit.pk, list(islice(Image().find(bytes(disk)), 5)))
    pipeline.drain(exhibit.pk)
    assert figures(exhibit) == (8, 0, 0, 6, 2, 0, 2)
    assert figures(take_in(case, disk, reader="image")) == (8, 0, 0, 6, 2, 0, 2)


def test_of_the_medium_is_hashed_where_nothing_is_stored_to_compare_it_with(case: Case, disk: Path) -> None:
    exhibit = take_in(case, disk, reader="image")
    found = exhibit.integrity["image"]
    assert (found["stored"], found["agrees"]) == ({}, None)
    assert found["computed"]["sha256"] == hashlib.sha256(disk.read_bytes()).hexdigest()


def test_of_an_e01_agrees_with_the_hash_it_holds(case: Case, tmp_path: Path) -> None:
    exhibit = take_in(case, e01(tmp_path), reader="image")
    found = exhibit.integrity["image"]
    assert exhibit.state == "done"
    assert found["stored"] == {"md5": "e4f9afba18011f0b9015a9d74cd3c3ac"}
    assert (found["agrees"], found["says"]["examiner_name"]) == (True, "JRL")
    assert [(event["agrees"], event["computed"]) for event in told(exhibit)] == [(True, found["computed"])]
    names = {name.decode() for name in ledger(exhibit)}
    assert names == {"vol1/закуски.txt", "vol1/_4B0~1.TXT", "vol1/app.txt"}


def test_of_another_hash_stops_the_ingest_until_a_person_takes_it_in_all_the_same(case: Case, disk: Path) -> None:
    exhibit = evidence.add_exhibit(
        case=case, ref="NM-01", reader_id="image", source=bytes(disk), by=case.lead, source_hash=bytes(20)
    )
    pipeline.drain(exhibit.pk)
    exhibit.refresh_from_db()
    assert exhibit.state == "stopped"
    assert "its hash differs" in exhibit.state_reason
    assert exhibit.integrity["image"]["agrees"] is False
    evidence.resume(exhibit, by=case.lead)
    pipeline.drain(exhibit.pk)
    exhibit.refresh_from_db()
    assert (exhibit.state, exhibit.seen) == ("done", 8)
    assert [event["agrees"] for event in told(exhibit)] == [False]
    assert checks.broken(None) == []


def test_of_the_hash_the_image_came_with_is_believed_when_it_is_right(case: Case, disk: Path) -> None:
    digest = hashlib.sha256(disk.read_bytes()).digest()
    exhibit = evidence.add_exhibit(
        case=case, ref="NM-01", reader_id="image", source=bytes(disk), by=case.lead, source_hash=digest
    )
    assert pipeline.drain(exhibit.pk).integrity["image"]["agrees"] is True


def test_of_segments_beside_the_first_are_one_image(case: Case, tmp_path: Path) -> None:
    first = disks.split(tmp_path, disks.partitioned(disks.fat(PICTURES)), 5)
    assert figures(take_in(case, first, reader="image"))[:2] == (4, 0)


def test_of_a_missing_segment_is_named_before_anything_is_added(case: Case, tmp_path: Path) -> None:
    first = disks.split(tmp_path, disks.fat(PICTURES), 4)
    first.with_suffix(".003").unlink()
    with pytest.raises(SourceUnusable, match=r"disk\.003 is missing"):
        add(case, first, reader="image")
    assert not case.exhibits.exists()


def test_of_a_last_segment_that_is_missing_stops_the_ingest_with_its_name(case: Case, tmp_path: Path) -> None:
    exhibit = take_in(case, e01(tmp_path, "image-split.E01"), reader="image")
    assert exhibit.state == "stopped"
    assert "image-split.E02 is missing" in exhibit.state_reason


def test_of_a_segment_that_goes_missing_while_files_are_read_stops_the_ingest(case: Case, tmp_path: Path) -> None:
    first = disks.split(tmp_path, disks.fat(PICTURES), 4)
    exhibit = add(case, first, reader="image")
    listing.list_files(exhibit.pk)
    first.with_suffix(".002").rename(tmp_path / "elsewhere")
    exhibit = pipeline.drain(exhibit.pk)
    assert (exhibit.state, exhibit.pending) == ("stopped", 4)
    assert "disk.002 is missing" in exhibit.state_reason
    (tmp_path / "elsewhere").rename(first.with_suffix(".002"))
    evidence.resume(exhibit, by=case.lead)
    assert figures(pipeline.drain(exhibit.pk))[:2] == (4, 0)


def grown(segment: Path) -> None:
    segment.write_bytes(segment.read_bytes() + b"hills")


def written_again(segment: Path) -> None:
    segment.write_bytes(segment.read_bytes()[::-1])


def one_more(segment: Path) -> None:
    segment.with_suffix(".005").write_bytes(b"hills")


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        (grown, "disk.004 has changed since the listing"),
        (written_again, "disk.004 has changed since the listing"),
        (Path.unlink, "disk.004 is missing"),
        (one_more, "disk.005 was not there at the listing"),
    ],
)
def test_of_an_image_that_changed_since_its_listing_nothing_is_taken_until_it_is_as_it_was(
    case: Case, tmp_path: Path, happens: Callable[[Path], None], words: str
) -> None:
    last = disks.split(tmp_path, disks.fat(PICTURES), 4).with_suffix(".004")
    exhibit = add(case, tmp_path / "disk.001", reader="image")
    listing.list_files(exhibit.pk)
    data, status = last.read_bytes(), last.stat()
    happens(last)
    exhibit = pipeline.drain(exhibit.pk)
    assert (exhibit.state, exhibit.pending) == ("stopped", 4)
    assert words in exhibit.state_reason
    last.write_bytes(data)
    os.utime(last, ns=(status.st_atime_ns, status.st_mtime_ns))
    last.with_suffix(".005").unlink(missing_ok=True)
    evidence.resume(exhibit, by=case.lead)
    assert figures(pipeline.drain(exhibit.pk))[:2] == (4, 0)
    assert checks.broken(None) == []


def test_of_an_ingest_that_is_held_while_the_medium_is_hashed_hashes_it_later(case: Case, disk: Path) -> None:
    exhibit = add(case, disk, reader="image")
    assert Image().verify(bytes(disk), lambda: True) is not None
    with disk.open("r+b") as file:
        file.truncate(3 << 29)  # so much that somebody can hold it
    held = threading.Timer(0.5, lambda: hold(exhibit))
    held.start()
    listing.list_files(exhibit.pk)
    held.join()
    exhibit.refresh_from_db()
    assert (exhibit.state, exhibit.integrity.get("image"), exhibit.seen) == ("paused", None, 8)
    evidence.resume(exhibit, by=case.lead)
    assert pipeline.drain(exhibit.pk).integrity["image"]["agrees"] is None


def hold(exhibit: Exhibit) -> None:
    try:
        evidence.pause(exhibit, by=exhibit.case.lead)
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("containers/logical/ad1_test.ad1", "AD1 and L01 are not read"),
        ("containers/disk/hfsplus_zlib.dmg", "not read as a disk"),
        ("broken/disk/corrupt1.gz", "not read as a disk"),
    ],
)
def test_of_what_no_reader_opens_is_refused_in_words(case: Case, path: str, words: str) -> None:
    with pytest.raises(SourceUnusable, match=words):
        add(case, shared("media") / path, reader="image")


def test_of_what_is_no_disk_stops_the_ingest_in_words(case: Case) -> None:
    exhibit = take_in(case, shared("media/broken/disk/bogus.001"), reader="image")
    assert exhibit.state == "stopped"
    assert "No file system can be read" in exhibit.state_reason


def test_of_a_disk_that_ends_early_the_files_before_its_end_come_in(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "disk.dd"
    path.write_bytes(disks.fat({"first.png": picture(1), "last.bin": b"z" * 600_000})[:200_000])
    exhibit = take_in(case, path, reader="image")
    outcomes = ledger(exhibit)
    assert outcomes[b"vol1/first.png"] == ("accepted", "")
    assert outcomes[b"vol1/last.bin"][0] == "rejected"
    assert exhibit.state == "done"


def test_of_pictures_on_a_seized_disk_are_found_deleted_and_hidden_ones_too(case: Case, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared(f"{MEDIA}/dftt/8-jpeg-search.zip")) as archive:
        path = Path(archive.extract("8-jpeg-search/8-jpeg-search.dd", tmp_path))
    exhibit = take_in(case, path, reader="image")
    kinds = dict(exhibit.files.values_list("raw_path", "content__mime"))
    pictures = {bytes(name).decode() for name, mime in kinds.items() if mime == "image/jpeg"}
    misnamed, deleted, stream = "vol1/alloc/file2.dat", "vol1/del2/file7.hmm", "vol1/misc/file13.dll:here"
    assert {misnamed, deleted, stream} <= pictures
    assert exhibit.rejected == 0


def test_of_the_reader_follows_from_the_bytes_when_nobody_names_it(disk: Path, tmp_path: Path) -> None:
    (tmp_path / "disk.vhd").write_bytes(disks.vhd(disk.read_bytes()))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", b"hills")
    chosen = {path.name: sources.reader_for(bytes(path)) for path in tmp_path.iterdir()}
    assert chosen == {"disk.dd": "image", "disk.vhd": "image", "a.zip": "archive"}
