"""A set's PDQ: stored with the entries of its version, found by distance with an index and without."""

import errno
import json
import logging
import mmap
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hashsets import entry_hashes, hits, lookups, near_held, near_index, sets, tasks
from hashsets.models import HashSet
from hashsets.near import dihedral, files, tables
from hashsets.near_index import Place
from tests.hashsets import makers
from tests.hashsets.lists import document, load, media
from tests.people import People
from tests.scripts import Script
from workbench.models import User

pytestmark = pytest.mark.django_db


def pdq(number: int, bits: int = 0) -> bytes:
    """A made-up hash of which half the bits are set, as in every one, with some bits changed."""
    value = np.random.default_rng(number).permutation(np.arange(256) % 2).astype(np.uint8)
    value[[*np.flatnonzero(value)[: bits // 2], *np.flatnonzero(value == 0)[: bits - bits // 2]]] ^= 1
    return np.packbits(value).tobytes()


def with_pdq(number: int, value: str = "") -> dict[str, object]:
    """A VICS record with a PDQ among its other hashes."""
    return media(number, AlternativeHashes=[{"HashName": "PDQ", "HashValue": value or pdq(number).hex()}])


def place(hash_set: HashSet) -> Place:
    hash_set.refresh_from_db()
    return Place(hash_set.pk, hash_set.public_id, hash_set.generation)


def stored(hash_set: HashSet) -> set[bytes]:
    """The hashes in force."""
    return {bytes(row) for row in entry_hashes.in_force(hash_set.pk, place(hash_set).generation)[1]}


@pytest.fixture
def us(people: People) -> HashSet:
    return makers.hash_set(people.supervisor, "US", scheme="us-pvic")


def test_the_hashes_of_a_list_are_in_force_as_long_as_their_entries(
    us: HashSet, supervisor: User, tmp_path: Path
) -> None:
    report = load(us, document(tmp_path, with_pdq(1), with_pdq(2), media(3)), by=supervisor)
    assert (report.as_json()["pdq"], stored(us)) == (2, {pdq(1), pdq(2)})
    load(us, document(tmp_path, media(1), with_pdq(2), with_pdq(4)), by=supervisor)
    assert stored(us) == {pdq(2), pdq(4)}
    assert {bytes(row) for row in entry_hashes.in_force(us.pk, 1)[1]} == {pdq(1), pdq(2)}
    assert len(entry_hashes.gone(us.pk, 1, 2)) == 1
    assert {bytes(row) for row in entry_hashes.in_force(us.pk, 2, since=1)[1]} == {pdq(4)}
    load(us, document(tmp_path, media(5)), by=supervisor)
    assert stored(us) == set()


# what stands in the list, what is stored, and the warning
@pytest.mark.parametrize(
    ("value", "kept", "warning"),
    [
        (f"{pdq(1).hex()},77", True, None),
        (f" {pdq(1).hex().upper()} ", True, None),
        (f"{pdq(1).hex()},49", False, "low-quality-pdq"),
        ("ab" * 31, False, "bad-pdq"),
    ],
)
def test_a_quality_below_fifty_is_no_hash(
    us: HashSet, supervisor: User, tmp_path: Path, value: str, kept: bool, warning: str | None
) -> None:
    report = load(us, document(tmp_path, with_pdq(1, value), media(2)), by=supervisor)
    assert stored(us) == ({pdq(1)} if kept else set())
    assert [one["code"] for one in report.warnings()] == ([warning] if warning else [])


@pytest.mark.parametrize(
    ("row", "kept"),
    [("{0},", True), ("{0},50", True), ("{0},49", False), ('"{0},88",', True), ("{0},much", False), ("12,90", False)],
)
def test_a_csv_has_the_quality_in_the_cell_or_beside_it(
    us: HashSet, supervisor: User, tmp_path: Path, row: str, kept: bool
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"md5,pdq,pdq_quality\n{'ab' * 16},{row.format(pdq(1).hex())}\n")
    report = load(us, path, by=supervisor)
    assert (stored(us), report.stored) == ({pdq(1)} if kept else set(), 1)
    assert len(report.warnings()) == (not kept)


def test_of_two_records_of_one_file_the_one_with_a_hash_gives_it(us: HashSet, supervisor: User, tmp_path: Path) -> None:
    load(us, document(tmp_path, media(1), with_pdq(1)), by=supervisor)
    assert stored(us) == {pdq(1)}


def test_a_list_without_hashes_costs_no_look_at_them(us: HashSet, supervisor: User, tmp_path: Path) -> None:
    with CaptureQueriesContext(connection) as asked:
        load(us, document(tmp_path, media(1)), by=supervisor)
    assert not [query for query in asked.captured_queries if "entryhash" in str(query["sql"])]


def answers(hash_set: HashSet, *asked: bytes) -> list[list[tuple[int, int]]]:
    """Of each hash the ids and distances, as one process sees them now."""
    hits = near_held.at(place(hash_set)).search(np.frombuffer(b"".join(asked), np.uint8).reshape(-1, 32))
    rows = list(zip(hits.asked.tolist(), hits.found.tolist(), hits.distance.tolist(), strict=True))
    return [[row[1:] for row in rows if row[0] == number] for number in range(len(asked))]


def test_with_an_index_and_without_the_answer_is_the_same(
    us: HashSet, supervisor: User, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    load(us, document(tmp_path, *(with_pdq(n) for n in range(1, 40))), by=supervisor)
    asked = [pdq(7, 31), pdq(8, 32), pdq(9)]
    with caplog.at_level(logging.WARNING):
        slow = answers(us, *asked)
    assert "no near index" in caplog.text
    assert [[distance for _entry, distance in one] for one in slow] == [[31], [], [0]]
    assert near_index.behind() == [us.pk]
    assert near_index.build(us.pk)
    assert (near_index.behind(), near_index.build(us.pk)) == ([], False)
    caplog.clear()
    assert (answers(us, *asked), caplog.text) == (slow, "")


def test_a_version_that_differs_little_is_a_delta_and_old_files_go(
    us: HashSet, supervisor: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "FEWEST", 4)  # so that few hashes have tables, and few changes are many
    for version in range(4):  # each leaves one out and brings one
        numbers = range(1 + version, 60 + version)
        load(us, document(tmp_path, *(with_pdq(n) for n in numbers)), by=supervisor)
        assert near_index.build(us.pk)
        found = answers(us, pdq(version), pdq(1 + version, 3), pdq(59 + version))
        assert [[distance for _entry, distance in one] for one in found] == [[], [3], [0]], version
    folder = place(us).folder
    bases = {path.stem: files.read(path, of=us.public_id, generation=int(path.stem)).base
             for path in folder.iterdir()}  # fmt: skip
    assert bases == {"1": 1, "3": 1, "4": 4}  # 6 changes are more than a tenth of 59 and than FEWEST
    load(us, document(tmp_path, *(with_pdq(n) for n in range(6, 65))), by=supervisor)
    near_index.build(us.pk)
    place(us).path(4).unlink()  # what the newest is a delta to
    assert [one[0][1] for one in answers(us, pdq(64, 2))] == [2]
    assert near_index.behind() == [us.pk]
    assert near_index.build(us.pk)
    assert (near_index.behind(), [one[0][1] for one in answers(us, pdq(64, 2))]) == ([], [2])


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_index_is_told_and_built_anew(
    us: HashSet, supervisor: User, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    load(us, document(tmp_path, *(with_pdq(n) for n in range(1, 9))), by=supervisor)
    near_index.build(us.pk)
    path = place(us).path(1)
    data = path.read_bytes()
    path.write_bytes(data[:-8] if damage == "cut" else data[:-1] + bytes([data[-1] ^ 1]))
    assert [distance for _entry, distance in answers(us, pdq(3, 5))[0]] == [5]
    assert "cannot be used" in caplog.text
    assert near_index.behind() == [us.pk]
    near_index.build(us.pk)
    assert path.read_bytes() == data


def asked_for(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """From here on: since which version hashes were read from PostgreSQL, each time."""
    read, asked = entry_hashes.in_force, list[int]()

    def told(set_id: int, generation: int, since: int = 0) -> object:
        asked.append(since)
        return read(set_id, generation, since)

    monkeypatch.setattr(entry_hashes, "in_force", told)
    return asked


@pytest.mark.parametrize("end", ["its rights change", "a minute passes"])
def test_a_file_that_cannot_be_read_just_now_stays_and_memory_answers_until_it_may_be(
    us: HashSet,
    supervisor: User,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    end: str,
) -> None:
    load(us, document(tmp_path, with_pdq(1)), by=supervisor)
    near_index.build(us.pk)
    asked = asked_for(monkeypatch)

    def no_memory(*_args: object, **_more: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    with monkeypatch.context() as short:
        short.setattr(mmap, "mmap", no_memory)
        for _ in range(3):
            assert [distance for _entry, distance in answers(us, pdq(1, 5))[0]] == [5]
        assert caplog.text.count("cannot be read now") == 1
        with monkeypatch.context() as later:
            later.setattr(near_held, "AGAIN", -1.0)  # it is tried once more
            answers(us, pdq(1, 5))
    assert asked == [0]  # all hashes, once
    assert near_index.behind() == []
    caplog.clear()
    if end == "its rights change":
        place(us).path(1).chmod(0o640)
    else:
        monkeypatch.setattr(near_held, "AGAIN", -1.0)
    assert ([distance for _entry, distance in answers(us, pdq(1, 5))[0]], caplog.text) == ([5], "")
    assert not near_held.at(place(us)).base.hashes.flags.owndata  # a view of the file
    assert asked == [0]


def test_while_one_thread_reads_a_set_from_the_database_others_search_other_sets(
    us: HashSet, people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(us, document(tmp_path, with_pdq(1)), by=people.supervisor)
    slow, hashes = place(us), entry_hashes.in_force(us.pk, 1)
    other = makers.hash_set(people.supervisor, "Other", scheme="us-pvic")
    load(other, document(tmp_path, with_pdq(2)), by=people.supervisor)
    near_index.build(other.pk)
    begun, go_on, asked = Event(), Event(), list[int]()

    def waits(set_id: int, _generation: int, _since: int = 0) -> object:
        asked.append(set_id)
        begun.set()
        assert go_on.wait(20)
        return hashes

    monkeypatch.setattr(entry_hashes, "in_force", waits)
    with ThreadPoolExecutor(2) as threads:
        readers = [threads.submit(near_held.at, slow) for _ in range(2)]
        assert begun.wait(20)
        found = threading.Thread(target=near_held.at, args=[place(other)], daemon=True)
        found.start()
        found.join(10)
        waited = found.is_alive()
        go_on.set()
        assert readers[0].result() is readers[1].result()
    assert (waited, asked) == (False, [us.pk])


def test_a_version_without_an_index_reads_only_what_changed_since_an_earlier_one_and_that_once(
    us: HashSet, supervisor: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(us, document(tmp_path, *(with_pdq(n) for n in range(1, 9))), by=supervisor)
    near_index.build(us.pk)
    load(us, document(tmp_path, *(with_pdq(n) for n in range(2, 10))), by=supervisor)
    asked = asked_for(monkeypatch)
    for _ in range(2):
        found = answers(us, pdq(1), pdq(5, 2), pdq(9, 3))
        assert ([[distance for _entry, distance in one] for one in found], asked) == ([[], [2], [3]], [1])
    near_index.build(us.pk)
    assert near_held.at(place(us)).delta is not None  # from its file, from here on
    assert [one[0][1] for one in answers(us, pdq(9, 3))] == [3]


def test_near_files_that_nobody_needs_are_swept(us: HashSet, supervisor: User, tmp_path: Path) -> None:
    load(us, document(tmp_path, with_pdq(1)), by=supervisor)
    near_index.build(us.pk)
    killed = place(us).folder / "making-17-killed"
    killed.touch()
    tasks.sweep_rows()
    assert sorted(path.name for path in place(us).folder.iterdir()) == ["1.near", killed.name]  # somebody may be at it
    os.utime(killed, (0, 0))
    assert near_index.sweep() == 1
    sets.retire(us, by=supervisor, reason="over")
    assert (near_index.build(us.pk), near_index.behind()) == (False, [])
    tasks.sweep_rows()
    assert not place(us).folder.exists()


def test_a_set_that_changes_gets_its_near_index_at_once(
    us: HashSet, supervisor: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = list[tuple[object, int]]()
    monkeypatch.setattr(tasks, "send", lambda task, set_id: sent.append((task, set_id)))
    load(us, document(tmp_path, media(1)), by=supervisor)
    tasks.wake_for(us.pk)
    assert sent == [(tasks.build_index, us.pk)]
    load(us, document(tmp_path, with_pdq(1)), by=supervisor)
    tasks.wake_for(us.pk)
    assert sent[1:] == [(tasks.build_index, us.pk), (tasks.build_near, us.pk)]


def test_64_digits_are_looked_up_as_both_and_the_answer_names_kind_and_distance(
    us: HashSet, supervisor: User, tmp_path: Path
) -> None:
    load(us, document(tmp_path, with_pdq(1), with_pdq(2)), by=supervisor)
    lines = [pdq(1, 4).hex(), f"pdq:{pdq(2).hex()}", pdq(3).hex(), f"{pdq(1).hex()},90", f"{pdq(1).hex()},9", "pdq:12"]
    told = [answer.as_json() for answer in lookups.lookup(supervisor.agency_id, lines)]
    near = [[(one["kind"], one["strength"], one["distance"]) for one in each["matches"]] for each in told]
    assert near == [[("pdq", "near", 4)], [("pdq", "near", 0)], [], [("pdq", "near", 0)], [], []]
    assert not any(each["known"] for each in told)
    assert [bool(each.get("problem")) for each in told] == [False] * 4 + [True] * 2
    assert json.dumps(told)


def test_64_digits_are_sought_by_likeness_only_where_they_may_be_a_pdq(
    us: HashSet, supervisor: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uneven, known, even = bytes(16) + b"\xff" * 15 + b"\0", pdq(5), pdq(6)
    alternative = [{"HashName": "SHA256", "HashValue": known.hex()}]
    load(us, document(tmp_path, with_pdq(1), with_pdq(2, uneven.hex()), media(3, AlternativeHashes=alternative)),
         by=supervisor)  # fmt: skip
    sought = list[set[bytes]]()
    near = hits.near

    def watched(agency: int, values: list[bytes], *, turned: bool) -> list[hits.Found]:
        sought.append(set(values))
        return near(agency, values, turned=turned)

    monkeypatch.setattr(hits, "near", watched)
    lines = [uneven.hex(), known.hex(), even.hex()]

    def told(*asked: str, turned: bool = False) -> list[list[str]]:
        found = lookups.lookup(supervisor.agency_id, asked, turned=turned)
        return [[answer.kind, *(hit.kind for hit in answer.hits)] for answer in found]

    # as SHA-256 alone where half of the bits are not set, and where a set has that very SHA-256
    assert told(*lines) == [["sha256"], ["sha256 or pdq", "sha256"], ["sha256 or pdq"]]
    # who names it, or asks for what looks alike when turned, is told of all
    assert told(f"pdq:{uneven.hex()}", f"pdq:{known.hex()}") == [["pdq", "pdq"], ["pdq"]]
    assert told(*lines, turned=True) == [["sha256 or pdq", "pdq"], ["sha256 or pdq", "sha256"], ["sha256 or pdq"]]
    assert sought == [{even}, {uneven, known}, {uneven, even}]


def test_a_hash_is_sought_turned_and_mirrored_only_where_that_is_asked_for(
    us: HashSet, people: People, tmp_path: Path
) -> None:
    load(us, document(tmp_path, with_pdq(1)), by=people.supervisor)
    asked = [bytes(one).hex() for one in dihedral.variants(np.frombuffer(pdq(1, 6), np.uint8).reshape(1, 32))[0]]
    script, purpose = Script(people.investigator), {"purpose": "phone of case 0417", "hashes": asked}
    found = [script.post("lookup", purpose | more)[1]["answers"] for more in ({}, {"turned": True})]
    assert [one["hash"] for one in found[0]] == asked[:1]
    assert [(one["hash"], one["matches"][0]["distance"]) for one in found[1]] == [(one, 6) for one in asked]
