"""A paired organisation that means harm: what it may not do to others' entries, to the log and to the disk."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from oauth2_provider.models import Application

from hashsets import contributing, courier, policies, rejudging, wire
from hashsets.courier import opinions
from hashsets.models import Entry, HashSet, Peer, Share
from hashsets.odata import callers
from hashsets.odata.tokens import TRIES
from hashsets.peers import pages, pairing, pushing, sharing, terms
from hashsets.peers.pages import Page
from tests.hashsets import makers
from tests.hashsets.odata import partner
from tests.hashsets.odata.conftest import peer, script, shared
from tests.hashsets.odata.partner import ROOT, Script, item
from workbench import signing
from workbench.models import AuditEvent

if TYPE_CHECKING:
    from tests.people import People

pytestmark = pytest.mark.django_db
__all__ = ["peer", "script", "shared"]
KNOWN, OTHER = makers.picture("a lake at dawn"), makers.picture("a test chart")


def by_md5(of: HashSet, md5: bytes | None) -> Entry:
    return Entry.objects.get(set=of, md5=md5, removed_in=None)


def contribute(by: Script, of: HashSet, *items: object) -> Any:
    return by.post(f"HashSets({of.public_id})/Contribute", {"items": items})


def said(of: Any, **more: object) -> dict[str, object]:
    assert of.sha256
    return {key: value for key, value in (item(of) | {"SHA256": of.sha256.hex()} | more).items() if value is not None}


@pytest.mark.parametrize("from_a_list", [False, True])
def test_what_others_stand_for_gets_no_hash_size_or_look_of_one_peer(
    script: Script, shared: HashSet, people: People, *, from_a_list: bool
) -> None:
    if from_a_list:
        makers.stored(shared, people.supervisor, md5=KNOWN.md5, sha1=None, sha256=None, size=None)
    else:
        makers.publish(shared, replace(KNOWN, sha1=None, sha256=None, size=None), by=people.supervisor)
    claim = said(OTHER, MD5=KNOWN.md5.hex() if KNOWN.md5 else "", AlternativeHashes=[
        {"HashName": "PDQ", "HashValue": "5a" * 32, "Quality": 100}])  # fmt: skip
    for status in ("created", "unchanged"):
        [result] = contribute(script, shared, claim).json()["results"]
        assert (result["status"], result["Trust"]) == (status, "provisional")
        there = Entry.objects.filter(set=shared, md5=KNOWN.md5, removed_in=None)
        found = there.get(sha256=None)
        assert (found.sha1, found.size, found.raw.get("hashes")) == (None, None, None)
        assert there.get(sha256=OTHER.sha256).trust == "provisional"


def hexed(digest: bytes | None) -> str:
    return digest.hex().upper() if digest else ""


@pytest.fixture
def others(shared: HashSet, people: People) -> list[Script]:
    """Two more organisations that may contribute, each of a node of its own."""
    made = []
    for name in ("kennington", "iffley"):
        more = partner.peer(
            people.north, by=people.supervisor, confirmed_by=people.admin, scopes=partner.EVERYTHING, name=name
        )
        partner.share(shared, more, by=people.supervisor, contribute=True)
        made.append(Script(partner.token(more)))
    Peer.objects.update(own_voice=True)  # the tests have one key only
    return made


@pytest.mark.parametrize("before", [True, False])
def test_a_hash_that_one_peer_slips_in_is_never_believed_as_much_as_the_one_that_others_name(
    script: Script, others: list[Script], shared: HashSet, people: People, *, before: bool
) -> None:
    slipped = said(OTHER, MD5=hexed(KNOWN.md5), SHA1=None)
    if before:
        contribute(script, shared, slipped)
    for other in others:
        contribute(other, shared, said(KNOWN, SHA1=None, SHA256=None))
    makers.publish(shared, replace(KNOWN, sha1=None, sha256=None), by=people.supervisor)
    if not before:
        contribute(script, shared, slipped)
    rows = script.get(f"Media/ByHash(algo='md5',value='{hexed(KNOWN.md5)}')").json()["value"]
    assert {one["SHA256"]: one["Trust"] for one in rows} == {None: "trusted", hexed(OTHER.sha256): "provisional"}
    policies.set_policy(
        shared, agency=shared.owner, action="accept", min_trust="corroborated", by=people.supervisor
    )  # fmt: skip
    assert effects(shared, OTHER.sha256) == {0}
    assert list(rejudging.wrong()) == []


def effects(of: HashSet, sha256: bytes | None) -> set[int]:
    """What entries with the digest do at their owner's."""
    with connection.cursor() as sql:
        sql.execute(
            "SELECT effect FROM hashsets_verdict WHERE set_id = %s AND agency_id = %s AND sha256 = %s AND in_force",
            [of.pk, of.owner_id, sha256],
        )
        return {effect for (effect,) in sql.fetchall()}


def test_organisations_under_one_key_count_as_one_unless_the_owner_says_otherwise(
    script: Script, others: list[Script], shared: HashSet, people: People
) -> None:
    Peer.objects.update(own_voice=False)
    for one in (script, *others):
        [result] = contribute(one, shared, said(KNOWN)).json()["results"]
        assert result["Trust"] == "provisional"
    for each in Peer.objects.all():
        terms.count_alone(peer=each, alone=True, by=people.supervisor)
    assert list(rejudging.wrong()) == []  # what was said is as it was
    for one in (*others, script):
        [result] = contribute(one, shared, said(KNOWN)).json()["results"]
    assert result["Trust"] == "trusted"


def test_in_a_batch_each_opinion_is_on_the_entry_that_it_names(
    script: Script, others: list[Script], shared: HashSet
) -> None:
    contribute(others[0], shared, said(OTHER, MD5=hexed(KNOWN.md5), SHA1=None))
    contribute(others[1], shared, said(KNOWN, SHA256=None))
    results = contribute(script, shared, said(KNOWN, SHA256=None), said(KNOWN)).json()["results"]
    there = {str(one.public_id): one for one in Entry.objects.filter(set=shared, md5=KNOWN.md5, removed_in=None)}
    assert len(there) == 3
    found = [there[one["EntryID"]] for one in results]
    assert [(one.sha1, one.sha256) for one in found] == [(KNOWN.sha1, None), (KNOWN.sha1, KNOWN.sha256)]
    assert [one.trust for one in found] == ["corroborated", "provisional"]


def test_what_a_list_says_of_an_md5_is_disputed_by_who_names_more_and_supports_nothing(
    script: Script, shared: HashSet, people: People
) -> None:
    makers.stored(shared, people.supervisor, md5=KNOWN.md5, sha1=None, sha256=None, size=None)
    [result] = contribute(script, shared, said(KNOWN, Category="0")).json()["results"]
    assert (result["status"], result["Trust"]) == ("conflict", "disputed")
    standing = Entry.objects.filter(set=shared, md5=KNOWN.md5, removed_in=None)
    assert set(standing.values_list("trust", flat=True)) == {"disputed"}
    assert list(rejudging.wrong()) == []


def test_nobody_fills_all_places_beside_an_entry(
    script: Script, shared: HashSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contributing, "MOST_BEGUN", 2)
    claims = [said(makers.picture(f"claim {n}"), MD5=hexed(KNOWN.md5), SHA1=None) for n in range(4)]
    results = contribute(script, shared, *claims, claims[0]).json()["results"]
    assert [one["status"] for one in results] == ["created", "created", "rejected", "rejected", "created"]
    for result in results[:2]:
        script.post(f"Media({result['EntryID']})/Retract", {"Reason": "to make place"})
    results = contribute(script, shared, *claims[2:], claims[0]).json()["results"]
    assert [one["status"] for one in results] == ["rejected", "rejected", "created"]


def test_an_id_that_another_set_has_too_names_the_entry_that_the_caller_may_see(
    script: Script, shared: HashSet, peer: Peer, people: People
) -> None:
    ours = by_md5(shared, makers.picture("a").md5)
    mirror = makers.hash_set(people.supervisor, "A mirror", scheme="us-pvic")
    makers.stored(mirror, people.supervisor, public_id=ours.public_id, code="2")
    HashSet.objects.filter(pk=mirror.pk).update(owner=peer.organisation, reader=people.north)
    copy = partner.share(mirror, peer, by=people.supervisor)
    at = f"Media({ours.public_id})"
    assert script.get(at).json()["Category"] == "1"
    [voted] = script.post(f"{at}/Vote", {"Category": "1", "Basis": "viewed"}).json()["results"]
    assert voted["Trust"] == "corroborated"
    original = Share.objects.get(set=shared)
    partner.end(original)
    assert script.get(at).json()["Category"] == "2"
    partner.end(copy)
    assert script.get(at).status_code == 404


def test_what_others_said_of_a_flag_stays_and_what_nobody_said_may_be_added(
    script: Script, shared: HashSet, people: People
) -> None:
    makers.publish(shared, replace(KNOWN, flags={"victim_identified": True}), by=people.supervisor)
    contribute(script, shared, said(KNOWN, VictimIdentified=False, IsDistributed=True))
    assert by_md5(shared, KNOWN.md5).flags == {"victim_identified": True, "is_distributed": True}


def test_of_what_only_the_peer_itself_stands_for_it_may_tell_more(script: Script, shared: HashSet) -> None:
    contribute(script, shared, said(KNOWN, SHA1=None, SHA256=None))
    contribute(script, shared, said(KNOWN))
    assert bytes(by_md5(shared, KNOWN.md5).sha256 or b"") == KNOWN.sha256


def test_an_old_package_of_opinions_counts_no_second_time_under_a_new_share(
    peer: Peer, shared: HashSet, people: People
) -> None:
    Share.objects.update(votes_seq=7, votes_manifest=bytes(32))
    sharing.share(peer=peer, hash_set=shared, by=people.supervisor, contribute=False)
    sharing.unshare(peer=peer, hash_set=shared, by=people.supervisor)
    asked = sharing.share(peer=peer, hash_set=shared, by=people.supervisor, contribute=True)
    made = sharing.confirm(share=asked, by=people.colleague)
    made.refresh_from_db()
    assert (made.votes_seq, bytes(made.votes_manifest or b"")) == (7, bytes(32))


def test_a_node_asked_where_it_is_not_says_so_and_nobody_can_pass_its_answers_on(people: People) -> None:
    us = Client(headers={"host": "localhost"})
    asked = {"organisation": str(people.north.organisation), "at": "http://localhost/odata/v1/"}
    assert us.get(f"{ROOT}Node", asked).status_code == 200
    refused = us.get(f"{ROOT}Node", asked | {"at": "https://elsewhere.example/odata/v1/"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (421, "not-here")


def test_another_key_ends_what_the_last_one_signed_in_with(peer: Peer, people: People) -> None:
    client_id, secret = callers.give_credential(peer, by=people.supervisor)
    theirs = peer.organisation
    pairing.propose(organisation=theirs.organisation, name=theirs.name, key=bytes(32), url="", by=people.supervisor)
    pairing.confirm(peer=peer, fingerprint=signing.fingerprint(bytes(32)), by=people.admin)
    assert partner.sent_for_token(client_id, secret).status_code == 401
    assert not Application.objects.exists()


def test_what_is_no_form_is_not_read_at_the_token_endpoint(peer: Peer) -> None:
    answer = Client(headers={"host": "localhost"}).post(f"{ROOT}token", {"grant_type": "client_credentials"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad-input")


def test_a_stranger_keeps_no_peer_from_its_token(peer: Peer, people: People) -> None:
    client_id, secret = callers.give_credential(peer, by=people.supervisor)
    stranger = f"nobody-{uuid4()}"
    answers = {partner.sent_for_token(stranger, "wrong").status_code for _ in range(TRIES + 2)}
    assert answers == {401, 429}
    assert partner.sent_for_token(client_id, secret).status_code == 200


def test_reading_a_whole_set_is_in_the_log_and_how_far_a_peer_was_told_is_kept(
    script: Script, shared: HashSet, people: People
) -> None:
    page = script.get(f"HashSets({shared.public_id})/Media", prefer="odata.track-changes")
    event = AuditEvent.objects.filter(log__agency=people.north).order_by("-seq")[0]
    assert (event.verb, json.loads(event.body)["details"]["format"]) == ("peer.export", "odata")
    share = Share.objects.get()
    assert (share.seq, share.read_at is not None) == (3, True)
    makers.publish(shared, KNOWN, by=people.supervisor)
    script.get(page.json()["@odata.deltaLink"])
    assert AuditEvent.objects.filter(verb="peer.export").count() == 1


def test_opinions_have_a_limit_by_number_and_by_what_they_take_to_keep(
    script: Script, shared: HashSet, settings: Any
) -> None:
    settings.PEER_HASHES = 3
    assert contribute(script, shared, *[said(KNOWN)] * 4).status_code == 429
    padded = script.post(f"HashSets({shared.public_id})/Contribute", {"items": [said(KNOWN)], "more": "x" * 100_000})
    assert padded.status_code == 429
    assert not Entry.objects.filter(set=shared, md5=KNOWN.md5).exists()


@pytest.mark.parametrize(
    "table", ["change", "clash", "proof", "package", "share", "subscription", "quarantined", "vote"]
)
def test_the_applications_role_cannot_make_forgotten_who_said_what(table: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as sql:
        sql.execute(f"DELETE FROM hashsets_{table}")


@pytest.mark.parametrize(
    "change",
    ["proof SET body = ''", "package SET count = 0", "vote SET code = ''", "change SET seq = 1", "clash SET twin = 1"],
)
def test_the_applications_role_cannot_change_what_was_said(change: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as sql:
        sql.execute(f"UPDATE hashsets_{change}")


def test_words_a_peer_makes_up_reach_neither_the_log_nor_a_statement() -> None:
    odd = pushing.Result(status="\0 anything", entry_id="no id", trust="\u202e", code="\0")
    assert json.loads(pushing._stored(odd)) == {"status": "unknown", "Trust": "\\u202e", "code": "\\x00"}


def test_a_number_that_no_database_holds_is_put_aside() -> None:
    raw = json.dumps({"id": f"Media({uuid4()})", "@removed": {}, "Seq": 2**64}).encode()
    [found] = pages.records(Page(value=[msgspec.Raw(raw)]))
    assert found == wire.Odd(raw.decode(), "Its sequence number is none.")


def test_a_file_of_opinions_that_is_too_large_to_keep_is_damaged() -> None:
    place = courier.reading.Place("entries-0001.ndjson.gz", 0, opinions.LARGEST + 1)
    package: Any = type("Package", (), {"places": [place], "manifest": type("Manifest", (), {"from_seq": 0})()})()
    with pytest.raises(courier.PackageDamaged):
        next(opinions.batches(package))


def test_a_reason_of_a_peer_shows_what_it_hides(script: Script, shared: HashSet) -> None:
    there = by_md5(shared, makers.picture("a").md5)
    script.post(f"Media({there.public_id})/Vote", {"Category": "1", "Basis": "viewed"})
    script.post(f"Media({there.public_id})/Retract", {"Reason": "\u202egone"})
    event = AuditEvent.objects.filter(verb="entry.withdraw").order_by("-seq").first()
    assert "\\u202egone" in json.loads(event.body)["reason"] if event else False
