"""What changed between two versions of a set, and going back to an earlier one."""

import json
import random
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hashsets import comparisons, generations, importing, listing, sets, versions
from hashsets.import_checks import LivesByVotes
from hashsets.importing import Part
from hashsets.models import Comparison, Entry, Generation, HashSet
from hashsets.versions import UnknownVersion
from tests.hashsets import makers
from tests.hashsets.lists import digest, document, media
from tests.people import People
from workbench.errors import BadInput
from workbench.models import AuditEvent


def load(into: HashSet, by: People, folder: Path, *records: dict[str, object]) -> Generation:
    """Import these records as the next version."""
    path = document(folder, *records)
    importing.import_file(into, [Part(path, f"list {into.generation + 1}.json")], by=by.supervisor)
    return Generation.objects.get(set=into, in_force=True)


def held(hash_set: HashSet) -> list[tuple[bytes | None, str | None, bool]]:
    """What the version in force says of every entry."""
    return sorted((one.md5 or b"", one.code, bool(one.flags)) for one in listing.records(hash_set))


@pytest.fixture
def harbour(people: People, tmp_path: Path) -> HashSet:
    """A set of three versions: 1 to 4; then 1 again, 2 in another category, 3 gone, 5 new; then 1 to 4 again."""
    made = makers.hash_set(people.supervisor, "Harbour", scheme="us-pvic")
    first = [media(1), media(2), media(3), media(4, 2)]
    load(made, people, tmp_path, *first)
    load(made, people, tmp_path, media(1), media(2, 2), media(4, 2), media(5))
    load(made, people, tmp_path, *first[:3], media(4, 2, Tags="rework"))
    return made


@pytest.mark.parametrize(
    ("old", "new", "moves"),
    [
        # 2 went to another category, 3 left, 5 came
        (1, 2, [("1", "2", 1), ("1", None, 1), (None, "1", 1)]),
        # the other way round
        (2, 1, [("2", "1", 1), ("1", None, 1), (None, "1", 1)]),
        # what left and came back as it was is no difference; 4 has another tag in the same category
        (1, 3, [("2", "2", 1)]),
        (3, 3, []),
    ],
)
def test_a_diff_counts_what_was_added_withdrawn_and_changed(
    harbour: HashSet, old: int, new: int, moves: list[tuple[str | None, str | None, int]]
) -> None:
    delta = versions.diff(harbour, old, new)
    assert sorted(delta.moves, key=repr) == sorted(moves, key=repr)
    listed, after = versions.changes(harbour, old, new)
    assert after == ""
    assert len(listed) == delta.added + delta.withdrawn + delta.changed
    for what in ("added", "withdrawn", "changed"):
        of_one = versions.changes(harbour, old, new, only=what)[0]
        assert len(of_one) == getattr(delta, what)
        assert {change.what for change in of_one} <= {what}


def test_the_entries_of_a_diff_come_page_by_page_with_both_sides(harbour: HashSet) -> None:
    found, after = [], ""
    while True:
        rows, after = versions.changes(harbour, 1, 2, after=after, most=1)
        found += rows
        if not after:
            break
    assert [(row.what, row.old and row.old["code"], row.new and row.new["code"]) for row in found] == [
        (row.what, row.old and row.old["code"], row.new and row.new["code"])
        for row in versions.changes(harbour, 1, 2)[0]
    ]
    assert {bytes.hex(row.ident): row.what for row in found} == {
        digest(2): "changed", digest(3): "withdrawn", digest(5): "added",
    }  # fmt: skip
    with pytest.raises(BadInput):
        versions.changes(harbour, 1, 2, after="x.y")


def test_a_diff_says_per_category_where_entries_went(harbour: HashSet) -> None:
    assert versions.diff(harbour, 1, 2).by_category() == {
        "1": {"added": 1, "withdrawn": 1, "changed_to": 0, "changed_from": 1, "edited": 0},
        "2": {"added": 0, "withdrawn": 0, "changed_to": 1, "changed_from": 0, "edited": 0},
    }


def test_going_back_is_a_new_version_with_the_old_content(harbour: HashSet, people: People) -> None:
    wanted = {number: sorted(held(at(harbour, number))) for number in (1, 2, 3)}
    with CaptureQueriesContext(connection) as queries:
        made, delta = versions.roll_back(harbour, 2, by=people.supervisor, reason="the third list was the wrong one")
    assert made
    assert (
        sum(
            "hashsets_entry SET" in str(query["sql"]) or "hashsets_entry e SET" in str(query["sql"])
            for query in queries
        )
        == 1
    )
    assert (made.number, made.entries, delta.added, delta.withdrawn, delta.changed) == (4, 4, 1, 1, 2)
    assert held(at(harbour, 4)) == wanted[2]
    assert {number: held(at(harbour, number)) for number in (1, 2, 3)} == wanted, "versions never change"
    assert made.source == "Back to version 2: the third list was the wrong one"
    assert made.report["codes"] == {"1": 2, "2": 2}
    assert bytes(made.source_sha256 or b"") == bytes(Generation.objects.get(set=harbour, number=2).source_sha256 or b"")
    told = [json.loads(event.body) for event in AuditEvent.objects.order_by("-seq")[:2]]
    assert {event["verb"] for event in told} == {"set.version", "set.rollback"}
    assert {event["reason"] for event in told if event["verb"] == "set.rollback"} == {
        "the third list was the wrong one"
    }


def at(hash_set: HashSet, number: int) -> HashSet:
    """The set as of a version, for readers that go by it."""
    return HashSet(pk=hash_set.pk, generation=number)


def test_an_entry_that_comes_back_keeps_its_name(harbour: HashSet, people: People) -> None:
    before = set(Entry.objects.filter(set=harbour).values_list("ident", "public_id"))
    versions.roll_back(harbour, 2, by=people.supervisor, reason="wrong list")
    assert {
        (ident, name) for ident, name in Entry.objects.filter(set=harbour).values_list("ident", "public_id")
    } == before


def test_going_back_to_what_is_in_force_changes_nothing(harbour: HashSet, people: People) -> None:
    versions.roll_back(harbour, 1, by=people.supervisor, reason="wrong list")
    before = AuditEvent.objects.count()
    made, delta = versions.roll_back(harbour, 1, by=people.supervisor, reason="once more")
    assert (made, delta.moves, AuditEvent.objects.count()) == (None, [], before)
    harbour.refresh_from_db()
    assert harbour.generation == 4


def test_the_list_of_the_version_gone_back_to_is_known_to_be_in_force(
    harbour: HashSet, people: People, tmp_path: Path
) -> None:
    versions.roll_back(harbour, 2, by=people.supervisor, reason="wrong list")
    path = document(tmp_path, media(1), media(2, 2), media(4, 2), media(5))
    again = importing.import_file(harbour, [Part(path, "again.json")], by=people.supervisor)
    assert (again.already_in_force, again.generation) == (True, 4)


@pytest.mark.parametrize(
    ("number", "reason", "error"), [(1, "  ", BadInput), (4, "x", UnknownVersion), (0, "x", UnknownVersion)]
)
def test_what_is_no_way_back_is_refused(
    harbour: HashSet, people: People, number: int, reason: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        versions.roll_back(harbour, number, by=people.supervisor, reason=reason)
    harbour.refresh_from_db()
    assert harbour.generation == 3


def test_a_retired_set_and_one_that_lives_by_votes_do_not_go_back(harbour: HashSet, people: People) -> None:
    sets.retire(harbour, by=people.supervisor, reason="old")
    with pytest.raises(generations.SetRetired):
        versions.roll_back(harbour, 1, by=people.supervisor, reason="wrong list")
    voted = makers.hash_set(people.supervisor)
    makers.publish(voted, makers.picture("lake"), by=people.supervisor)
    makers.publish(voted, makers.picture("fell"), by=people.supervisor)
    with pytest.raises(LivesByVotes):
        versions.roll_back(voted, 1, by=people.supervisor, reason="wrong list")


def test_any_way_back_through_many_versions_restores_exactly_what_was(people: People, tmp_path: Path) -> None:
    dice, made, kept = random.Random(4), makers.hash_set(people.supervisor, scheme="us-pvic"), {}
    for _round in range(4):
        chosen = dice.sample(range(1, 15), dice.randint(3, 9))
        number = load(made, people, tmp_path, *(media(n, dice.randint(1, 2)) for n in chosen)).number
        kept[number] = held(made)
    for number in dice.choices(list(kept), k=6):
        before = held(made)
        counted = versions.diff(made, made.generation, number)
        generation, delta = versions.roll_back(made, number, by=people.supervisor, reason="a dice said so")
        assert delta == counted
        assert (generation is None) == (before == kept[number])
        assert held(made) == kept[number]
        current = Generation.objects.get(set=made, in_force=True)
        assert current.entries == len(kept[number]) == sum(current.report["codes"].values())


def test_a_count_is_made_once_and_kept(harbour: HashSet) -> None:
    first = comparisons.diff(harbour, 1, 2)
    assert first == versions.diff(harbour, 1, 2)
    with CaptureQueriesContext(connection) as queries:
        assert comparisons.diff(harbour, 1, 2) == first
    assert len(queries) == 1
    assert Comparison.objects.count() == 1


def test_what_takes_too_long_for_a_page_is_left_to_a_worker(harbour: HashSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "COUNT", "SELECT '1', '2', count(pg_sleep(0.5)) FROM (SELECT {before}) x"
                                           .replace("{before}", "1"))  # fmt: skip
    assert comparisons.diff(harbour, 1, 2, patience=50) is None
    assert not Comparison.objects.exists()
    comparisons.count(harbour.pk, 1, harbour.pk, 2)
    assert comparisons.diff(harbour, 1, 2, patience=50) == versions.Delta([("1", "2", 1)])


def test_the_overlap_of_two_sets_is_counted_by_category_and_by_any_digest(people: People) -> None:
    one, other = (makers.hash_set(people.supervisor) for _ in range(2))
    rows = [makers.picture(word) for word in ("lake", "fell", "quay", "mill")]
    for number, row in enumerate(rows):
        digests = {"md5": row.md5, "sha1": row.sha1, "sha256": row.sha256, "size": row.size}
        makers.stored(one, people.supervisor, **digests, code="2" if number == 3 else "1")
    known = [
        {"md5": rows[0].md5, "sha1": None, "sha256": None, "code": "1"},  # the same file by its MD5
        {"md5": None, "sha1": rows[1].sha1, "sha256": None, "code": "5", "disposition": "not_relevant"},
        {"md5": rows[2].md5, "sha1": b"\1" * 20, "sha256": None, "code": "1"},  # contradicts: another file
    ]
    for values in known:
        makers.stored(other, people.supervisor, **values)
    found = comparisons.overlap(one, other)
    assert found
    assert found.rows == [("1", "1", 1, 0), ("1", "5", 1, 1), ("1", None, 1, 0), ("2", None, 1, 0)]
    assert (found.total, found.common, found.differ) == (4, 2, 1)
    back = comparisons.overlap(other, one)
    assert back
    assert (back.total, back.common) == (3, 2)
