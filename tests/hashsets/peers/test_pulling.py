"""Reading a peer's set: baseline, delta, kills at every page, the watchdog, what is not signed (sharing.md 7.2-7.4)."""

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.utils import timezone

from hashsets import feed, settling
from hashsets.models import Feed, Incoming, Peer, Quarantined, Share, Subscription
from hashsets.peers import node, pages, pulling, status, terms
from hashsets.peers.node import Node
from hashsets.peers.pulling import Pulled
from tests import database
from tests.hashsets.peers.two_agencies import Exchange, number, standing
from workbench.models import AuditEvent
from workbench.peer_addresses import AddressRefused


class Killed(BaseException):
    """The process ends here."""


def pull(exchange: Exchange) -> Pulled:
    done = pulling.pull(exchange.subscription.pk, now=True)
    assert done is not None
    return done


def told(verb: str) -> list[dict[str, Any]]:
    rows = AuditEvent.objects.filter(verb=verb).order_by("pk")
    return [json.loads(row.body)["details"] for row in rows]


def same(exchange: Exchange) -> bool:
    return standing(exchange.shared.pk) == standing(exchange.subscription.set_id)


def test_a_mirror_gets_all_there_is_and_then_what_changed(exchange: Exchange) -> None:
    exchange.publish(*number("8"))
    first = pull(exchange)
    assert (first.pages, first.records, first.failure) == (3, 8, "")
    assert same(exchange)
    exchange.publish("p1", "p8", code="2")
    exchange.withdraw("p0")
    second = pull(exchange)
    assert (second.pages, second.records) == (1, 3)
    assert same(exchange)
    assert exchange.mirror.seq == Feed.objects.get(set=exchange.shared).head_seq == 11
    assert told("set.receive")[-1]["added"] == 2
    assert Incoming.objects.count() == 0


def test_where_nothing_changed_nothing_is_written(exchange: Exchange) -> None:
    exchange.publish("a")
    pull(exchange)
    before = AuditEvent.objects.filter(verb="set.version").count()
    assert pull(exchange).pages == 0
    assert AuditEvent.objects.filter(verb="set.version").count() == before
    assert exchange.mirror.pulled_at is not None


@pytest.mark.parametrize("moment", ["before", "inside", "after"])
def test_killed_at_every_page_a_reader_ends_with_the_same_set(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    exchange.publish(*number("8"))
    if moment == "before":  # the answer is here, nothing of it is stored
        monkeypatch.setattr(pulling, "_stored", killed_every_other_time(pulling._stored, before=True))
    elif moment == "inside":  # records and checkpoint are written, nothing is committed
        monkeypatch.setattr(settling, "stage", killed_every_other_time(settling.stage))
    else:
        monkeypatch.setattr(pulling, "_stored", killed_every_other_time(pulling._stored))
    kills = until_it_has_all(exchange)
    assert same(exchange)
    exchange.publish("p8", "p9", "p10", "p2", "p3", code="2")
    exchange.withdraw("p4")
    kills += until_it_has_all(exchange)
    assert same(exchange)
    assert kills >= 2
    assert Incoming.objects.count() == 0


def killed_every_other_time(does: Callable[..., Any], *, before: bool = False) -> Callable[..., Any]:
    """Ends the process at its first call, its third..., before or after it did its work."""
    turns = itertools.count()

    def one(*args: Any, **more: Any) -> Any:
        killed = next(turns) % 2 == 0
        if killed and before:
            raise Killed
        done = does(*args, **more)
        if killed:
            raise Killed
        return done

    return one


def until_it_has_all(exchange: Exchange) -> int:
    """Start readers, one after the other, until one comes to the end; how many were killed."""
    kills = 0
    for _attempt in range(40):
        try:
            if exchange.mirror.seq == Feed.objects.get(set=exchange.shared).head_seq and not pull(exchange).pages:
                return kills
            pull(exchange)
        except Killed:
            kills += 1
            Subscription.objects.update(lease_until=None)  # it would end by itself
    raise AssertionError("no reader comes to the end")


def test_an_entry_that_changes_while_a_baseline_is_read_is_there_once_and_new(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.publish(*number("8"))
    asked = pulling._ask

    def changing(*args: Any) -> Any:
        page = asked(*args)
        if exchange.mirror.baseline and not told("vote.cast")[9:]:
            exchange.publish("p0", "p7", code="2")
        return page

    monkeypatch.setattr(pulling, "_ask", changing)
    pull(exchange)
    monkeypatch.undo()
    pull(exchange)
    assert same(exchange)
    assert [row[6] for row in standing(exchange.subscription.set_id).values()].count("2") == 2


def test_what_is_older_than_the_horizon_is_read_anew(exchange: Exchange) -> None:
    exchange.publish(*number("4"))
    pull(exchange)
    exchange.withdraw("p0")
    exchange.publish("p1", code="2")
    database.past_guards("UPDATE hashsets_change SET at = now() - interval '401 days'")
    feed.prune(exchange.shared.pk)
    assert pull(exchange).records == 3
    assert same(exchange)
    assert len(told("exchange.restart")) == 1


def test_a_peer_that_was_set_back_is_read_no_further_until_a_person_says_so(exchange: Exchange) -> None:
    exchange.publish(*number("4"))
    pull(exchange)
    database.past_guards("DELETE FROM hashsets_change WHERE seq > 2")  # as an old backup has it
    Feed.objects.filter(set=exchange.shared).update(head_seq=2)
    assert "only up to 2" in pull(exchange).failure
    assert "only up to 2" in exchange.mirror.paused
    assert pulling.pull(exchange.subscription.pk, now=True) is None
    assert len(standing(exchange.subscription.set_id)) == 4
    assert len(told("exchange.pause")) == 1
    terms.resume(subscription=exchange.mirror, by=exchange.people.outsider, anew=True)
    assert pull(exchange).failure == ""
    assert len(standing(exchange.subscription.set_id)) == 2


def test_of_a_page_that_another_key_signed_nothing_is_stored(exchange: Exchange) -> None:
    exchange.publish("a")
    Peer.objects.filter(pk=exchange.subscription.peer_id).update(key=bytes(31) + b"\x01")
    assert "another key" in pull(exchange).failure
    peer = Peer.objects.get(pk=exchange.subscription.peer_id)
    assert (peer.state, peer.confirmed_by) == (Peer.State.PROPOSED, None)
    assert standing(exchange.subscription.set_id) == {}
    assert len(told("peer.key")) == 1
    assert pulling.due() == []


def test_of_a_page_that_was_changed_on_its_way_nothing_is_stored(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.publish("a")
    checked = node.require_signed
    monkeypatch.setattr(
        node, "require_signed", lambda answer, *more: checked(replace(answer, body=answer.body + b" "), *more)
    )
    assert "not signed by the peer" in pull(exchange).failure
    assert exchange.mirror.paused
    assert standing(exchange.subscription.set_id) == {}


def test_one_record_that_is_none_is_put_aside_and_the_others_come(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.publish(*number("3"))
    read = pages.records

    def spoiled(page: pages.Page) -> Any:
        if page.value:
            page.value[1] = msgspec.Raw(b'{"EntryID": "none", "Seq": 2}')
        return read(page)

    monkeypatch.setattr(pages, "records", spoiled)
    done = pull(exchange)
    assert (done.records, done.put_aside) == (2, 1)
    aside = Quarantined.objects.get()
    assert "EntryID" in aside.record
    assert "UUID" in aside.reason


def test_a_peer_whose_set_has_no_end_fills_no_disk(exchange: Exchange, settings: Any) -> None:
    settings.PEER_ENTRIES = 4
    exchange.publish(*number("8"))
    assert "set WINNOW_PEER_ENTRIES higher" in pull(exchange).failure
    assert "sends more than 4 entries" in exchange.mirror.paused
    assert (Incoming.objects.count(), exchange.mirror.checkpoint) == (0, "")
    settings.PEER_ENTRIES = 8
    terms.resume(subscription=exchange.mirror, by=exchange.people.outsider)
    assert pull(exchange).failure == ""
    assert same(exchange)
    exchange.publish("p8")  # what came before counts no more
    assert pull(exchange).records == 1


def test_a_peer_that_does_not_answer_is_tried_again_and_no_alarm_for_a_day(exchange: Exchange) -> None:
    exchange.publish("a")
    gone = Peer.objects.filter(pk=exchange.subscription.peer_id)
    url = gone.get().url
    gone.update(url="http://localhost:9/odata/v1/")
    assert pull(exchange).failure
    assert exchange.mirror.paused == ""
    assert status.every(exchange.people.outsider)[0].alarms == []
    gone.update(failing_since=timezone.now() - timedelta(hours=25))
    assert len(status.every(exchange.people.outsider)[0].alarms) == 1
    gone.update(url=url)
    assert pull(exchange).failure == ""
    assert gone.get().failing_since is None
    assert same(exchange)


def test_what_is_shared_no_longer_stays_and_comes_no_further(exchange: Exchange) -> None:
    exchange.publish("a")
    pull(exchange)
    Share.objects.filter(pk=exchange.share.pk).update(ended_at=timezone.now())
    assert "404" in pull(exchange).failure
    assert len(standing(exchange.subscription.set_id)) == 1


def test_two_workers_at_once_read_a_set_once(exchange: Exchange) -> None:
    exchange.publish("a")
    with pulling._claimed(exchange.subscription.pk, now=True) as held:
        assert held is not None
        assert pulling.pull(exchange.subscription.pk, now=True) is None
    assert pulling.due() == []
    assert pull(exchange).records == 1


def test_an_ended_token_is_replaced_by_a_fresh_one(exchange: Exchange) -> None:
    exchange.publish("a")
    pull(exchange)
    node._tokens.update({peer: ("no token", ends) for peer, (_, ends) in node._tokens.items()})
    exchange.publish("b")
    assert pull(exchange).records == 1


def test_what_the_peer_leads_elsewhere_is_not_followed(exchange: Exchange) -> None:
    with Node.of(exchange.subscription.peer) as there, pytest.raises(AddressRefused):
        there.target("https://elsewhere.example/odata/v1/HashSets")


def test_links_in_a_circle_are_left_and_a_person_is_told(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = itertools.cycle("ab")
    monkeypatch.setattr(
        pulling, "_ask", lambda _node, _subscription: (pages.Page(value=[], next_link=f"Media?{next(turns)}"), 0)
    )
    done = pull(exchange)
    assert done.failure
    assert exchange.mirror.paused == done.failure


def test_a_peer_without_an_end_gives_others_their_turn(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulling, "SECONDS", 0.0)
    exchange.publish(*number("8"))
    assert [pull(exchange).pages for _ in range(3)] == [1, 1, 1]
    assert exchange.mirror.due_at < timezone.now() + timedelta(seconds=30)
    assert same(exchange)
