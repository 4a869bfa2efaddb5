"""Pairing takes two people and one fingerprint; another key is never taken over silently."""

import uuid
from base64 import b64encode
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.management import call_command

from hashsets.models import HashSet, Peer, Share
from hashsets.odata.sets import SetShape
from hashsets.peers import node, pairing, secrets, sharing, status, terms
from hashsets.peers.errors import (
    AlreadyPaired,
    FingerprintDiffers,
    NoCredential,
    NotPaired,
    OneOfTwoPairs,
    OneOfTwoShares,
    OrganisationHere,
    ReadAlready,
    SchemeMissing,
    UnknownPeer,
)
from hashsets.peers.node import Offered
from tests import factories
from tests.hashsets import makers
from tests.people import People
from workbench import peer_addresses, signing
from workbench.errors import BadInput, NotAllowed, NotFound
from workbench.models import Agency, AuditEvent, Role

pytestmark = pytest.mark.django_db
KEY, OTHER = bytes(range(32)), bytes(32)
THEIRS = uuid.UUID("00000000-fa4e-4000-8000-000000000001")


def proposed(people: People, **more: Any) -> Peer:
    given = {"organisation": THEIRS, "name": "Harbour Watch", "key": KEY, "url": "", "by": people.supervisor, **more}
    return pairing.propose(**given)


def paired(people: People) -> Peer:
    peer = proposed(people)
    pairing.confirm(peer=peer, fingerprint=signing.fingerprint(KEY), by=people.admin)
    peer.refresh_from_db()
    return peer


def offered(**more: Any) -> Offered:
    given = {"set_id": uuid.uuid4(), "name": "Quayside", "kind": "relevant", "scheme": "us-pvic", **more}
    return Offered(**given)


def verbs() -> list[str]:
    return list(AuditEvent.objects.filter(verb__startswith="peer.").order_by("pk").values_list("verb", flat=True))


def test_one_proposes_another_confirms_with_the_fingerprint_of_the_other_screen(people: People) -> None:
    peer = proposed(people)
    assert (peer.state, peer.organisation.is_local) == ("proposed", False)
    with pytest.raises(OneOfTwoPairs):
        pairing.confirm(peer=peer, fingerprint=signing.fingerprint(KEY), by=people.supervisor)
    with pytest.raises(FingerprintDiffers):
        pairing.confirm(peer=peer, fingerprint=signing.fingerprint(OTHER), by=people.admin)
    pairing.confirm(peer=peer, fingerprint=signing.fingerprint(KEY).replace(" ", "").lower(), by=people.admin)
    peer.refresh_from_db()
    assert (peer.state, peer.confirmed_by) == ("paired", people.admin)
    assert verbs() == ["peer.propose", "peer.pair"]
    with pytest.raises(AlreadyPaired):
        proposed(people)


def test_an_organisation_of_this_node_is_no_peer(people: People) -> None:
    with pytest.raises(OrganisationHere):
        proposed(people, organisation=people.south.organisation)


def test_another_key_opens_the_pairing_again(people: People) -> None:
    peer = paired(people)
    proposed(people, key=OTHER)
    peer.refresh_from_db()
    assert (peer.state, bytes(peer.key), peer.confirmed_by) == ("proposed", OTHER, None)
    assert verbs()[-1] == "peer.key"
    with pytest.raises(NotPaired):
        terms.subscribe(peer=peer, offered=offered(), by=people.supervisor)


@pytest.mark.parametrize("url", ["https://elsewhere.example/odata/v1/", ""])
def test_another_address_under_the_same_key_takes_two_people_and_one_fingerprint(people: People, url: str) -> None:
    peer = paired(people)
    Peer.objects.update(url="https://here.example/odata/v1/")
    proposed(people, url=url)
    peer.refresh_from_db()
    assert (peer.state, peer.url) == ("paired", "https://here.example/odata/v1/")
    with pytest.raises(OneOfTwoPairs):
        pairing.confirm(peer=peer, fingerprint=signing.fingerprint(KEY), by=people.supervisor)
    with pytest.raises(FingerprintDiffers):
        pairing.confirm(peer=peer, fingerprint=signing.fingerprint(OTHER), by=people.admin)
    proposed(people, url=peer.url)  # he thinks better of it
    with pytest.raises(AlreadyPaired):
        pairing.confirm(peer=peer, fingerprint=signing.fingerprint(KEY), by=people.admin)
    proposed(people, url=url)
    with pytest.raises(BadInput, match="another address meanwhile"):
        pairing.confirm(peer=peer, fingerprint=signing.fingerprint(KEY), by=people.admin, url="https://shown.example/")
    pairing.confirm(peer=peer, fingerprint=signing.fingerprint(KEY), by=people.admin, url=url)
    peer.refresh_from_db()
    assert (peer.state, peer.url, peer.moving_to, verbs()[-1]) == ("paired", url, None, "peer.move")


def test_both_who_pair_are_told_that_the_key_is_known_under_another_name(
    people: People, capsys: pytest.CaptureFixture[str]
) -> None:
    paired(people)
    another = factories.person(people.north, "second", Role.SUPERVISOR).username
    two = {"organisation": str(uuid.uuid4()), "name": "Harbour Two", "key": KEY.hex(), "as": people.supervisor.username}
    call_command("peer", "add", **two)
    call_command("peer", "confirm", "Harbour Two", fingerprint=signing.fingerprint(KEY), **{"as": another})
    assert capsys.readouterr().out.count("BEWARE: this key is known under Harbour Watch, too") == 2
    assert [one.same_key for one in status.every(people.supervisor)] == [["Harbour Watch"], ["Harbour Two"]]


def test_a_suspended_peer_stays_so_until_it_is_released(people: People) -> None:
    peer = paired(people)
    with pytest.raises(BadInput):
        pairing.suspend(peer=peer, by=people.supervisor, reason=" ")
    pairing.suspend(peer=peer, by=people.supervisor, reason="they ask for it")
    with pytest.raises(NotPaired):
        sharing.share(peer=Peer.objects.get(), hash_set=makers.hash_set(people.supervisor), by=people.supervisor)
    pairing.release(peer=peer, by=people.supervisor)
    assert Peer.objects.get().state == "paired"


def test_a_credential_lies_in_a_file_that_only_its_owner_reads(people: People) -> None:
    peer = paired(people)
    with pytest.raises(NoCredential):
        secrets.of(peer)
    pairing.keep_credential(peer=peer, client_id="avon", secret="a secret\n", by=people.supervisor)
    path = secrets._path(peer)
    assert oct(path.stat().st_mode)[-3:] == "600"
    assert secrets.of(peer) == "a secret"
    assert "a secret" not in str(list(AuditEvent.objects.values_list("body", flat=True)))
    assert Peer.objects.get().client_id == "avon"


@pytest.mark.parametrize("key", [KEY.hex(), b64encode(KEY).decode()])
def test_a_peer_by_courier_is_proposed_with_its_key_as_a_page_or_a_node_tells_it(
    key: str, people: People, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(f"{key}\n")
    theirs = ("--organisation", str(THEIRS), "--name", "Harbour Watch")
    for given, by in ((key, "supervisor"), (str(file), "outsider")):
        call_command("peer", "add", *theirs, "--key", given, "--as", by)
    assert [bytes(peer.key) for peer in Peer.objects.all()] == [KEY, KEY]


def test_peers_of_another_agency_are_not_found(people: People) -> None:
    paired(people)
    with pytest.raises(UnknownPeer):
        pairing.named("Harbour Watch", people.outsider)
    assert pairing.named("harbour watch", people.supervisor).organisation.organisation == THEIRS


def test_a_mirror_is_the_owners_and_only_its_reader_uses_it(people: People) -> None:
    peer = paired(people)
    wanted = offered(owner_id=uuid.UUID(int=7), owner="Lighthouse")
    made = terms.subscribe(peer=peer, offered=wanted, by=people.supervisor)
    mirror = made.set
    assert (mirror.public_id, mirror.owner.name, mirror.owner.is_local) == (wanted.set_id, "Lighthouse", False)
    assert mirror in HashSet.objects.for_actor(people.supervisor)
    assert mirror not in HashSet.objects.for_actor(people.outsider)
    with pytest.raises(ReadAlready):
        terms.subscribe(peer=peer, offered=wanted, by=people.supervisor)
    with pytest.raises(BadInput):  # it is another's: opinions go to him
        terms.give_and_take(subscription=made, by=people.supervisor, give=True, source=None)


def test_whose_a_set_is_is_read_as_the_contract_tells_it() -> None:
    lighthouse = uuid.UUID(int=7)
    told = SetShape(
        set_id=uuid.uuid4(), name="Quayside", kind="known_good", scheme="us-pvic", owner=str(lighthouse),
        owner_name="Lighthouse", head_seq=58, horizon_seq=3, entry_count=3, contribute=True,
    )  # fmt: skip
    read = msgspec.json.decode(msgspec.json.encode(told), type=Offered)
    assert (read.owner_id, read.owner, read.set_id) == (lighthouse, "Lighthouse", told.set_id)
    assert (read.kind, read.head_seq, read.entry_count) == ("known_good", 58, 3)


def test_a_set_of_this_node_does_not_come_back_to_it(people: People) -> None:
    peer = paired(people)
    with pytest.raises(OrganisationHere):
        terms.subscribe(peer=peer, offered=offered(owner_id=people.south.organisation), by=people.supervisor)


def test_a_set_under_a_scheme_nobody_knows_here_is_refused_with_what_to_do(people: People) -> None:
    with pytest.raises(SchemeMissing, match=r"harbour-x.*Add it"):
        terms.subscribe(peer=paired(people), offered=offered(scheme="harbour-x"), by=people.supervisor)


def test_only_ones_own_sets_and_mirrors_are_shared_and_opinions_only_on_ones_own(people: People) -> None:
    peer = paired(people)
    with pytest.raises(NotAllowed):
        sharing.share(peer=peer, hash_set=makers.hash_set(people.outsider), by=people.supervisor)
    mirror = terms.subscribe(peer=peer, offered=offered(), by=people.supervisor).set
    sharing.share(peer=peer, hash_set=mirror, by=people.supervisor)
    with pytest.raises(NotAllowed):
        sharing.share(peer=peer, hash_set=mirror, by=people.supervisor, contribute=True)


def test_a_peer_that_one_supervisor_gave_a_set_to_reads_it_once_another_says_the_same(people: People) -> None:
    peer, own = paired(people), makers.hash_set(people.supervisor)
    asked = sharing.share(peer=peer, hash_set=own, by=people.supervisor)
    assert not Share.objects.in_force().exists()
    assert sharing.share(peer=peer, hash_set=own, by=people.supervisor) == asked
    with pytest.raises(OneOfTwoShares):
        sharing.confirm(share=asked, by=people.supervisor)
    sharing.share(peer=peer, hash_set=own, by=people.colleague)
    read = Share.objects.in_force().get()
    assert (read.by_name, read.confirmed_by) == (people.supervisor.name, people.colleague)
    assert verbs()[-2:] == ["peer.share.ask", "peer.share"]
    assert sharing.confirm(share=asked, by=people.colleague) == read
    sharing.unshare(peer=peer, hash_set=own, by=people.supervisor)
    with pytest.raises(NotFound):
        sharing.confirm(share=asked, by=people.colleague)


def test_a_peer_may_add_opinions_after_two_said_so_and_no_more_after_one_did(people: People) -> None:
    peer, own = paired(people), makers.hash_set(people.supervisor)
    for person in (people.supervisor, people.colleague):
        sharing.share(peer=peer, hash_set=own, by=person)
    sharing.share(peer=peer, hash_set=own, by=people.colleague, contribute=True)
    assert not Share.objects.in_force().get().contribute
    sharing.share(peer=peer, hash_set=own, by=people.supervisor, contribute=True)
    assert Share.objects.in_force().get().contribute
    sharing.share(peer=peer, hash_set=own, by=people.supervisor)
    assert not Share.objects.in_force().get().contribute
    sharing.unshare(peer=peer, hash_set=own, by=people.supervisor)
    assert not Share.objects.filter(ended_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_a_node_says_who_it_is_and_proves_that_the_key_is_its_own(
    people: People, live_server: Any, settings: Any
) -> None:
    settings.PEER_HOSTS = peer_addresses.allowed(live_server.url.removeprefix("http://"))
    stated = node.ask(live_server.url, people.south.organisation)
    assert (stated.organisation, stated.name) == (people.south.organisation, people.south.name)
    assert stated.key == signing.public_key()
    assert stated.fingerprint == signing.fingerprint(stated.key)
    assert Agency.objects.filter(is_local=False).count() == 0
