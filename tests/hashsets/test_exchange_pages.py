"""The pages of the exchange: pairing on two screens, what goes out, what comes in, what was put aside."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.urls import reverse

from hashsets import exchange_overview, feed
from hashsets.models import HashSet, Peer, Quarantined, Share, Subscription
from hashsets.peers import pairing, status, terms
from hashsets.peers.node import Offered
from tests import factories
from tests.hashsets import makers
from tests.hashsets.odata import partner
from tests.hashsets.pages import text, url
from tests.people import People, signed_in
from workbench import access, signing
from workbench.models import AuditEvent, Role, User

KEY = bytes(range(32))
ORGANISATION = UUID("00000000-fa4e-4000-8000-0000000000aa")
SET = UUID("00000000-fa4e-4000-8000-0000000000bb")


@pytest.fixture
def second(people: People) -> User:
    """Another supervisor of the agency."""
    return factories.person(people.north, "second", Role.SUPERVISOR)


@pytest.fixture
def proposed(people: People) -> Peer:
    """A peer whose fingerprint nobody compared yet."""
    return pairing.propose(
        organisation=ORGANISATION, name="Eastmoor", key=KEY, url="https://east.example/odata/v1/", by=people.supervisor
    )


@pytest.fixture
def paired(proposed: Peer, second: User) -> Peer:
    pairing.confirm(peer=proposed, fingerprint=signing.fingerprint(KEY), by=second)
    proposed.refresh_from_db()
    return proposed


@pytest.fixture
def mirrored(paired: Peer, people: People) -> Subscription:
    offered = Offered(set_id=SET, name="Their harbour", kind="relevant", scheme="us-pvic")
    return terms.subscribe(peer=paired, offered=offered, by=people.supervisor)


def at(name: str, *ids: Any) -> str:
    return reverse(f"exchange:{name}", args=ids)


def get(user: User, name: str, *ids: Any) -> Any:
    return signed_in(user).get(at(name, *ids), secure=True)


def post(user: User, name: str, /, *ids: Any, **data: str) -> Any:
    return signed_in(user).post(at(name, *ids), data, secure=True, follow=True)


def last(verb: str) -> dict[str, Any]:
    found = AuditEvent.objects.filter(verb=verb).order_by("-seq").first()
    assert found is not None
    event: dict[str, Any] = json.loads(found.body)
    return event


def test_the_list_shows_this_nodes_key_and_asks_to_pair_where_there_is_nobody(people: People) -> None:
    shown = text(get(people.supervisor, "list"))
    assert "No peers yet" in shown
    assert signing.fingerprint(signing.public_key()) in shown
    assert str(people.north.organisation) in shown


def test_pages_ask_as_often_for_many_peers_and_sets_as_for_one(
    paired: Peer, mirrored: Subscription, people: People, django_assert_num_queries: Any
) -> None:
    access.require(people.supervisor, "peer.view")  # as the pages do; a person's roles are read once
    for number in range(2):
        with django_assert_num_queries(7):
            assert len(status.every(people.supervisor)) == 1 + number
        peer = Peer.objects.get(pk=paired.pk)
        with django_assert_num_queries(14):
            assert len(exchange_overview.page(people.supervisor, peer)["shares"]) == number
        partner.share(makers.hash_set(people.supervisor, f"Ours {number}"), paired, by=people.supervisor)
        pairing.propose(organisation=uuid4(), name="Westmoor", key=KEY[::-1], url="", by=people.supervisor)


def test_a_node_without_a_network_is_proposed_from_what_its_page_shows(people: People) -> None:
    shown = text(post(people.supervisor, "pair", organisation=str(ORGANISATION), name="Island", key=KEY.hex()))
    assert signing.fingerprint(KEY) in shown
    assert "You proposed this pairing. Another person confirms it." in shown
    assert last("peer.propose")["details"]["peer"] == "Island"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"organisation": "x", "name": "Island", "key": KEY.hex()}, "Enter a valid UUID"),
        ({"organisation": str(ORGANISATION), "name": "Island", "key": "no hex"}, "Type the 64 hex digits"),
        ({"organisation": str(ORGANISATION), "name": "Island", "key": "fa4e"}, "it has 32 bytes"),
        ({"url": "https://not-listed.example"}, "WINNOW_PEER_HOSTS"),
    ],
)
def test_what_is_no_node_is_refused_with_what_to_do(data: dict[str, str], told: str, people: People) -> None:
    answer = signed_in(people.supervisor).post(at("pair"), data, secure=True)
    assert answer.status_code == 400
    assert told in text(answer)
    assert not Peer.objects.exists()


def test_a_second_person_confirms_by_what_was_read_aloud(proposed: Peer, second: User) -> None:
    wrong = signed_in(second).post(at("confirm", proposed.public_id), {"fingerprint": "FA4E"}, secure=True)
    assert wrong.status_code == 400
    spoken = signing.fingerprint(KEY).lower().replace(" ", "")
    shown = text(post(second, "confirm", proposed.public_id, fingerprint=spoken))
    assert "Paired." in shown
    assert last("peer.pair")["actor"] == second.username


def test_who_proposed_does_not_confirm(proposed: Peer, people: People) -> None:
    answer = signed_in(people.supervisor).post(
        at("confirm", proposed.public_id), {"fingerprint": signing.fingerprint(KEY)}, secure=True
    )
    assert answer.status_code == 400
    proposed.refresh_from_db()
    assert proposed.state == Peer.State.PROPOSED


def test_another_key_holder_and_another_address_are_told_to_both_who_pair(
    paired: Peer, people: People, second: User
) -> None:
    post(people.supervisor, "pair", organisation=str(uuid4()), name="Eastmoor two", key=KEY.hex())
    for user in (people.supervisor, second):
        assert "known under another organisation, too: Eastmoor two" in text(get(user, "peer", paired.public_id))
    post(people.supervisor, "voice", paired.public_id, alone="1")
    assert last("peer.voice")["details"]["alone"] is True
    assert "counts by itself all the same" in text(get(second, "peer", paired.public_id))
    theirs = paired.organisation
    Peer.objects.filter(pk=paired.pk).update(url="https://eastmoor.example/odata/v1/")
    shown = text(post(second, "pair", organisation=str(theirs.organisation), name=theirs.name, key=KEY.hex()))
    assert "wants to exchange with this peer by courier only" in shown
    assert "You proposed this address." in shown
    done = post(people.supervisor, "confirm", paired.public_id, fingerprint=signing.fingerprint(KEY))
    assert "The peer has its new address." in text(done)
    paired.refresh_from_db()
    assert paired.url == ""


def test_a_set_is_shared_and_what_the_peer_was_told_is_on_the_list(paired: Peer, people: People, second: User) -> None:
    ours = makers.hash_set(people.supervisor, "Harbour", scheme="us-pvic")
    post(people.supervisor, "share", paired.public_id, set=str(ours.public_id), contribute="on")
    share = Share.objects.get(set=ours)
    assert share.waiting
    assert "Set to share" in text(signed_in(second).get("/", secure=True))
    assert "waits for another supervisor" in text(get(second, "peer", paired.public_id))
    post(second, "confirm_share", paired.public_id, share.public_id)
    share.refresh_from_db()
    assert (share.contribute, share.waiting) == (True, False)
    makers.publish(ours, makers.picture("a"), makers.picture("b"), by=people.supervisor)
    feed.number(ours.pk)
    Share.objects.update(seq=1)
    shown = text(get(people.supervisor, "list"))
    assert "Harbour This agency 2 Eastmoor 1 1" in shown
    post(people.supervisor, "end_share", paired.public_id, share.public_id)
    assert not Share.objects.filter(ended_at=None).exists()


def test_a_mirror_is_no_choice_for_its_own_owner(mirrored: Subscription, people: People) -> None:
    page = get(people.supervisor, "peer", mirrored.peer.public_id)
    assert mirrored.set not in page.context["share_form"].fields["set"].queryset


def test_what_stopped_is_told_and_begun_anew_by_a_person(mirrored: Subscription, people: People) -> None:
    Subscription.objects.update(paused="It went back from 9 to 4.")
    shown = text(get(people.supervisor, "list"))
    assert "Their harbour is not read any more: It went back from 9 to 4." in shown
    post(people.supervisor, "resume", mirrored.peer.public_id, mirrored.public_id)
    mirrored.refresh_from_db()
    assert (mirrored.paused, mirrored.baseline) == ("", True)


def test_how_a_set_is_read_is_changed_and_ended_on_a_page(mirrored: Subscription, people: People) -> None:
    ids = (mirrored.peer.public_id, mirrored.public_id)
    its_page = signed_in(people.supervisor).get(url("set", mirrored.set), secure=True)
    assert at("terms", *ids) in its_page.content.decode()
    assert "A copy that is read from Eastmoor." in text(its_page)
    assert "Change" in text(get(people.supervisor, "peer", ids[0]))
    refused = signed_in(people.supervisor).post(at("terms", *ids), {"every": "0"}, secure=True)
    assert refused.status_code == 400
    post(people.supervisor, "terms", *ids, give="on", every="60")
    mirrored.refresh_from_db()
    assert (mirrored.give, mirrored.every) == (True, 60)
    post(people.supervisor, "end_reading", *ids, reason="we have our own")
    mirrored.refresh_from_db()
    assert (mirrored.paused, mirrored.set.retired_at is None) == ("we have our own", False)


def test_a_record_in_quarantine_is_looked_into_once(mirrored: Subscription, people: People) -> None:
    record = Quarantined.objects.create(subscription=mirrored, reason="No digest.", record='{"MD5": "<b>"}')
    page = get(people.supervisor, "peer", mirrored.peer.public_id)
    assert "&lt;b&gt;" in page.content.decode()
    post(people.supervisor, "settle", mirrored.peer.public_id, record.public_id)
    post(people.supervisor, "settle", mirrored.peer.public_id, record.public_id)
    assert AuditEvent.objects.filter(verb="exchange.reject").count() == 1
    assert "No digest." not in text(get(people.supervisor, "peer", mirrored.peer.public_id))


def test_their_credential_is_shown_once_and_ours_never(paired: Peer, people: People) -> None:
    shown = post(people.supervisor, "credential", paired.public_id, make="1")
    _client, secret = shown.context["given"]
    assert secret in text(shown)
    assert secret not in text(get(people.supervisor, "peer", paired.public_id))
    kept = "words that nobody reads again"
    post(people.supervisor, "credential", paired.public_id, client_id="north", secret=kept)
    assert kept not in text(get(people.supervisor, "peer", paired.public_id))
    assert kept not in str(list(AuditEvent.objects.values_list("body", flat=True)))


def test_a_suspended_peer_is_released_by_a_person_who_says_nothing_more(paired: Peer, people: People) -> None:
    refused = signed_in(people.supervisor).post(at("suspend", paired.public_id), {"reason": " "}, secure=True)
    assert refused.status_code == 400
    post(people.supervisor, "suspend", paired.public_id, reason="their key may be lost")
    paired.refresh_from_db()
    assert paired.state == Peer.State.SUSPENDED
    post(people.supervisor, "release", paired.public_id)
    paired.refresh_from_db()
    assert paired.state == Peer.State.PAIRED


def test_scopes_are_what_was_ticked_and_nothing_else(paired: Peer, people: People) -> None:
    signed_in(people.supervisor).post(
        at("allow", paired.public_id), {"scopes": ["read", "law-enforcement"]}, secure=True
    )
    paired.refresh_from_db()
    assert set(paired.scopes) == {"read", "law-enforcement"}
    signed_in(people.supervisor).post(at("allow", paired.public_id), {"scopes": ["read", "everything"]}, secure=True)
    paired.refresh_from_db()
    assert set(paired.scopes) == {"read", "law-enforcement"}


def test_a_peer_that_does_not_answer_is_told_where_a_set_is_asked_for(paired: Peer, people: People) -> None:
    shown = text(get(people.supervisor, "subscribe", paired.public_id))
    assert "It could not be asked." in shown


def test_another_agency_sees_no_peer_of_ours(mirrored: Subscription, people: People) -> None:
    peer, outsider = mirrored.peer, people.outsider
    assert "Eastmoor" not in text(get(outsider, "list"))
    assert get(outsider, "peer", peer.public_id).status_code == 404
    assert get(outsider, "subscribe", peer.public_id).status_code == 404
    for name in ("confirm", "suspend", "release", "credential", "allow", "share", "pull"):
        assert post(outsider, name, peer.public_id).status_code == 404, name
    assert not HashSet.objects.for_actor(outsider).filter(pk=mirrored.set_id).exists()
