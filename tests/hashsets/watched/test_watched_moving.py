"""A list that moves while it is taken, or whose import cannot begin, goes back and leaves nothing behind."""

import errno
import os
import shutil
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from hashsets import events, import_jobs, import_runs, kept_lists, watched
from hashsets.models import HashSet
from hashsets.watched_folder import ListMoves, WatchedFolder
from tests.hashsets.lists import document, media
from tests.hashsets.watching import look, look_till_empty, lying, number
from workbench.models import AuditEvent, Job

Meanwhile = Callable[[Callable[[], object]], None]


def test_what_has_not_stood_still_is_left_alone(
    hash_set: HashSet, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "DROP_SECONDS", 3600)
    path = document(folder, media(1))
    os.utime(path, (1, 1))  # a copy that keeps old dates is new all the same
    assert look(hash_set) == 0
    assert path.exists()


@pytest.mark.parametrize(("name", "still"), [("list.json", True), ("list.json.part", False), ("list.TMP", False)])
def test_what_copying_programs_name_so_must_stand_still_ten_times_as_long(
    hash_set: HashSet, folder: Path, name: str, still: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    document(folder, media(1), name=name)
    monkeypatch.setattr(WatchedFolder, "_now", lambda _self: (folder / name).stat().st_ctime + 100)
    with WatchedFolder(folder) as held:
        assert held.stands_still(name, 60) is still
        assert held.stands_still(name, 10)


def test_of_a_folder_the_part_that_was_written_last_counts(hash_set: HashSet, folder: Path) -> None:
    (folder / "parts").mkdir()
    part = document(folder / "parts", media(1), name="1 of 1.json")
    time.sleep(0.2)  # file systems count in ticks
    with WatchedFolder(folder) as held:
        assert held.stands_still("parts", 0.1)
        with part.open("a") as file:  # the folder itself does not change by it
            file.write(" ")
        assert not held.stands_still("parts", 0.1)


def test_a_list_that_is_written_to_while_it_is_taken_is_not_imported(hash_set: HashSet, folder: Path) -> None:
    path = document(folder, media(1))
    with path.open("ab") as still_writing, WatchedFolder(folder) as held:
        held.take(path.name)
        with held.parts(path.name) as (part,):
            assert part.read(10)
            still_writing.write(b"more")
            still_writing.flush()
            assert part.read(1000)
            with pytest.raises(ListMoves):
                part.read(1000)


def test_a_list_that_moves_after_all_goes_back_and_leaves_nothing(
    hash_set: HashSet, folder: Path, meanwhile: Meanwhile
) -> None:
    document(folder, media(1))
    kept = set(kept_lists.root().glob("*"))
    meanwhile(lambda: append(folder / ".importing/next/list.json"))
    assert watched.look(hash_set.pk) is None
    assert lying(folder) == ["list.json"]
    assert not Job.objects.exists()  # so the set takes other imports at once
    assert set(kept_lists.root().glob("*")) == kept
    assert look(hash_set)
    assert (number(hash_set), watched.refused(hash_set)) == (1, [])


@pytest.mark.parametrize("old", ["a file", "a file without links", "a folder"])
@pytest.mark.parametrize("new", ["a file", "a folder"])
def test_a_list_that_moves_replaces_nothing_that_has_its_name_by_now(
    old: str, new: str, hash_set: HashSet, folder: Path, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, old, media(1))

    def start_over() -> None:
        taken = folder / ".importing/next/north"
        append(taken if taken.is_file() else taken / "1.json")
        put(folder, new, media(2), media(3))

    meanwhile(start_over)
    if old == "a file without links":
        monkeypatch.setattr(os, "link", no_links)
    assert watched.look(hash_set.pk) is None
    assert {path.name for path in folder.iterdir() if path.name[0] != "."} == {"north", "(1) north"}
    assert (folder / "(1) north").is_dir() == (old == "a folder")
    assert look_till_empty(hash_set) == 2
    assert number(hash_set) == 2  # the newer list is in force


def test_of_names_to_go_back_under_the_next_free_one_is_used(
    hash_set: HashSet, folder: Path, meanwhile: Meanwhile
) -> None:
    put(folder, "a file", media(1))

    def start_over() -> None:
        append(folder / ".importing/next/north")
        put(folder, "a file", media(2))
        document(folder, media(3), name="(1) north")

    meanwhile(start_over)
    assert watched.look(hash_set.pk) is None
    assert lying(folder) == ["(1) north", "(2) north", "north"]


def test_a_part_that_is_added_while_a_folder_is_taken_is_not_left_out(
    hash_set: HashSet, folder: Path, meanwhile: Meanwhile
) -> None:
    put(folder, "a folder", media(1))
    meanwhile(lambda: document(folder / ".importing/next/north", media(2), name="2.json"))
    assert watched.look(hash_set.pk) is None
    assert look(hash_set)
    assert number(hash_set) == 2


def test_a_part_that_was_read_and_is_then_written_to_is_told_before_the_import(
    hash_set: HashSet, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, "a folder", media(1))
    document(folder / "north", media(2), name="2.json")
    copy, parts = shutil.copyfileobj, count(1)

    def copied(*given: Any) -> None:
        copy(*given)
        if next(parts) == 2:
            append(folder / ".importing/next/north/1.json")

    monkeypatch.setattr(shutil, "copyfileobj", copied)
    assert watched.look(hash_set.pk) is None
    assert not Job.objects.exists()


def test_a_part_that_is_added_later_is_named_beside_the_list(hash_set: HashSet, folder: Path) -> None:
    put(folder, "a folder", media(1))
    job = Job.objects.get(pk=watched.look(hash_set.pk) or 0)
    document(folder / ".importing" / str(job.public_id) / "north", media(2), name="2 \u00e9.json")
    import_runs.run(job.pk)
    watched.look(hash_set.pk)
    (unread,) = folder.glob("imported/* north.unread.txt")
    assert unread.read_text().splitlines()[1:] == ["2 \u00e9.json"]


def test_a_full_disk_leaves_nothing_behind_and_the_list_is_imported_when_there_is_room(
    hash_set: HashSet, folder: Path, meanwhile: Meanwhile
) -> None:
    document(folder, media(1))
    kept = set(kept_lists.root().glob("*"))
    for _look in range(2):
        meanwhile(full_disk)
        with pytest.raises(OSError, match="No space"):
            watched.look(hash_set.pk)
        assert not Job.objects.exists()
        assert set(kept_lists.root().glob("*")) == kept
    assert watched.sets_with_work() == [hash_set.pk]
    assert look(hash_set)
    assert number(hash_set) == 1


def test_a_list_whose_worker_is_killed_while_he_copies_it_is_imported_and_never_shown_as_refused(
    hash_set: HashSet, folder: Path, meanwhile: Meanwhile
) -> None:
    document(folder, media(1))
    meanwhile(_killed)
    with pytest.raises(KeyboardInterrupt):
        watched.look(hash_set.pk)
    Job.objects.update(created_at="2026-01-01T00:00:00Z")
    for found in import_jobs.sweep():
        import_runs.run(found)
    assert Job.objects.get().state == "failed"
    assert watched.refused(hash_set) == []
    assert look(hash_set)
    assert number(hash_set) == 1


def test_after_a_kill_between_taking_and_moving_the_same_list_changes_nothing(
    hash_set: HashSet, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document(folder, media(1))
    with monkeypatch.context() as patched:
        patched.setattr(WatchedFolder, "begin", _killed)
        with pytest.raises(KeyboardInterrupt):
            watched.look(hash_set.pk)
    (first,) = Job.objects.all()
    assert AuditEvent.objects.filter(verb=events.LIST_TAKEN).count() == 1  # with the run, in one transaction
    assert watched.look(hash_set.pk) is None  # that import is under way
    import_runs.run(first.pk)
    second = Job.objects.get(pk=look(hash_set))
    assert "in force already" in second.message
    hash_set.refresh_from_db()
    assert (hash_set.generation, number(hash_set)) == (1, 1)
    assert lying(folder) == ["imported list.json", "imported list.json.report.json"]


def _killed(*_given: object) -> None:
    raise KeyboardInterrupt


def put(folder: Path, what: str, *records: dict[str, Any]) -> None:
    """A list named north: a file, or a folder with one part."""
    if what == "a folder":
        (folder / "north").mkdir()
        document(folder / "north", *records, name="1.json")
    else:
        document(folder, *records, name="north")


def append(path: Path) -> None:
    with path.open("a") as file:
        file.write(" ")


def no_links(*_given: object, **_more: object) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


def full_disk() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
