"""Workers that are killed at a package: nothing of it holds, and the next one ends with the same."""

import time
from pathlib import Path

import pytest

from hashsets import tasks
from hashsets.models import Entry, HashSet, Package, Peer
from hashsets.packages import jobs, kept, making, uploads
from tests.hashsets import held_import, makers, paired
from tests.people import People
from workbench.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shared(people: People) -> HashSet:
    made = makers.hash_set(people.supervisor, "Harbour")
    makers.publish(made, makers.picture("a"), makers.picture("b", "2"), by=people.supervisor)
    return made


@pytest.fixture
def peer(shared: HashSet, people: People) -> Peer:
    for path in kept.root().glob("*/*"):  # files outlive the rows of other tests
        path.unlink()
    return paired.reader(shared, people)


@pytest.mark.slow
def test_a_worker_killed_while_it_makes_a_file_leaves_nothing_and_the_next_one_makes_the_same(
    shared: HashSet, peer: Peer, people: People
) -> None:
    job = jobs.order(peer.shares.get(), by=people.supervisor)
    held_import.killed_worker(job.pk, 'INSERT INTO "hashsets_package"')
    _until_nobody_works_on(job)
    assert not Package.objects.exists()
    tasks.run_package(job.pk)
    made = Package.objects.get()
    assert (made.from_seq, made.to_seq, made.count, made.size) == (0, 2, 2, kept.path_of(made).stat().st_size)
    assert [path.name for path in kept.root().glob("*/*")] == [f"{made.public_id}.tar"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "moment",
    ["INSERT INTO hashsets_entry", 'UPDATE "workbench_job" SET "state" = %s, "message"'],
    ids=["storing", "over"],
)
def test_a_worker_killed_while_it_takes_a_file_in_leaves_nothing_and_the_next_one_stores_the_same(
    moment: str, shared: HashSet, peer: Peer, people: People, tmp_path: Path
) -> None:
    mirror = paired.mirror(shared, people)
    made = making.make(shared, peer, target=tmp_path, by=people.supervisor)
    assert made
    with made.path.open("rb") as file:
        sent = uploads.kept(file, made.path.stat().st_size)
    job = jobs.take_file(sent, made.path.name, by=people.outsider, mirror="")
    held_import.killed_worker(job.pk, moment)
    _until_nobody_works_on(job)
    mirror.refresh_from_db()
    assert (mirror.seq, Entry.objects.filter(set=mirror.set).count()) == (0, 0)
    tasks.run_package(job.pk)
    job.refresh_from_db()
    mirror.refresh_from_db()
    assert (job.state, mirror.seq, Entry.objects.filter(set=mirror.set).count()) == (Job.State.DONE, 2, 2)
    assert "2 records of Harbour, mirrored are taken in." in job.message


def _until_nobody_works_on(job: Job) -> None:
    """A killed worker's lock ends a moment after it."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with jobs.holding(job.pk) as held:
            if held:
                return
        time.sleep(0.05)
    pytest.fail("the killed worker still holds its job")
