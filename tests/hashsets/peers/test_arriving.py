"""What arrives from a peer moves the queue by itself, and what is withdrawn there comes back here."""

import pytest

from cases import activity, matching
from cases.models import Item, SetSync
from hashsets import policies
from hashsets.models import HashSet
from hashsets.peers import pulling, terms
from tests import factories
from tests.hashsets.peers.two_agencies import Exchange
from workbench import checks


@pytest.fixture
def item(exchange: Exchange) -> Item:
    """A picture in the queue of the agency that reads the set, and closes what is in it."""
    by = exchange.people.outsider
    policies.set_policy(exchange.subscription.set, agency=by.agency, action="accept", min_trust="provisional", by=by)
    return factories.item(factories.exhibit(factories.case(by)), "p1")


def arrive(exchange: Exchange) -> None:
    """What workers do when a peer's set changed: it is read, and whoever uses it matches again."""
    pulling.pull(exchange.subscription.pk, now=True)
    for agency, of_set in matching.due():
        matching.rematch(agency, of_set)


def test_an_item_leaves_the_queue_with_its_reason_and_comes_back_when_it_is_withdrawn(
    exchange: Exchange, item: Item
) -> None:
    assert item.state == Item.State.OPEN
    exchange.publish("p0", "p1")
    arrive(exchange)
    item.refresh_from_db()
    assert item.state == Item.State.KNOWN
    mirror = HashSet.objects.get(pk=exchange.subscription.set_id)
    lines = [one["text"] for one in activity.latest(item.case, by=item.case.lead)]
    assert f"{mirror} v1: 1 left the queue" in lines[0]
    exchange.withdraw("p1")
    arrive(exchange)
    item.refresh_from_db()
    assert item.state == Item.State.OPEN
    assert checks.broken() == []


def test_a_mirror_of_one_agency_moves_nothing_at_another(exchange: Exchange, item: Item) -> None:
    exchange.publish("p1")
    arrive(exchange)
    users = {agency for agency, of_set in matching.behind() if of_set == exchange.subscription.set_id}
    assert users == set()
    reader = exchange.people.outsider.agency_id
    kept = SetSync.objects.filter(set=exchange.subscription.set_id).values_list("agency", flat=True)
    assert set(kept) <= {reader, exchange.people.north.pk}  # and the owner, who lives on this very node here


def test_a_mirror_that_is_read_no_longer_closes_nothing_and_may_be_taken_up_again(
    exchange: Exchange, item: Item
) -> None:
    by = exchange.people.outsider
    exchange.publish("p1")
    arrive(exchange)
    terms.unsubscribe(subscription=exchange.mirror, by=by, reason="the agreement ended")
    assert pulling.due() == []
    arrive(exchange)
    item.refresh_from_db()
    assert item.state == Item.State.OPEN
    terms.resume(subscription=exchange.mirror, by=by)
    arrive(exchange)
    item.refresh_from_db()
    assert item.state == Item.State.KNOWN
