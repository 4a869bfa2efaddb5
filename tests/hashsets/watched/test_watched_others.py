"""What others put in the place of what is ours, or beside it, is not followed, stops nothing and is not lost."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hashsets import import_queue, import_runs, watched
from hashsets.models import HashSet
from tests.hashsets import makers
from tests.hashsets.lists import document, media
from tests.hashsets.watching import look, lying, number
from tests.people import People
from workbench.errors import BadInput
from workbench.models import Job


@pytest.mark.parametrize("name", ["rubbish", "of another set"])
def test_what_others_put_among_the_running_imports_tells_nothing_and_stops_nothing(
    name: str, hash_set: HashSet, folder: Path, people: People, caplog: pytest.LogCaptureFixture
) -> None:
    other = import_queue.refuse(makers.hash_set(people.outsider), "x", by=people.outsider, error=BadInput("no"))
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


@pytest.fixture
def hurried() -> Iterator[None]:
    """Whoever waits longer than 20 s is told so."""

    def late(*_given: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_others_put_in_the_place_of_our_clock_keeps_nobody_waiting(
    make: Callable[[Path], None], hash_set: HashSet, folder: Path
) -> None:
    make(folder / ".clock")
    document(folder, media(1))
    assert look(hash_set)
    assert lying(folder) == ["imported list.json", "imported list.json.report.json"]


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("what", ["a pipe", "a second name of somebody's file"])
def test_whatever_has_the_name_of_our_draft_is_neither_waited_for_nor_written_to(
    what: str, hash_set: HashSet, folder: Path, tmp_path: Path
) -> None:
    document(folder, media(1))
    job = Job.objects.get(pk=watched.look(hash_set.pk) or 0)
    (tmp_path / "theirs").write_text("theirs")
    (folder / "imported").mkdir()
    draft = folder / "imported" / f".{watched._stamp(job.created_at, str(job.public_id))} list.json.report.json"
    if what == "a pipe":
        os.mkfifo(draft)
    else:
        draft.hardlink_to(tmp_path / "theirs")
    import_runs.run(job.pk)
    watched.look(hash_set.pk)
    assert lying(folder) == ["imported list.json", "imported list.json.report.json"]
    assert (tmp_path / "theirs").read_text() == "theirs"


@pytest.mark.parametrize("place", ["next", "run"])
def test_what_appears_beside_a_list_that_was_taken_goes_back_and_is_a_list_of_its_own(
    place: str, hash_set: HashSet, folder: Path, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    document(folder, media(1), name="a.json")
    if place == "next":
        meanwhile(lambda: document(folder / ".importing/next", media(2), media(3), name="b.json"))
    job = Job.objects.get(pk=watched.look(hash_set.pk) or 0)
    if place == "run":
        document(folder / ".importing" / str(job.public_id), media(2), media(3), name="b.json")
    import_runs.run(job.pk)
    assert number(hash_set) == 1
    assert look(hash_set)
    assert number(hash_set) == 2
    assert len(list(folder.glob("imported/* b.json"))) == len(list(folder.glob("imported/* a.json"))) == 1
