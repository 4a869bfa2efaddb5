"""The feed of a shared set: numbers, baseline, delta, horizon."""

import threading
from pathlib import Path

import pytest
from django.db import connection

from hashsets import feed, feed_pages, versions
from hashsets.models import Change, Entry, Feed, HashSet
from tests import database
from tests.hashsets import makers
from tests.hashsets.lists import document, load, media
from tests.people import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def shared(people: People) -> HashSet:
    made = makers.hash_set(people.supervisor, "Shared")
    feed.of(made)
    return made


def numbers(hash_set: HashSet) -> list[tuple[int, bool]]:
    return list(Change.objects.filter(set=hash_set).order_by("seq").values_list("seq", "deleted"))


def state(hash_set: HashSet) -> dict[str, str]:
    """What a reader holds after one whole baseline."""
    head = Feed.objects.get(pk=hash_set.pk).head_seq
    held: dict[str, str] = {}
    after = feed_pages.FIRST
    while True:
        page = feed_pages.baseline(hash_set, snapshot=head, after=after, limit=2)
        held |= {str(step.public_id): step.code for step in page.steps}
        if page.following is None:
            return held
        after = page.following


def in_force(hash_set: HashSet) -> dict[str, str]:
    hash_set.refresh_from_db()
    rows = Entry.objects.filter(set=hash_set, added_in__lte=hash_set.generation).exclude(
        removed_in__lte=hash_set.generation
    )
    return {str(public_id): code for public_id, code in rows.values_list("public_id", "code")}


def test_numbers_run_from_one_without_a_gap_in_the_order_of_versions(shared: HashSet, people: People) -> None:
    makers.publish(shared, makers.picture("a"), makers.picture("b"), by=people.supervisor)
    assert feed.number(shared.pk) == 2
    makers.publish(shared, makers.picture("c"), by=people.supervisor)
    assert feed.number(shared.pk) == 1
    assert numbers(shared) == [(1, False), (2, False), (3, False)]


def test_an_entry_that_changes_is_one_step_and_one_that_leaves_a_tombstone(shared: HashSet, people: People) -> None:
    makers.publish(shared, makers.picture("a"), by=people.supervisor)
    feed.number(shared.pk)
    makers.publish(shared, makers.picture("a", "2"), by=people.supervisor)
    assert feed.number(shared.pk) == 1
    entry = Entry.objects.get(set=shared, added_in=2)
    makers.withdraw(shared, entry.id, by=people.supervisor)
    assert feed.number(shared.pk) == 1
    assert numbers(shared) == [(1, False), (2, False), (3, True)]
    assert state(shared) == {}


def test_numbering_twice_adds_nothing_and_a_set_not_shared_has_no_numbers(shared: HashSet, people: People) -> None:
    makers.publish(shared, makers.picture("a"), by=people.supervisor)
    assert [feed.number(shared.pk), feed.number(shared.pk)] == [1, 0]
    other = makers.hash_set(people.supervisor, "Own")
    makers.publish(other, makers.picture("b"), by=people.supervisor)
    assert feed.number(other.pk) == 0
    assert not Change.objects.filter(set=other).exists()


def test_a_set_first_shared_late_is_told_as_it_stands_without_its_past(people: People) -> None:
    late = makers.hash_set(people.supervisor, "Late")
    makers.publish(late, makers.picture("a"), makers.picture("b"), by=people.supervisor)
    makers.withdraw(late, Entry.objects.filter(set=late).first().id, by=people.supervisor)  # type: ignore[union-attr]
    feed.of(late)
    assert feed.number(late.pk) == 1
    assert numbers(late) == [(1, False)]
    assert state(late) == in_force(late)


def test_a_list_replaced_and_rolled_back_reads_as_before(hash_set: HashSet, people: People, tmp_path: Path) -> None:
    feed.of(hash_set)
    feed.number(hash_set.pk)
    before = state(hash_set)
    load(hash_set, document(tmp_path, media(1, 2), media(4), name="next.json"), by=people.supervisor)
    assert feed.number(hash_set.pk) == 4  # one came, one changed, two left
    assert state(hash_set) == in_force(hash_set) != before
    versions.roll_back(hash_set, 1, by=people.supervisor, reason="wrong list")
    assert feed.number(hash_set.pk) == 4
    assert state(hash_set) == in_force(hash_set) == before


def test_a_baseline_shows_the_snapshot_and_the_delta_what_came_meanwhile(shared: HashSet, people: People) -> None:
    makers.publish(shared, *(makers.picture(name) for name in "abcd"), by=people.supervisor)
    feed.number(shared.pk)
    first = feed_pages.baseline(shared, snapshot=4, limit=2)
    makers.publish(shared, *(makers.picture(name, "2") for name in "abcd"), makers.picture("e"), by=people.supervisor)
    feed.number(shared.pk)
    rest = feed_pages.baseline(shared, snapshot=4, after=first.following, limit=9)  # type: ignore[arg-type]
    assert [step.code for step in first.steps + rest.steps] == ["1"] * 4
    after = feed_pages.delta(shared, after=4, head=9, limit=99)
    assert [step.seq for step in after.steps] == [5, 6, 7, 8, 9]
    assert {step.code for step in after.steps[:4]} == {"2"}


def test_a_filtered_page_may_be_short_and_yet_none_is_missed(shared: HashSet, people: People) -> None:
    rows = [makers.picture(f"p{n}", "2" if n % 7 == 0 else "1") for n in range(40)]
    makers.publish(shared, *rows, by=people.supervisor)
    feed.number(shared.pk)
    wanted = feed_pages.Wanted("e.code = %(code)s", {"code": "2"})
    found, after = [], feed_pages.FIRST
    while True:
        page = feed_pages.baseline(shared, snapshot=40, after=after, limit=2, wanted=wanted)
        found += page.steps
        if page.following is None:
            break
        after = page.following
    assert len(found) == len({step.public_id for step in found}) == 6


@pytest.mark.django_db(transaction=True)
def test_old_steps_are_forgotten_and_the_horizon_says_so(shared: HashSet, people: People) -> None:
    makers.publish(shared, makers.picture("a"), makers.picture("b"), by=people.supervisor)
    feed.number(shared.pk)
    makers.publish(shared, makers.picture("a", "2"), by=people.supervisor)
    makers.withdraw(shared, Entry.objects.get(set=shared, code="1", removed_in=None).id, by=people.supervisor)
    feed.number(shared.pk)
    kept = in_force(shared)
    feed.prune(shared.pk)
    assert len(numbers(shared)) == 4  # nothing young goes, whoever asks
    database.past_guards("UPDATE hashsets_change SET at = now() - interval '401 days'")
    feed.prune(shared.pk)
    assert Feed.objects.get(pk=shared.pk).horizon_seq == 4
    assert numbers(shared) == [(3, False)]
    assert state(shared) == kept


@pytest.mark.django_db(transaction=True)
def test_of_ten_writers_and_several_publishers_no_number_is_given_twice_or_left_out(people: People) -> None:
    shared = makers.hash_set(people.supervisor, "Busy")
    feed.of(shared)
    errors: list[Exception] = []

    def write(writer: int) -> None:
        try:
            for turn in range(6):
                mine = HashSet.objects.get(pk=shared.pk)
                makers.publish(mine, makers.picture(f"{writer} {turn}"), by=people.supervisor)
                feed.number(shared.pk)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=[n]) for n in range(10)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    feed.number(shared.pk)
    assert not errors
    assert [seq for seq, _deleted in numbers(shared)] == list(range(1, 61))
    assert state(shared) == in_force(shared)
