"""Giving opinions to a peer: once each, however often they are sent; taken back where they were given."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from hashsets import answered
from hashsets.models import Entry, HashSet, Outgoing, Peer, Share, Vote
from hashsets.peers import pulling, pushing, status, terms
from hashsets.peers.pushing import Pushed
from tests.hashsets import makers
from tests.hashsets.odata import partner
from tests.hashsets.peers.two_agencies import Exchange, standing
from workbench.models import AuditEvent


@pytest.fixture
def source(exchange: Exchange) -> HashSet:
    """A set of the reader's agency; what it publishes there is contributed to the set it reads."""
    by = exchange.people.outsider
    Share.objects.filter(pk=exchange.share.pk).update(contribute=True)
    made = makers.hash_set(by, "Ours", trust="provisional")
    terms.give_and_take(subscription=exchange.subscription, by=by, give=True, source=made)
    return made


def publish(source: HashSet, exchange: Exchange, *names: str, code: str = "1") -> None:
    now = HashSet.objects.get(pk=source.pk)
    makers.publish(now, *(makers.picture(name, code) for name in names), by=exchange.people.outsider)


def push(exchange: Exchange) -> Pushed:
    done = pushing.push(exchange.subscription.pk)
    assert done is not None
    return done


def told(verb: str) -> list[dict[str, Any]]:
    return [json.loads(row.body)["details"] for row in AuditEvent.objects.filter(verb=verb).order_by("pk")]


def states() -> list[str]:
    return list(Outgoing.objects.order_by("vote_id").values_list("state", flat=True))


def test_what_we_publish_goes_to_the_peer_and_is_one_voice_there(exchange: Exchange, source: HashSet) -> None:
    exchange.publish("a")
    publish(source, exchange, "a", "b")
    assert states() == ["waiting", "waiting"]
    done = push(exchange)
    assert (done.batches, dict(done.by_status), done.failure) == (1, {"merged": 1, "created": 1}, "")
    assert states() == ["sent", "sent"]
    found = standing(exchange.shared.pk)
    assert sorted(row[8] for row in found.values()) == ["corroborated", "provisional"]
    [sent] = told("exchange.send")
    assert sent["results"] == {"created": 1, "merged": 1}
    assert len(sent["request"]) == len(sent["response"]) == 64
    assert sent["head_seq"] > 0


def test_sent_twice_because_the_sender_was_killed_it_counts_once(
    exchange: Exchange, source: HashSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(source, exchange, "a", "b")

    class Killed(BaseException):
        """The process ends here."""

    def killed(*_args: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(pushing, "_note", killed)
        with pytest.raises(Killed):
            push(exchange)
    assert states() == ["waiting", "waiting"]
    keys = set(Outgoing.objects.values_list("key", flat=True))
    votes = Vote.objects.filter(set=exchange.shared).count()
    publish(source, exchange, "c")
    done = push(exchange)
    assert dict(done.by_status) == {"created": 3}
    assert done.batches == 2
    assert keys < set(Outgoing.objects.values_list("key", flat=True))
    assert Vote.objects.filter(set=exchange.shared).count() == votes + 1 == 3


def test_what_is_taken_back_here_is_taken_back_there(exchange: Exchange, source: HashSet) -> None:
    publish(source, exchange, "a", "b")
    push(exchange)
    row = Entry.objects.get(set=source, sha256=makers.picture("a").sha256, removed_in=None)
    makers.withdraw(HashSet.objects.get(pk=source.pk), row.id, by=exchange.people.outsider)
    assert states() == ["waiting", "sent"]
    assert dict(push(exchange).by_status) == {"retracted": 1}
    assert [row[4] for row in standing(exchange.shared.pk).values()] == [makers.picture("b").sha256]


def test_what_was_taken_back_before_it_left_never_leaves(exchange: Exchange, source: HashSet) -> None:
    publish(source, exchange, "a")
    row = Entry.objects.get(set=source, removed_in=None)
    makers.withdraw(HashSet.objects.get(pk=source.pk), row.id, by=exchange.people.outsider)
    assert push(exchange).batches == 0
    assert states() == ["sent"]
    assert standing(exchange.shared.pk) == {}


def test_what_the_peer_refuses_is_listed_and_the_rest_goes_on(exchange: Exchange, source: HashSet) -> None:
    good = makers.hash_set(exchange.people.supervisor, "Known good", role="known-good")
    makers.publish(good, makers.picture("a"), by=exchange.people.supervisor)
    partner.share(good, exchange.share.peer, by=exchange.people.supervisor)
    publish(source, exchange, "a", "b")
    assert dict(push(exchange).by_status) == {"rejected": 1, "created": 1}
    assert sorted(states()) == ["refused", "sent"]
    refused = Outgoing.objects.get(state="refused")
    assert refused.answer == {"status": "rejected", "code": "known-good-clash"}
    read = next(one for one in status.every(exchange.people.outsider) if one.read).read[0]
    assert (read.waiting, read.refused) == (0, 1)


def test_while_the_peer_is_away_opinions_wait_and_no_alarm_comes_before_a_day(
    exchange: Exchange, source: HashSet
) -> None:
    publish(source, exchange, "a")
    peers = Peer.objects.filter(pk=exchange.subscription.peer_id)
    url = peers.get().url
    peers.update(url="http://localhost:9/odata/v1/")
    assert push(exchange).failure
    assert states() == ["waiting"]
    assert pushing.due() == []  # not before a while
    assert [one.alarms for one in status.every(exchange.people.outsider)] == [[]]
    Outgoing.objects.update(at=timezone.now() - timedelta(hours=25))
    assert "wait since a day" in status.every(exchange.people.outsider)[0].alarms[0]
    peers.update(url=url)
    assert dict(push(exchange).by_status) == {"created": 1}


def test_what_a_peer_told_us_is_not_told_back(exchange: Exchange, source: HashSet) -> None:
    exchange.publish("a", "b")
    before = Outgoing.objects.count()
    pulling.pull(exchange.subscription.pk, now=True)
    assert Outgoing.objects.count() == before == 0


def test_a_peer_that_always_says_it_had_that_key_holds_no_worker(
    exchange: Exchange, source: HashSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(source, exchange, "a")

    def used(*_args: object, **_more: object) -> bytes:
        raise answered.KeyUsed

    monkeypatch.setattr(answered, "once", used)
    assert push(exchange).failure
    assert states() == ["waiting"]
    monkeypatch.undo()
    assert dict(push(exchange).by_status) == {"created": 1}
