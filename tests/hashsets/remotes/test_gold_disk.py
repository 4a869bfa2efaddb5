"""A folder of VICS files that is issued anew: each release replaces the one before (sharing.md section 1)."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hashsets import import_jobs
from hashsets.following import follows
from hashsets.following.releasing import ReleaseRefused, ReleaseWaits
from hashsets.models import Generation, Remote
from hashsets.remotes import BY_ID, Source
from hashsets.remotes.gold_disk import FolderEmpty
from tests.hashsets import makers
from tests.hashsets.lists import by_number, document, load, media
from tests.hashsets.remotes import sources
from tests.hashsets.remotes.sources import followed, pull
from tests.people import People
from workbench.errors import BadInput
from workbench.models import AuditEvent, Job


@pytest.fixture
def disk(tmp_path: Path, settings: Any) -> Iterator[sources.GoldDisk]:
    with sources.gold_disk(tmp_path, settings) as made:
        yield made


@pytest.fixture
def remote(disk: sources.GoldDisk, people: People) -> Remote:
    return followed(disk, people.supervisor, "Gold")


def versions(remote: Remote) -> int:
    return Generation.objects.filter(set=remote.set).count()


def test_all_files_of_a_release_are_one_list(disk: sources.GoldDisk, remote: Remote) -> None:
    for number in range(1, 8):
        disk.put(number)
    pull(remote)
    newest = Generation.objects.get(set=remote.set)
    assert (newest.source, newest.entries) == ("even.json, odd.json", 7)
    assert by_number(remote.set).keys() == set(range(1, 8))


def test_the_next_release_brings_what_is_new_and_withdraws_what_is_missing(
    disk: sources.GoldDisk, remote: Remote
) -> None:
    for number in range(1, 8):
        disk.put(number)
    pull(remote)
    names = {number: entry.public_id for number, entry in by_number(remote.set).items()}
    disk.take_away(2)
    disk.put(8)
    pull(remote)
    now = by_number(remote.set)
    assert now.keys() == {1, 3, 4, 5, 6, 7, 8}
    assert all(now[number].public_id == names[number] for number in now if number != 8)
    report = Generation.objects.get(set=remote.set, number=2).report
    assert (report["added"], report["withdrawn"], report["changed"]) == (1, 1, 0)


def test_a_file_that_is_missing_from_a_release_takes_its_entries_along(disk: sources.GoldDisk, remote: Remote) -> None:
    for number in range(1, 5):
        disk.put(number)
    pull(remote)
    (disk.folder / "odd.json").unlink()
    pull(remote)
    assert by_number(remote.set).keys() == {2, 4}


def test_an_empty_folder_withdraws_nothing_and_is_told(disk: sources.GoldDisk, remote: Remote) -> None:
    disk.put(1)
    pull(remote)
    for path in disk.folder.iterdir():
        path.rename(path.with_name(f".{path.name}"))
    for empty in (True, False):
        with pytest.raises(FolderEmpty):
            pull(remote)
        if empty:
            disk.folder.rename(disk.folder.with_name("away"))
    remote.refresh_from_db()
    assert by_number(remote.set).keys() == {1}
    assert remote.failure
    assert not remote.paused
    disk.folder.with_name("away").rename(disk.folder)
    disk.put(2)
    pull(remote)
    assert by_number(remote.set).keys() == {1, 2}
    assert remote.failure == ""


def test_a_release_that_is_still_being_written_waits(disk: sources.GoldDisk, remote: Remote, settings: Any) -> None:
    settings.DROP_SECONDS = 60
    disk.put(1)
    pull(remote)
    assert versions(remote) == 0
    settings.DROP_SECONDS = 0
    pull(remote)
    assert versions(remote) == 1


def test_a_release_that_is_refused_stays_out_is_told_and_not_tried_again_until_it_changes(
    disk: sources.GoldDisk, remote: Remote
) -> None:
    disk.put(1)
    pull(remote)
    whole = (disk.folder / "odd.json").read_text()
    (disk.folder / "odd.json").write_text(whole[:-20])
    with pytest.raises(ReleaseRefused):
        pull(remote)
    remote.refresh_from_db()
    assert by_number(remote.set).keys() == {1}
    assert remote.failure
    refused = AuditEvent.objects.filter(verb="set.import.fail").count()
    pull(remote)
    assert AuditEvent.objects.filter(verb="set.import.fail").count() == refused == 1
    disk.put(3)
    pull(remote)
    assert by_number(remote.set).keys() == {1, 3}


def test_the_same_release_written_anew_changes_nothing(disk: sources.GoldDisk, remote: Remote) -> None:
    disk.put(1)
    pull(remote)
    os.utime(disk.folder / "odd.json", (1, 1))
    pull(remote)
    assert versions(remote) == 1


def test_what_is_no_list_and_what_is_a_link_is_passed_over(
    disk: sources.GoldDisk, remote: Remote, tmp_path: Path
) -> None:
    disk.put(1)
    (disk.folder / "README.txt").write_text("read me")
    document(tmp_path, media(9), name="elsewhere.json")
    (disk.folder / "link.json").symlink_to(tmp_path / "elsewhere.json")
    (disk.folder / "older").mkdir()
    pull(remote)
    assert by_number(remote.set).keys() == {1}


def test_nothing_is_written_into_the_folder(disk: sources.GoldDisk, remote: Remote) -> None:
    disk.put(1)
    before = {path.name: path.stat().st_mtime_ns for path in disk.folder.iterdir()}
    disk.folder.chmod(0o555)
    pull(remote)
    disk.folder.chmod(0o755)
    assert {path.name: path.stat().st_mtime_ns for path in disk.folder.iterdir()} == before


def test_a_release_waits_for_another_import_of_the_set(disk: sources.GoldDisk, remote: Remote, people: People) -> None:
    disk.put(1)
    chosen = {"dry_run": False, "incomplete": False, "only_media": False, "add": False}
    other = import_jobs.claim(remote.set, ["other.json"], by=people.supervisor, chosen=chosen, via="worker")
    with pytest.raises(ReleaseWaits):
        pull(remote)
    Job.objects.filter(pk=other.pk).update(state=Job.State.FAILED)
    pull(remote)
    assert by_number(remote.set).keys() == {1}


def test_a_set_that_follows_a_folder_takes_lists_too_and_the_next_release_replaces_them(
    disk: sources.GoldDisk, remote: Remote, people: People, tmp_path: Path
) -> None:
    disk.put(1)
    pull(remote)
    load(remote.set, document(tmp_path, media(5)), by=people.supervisor)
    disk.put(3)
    pull(remote)
    assert by_number(remote.set).keys() == {1, 3}


@pytest.mark.parametrize("place", ["gold", "", "../gold", "https://example.org/gold"])
def test_a_folder_is_named_from_the_root_on(place: str) -> None:
    with pytest.raises(BadInput):
        BY_ID["gold-disk"].check(Source(place))


def test_a_set_under_another_name_is_left_alone(disk: sources.GoldDisk, remote: Remote, people: People) -> None:
    other = makers.hash_set(people.supervisor, scheme="us-pvic")
    disk.put(1)
    pull(remote)
    assert by_number(other) == {}
    assert follows.of_set(remote.set).pk == remote.pk
