"""Publishing, withdrawing, and the trust that follows (sharing.md section 3)."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from hashsets import entries, sets
from hashsets.entries import NewEntry, Unidentified, UnknownCategory
from hashsets.generations import SetRetired
from hashsets.models import Entry, HashSet, Vote
from tests import factories
from tests.hashsets import makers
from tests.people import People
from workbench.models import AuditEvent, Role, User


@pytest.fixture
def shared(people: People) -> HashSet:
    """The set the first agency publishes to, used by every agency."""
    return makers.hash_set(people.supervisor, "Shared", reach="node", receives_offers=True)


def current(hash_set: HashSet) -> list[Entry]:
    """The entries in force."""
    now = HashSet.objects.get(pk=hash_set.pk).generation
    found = Entry.objects.filter(set=hash_set, added_in__lte=now).exclude(removed_in__lte=now)
    return list(found.order_by("id"))


def third(people: People) -> User:
    """Somebody of a third organisation."""
    return factories.person(factories.agency("eastmoor"), "third", Role.SUPERVISOR)


def test_a_published_entry_is_in_the_next_version(shared: HashSet, people: People) -> None:
    generation = makers.publish(shared, makers.picture("lake"), makers.picture("hill", "5"), by=people.supervisor)
    assert (generation.number, generation.added, generation.removed, generation.entries) == (1, 2, 0, 2)
    found = {(entry.code, entry.disposition, entry.trust, entry.added_in) for entry in current(shared)}
    assert found == {("1", "relevant", "provisional", 1), ("5", "not_relevant", "provisional", 1)}


def test_each_vote_has_one_event_and_the_version_one_more(shared: HashSet, people: People) -> None:
    makers.publish(shared, makers.picture("lake"), makers.picture("hill"), by=people.supervisor)
    subjects = AuditEvent.objects.filter(verb="vote.cast").values_list("subject", flat=True)
    assert sorted(subjects) == sorted(f"vote:{vote.public_id}" for vote in Vote.objects.filter(set=shared))
    assert AuditEvent.objects.filter(verb="set.version").count() == 1


def test_a_rolled_back_publication_leaves_nothing(shared: HashSet, people: People) -> None:
    with transaction.atomic():
        entries.publish(shared, [makers.picture("lake")], by=people.supervisor, source="x")
        transaction.set_rollback(True)
    assert HashSet.objects.get(pk=shared.pk).generation == 0
    assert not Entry.objects.filter(set=shared).exists()
    assert not Vote.objects.filter(set=shared).exists()


def test_trust_grows_with_organisations_that_looked(shared: HashSet, people: People) -> None:
    lake, seen = makers.picture("lake"), []
    for person in (people.supervisor, people.outsider, third(people)):
        makers.publish(shared, lake, by=person)
        seen.append([entry.trust for entry in current(shared)])
    assert seen == [["provisional"], ["corroborated"], ["trusted"]]


def test_two_people_of_one_organisation_are_one_opinion(shared: HashSet, people: People) -> None:
    for person in (people.supervisor, people.investigator):
        makers.publish(shared, makers.picture("lake"), by=person)
    assert [entry.trust for entry in current(shared)] == ["provisional"]
    assert Vote.objects.filter(set=shared).count() == 2
    assert Vote.objects.filter(set=shared, current=True).count() == 1


def test_opposite_opinions_are_a_dispute_which_is_not_averaged(shared: HashSet, people: People) -> None:
    for person, code in ((people.supervisor, "1"), (people.outsider, "1"), (third(people), "5")):
        makers.publish(shared, makers.picture("lake", code), by=person)
    (entry,) = current(shared)
    assert (entry.trust, entry.state, entry.disposition) == ("disputed", "disputed", "relevant")


def test_a_dispute_does_not_end_when_the_opponent_withdraws(shared: HashSet, people: People) -> None:
    makers.publish(shared, makers.picture("lake"), by=people.supervisor)
    makers.publish(shared, makers.picture("lake", "5"), by=people.outsider)
    makers.withdraw(shared, current(shared)[0].id, by=people.outsider)
    (entry,) = current(shared)
    assert (entry.trust, entry.state, entry.code) == ("disputed", "disputed", "1")


def test_the_same_opinion_again_keeps_the_row(shared: HashSet, people: People) -> None:
    makers.publish(shared, makers.picture("lake"), by=people.supervisor)
    (before,) = current(shared)
    generation = makers.publish(shared, makers.picture("lake"), by=people.supervisor)
    assert (generation.number, generation.added, generation.removed, generation.entries) == (2, 0, 0, 1)
    assert [entry.id for entry in current(shared)] == [before.id]


def test_a_changed_category_is_a_new_version_under_the_same_public_id(shared: HashSet, people: People) -> None:
    makers.publish(shared, makers.picture("lake", "1"), by=people.supervisor)
    (before,) = current(shared)
    generation = makers.publish(shared, makers.picture("lake", "2"), by=people.supervisor)
    (after,) = current(shared)
    assert (generation.added, generation.removed, generation.entries) == (1, 1, 1)
    assert (after.code, after.public_id, after.added_in) == ("2", before.public_id, 2)
    assert Entry.objects.get(set=shared, id=before.id).removed_in == 2


def test_a_withdrawn_entry_leaves_and_may_come_back(shared: HashSet, people: People) -> None:
    makers.publish(shared, makers.picture("lake"), by=people.supervisor)
    gone = makers.withdraw(shared, current(shared)[0].id, by=people.supervisor)
    assert (gone.added, gone.removed, gone.entries, current(shared)) == (0, 1, 0, [])
    makers.publish(shared, makers.picture("lake"), by=people.supervisor)
    assert [entry.added_in for entry in current(shared)] == [3]


def test_a_withdrawal_finds_the_entry_by_the_id_of_an_older_version(shared: HashSet, people: People) -> None:
    makers.publish(shared, makers.picture("lake"), by=people.supervisor)
    (first,) = current(shared)
    makers.publish(shared, makers.picture("lake"), by=people.outsider)
    makers.withdraw(shared, first.id, by=people.supervisor)
    (left,) = current(shared)
    assert (left.trust, left.id != first.id) == ("provisional", True)
    event = AuditEvent.objects.get(verb="entry.withdraw")
    assert event.subject == f"entry:{first.public_id}"


def test_an_opinion_on_an_imported_entry_stands_beside_the_imports_word(people: People) -> None:
    listed = makers.hash_set(people.supervisor, "Listed", reach="node")
    entry = makers.stored(listed, people.supervisor)
    row = Entry.objects.get(set=listed, id=entry)
    assert row.sha256 is not None
    opposite = NewEntry(bytes(row.sha256), bytes(row.md5 or b""), bytes(row.sha1 or b""), size=row.size, code="5")
    makers.publish(listed, opposite, by=people.outsider)
    assert [(found.trust, found.code) for found in current(listed)] == [("disputed", "1")]
    makers.withdraw(listed, entry, by=people.outsider)
    assert [(found.trust, found.state) for found in current(listed)] == [("disputed", "disputed")]


def test_equal_md5_and_other_sha256_are_two_entries(shared: HashSet, people: People) -> None:
    lake, twin = makers.picture("lake"), makers.picture("twin")
    collision = NewEntry(sha256=twin.sha256, md5=lake.md5, sha1=twin.sha1, size=twin.size, code="5")
    makers.publish(shared, lake, by=people.supervisor)
    makers.publish(shared, collision, lake, by=people.supervisor)
    assert [(entry.twin, entry.code) for entry in current(shared)] == [(0, "1"), (1, "5")]


def test_a_missing_digest_is_filled_in(shared: HashSet, people: People) -> None:
    lake = makers.picture("lake")
    makers.publish(shared, NewEntry(sha256=None, md5=lake.md5, sha1=None, size=None, code="1"), by=people.supervisor)
    makers.publish(shared, lake, by=people.supervisor)
    (entry,) = current(shared)
    assert (entry.sha256, entry.size) == (lake.sha256, lake.size)


@pytest.mark.parametrize("code", ["4", "99", ""], ids=["not for sharing", "unknown", "none"])
def test_a_category_that_is_not_published_is_refused(code: str, shared: HashSet, people: People) -> None:
    with pytest.raises(UnknownCategory):
        makers.publish(shared, makers.picture("lake", code), by=people.supervisor)


@pytest.mark.parametrize(
    "row", [makers.picture("", "1"), NewEntry(None, None, None, 10, "1")], ids=["the empty file", "no digest"]
)
def test_what_identifies_nothing_is_refused(row: NewEntry, shared: HashSet, people: People) -> None:
    with pytest.raises(Unidentified):
        makers.publish(shared, row, by=people.supervisor)


def test_a_retired_set_takes_nothing(shared: HashSet, people: People) -> None:
    sets.retire(shared, by=people.supervisor, reason="replaced")
    with pytest.raises(SetRetired):
        makers.publish(shared, makers.picture("lake"), by=people.supervisor)


def test_the_number_of_queries_does_not_grow_with_the_entries(shared: HashSet, people: People) -> None:
    counts = []
    for start, number in ((0, 2), (10, 60)):
        rows = [makers.picture(f"picture {n}") for n in range(start, start + number)]
        with CaptureQueriesContext(connection) as publishing:
            makers.publish(shared, *rows, by=people.supervisor)
        ids = list(entries.in_force(HashSet.objects.get(pk=shared.pk), rows).values())
        with CaptureQueriesContext(connection) as withdrawing:
            makers.withdraw(shared, *ids, by=people.supervisor)
        counts.append((len(publishing), len(withdrawing)))
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 22
