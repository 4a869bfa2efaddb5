"""The index of a set is made from PostgreSQL, follows its versions, and is thrown away when it is damaged."""

import errno
import logging
import os
import random
import threading
from pathlib import Path

import pytest
from django.db import connection, transaction

from hashsets import generations, lookups, sets, tasks
from hashsets.index import building, shelf
from hashsets.index.layout import DamagedIndex
from hashsets.models import Entry, HashSet
from tests.hashsets import makers
from tests.people import People
from workbench import checks
from workbench.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def indexed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every set is large enough for an index; files lie in a folder of the test's own."""
    monkeypatch.setattr(shelf, "root", lambda: tmp_path / "index")
    monkeypatch.setattr(building, "SMALL", 1)
    monkeypatch.setattr(building, "PAGE_ROWS", 7)  # so that a handful of entries is several pages


@pytest.fixture
def hash_set(supervisor: User) -> HashSet:
    """A set of forty pictures, without an index yet."""
    made = makers.hash_set(supervisor)
    makers.publish(made, *(makers.picture(f"picture {n}") for n in range(40)), by=supervisor)
    return made


def names(hash_set: HashSet) -> list[str]:
    return sorted(path.name for path in shelf.folder(hash_set.public_id).iterdir())


def known(hash_set: HashSet, *texts: str) -> list[bool]:
    digests = [makers.picture(text).sha256 or b"" for text in texts]
    return [answer.known for answer in lookups.lookup(hash_set.owner_id, [digest.hex() for digest in digests])]


def ids(hash_set: HashSet, *texts: str) -> list[int]:
    digests = [makers.picture(text).sha256 for text in texts]
    return list(Entry.objects.filter(set=hash_set, sha256__in=digests).values_list("id", flat=True))


def test_a_version_gets_a_base_and_the_next_ones_a_delta_until_that_is_large(
    hash_set: HashSet, supervisor: User
) -> None:
    assert building.build(hash_set.pk)
    assert not building.build(hash_set.pk)
    assert names(hash_set) == ["1.base"]
    assert all(place.stat().st_mode & 0o777 == 0o700 for place in (shelf.root(), shelf.folder(hash_set.public_id)))
    makers.publish(hash_set, makers.picture("one more"), by=supervisor)
    assert building.waiting() == [hash_set]
    building.build(hash_set.pk)
    assert names(hash_set) == ["1-2.delta", "1.base"]
    makers.withdraw(hash_set, *ids(hash_set, "picture 3"), by=supervisor)
    building.build(hash_set.pk)
    assert names(hash_set) == ["1-3.delta", "1.base"]
    assert known(hash_set, "one more", "picture 3", "picture 4", "never") == [True, False, True, False]
    makers.publish(hash_set, *(makers.picture(f"more {n}") for n in range(20)), by=supervisor)
    building.build(hash_set.pk)
    assert names(hash_set) == ["4.base"]
    assert known(hash_set, "one more", "picture 3", "more 7") == [True, False, True]


def test_an_index_that_is_made_again_is_the_same_file(hash_set: HashSet) -> None:
    building.build(hash_set.pk)
    path = shelf.base_path(hash_set.public_id, 1)
    first = path.read_bytes()
    shelf.discard(hash_set.public_id)
    building.build(hash_set.pk)
    assert path.read_bytes() == first


def test_what_was_written_is_compared_with_postgresql_before_it_counts(
    hash_set: HashSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "PAGES", building.PAGES.replace("substr(md5, 1, 16)", "substr(sha1, 1, 16)"))
    with pytest.raises(DamagedIndex, match="other digests"):
        building.build(hash_set.pk)
    monkeypatch.setattr(building, "PAGES", building.PAGES.replace("id > %(after)s", "id > %(after)s + 1"))
    with pytest.raises(DamagedIndex, match="other entries"):
        building.build(hash_set.pk)
    assert names(hash_set) == []


def test_a_damaged_file_is_told_removed_and_made_again_while_postgresql_answers(
    hash_set: HashSet, caplog: pytest.LogCaptureFixture
) -> None:
    building.build(hash_set.pk)
    path = shelf.base_path(hash_set.public_id, 1)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with caplog.at_level(logging.WARNING):
        assert known(hash_set, "picture 3", "never") == [True, False]
    assert "checksum is wrong" in caplog.text
    assert building.waiting() == [hash_set]
    building.build(hash_set.pk)
    assert shelf.index(hash_set.public_id, 1) is not None


def test_a_good_file_that_cannot_be_opened_just_now_stays_while_postgresql_answers(
    hash_set: HashSet, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    building.build(hash_set.pk)
    really = os.open

    def none_left(path: Path, *args: int, **more: int) -> int:
        if str(path).endswith(".base"):
            raise OSError(errno.EMFILE, "Too many open files")
        return really(path, *args, **more)

    with monkeypatch.context() as crowded:
        crowded.setattr(os, "open", none_left)
        assert known(hash_set, "picture 3", "never") == [True, False]
    assert "cannot be read now, PostgreSQL answers" in caplog.text
    assert (names(hash_set), building.waiting()) == (["1.base"], [])
    assert shelf.index(hash_set.public_id, 1) is not None


def test_a_file_that_changes_under_a_process_that_mapped_it_is_not_believed(hash_set: HashSet) -> None:
    building.build(hash_set.pk)
    assert known(hash_set, "picture 3") == [True]
    path = shelf.base_path(hash_set.public_id, 1)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(bytes(size - 4096))  # every key is zero: nothing would be found
    assert known(hash_set, "picture 3") == [True]


def test_the_file_of_another_set_or_another_version_is_not_believed(hash_set: HashSet, supervisor: User) -> None:
    other = makers.hash_set(supervisor)
    makers.publish(other, makers.picture("theirs"), by=supervisor)
    building.build(other.pk)
    place = shelf.base_path(hash_set.public_id, 1)
    place.parent.mkdir(parents=True)
    place.write_bytes(shelf.base_path(other.public_id, 1).read_bytes())
    assert known(hash_set, "picture 3", "theirs") == [True, True]
    building.build(hash_set.pk)
    makers.withdraw(hash_set, *ids(hash_set, "picture 3"), by=supervisor)
    place.rename(shelf.base_path(hash_set.public_id, 2))  # an old version that is called the new one
    assert known(hash_set, "picture 3") == [False]
    assert building.waiting() == [hash_set]


def test_an_index_behind_its_set_leaves_the_answer_to_postgresql(
    hash_set: HashSet, supervisor: User, caplog: pytest.LogCaptureFixture
) -> None:
    building.build(hash_set.pk)
    makers.publish(hash_set, makers.picture("new"), by=supervisor)
    assert known(hash_set, "new", "picture 3") == [True, True]
    assert known(hash_set, "new") == [True]
    assert caplog.text.count("has no index of version 2 yet") == 1


def test_files_that_nobody_needs_are_swept(hash_set: HashSet, supervisor: User) -> None:
    building.build(hash_set.pk)
    killed = shelf.folder(hash_set.public_id) / "making-17-killed"
    parts = shelf.folder(hash_set.public_id) / "making-17-killed.parts"
    killed.touch()
    parts.mkdir()
    (parts / "ff").touch()
    assert building.sweep() == 0  # somebody may be at it
    for path in (killed, parts):
        os.utime(path, (0, 0))
    assert building.sweep() == 2
    assert names(hash_set) == ["1.base"]
    assert building.build(hash_set.pk) is False
    sets.retire(hash_set, by=supervisor, reason="over")
    assert building.sweep() == 1
    assert not shelf.folder(hash_set.public_id).exists()
    assert building.waiting() == []


def test_the_next_builder_removes_what_a_killed_one_left(hash_set: HashSet) -> None:
    left = shelf.folder(hash_set.public_id) / "making-17-killed.parts" / "md5"
    left.mkdir(parents=True)
    (left / "ff").write_bytes(bytes(24))
    building.build(hash_set.pk)
    assert names(hash_set) == ["1.base"]


def test_who_waits_for_an_index_hears_of_it(hash_set: HashSet) -> None:
    heard = list[int]()

    def hear(*, set_id: int, **_more: object) -> None:
        heard.append(set_id)

    generations.changed.connect(hear)
    tasks.build_index(hash_set.pk)
    tasks.build_index(hash_set.pk)  # there is nothing to do any more
    generations.changed.disconnect(hear)
    assert heard == [hash_set.pk]
    assert shelf.is_made(hash_set.public_id, 1)


def test_a_set_that_waits_too_long_for_its_index_is_told(hash_set: HashSet, supervisor: User) -> None:
    assert checks.unwell() == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE hashsets_generation SET at = now() - interval '1 hour' WHERE set_id = %s", [hash_set.pk])
    [said] = checks.unwell()
    assert f"{hash_set} has no index of version 1" in said
    building.build(hash_set.pk)
    assert checks.unwell() == []


@pytest.mark.django_db(transaction=True)
def test_of_two_builders_at_once_one_makes_it(people: People) -> None:
    hash_set = makers.hash_set(people.supervisor)
    makers.publish(hash_set, *(makers.picture(f"picture {n}") for n in range(40)), by=people.supervisor)
    made = list[bool]()

    def build() -> None:
        try:
            made.append(building.build(hash_set.pk))
        finally:
            connection.close()

    both = [threading.Thread(target=build) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(30)
    assert sorted(made) == [False, True]
    assert names(hash_set) == ["1.base"]


def random_entries(hash_set: HashSet, by: User, chance: random.Random) -> None:
    """One version with entries of a small world: twins, conflicts, changes, ends, digests that lack."""
    rows = []
    for n in {chance.randrange(30) for _ in range(12)}:
        whole = makers.picture(f"picture {n}")
        md5, sha1, sha256 = whole.md5, whole.sha1, whole.sha256
        if chance.random() < 0.3:
            sha1 = makers.picture(f"picture {n} twin").sha1
        if chance.random() < 0.3:
            sha256 = None
        if chance.random() < 0.2:
            md5 = None
        if chance.random() < 0.2 and sha256:
            sha256 = sha256[:16] + bytes(16)  # the same key, another digest
        row = {
            "ident": md5 or sha1,
            "md5": md5,
            "sha1": sha1,
            "sha256": sha256,
            "code": chance.choice("125"),
            "disposition": chance.choice(["relevant", "not_relevant"]),
            "conflict": chance.random() < 0.2,
        }
        rows.append(row)
    with transaction.atomic(), connection.cursor() as cursor:
        locked = generations.lock(hash_set)
        cursor.execute(
            "UPDATE hashsets_entry SET removed_in = %s WHERE set_id = %s AND removed_in IS NULL AND random() < 0.3",
            [locked.generation + 1, locked.pk],
        )
        ended = cursor.rowcount
        for twin, row in enumerate(rows):
            names = ", ".join(row)
            cursor.execute(
                f"INSERT INTO hashsets_entry (set_id, added_in, twin, trust, {names}) VALUES (%s, %s, %s, 'trusted'"
                f"{', %s' * len(row)})",
                [locked.pk, locked.generation + 1, twin, *row.values()],
            )
        generations.move(locked, generations.Step("random", len(rows), ended), by=by)
    hash_set.refresh_from_db()


def test_both_roads_give_the_same_answer(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several sets of two agencies, versions with twins, conflicts, ended entries, policies."""
    from hashsets import policies

    chance = random.Random(5)
    owners = [people.supervisor, people.supervisor, people.outsider, people.outsider]
    reaches = ["agency", "node", "agency", "node"]
    made = [makers.hash_set(by, reach=reach) for by, reach in zip(owners, reaches, strict=True)]
    policies.set_policy(made[3], agency=people.north, action="accept", by=people.supervisor)
    lines = []
    for n in range(30):
        whole = makers.picture(f"picture {n}")
        lines += [(one or b"").hex() for one in (whole.md5, whole.sha1, whole.sha256)]
        lines.append(((whole.sha256 or b"")[:16] + bytes(16)).hex())
    hits = 0
    for _ in range(4):
        for hash_set, by in zip(made, owners, strict=True):
            random_entries(hash_set, by, chance)
            if chance.random() < 0.8:
                building.build(hash_set.pk)
        for agency in (people.north, people.south):
            ours = lookups.lookup(agency.pk, lines)
            with monkeypatch.context() as without:
                without.setattr(building, "SMALL", 10**9)
                assert lookups.lookup(agency.pk, lines) == ours
            hits += sum(len(answer.hits) for answer in ours)
    assert hits > 500
    assert any(shelf.index(one.public_id, one.generation) for one in made)
