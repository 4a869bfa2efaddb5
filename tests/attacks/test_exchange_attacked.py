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

from hashsets import courier
from hashsets.courier import opinions
from hashsets.models import Entry, HashSet, Peer, Share
from hashsets.odata import callers
from hashsets.odata.tokens import TRIES
from hashsets.peers import pages, pairing, pushing, sharing
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
    for status in ("merged", "unchanged"):
        [result] = contribute(script, shared, claim).json()["results"]
        assert result["status"] == status
        found = by_md5(shared, KNOWN.md5)
        assert (found.sha1, found.sha256, found.size, found.raw.get("hashes")) == (None, None, None, None)
    assert not Entry.objects.filter(set=shared, sha256=OTHER.sha256).exists()


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


@pytest.mark.parametrize("table", ["proof", "package", "share", "subscription", "quarantined", "vote"])
def test_the_applications_role_cannot_make_forgotten_who_said_what(table: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as sql:
        sql.execute(f"DELETE FROM hashsets_{table}")


@pytest.mark.parametrize("change", ["proof SET body = ''", "package SET count = 0", "vote SET code = ''"])
def test_the_applications_role_cannot_change_what_was_said(change: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as sql:
        sql.execute(f"UPDATE hashsets_{change}")


def test_words_a_peer_makes_up_reach_neither_the_log_nor_a_statement() -> None:
    odd = pushing.Result(status="\0 anything", entry_id="no id", trust="\u202e", code="\0")
    assert json.loads(pushing._stored(odd)) == {"status": "unknown", "Trust": "\\u202e", "code": "\\x00"}


def test_a_number_that_no_database_holds_is_put_aside() -> None:
    raw = json.dumps({"id": f"Media({uuid4()})", "@removed": {}, "Seq": 2**64}).encode()
    found, odd = pages.records(Page(value=[msgspec.Raw(raw)]))
    assert (found, [why for why, _words in odd]) == ([], ["Its sequence number is none."])


def test_a_file_of_opinions_that_is_too_large_to_keep_is_damaged() -> None:
    place = courier.reading.Place("entries-0001.ndjson.gz", 0, opinions.LARGEST + 1)
    package: Any = type("Package", (), {"places": [place], "manifest": type("Manifest", (), {"from_seq": 0})()})()
    with pytest.raises(courier.PackageDamaged):
        next(opinions.batches(package))


def test_a_reason_of_a_peer_shows_what_it_hides(script: Script, shared: HashSet) -> None:
    there = by_md5(shared, makers.picture("a").md5)
    script.post(f"Media({there.public_id})/Vote", {"Category": "1"})
    script.post(f"Media({there.public_id})/Retract", {"Reason": "\u202egone"})
    event = AuditEvent.objects.filter(verb="entry.withdraw").order_by("-seq").first()
    assert "\\u202egone" in json.loads(event.body)["reason"] if event else False
