"""Another organisation contributes entries, votes and takes votes back."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from hashsets import opinions, rejudging, signed
from hashsets.models import Answered, Entry, HashSet, Peer, Proof, Share, Vote
from hashsets.peers import status
from tests.hashsets import makers
from tests.hashsets.odata import partner
from tests.hashsets.odata.partner import Script, item
from tests.people import People
from workbench.models import AuditEvent

pytestmark = pytest.mark.django_db
CARD = makers.picture("test card")


def contribute(script: Script, of: HashSet, *items: object, **more: Any) -> list[dict[str, str]]:
    answer = script.post(f"HashSets({of.public_id})/Contribute", {"items": items}, **more)
    assert answer.status_code == 200, answer.content
    return list(answer.json()["results"])


def entry(of: HashSet, name: str) -> Entry:
    return Entry.objects.get(set=of, md5=makers.picture(name).md5, removed_in=None)


def test_each_item_has_a_result_in_its_place(script: Script, shared: HashSet) -> None:
    results = contribute(
        script,
        shared,
        item(CARD),
        item(makers.picture("a")),
        item(makers.picture("b", "0")),
        item(CARD, MD5="00", SHA1=""),
        item(CARD, MediaSize=0),
        item(CARD, Scheme="no-such"),
        item(CARD, Category="99"),
        item(CARD, MediaSize="many"),
        item(makers.picture("lake"), Basis="hash-match"),
        "no object",
        {name: value for name, value in item(CARD).items() if name != "Basis"},
    )
    told = [(one["status"], one.get("code", one.get("Trust"))) for one in results]
    assert told == [
        ("created", "provisional"),
        ("merged", "corroborated"),
        ("conflict", "disputed"),
        ("rejected", "bad-hash"),
        ("rejected", "zero-length"),
        ("rejected", "unknown-scheme"),
        ("rejected", "unmapped-category"),
        ("rejected", "bad-item"),
        ("rejected", "not-allowed"),
        ("rejected", "bad-item"),
        ("rejected", "bad-item"),
    ]
    assert contribute(script, shared, item(CARD))[0]["status"] == "unchanged"


def test_the_answer_names_the_number_that_the_batch_has(script: Script, shared: HashSet) -> None:
    answer = script.post(f"HashSets({shared.public_id})/Contribute", {"items": [item(CARD)], "note": 1}).json()
    assert (answer["HeadSeq"], answer["IgnoredFields"]) == (4, 1)


def test_a_match_that_nobody_looked_at_is_kept_and_does_not_count(script: Script, shared: HashSet) -> None:
    [result] = contribute(script, shared, item(makers.picture("a"), Basis="hash-match"))
    assert (result["status"], result["Trust"]) == ("merged", "provisional")
    assert Vote.objects.filter(set=shared, basis="hash-match").count() == 1


@pytest.fixture
def good(people: People) -> HashSet:
    """What the owner knows as good, the test card among it."""
    made = makers.hash_set(people.supervisor, "Good", role="known-good", scheme="us-pvic")
    makers.publish(made, makers.picture("test card", "0"), by=people.supervisor)
    return made


def test_what_a_set_that_the_peer_reads_knows_as_good_is_refused(
    script: Script, shared: HashSet, good: HashSet, peer: Peer, people: People
) -> None:
    partner.share(good, peer, by=people.supervisor)
    assert contribute(script, shared, item(CARD)) == [{"status": "rejected", "code": "known-good-clash"}]


def test_what_the_owner_knows_as_good_in_secret_looks_taken_in_and_waits_for_a_supervisor(
    script: Script, shared: HashSet, good: HashSet, people: People
) -> None:
    by_himself, known = contribute(script, shared, item(makers.picture("lake")), item(CARD))
    assert (
        (known["status"], known["Trust"]) == (by_himself["status"], by_himself["Trust"]) == ("created", "provisional")
    )
    told, other = (script.get(f"Media({one['EntryID']})").json() for one in (known, by_himself))
    assert told.keys() == other.keys()
    held = entry(shared, "test card")
    assert (held.state, entry(shared, "lake").state) == ("held", "published")
    assert may_act(shared) == {"a": True, "lake": True, "test card": False}
    assert any("known-good set" in alarm for one in status.every(people.supervisor) for alarm in one.alarms)
    assert rejudged()
    opinions.say(shared, held.id, code="1", looked=True, by=people.supervisor)
    assert may_act(shared)["test card"]
    assert rejudged()
    assert status.every(people.supervisor)[0].alarms == []


def may_act(of: HashSet) -> dict[str, bool]:
    """Whether entries may do anything by themselves at the agency that owns the set."""
    of.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encode(md5, 'hex'), effect > 0 FROM hashsets_verdict"
            " WHERE set_id = %s AND agency_id = %s AND in_force",
            [of.pk, of.owner_id],
        )
        found = dict(cursor.fetchall())
    names = {(makers.picture(name).md5 or b"").hex(): name for name in ("a", "lake", "test card")}
    return {name: found[digest] for digest, name in names.items()}


def rejudged() -> bool:
    """Whether all that is stored is what the votes amount to."""
    return not list(rejudging.wrong())


def test_the_same_key_has_one_effect_and_another_body_is_refused(script: Script, shared: HashSet) -> None:
    path, body = f"HashSets({shared.public_id})/Contribute", {"items": [item(CARD)]}
    first, again = (script.post(path, body, key="a-key-of-a-batch") for _ in range(2))
    assert first.content == again.content
    assert Vote.objects.filter(set=shared, organisation__isnull=False, ident=CARD.md5).count() == 1
    other = script.post(path, {"items": [item(makers.picture("lake"))]}, key="a-key-of-a-batch")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "key-used")
    Answered.objects.update(at=timezone.now() - timedelta(days=8))
    assert script.post(path, body, key="a-key-of-a-batch").json()["results"][0]["status"] == "unchanged"


def test_a_request_without_a_key_or_a_signature_of_now_is_refused(script: Script, shared: HashSet) -> None:
    path, body = f"HashSets({shared.public_id})/Contribute", {"items": [item(CARD)]}
    data = json.dumps(body).encode()
    answers = [
        script.client.post(partner.ROOT + path, data, content_type="application/json"),
        script.post(path, body, sign=False),
        script.post(path, body, winnow_signature="AAAA"),
        script.post(path, data, sign=False, **_old(path, data)),
        script.client.post(partner.ROOT + path, data, content_type="text/plain"),
    ]
    assert [answer.json()["error"]["code"] for answer in answers] == [
        "key-needed", "signature-needed", "signature-needed", "signature-needed", "unknown-type",
    ]  # fmt: skip
    assert not Vote.objects.filter(set=shared, ident=CARD.md5).exists()


def _old(path: str, data: bytes) -> dict[str, Any]:
    """A signature of an hour ago."""
    at = signed.moment(timezone.now() - timedelta(hours=1))
    return {name.replace("-", "_"): value for name, value in partner.signature(partner.ROOT + path, data, at).items()}


def test_a_vote_keeps_the_proof_of_who_said_it(script: Script, shared: HashSet, peer: Peer) -> None:
    contribute(script, shared, item(CARD))
    [proof] = Proof.objects.all()
    vote = Vote.objects.get(set=shared, ident=CARD.md5)
    assert (vote.proof, vote.organisation) == (proof, peer.organisation.organisation)
    assert proof.text.startswith("winnow-signed-1\nPOST\n/odata/v1/HashSets(")


def test_a_vote_on_an_entry_and_its_retraction(script: Script, shared: HashSet) -> None:
    there = entry(shared, "a")
    unlooked = script.post(f"Media({there.public_id})/Vote", {"Category": "1"}).json()
    assert unlooked["results"] == [{"status": "rejected", "code": "bad-item"}]
    voted = script.post(f"Media({there.public_id})/Vote", {"Category": "1", "Basis": "viewed"}).json()
    assert voted["results"] == [{"status": "merged", "EntryID": str(there.public_id), "Trust": "corroborated"}]
    taken = script.post(f"Media({there.public_id})/Retract", {}).json()
    assert taken["results"] == [{"status": "retracted", "EntryID": str(there.public_id), "Trust": "provisional"}]
    again = script.post(f"Media({there.public_id})/Retract", {}).json()
    assert again["results"][0]["status"] == "unchanged"


def test_an_entry_nobody_else_stands_for_leaves_with_its_vote(script: Script, shared: HashSet) -> None:
    [made] = contribute(script, shared, item(CARD))
    taken = script.post(f"Media({made['EntryID']})/Retract", {"Reason": "a mistake"}).json()
    assert taken["results"][0]["Trust"] == "retracted"
    assert script.get(f"Media({made['EntryID']})").status_code == 404


def test_a_set_shared_for_reading_takes_no_opinions(script: Script, shared: HashSet) -> None:
    Share.objects.update(contribute=False)
    answer = script.post(f"HashSets({shared.public_id})/Contribute", {"items": [item(CARD)]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "read-only-share")


def test_too_many_items_are_refused_whole(script: Script, shared: HashSet) -> None:
    answer = script.post(f"HashSets({shared.public_id})/Contribute", {"items": [{}] * 5001})
    assert answer.status_code == 413
    large = script.post(f"HashSets({shared.public_id})/Contribute", b" " * (8 * 1024 * 1024 + 1))
    assert (large.status_code, large.json()["error"]["code"]) == (413, "too-large")


def test_a_batch_is_told_in_the_log_of_the_agency(script: Script, shared: HashSet, people: People) -> None:
    contribute(script, shared, item(CARD), item(CARD, MD5="1"))
    event = AuditEvent.objects.filter(log__agency=people.north).order_by("-seq")[0]
    told = json.loads(event.body)
    assert (event.verb, told["details"]["results"]) == ("peer.contribute", {"created": 1, "rejected": 1})
