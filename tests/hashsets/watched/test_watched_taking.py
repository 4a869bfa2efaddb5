"""A list in a set's watched folder is imported once it stands still; nothing is lost."""

import json
import os
from pathlib import Path

import pytest

from hashsets import events, import_runs, tasks, watched
from hashsets.models import Entry, HashSet
from tests.hashsets.lists import digest, document, media
from tests.hashsets.watching import look, lying, number
from tests.people import People
from workbench.models import AuditEvent, Job


def test_a_list_is_imported_in_the_name_of_who_turned_it_on_and_kept_with_its_report(
    hash_set: HashSet, folder: Path, people: People
) -> None:
    document(folder, media(1), media(2, 2), name="north list.json")
    job = Job.objects.get(pk=look(hash_set))
    assert (job.state, job.cursor["files"], number(hash_set)) == ("done", ["north list.json"], 2)
    assert lying(folder) == ["imported north list.json", "imported north list.json.report.json"]
    (report,) = folder.glob("imported/*.report.json")
    assert json.loads(report.read_text())["stored"] == 2
    taken = AuditEvent.objects.get(verb=events.LIST_TAKEN)
    told = json.loads(taken.body)["details"]
    assert (taken.actor, told["name"], told["run"]) == (
        "supervisor",
        "north list.json",
        str(job.public_id),
    )
    assert AuditEvent.objects.get(verb=events.SET_IMPORTED).actor == "supervisor"
    assert look(hash_set) == 0


def test_a_folder_is_one_list_in_parts(hash_set: HashSet, folder: Path) -> None:
    (folder / "south").mkdir()
    document(folder / "south", media(1), name="1 of 2.json")
    document(folder / "south", media(2), name="2 of 2.json")
    assert look(hash_set)
    assert number(hash_set) == 2
    (kept,) = [path for path in folder.glob("imported/*south") if path.is_dir()]
    assert sorted(path.name for path in kept.iterdir()) == ["1 of 2.json", "2 of 2.json"]


def test_lists_are_taken_one_at_a_time_in_order_of_names(hash_set: HashSet, folder: Path) -> None:
    for name, media_id in (("b.json", 2), ("a.json", 1)):
        document(folder, media(media_id), name=name)
    first = watched.look(hash_set.pk) or 0
    assert Job.objects.get(pk=first).cursor["files"] == ["a.json"]
    assert watched.look(hash_set.pk) is None  # a is not imported yet
    assert (folder / "b.json").exists()
    import_runs.run(first)
    assert look(hash_set)
    assert [bytes(entry.ident).hex() for entry in Entry.objects.filter(set=hash_set, removed_in=None)] == [digest(2)]


def test_a_name_that_is_no_text_is_a_name_as_any(hash_set: HashSet, folder: Path) -> None:
    name = b"n\xe9 \xff.json"
    document(folder, media(1)).rename(os.fsdecode(os.fsencode(folder) + b"/" + name))
    job = Job.objects.get(pk=look(hash_set))
    assert job.cursor["files"] == ["n\ufffd \ufffd.json"]
    assert sorted(os.fsencode(path.name).partition(b" ")[2] for path in folder.glob("imported/*")) == [
        name,
        name + b".report.json",
    ]


def test_a_name_as_long_as_names_may_be_is_kept_as_far_as_ours_fit_around_it(hash_set: HashSet, folder: Path) -> None:
    document(folder, media(1), name="é" * 125 + ".json")
    assert look(hash_set)
    kept = "é" * 100
    assert lying(folder) == [f"imported {kept}", f"imported {kept}.report.json"]


@pytest.mark.django_db(transaction=True)
def test_the_tasks_take_a_list_and_put_it_away(
    hash_set: HashSet, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[object, tuple[int, ...]]] = []
    monkeypatch.setattr(tasks, "send", lambda task, *words: sent.append((task, words)))
    document(folder, media(1))
    tasks.watch_folders()
    assert sent == [(tasks.look_into_folder, (hash_set.pk,))]
    tasks.look_into_folder(hash_set.pk)
    task, words = sent[-1]
    assert task == tasks.run_import
    tasks.run_import(words[0])
    tasks.look_into_folder(hash_set.pk)
    assert lying(folder) == ["imported list.json", "imported list.json.report.json"]
