"""The page of an entry's history, in each of its states, and who may read and say what there."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from hashsets import opinions, withheld
from hashsets.models import Entry, HashSet, Resolution, Vote
from tests import factories
from tests.hashsets import makers
from tests.hashsets.pages import text
from tests.people import People
from workbench.models import Agency, AuditEvent, Role, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def shared(people: People) -> HashSet:
    """A set of the first agency that every agency uses, with one entry that its people published."""
    found = makers.hash_set(people.supervisor, "Shared", reach="node", receives_offers=True)
    makers.publish(found, makers.picture("lake"), by=people.supervisor)
    return found


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="workbench.people.PasswordBackend")
    return client


def entry(hash_set: HashSet) -> Entry:
    return Entry.objects.filter(set=hash_set).order_by("-id")[0]


def address(hash_set: HashSet, act: str = "") -> str:
    row = entry(hash_set)
    return f"/hashsets/{hash_set.public_id}/entries/{row.public_id}/{row.id}/{act and act + '/'}"


def page(user: User, hash_set: HashSet) -> str:
    answer = signed_in(user).get(address(hash_set))
    assert answer.status_code == 200
    return str(answer.content.decode())


def say(hash_set: HashSet, by: User, code: str = "1", *, looked: bool = True, reason: str = "") -> None:
    opinions.say(hash_set, entry(hash_set).id, code=code, looked=looked, by=by, reason=reason)


def third(name: str = "east") -> User:
    return factories.person(factories.agency(name), name, Role.SUPERVISOR)


def test_what_the_owner_published_is_told_and_not_changed_by_one_word(shared: HashSet, people: People) -> None:
    told = page(people.supervisor, shared)
    assert "1 organisation looked and stands for it." in told
    assert "It is a decision that two people published." in told
    assert "/vote/" not in told
    assert AuditEvent.objects.get(verb="entry.read").subject == f"hashset:{shared.public_id}"


def test_somebody_who_only_works_here_reads_and_says_nothing(shared: HashSet, people: People) -> None:
    told = page(people.investigator, shared)
    assert "Northmoor" in told
    assert "<form" not in told.split("<main")[1]


def test_another_agency_reads_what_stands_and_not_what_was(shared: HashSet, people: People) -> None:
    east, west = third(), third("west")
    say(shared, east, "2", reason="east's own reason")
    say(shared, east, "1")
    told = page(west, shared)
    assert told.count(">East<") == 1
    assert "east&#x27;s own reason" not in told
    assert "earlier ones are told to its owner only" in told
    assert "from 1, gone in 2" not in told
    owner = page(people.supervisor, shared)
    assert owner.count(">East<") == 2
    assert "from 1, gone in 2" in owner
    assert "east&#x27;s own reason" in page(east, shared)


def test_an_echo_and_a_spread_are_shown(shared: HashSet, people: People) -> None:
    say(shared, third(), "2")
    say(shared, third("west"), looked=False)
    told = page(people.supervisor, shared)
    assert "not looked: does not count" in told
    assert "They give it 2 categories that mean the same for the queue." in told


def test_a_dispute_shows_the_owners_supervisor_the_form_and_others_that_it_waits(
    shared: HashSet, people: People
) -> None:
    say(shared, third(), "5")
    told = page(people.supervisor, shared)
    assert "Resolve the dispute" in told
    others = page(people.outsider, shared)
    assert "until a supervisor of Northmoor resolves it" in others
    assert "Resolve the dispute" not in others
    form = {"code": "1", "reason": "looked at the original"}
    assert signed_in(people.supervisor).post(address(shared, "resolve"), form).status_code == 302
    told = page(people.supervisor, shared)
    assert "How disputes were resolved" in told
    assert "looked at the original" in told
    assert "set aside by the resolution" in told
    assert "looked at the original" not in page(people.outsider, shared)


def test_a_supervisor_disputes_says_it_otherwise_and_takes_it_back(shared: HashSet, people: People) -> None:
    client = signed_in(people.outsider)
    form = {"code": "5", "kind": "sha256", "looked": "on", "reason": "a drawing"}
    assert client.post(address(shared, "vote"), form, follow=True).status_code == 200
    assert entry(shared).trust == "disputed"
    assert "Say this instead" in page(people.outsider, shared)
    assert client.post(address(shared, "vote"), form | {"code": "1"}).status_code == 302
    assert client.post(address(shared, "take-back"), {"reason": "not ours"}, follow=True).status_code == 200
    told = page(people.supervisor, shared)
    assert told.count("taken back") == 1
    assert Vote.objects.filter(organisation=people.south.organisation).count() == 2


def test_an_entry_that_left_is_read_by_its_owner_only(shared: HashSet, people: People) -> None:
    makers.withdraw(shared, entry(shared).id, by=people.supervisor)
    assert "not in force any more" in page(people.supervisor, shared)
    assert signed_in(people.outsider).get(address(shared)).status_code == 404


def test_an_entry_of_a_list_has_no_opinions(people: People) -> None:
    listed = makers.hash_set(people.supervisor, "Listed")
    makers.stored(listed, people.supervisor)
    assert "the entry came with a list" in page(people.supervisor, listed)


def test_a_mirror_is_judged_by_its_owner(shared: HashSet, people: People) -> None:
    far = Agency.objects.create(name="Far", slug="far", is_local=False)
    HashSet.objects.filter(pk=shared.pk).update(owner=far)
    told = page(people.outsider, shared)
    assert "Far judges this entry" in told
    answer = signed_in(people.outsider).post(address(shared, "vote"), {"code": "5", "looked": "on"}, follow=True)
    assert "It goes to the owner of the set" in answer.content.decode()
    assert entry(shared).trust == "provisional"


def test_what_a_second_view_is_owed_of_is_withheld(
    shared: HashSet, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withheld, "of", lambda _user: frozenset({makers.picture("lake").sha256}))
    assert signed_in(people.investigator).get(address(shared)).status_code == 400


def test_a_search_by_hash_leads_to_it(shared: HashSet, people: People) -> None:
    found = signed_in(people.supervisor).post(
        f"/hashsets/{shared.public_id}/find/", {"hash": (makers.picture("lake").sha256 or b"").hex()}
    )
    assert f'href="{address(shared)}"' in found.content.decode()


@pytest.mark.parametrize("act", ["", "vote", "take-back", "resolve"])
def test_bad_ids_and_another_agencys_sets_are_not_there(act: str, shared: HashSet, people: People) -> None:
    client = signed_in(people.supervisor)
    ask = client.post if act else client.get
    row, tail = entry(shared), act and act + "/"
    form = {"code": "1", "reason": "x"}
    for wrong in (
        f"/hashsets/{shared.public_id}/entries/{uuid4()}/{row.id}/{tail}",
        f"/hashsets/{shared.public_id}/entries/{row.public_id}/{row.id + 99}/{tail}",
        f"/hashsets/{shared.public_id}/entries/{row.public_id}/{10**30}/{tail}",
        f"/hashsets/{uuid4()}/entries/{row.public_id}/{row.id}/{tail}",
    ):
        assert ask(wrong, form).status_code == 404
    HashSet.objects.filter(pk=shared.pk).update(reach="agency")
    outsider = signed_in(people.outsider)
    assert (outsider.post if act else outsider.get)(address(shared, act), form).status_code == 404


@pytest.mark.parametrize("act", ["vote", "take-back", "resolve"])
def test_the_wrong_role_the_wrong_method_and_bad_input_are_refused(act: str, shared: HashSet, people: People) -> None:
    client = signed_in(people.supervisor)
    assert client.get(address(shared, act)).status_code == 405
    assert client.post(address(shared, act), {"code": "99"}).status_code in {400, 409}
    for person in (people.investigator, people.auditor, people.admin):
        assert signed_in(person).post(address(shared, act), {"code": "1", "reason": "x"}).status_code == 403
    assert not Resolution.objects.exists()


def test_who_may_not_look_hashes_up_does_not_read_it(shared: HashSet, people: People) -> None:
    for person in (people.admin, people.welfare):
        assert signed_in(person).get(address(shared)).status_code == 403
    assert signed_in(people.investigator).post(address(shared)).status_code == 405


def test_an_auditor_reads_who_says_what_and_is_offered_nothing_to_say(shared: HashSet, people: People) -> None:
    say(shared, other := third(), "5")
    for where in (address(shared), reverse("exchange:disputes")):
        answer = signed_in(people.auditor).get(where)
        assert answer.status_code == 200
        assert other.agency.name in text(answer)
        assert b'<button class="btn pri"' not in answer.content


def test_a_dispute_is_worked_through_from_the_list_and_leaves_it(shared: HashSet, people: People) -> None:
    say(shared, other := third(), "5")
    resolving = address(shared, "resolve")
    makers.publish(shared, replace(makers.picture("lake"), sha256=bytes(32)), by=people.supervisor)  # of the same MD5
    supervisor = signed_in(people.supervisor)
    assert "Organisations differ" in text(supervisor.get("/"))
    assert "Disputes 1" in text(supervisor.get(reverse("exchange:list")))
    listed = text(supervisor.get(reverse("exchange:disputes")))
    assert other.agency.name in listed
    assert AuditEvent.objects.filter(verb="entry.disputes").count() == 1
    form = {"code": "1", "reason": "two of us looked", "back": "disputes"}
    left = supervisor.post(resolving, form, follow=True)
    assert "Nobody differs on an entry of yours" in text(left)
    assert other.agency.name not in text(signed_in(people.outsider).get(reverse("exchange:disputes")))
    beyond = supervisor.get(f"{reverse('exchange:disputes')}?after={'9' * 30}-{'9' * 6}")
    assert (beyond.status_code, "Nobody differs" in text(beyond)) == (200, True)


def test_who_disputes_it_by_fewer_digests_is_named_too(shared: HashSet, people: People) -> None:
    where, other = address(shared), third()
    makers.publish(shared, replace(makers.picture("lake", "5"), sha1=None, sha256=None), by=other)
    supervisor = signed_in(people.supervisor)
    told = text(supervisor.get(where))
    assert "Resolve the dispute" in told
    assert other.agency.name in told
    assert "names not all of its digests" in told
    assert text(supervisor.get(reverse("exchange:disputes"))).count(other.agency.name) == 2  # of either entry
    mine = text(signed_in(other).get(where))
    assert "Take it back" not in mine


def test_only_the_owner_resolves(shared: HashSet, people: People) -> None:
    say(shared, third(), "5")
    form = {"code": "1", "reason": "x"}
    assert signed_in(people.outsider).post(address(shared, "resolve"), form).status_code == 403
