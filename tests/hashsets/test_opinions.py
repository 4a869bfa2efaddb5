"""What supervisors say of single entries: votes, taking back, resolutions, mirrors (sharing.md sections 3 and 7)."""

import pytest
from django.db import DatabaseError, connection, transaction

from hashsets import entries, entry_rows, opinions, policies, rejudging, trust
from hashsets.entry_rows import EntryGone
from hashsets.models import Entry, HashSet, Outgoing, Peer, Resolution, Subscription, Vote
from hashsets.opinions import DecidedInACase, NotDisputed, NothingSaid
from tests import factories
from tests.hashsets import makers
from tests.people import People
from workbench import checks
from workbench.errors import BadInput, NotAllowed
from workbench.models import Agency, AuditEvent, Role, User


@pytest.fixture
def shared(people: People) -> HashSet:
    """The set the first agency publishes to, used by every agency."""
    return makers.hash_set(people.supervisor, "Shared", reach="node", receives_offers=True)


@pytest.fixture
def others() -> list[User]:
    """Supervisors of four more organisations."""
    return [
        factories.person(factories.agency(name), name, Role.SUPERVISOR) for name in ("east", "west", "isle", "hill")
    ]


def current(hash_set: HashSet) -> Entry:
    now = HashSet.objects.get(pk=hash_set.pk).generation
    return Entry.objects.filter(set=hash_set, added_in__lte=now).exclude(removed_in__lte=now).get()


def told(hash_set: HashSet) -> tuple[str, str, int, int]:
    """Trust, category, organisations that looked, categories they gave."""
    raw = entry_rows.loaded((entry := current(hash_set)).raw)
    return entry.trust, entry.code, raw["votes"], raw["spread"]


def say(hash_set: HashSet, by: User, code: str = "1", *, looked: bool = True, kind: str = "") -> Vote:
    return opinions.say(hash_set, current(hash_set).id, code=code, looked=looked, kind=kind, by=by)


def lake(shared: HashSet, people: People) -> None:
    makers.publish(shared, makers.picture("lake"), by=people.supervisor)


def test_acceptance_5_retracted_after_another_voted_stays_and_alone_is_a_tombstone(
    shared: HashSet, people: People, others: list[User]
) -> None:
    lake(shared, people)
    first = current(shared)
    say(shared, others[0])
    makers.withdraw(shared, first.id, by=people.supervisor)
    assert told(shared) == ("provisional", "1", 1, 1)
    opinions.take_back(shared, first.id, by=others[0], reason="misread")
    assert entry_rows.in_force_of(HashSet.objects.get(pk=shared.pk), [first.id]) == {}
    assert Vote.objects.filter(set=shared, current=True, withdrawn_after__isnull=False).count() == 2
    assert checks.broken() == []


def test_acceptance_6_three_that_looked_are_trusted_echoes_are_not_and_one_opposed_is_a_dispute(
    shared: HashSet, people: People, others: list[User]
) -> None:
    lake(shared, people)
    for echo in others[:3]:
        say(shared, echo, looked=False)
    assert told(shared) == ("provisional", "1", 1, 1)
    for voter in others[:2]:
        say(shared, voter)
    assert told(shared) == ("trusted", "1", 3, 1)
    say(shared, others[3], "5")
    assert told(shared) == ("disputed", "1", 4, 2)
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(effect) FROM hashsets_verdict WHERE set_id = %s AND in_force", [shared.pk])
        assert cursor.fetchone() == (0,)
    assert checks.broken() == []


def test_a_changed_number_of_votes_is_a_new_version_and_so_travels(shared: HashSet, people: People) -> None:
    lake(shared, people)
    before = current(shared)
    makers.publish(shared, makers.picture("lake"), by=people.outsider)
    after = current(shared)
    assert (after.id != before.id, after.public_id) == (True, before.public_id)
    assert told(shared) == ("corroborated", "1", 2, 1)


def test_categories_of_one_meaning_are_a_spread_and_no_dispute(
    shared: HashSet, people: People, others: list[User]
) -> None:
    lake(shared, people)
    say(shared, others[0], "2")
    say(shared, others[1], "1")
    assert told(shared) == ("trusted", "1", 3, 2)


def test_a_dispute_stays_until_the_owner_resolves_it_whoever_changes_his_mind(
    shared: HashSet, people: People, others: list[User]
) -> None:
    lake(shared, people)
    say(shared, others[0], "5")
    say(shared, others[0], "1")
    assert told(shared) == ("disputed", "1", 2, 1)
    opinions.take_back(shared, current(shared).id, by=others[0], reason="misread")
    assert told(shared) == ("disputed", "1", 1, 1)
    opinions.resolve(shared, current(shared).id, code="1", reason="looked again", by=people.supervisor)
    assert told(shared) == ("provisional", "1", 1, 1)
    assert checks.broken() == []


def test_a_resolution_is_a_record_votes_stay_and_a_later_vote_disputes_again(
    shared: HashSet, people: People, others: list[User]
) -> None:
    lake(shared, people)
    say(shared, others[0], "5")
    made = opinions.resolve(shared, current(shared).id, code="5", reason="a drawing", by=people.supervisor)
    assert told(shared) == ("provisional", "5", 1, 1)
    assert Vote.objects.filter(set=shared, current=True).count() == 2
    event = AuditEvent.objects.get(verb="entry.resolve")
    assert event.subject == f"resolution:{made.public_id}"
    say(shared, others[1], "1")
    assert told(shared) == ("disputed", "5", 2, 2)
    opinions.resolve(shared, current(shared).id, code="1", reason="and again", by=people.supervisor)
    assert told(shared) == ("corroborated", "1", 2, 1)
    assert Resolution.objects.count() == 2
    assert checks.broken() == []


def test_a_resolution_cannot_be_changed_or_deleted(shared: HashSet, people: People, others: list[User]) -> None:
    lake(shared, people)
    say(shared, others[0], "5")
    made = opinions.resolve(shared, current(shared).id, code="5", reason="a drawing", by=people.supervisor)
    for statement in ("UPDATE hashsets_resolution SET code = '1'", "DELETE FROM hashsets_resolution"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    made.refresh_from_db()
    assert made.code == "5"


def test_only_the_owner_resolves_and_only_what_is_disputed_with_a_reason(
    shared: HashSet, people: People, others: list[User]
) -> None:
    lake(shared, people)
    with pytest.raises(NotDisputed):
        opinions.resolve(shared, current(shared).id, code="1", reason="x", by=people.supervisor)
    say(shared, others[0], "5")
    with pytest.raises(NotAllowed):
        opinions.resolve(shared, current(shared).id, code="1", reason="x", by=others[0])
    with pytest.raises(BadInput):
        opinions.resolve(shared, current(shared).id, code="1", reason=" ", by=people.supervisor)
    with pytest.raises(entries.UnknownCategory):
        opinions.resolve(shared, current(shared).id, code="4", reason="x", by=people.supervisor)
    assert not Resolution.objects.exists()


def test_what_two_people_published_is_not_changed_by_one_word(shared: HashSet, people: People) -> None:
    lake(shared, people)
    for act in (
        lambda: say(shared, people.supervisor, "5"),
        lambda: opinions.take_back(shared, current(shared).id, by=people.supervisor, reason="x"),
    ):
        with pytest.raises(DecidedInACase):
            act()
    assert told(shared) == ("provisional", "1", 1, 1)


def test_a_word_on_a_look_alike_hash_stands_beside_one_on_the_file(
    shared: HashSet, people: People, others: list[User]
) -> None:
    picture = makers.picture("lake")
    with_pdq = entries.NewEntry(picture.sha256, picture.md5, picture.sha1, picture.size, "1", pdq=bytes(32))
    makers.publish(shared, with_pdq, by=people.supervisor)
    say(shared, others[0], "1")
    say(shared, others[0], "1", kind="md5")  # the same file: it takes the other's place
    say(shared, others[0], "1", kind="pdq")
    kinds = Vote.objects.filter(set=shared, current=True, organisation=others[0].agency.organisation)
    assert sorted(kinds.values_list("kind", flat=True)) == ["md5", "pdq"]
    assert told(shared) == ("provisional", "1", 1, 1)  # of its SHA-256 it says nothing any more
    with pytest.raises(BadInput):
        say(shared, others[0], "1", kind="photodna")


def test_an_echo_does_not_take_the_place_of_a_look(shared: HashSet, people: People, others: list[User]) -> None:
    lake(shared, people)
    say(shared, others[0])
    say(shared, others[0], "5", looked=False)
    assert told(shared) == ("corroborated", "1", 2, 1)
    assert Vote.objects.filter(set=shared, basis="match", current=False).count() == 1
    assert checks.broken() == []


def test_nothing_said_cannot_be_taken_back_and_what_left_cannot_be_voted_on(
    shared: HashSet, people: People, others: list[User]
) -> None:
    lake(shared, people)
    row = current(shared).id
    with pytest.raises(NothingSaid):
        opinions.take_back(shared, row, by=others[0], reason="x")
    makers.withdraw(shared, row, by=people.supervisor)
    with pytest.raises(EntryGone):
        opinions.say(shared, row, code="1", looked=True, by=others[0])


def test_a_list_keeps_its_word_beside_opinions_on_its_entries(people: People, others: list[User]) -> None:
    listed = makers.hash_set(people.supervisor, "Listed", reach="node")
    row = makers.stored(listed, people.supervisor)
    say(listed, others[0], "5")
    assert told(listed)[0] == "disputed"
    opinions.resolve(listed, row, code="5", reason="the list was wrong", by=people.supervisor)
    assert told(listed) == ("provisional", "5", 1, 1)  # the list's word is set aside, however vouched for
    opinions.take_back(listed, row, by=others[0], reason="x")
    assert told(listed) == ("provisional", "5", 0, 1)
    assert checks.broken() == []


@pytest.fixture
def mirror(people: People, others: list[User]) -> HashSet:
    """A set of an organisation elsewhere, read by the first agency, which gives its opinions back."""
    theirs = Agency.objects.create(name="Far", slug="far", is_local=False)
    found = makers.hash_set(people.supervisor, "Mirror", reach="node")
    HashSet.objects.filter(pk=found.pk).update(owner=theirs)
    found.refresh_from_db()
    peer = Peer.objects.create(
        agency=people.north, organisation=theirs, key=bytes(32), proposed_by=people.supervisor,
        proposed_by_name="S", confirmed_by=people.colleague, confirmed_by_name="C", state="paired",
    )  # fmt: skip
    Subscription.objects.create(
        peer=peer, set=found, remote_set=found.public_id, give=True, by=people.supervisor, by_name="S"
    )
    makers.stored(found, people.supervisor)
    return found


def test_a_word_on_a_mirror_goes_to_its_owner_and_keeps_the_entry_from_acting_here(
    mirror: HashSet, people: People
) -> None:
    before = current(mirror)
    policies.set_policy(mirror, agency=people.north, action="accept", min_trust="provisional", by=people.supervisor)
    assert effect(mirror, people) == 2
    vote = say(mirror, people.supervisor, "5")
    assert (current(mirror).trust, effect(mirror, people)) == (before.trust, 0)
    assert [row.vote_id for row in Outgoing.objects.all()] == [vote.pk]
    Outgoing.objects.update(state="sent")
    opinions.take_back(mirror, before.id, by=people.supervisor, reason="misread")
    assert effect(mirror, people) == 2
    queued = Outgoing.objects.get()
    assert (queued.state, queued.vote.withdrawn_after) == ("waiting", vote.pk)
    assert checks.broken(only=checks.LEDGER_OF_EVENTS) == []


def test_a_word_on_a_mirror_that_confirms_it_changes_nothing_here(mirror: HashSet, people: People) -> None:
    before = current(mirror)
    say(mirror, people.supervisor, before.code)
    assert current(mirror).id == before.id


def effect(hash_set: HashSet, people: People) -> int:
    """What a strong match of the only entry does for the agency: 0 nothing, 1 propose, 2 close."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT effect FROM hashsets_verdict WHERE set_id = %s AND agency_id = %s AND in_force",
            [hash_set.pk, people.north.pk],
        )
        return int(cursor.fetchone()[0])


def test_another_agencys_word_is_not_sent_in_our_name(mirror: HashSet, people: People, others: list[User]) -> None:
    say(mirror, others[0], "5")
    assert not Outgoing.objects.exists()


def test_an_entry_that_was_tampered_with_does_not_follow_from_its_votes(shared: HashSet, people: People) -> None:
    lake(shared, people)
    assert list(rejudging.wrong()) == []
    Entry.objects.filter(set=shared).update(trust="trusted")
    assert [broken.what for broken in checks.broken(only=8) if "its votes say provisional" in broken.what]


def test_a_vote_nobody_recorded_is_seen(shared: HashSet, people: People) -> None:
    lake(shared, people)
    held = Vote.objects.get()
    Vote.objects.create(
        set=shared, ident=held.ident, organisation=people.south.organisation, kind="md5", code="1",
        disposition="relevant", basis="viewed", names=list(trust.DIGESTS),
    )  # fmt: skip
    assert len(checks.broken(only=8)) == 2  # it has no event, and the entry does not count it
