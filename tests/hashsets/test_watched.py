"""A list in a set's watched folder is imported once it stands still, or put aside with the reason; nothing is lost."""

import json
import os
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from hashsets import events, import_jobs, tasks, watched, watched_folder
from hashsets.models import Entry, HashSet
from hashsets.watched_folder import MOST_PARTS, ListMoves, WatchedFolder
from tests.hashsets import makers
from tests.hashsets.test_importing import digest, document, media
from tests.people import People, signed_in
from workbench.errors import BadInput
from workbench.models import AuditEvent, Job, User


@pytest.fixture
def hash_set(people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HashSet:
    """A set of the first agency, whose folder is watched; lists need not stand still."""
    monkeypatch.setattr(settings, "LISTS", tmp_path / "lists")
    monkeypatch.setattr(settings, "DROP_SECONDS", 0)
    made = makers.hash_set(people.supervisor, "Harbour / north", scheme="us-pvic")
    watched.turn(made, by=people.supervisor, on=True)
    return made


@pytest.fixture
def folder(hash_set: HashSet) -> Path:
    return watched.folder_of(hash_set)


def look(hash_set: HashSet) -> int:
    """What a worker does: look, import what was taken, put it away; the id of the import, 0 for none."""
    job_id = watched.look(hash_set.pk)
    if job_id:
        import_jobs.run(job_id)
        watched.look(hash_set.pk)
    return job_id or 0


def lying(folder: Path) -> list[str]:
    """Everything in it by its place, hidden things and the stamps of names left out."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    names = [name for name in found if name.parts[0] != ".clock"]
    return sorted(" ".join([name.parts[0], *name.name.split(" ")[1:]]) if len(name.parts) > 1 else name.name
                  for name in names)  # fmt: skip


def number(hash_set: HashSet) -> int:
    return Entry.objects.filter(set=hash_set, removed_in=None).count()


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
    import_jobs.run(first)
    assert look(hash_set)
    assert [bytes(entry.ident).hex() for entry in Entry.objects.filter(set=hash_set, removed_in=None)] == [digest(2)]


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


def test_a_list_that_moves_after_all_goes_back(
    hash_set: HashSet, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document(folder, media(1))
    calls = count()
    with monkeypatch.context() as patched:
        patched.setattr(watched_folder, "_state", lambda status: (next(calls), status))
        assert watched.look(hash_set.pk) is None
    assert lying(folder) == ["list.json"]
    (job,) = Job.objects.all()
    import_jobs.run(job.pk)  # as the sweeper does with an upload that broke off
    assert look(hash_set)
    assert number(hash_set) == 1


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("a broken list", "truncated"),
        ("no list", "No list of hashes"),
        ("a link", "is a link"),
        ("a link to a folder", "is a link"),
        ("a link in a folder", "is a link"),
        ("a pipe", "is not a file"),
        ("a folder in a folder", "is not a file"),
        ("an empty folder", "in 1 to 200 parts"),
        ("too many parts", "in 1 to 200 parts"),
        ("a part alone", "Parts of this list are missing"),
    ],
)
def test_what_cannot_be_imported_is_put_aside_with_the_reason_and_told(
    what: str, why: str, hash_set: HashSet, folder: Path, people: People, tmp_path: Path
) -> None:
    put(folder, tmp_path, what)
    look(hash_set)
    (reason,) = folder.glob("refused/*.why.txt")
    assert why in reason.read_text()
    assert os.path.lexists(reason.with_name(reason.name.removesuffix(".why.txt")))
    assert not any(os.path.lexists(folder / name) for name in ("x", "1 of 2.json"))
    assert number(hash_set) == 0
    refusal = AuditEvent.objects.get(verb=events.IMPORT_REFUSED)
    assert (refusal.actor, json.loads(refusal.body)["outcome"]) == ("supervisor", "refused")
    page = signed_in(people.supervisor).get(reverse("hashsets:set", args=[hash_set.public_id]), secure=True)
    assert why.encode() in page.content
    (job,) = watched.refused(hash_set)
    report = signed_in(people.supervisor).get(reverse("hashsets:import_run", args=[job.public_id]), secure=True)
    assert why.encode() in report.content


def put(folder: Path, elsewhere: Path, what: str) -> None:
    """Put that into the folder, under the name x."""
    list_, place = document(elsewhere, media(1), name="elsewhere.json"), folder / "x"
    if "folder" in what.removeprefix("a link to a folder") or what == "too many parts":
        place.mkdir()
    ways: dict[str, Callable[[], object]] = {
        "a broken list": lambda: place.write_bytes(list_.read_bytes()[:-8]),
        "no list": lambda: place.write_bytes(b"\0\1\2\3"),
        "a link": lambda: place.symlink_to(list_),
        "a link to a folder": lambda: place.symlink_to(elsewhere),
        "a link in a folder": lambda: (place / "1.json").symlink_to(list_),
        "a pipe": lambda: os.mkfifo(place),
        "a folder in a folder": (place / "more").mkdir,
        "an empty folder": lambda: None,
        "too many parts": lambda: [(place / f"{each}.json").write_bytes(b"") for each in range(MOST_PARTS + 1)],
        "a part alone": lambda: list_.rename(folder / "1 of 2.json"),
    }
    ways[what]()


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


@pytest.mark.parametrize("name", ["rubbish", "of another set"])
def test_what_others_put_among_the_running_imports_tells_nothing_and_stops_nothing(
    name: str, hash_set: HashSet, folder: Path, people: People, caplog: pytest.LogCaptureFixture
) -> None:
    other = import_jobs.refuse(makers.hash_set(people.outsider), "x", by=people.outsider, error=BadInput("no"))
    theirs = folder / ".importing" / (str(other.public_id) if name == "of another set" else name)
    theirs.mkdir(parents=True)
    (theirs / "y").touch()
    document(folder, media(1))
    assert look(hash_set)
    assert (theirs / "y").exists()
    assert "lies among the running imports" in caplog.text
    assert len(list(folder.glob("*/*.report.json"))) == 1


def test_a_link_in_the_place_of_our_folders_is_not_followed(hash_set: HashSet, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / "imported").symlink_to(outside)
    document(folder, media(1))
    with pytest.raises(OSError, match="imported"):
        look(hash_set)
    assert list(outside.iterdir()) == []
    (folder / "imported").unlink()
    watched.look(hash_set.pk)
    assert lying(folder) == ["imported list.json", "imported list.json.report.json"]


def test_after_a_kill_between_taking_and_moving_the_same_list_changes_nothing(
    hash_set: HashSet, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document(folder, media(1))
    with monkeypatch.context() as patched:
        patched.setattr(WatchedFolder, "begin", _killed)
        with pytest.raises(KeyboardInterrupt):
            watched.look(hash_set.pk)
    (first,) = Job.objects.all()
    assert watched.look(hash_set.pk) is None  # that import is under way
    import_jobs.run(first.pk)
    second = Job.objects.get(pk=look(hash_set))
    assert "in force already" in second.message
    hash_set.refresh_from_db()
    assert (hash_set.generation, number(hash_set)) == (1, 1)
    assert lying(folder) == ["imported list.json", "imported list.json.report.json"]


def _killed(*_given: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("lost", ["account", "role"])
def test_nothing_is_imported_in_the_name_of_who_may_not_any_more(
    lost: str, hash_set: HashSet, folder: Path, people: People
) -> None:
    if lost == "account":
        User.objects.filter(pk=people.supervisor.pk).update(is_active=False)
    else:
        people.supervisor.memberships.all().delete()
    document(folder, media(1), name="x")
    assert look(hash_set) == 0
    assert lying(folder) == ["refused x", "refused x.report.json", "refused x.why.txt"]
    assert number(hash_set) == 0


def test_of_a_set_that_is_not_watched_nothing_is_looked_at(hash_set: HashSet, folder: Path, people: People) -> None:
    document(folder, media(1))
    assert watched.sets_with_work() == [hash_set.pk]
    watched.turn(hash_set, by=people.supervisor, on=False)
    assert watched.sets_with_work() == []
    assert look(hash_set) == 0
    assert lying(folder) == ["list.json"]


def test_turning_it_on_and_off_is_the_owners_is_logged_and_shown(people: People, tmp_path: Path) -> None:
    made = makers.hash_set(people.supervisor, "Reach", reach="node")
    address = reverse("hashsets:watch", args=[made.public_id])
    assert signed_in(people.outsider).post(address, {"on": "1"}, secure=True).status_code == 403
    assert signed_in(people.investigator).post(address, {"on": "1"}, secure=True).status_code == 403
    client = signed_in(people.supervisor)
    for on, verb, shown in (("1", events.SET_WATCHED, b"Turn off"), ("0", events.SET_UNWATCHED, b"Turn on")):
        page = client.post(address, {"on": on}, secure=True, follow=True)
        assert shown in page.content
        assert (str(watched.folder_of(made)).encode() in page.content) == (on == "1")
        assert AuditEvent.objects.get(verb=verb).actor == "supervisor"
    assert (
        b"Watched folder"
        not in signed_in(people.outsider).get(reverse("hashsets:set", args=[made.public_id]), secure=True).content
    )


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
