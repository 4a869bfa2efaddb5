"""Two agencies of one node that exchange over a real server: one shares a set, the other reads it as any node would.

Only the id of the mirror differs from what two nodes would have: one database cannot hold both under one.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hashsets import feed
from hashsets.models import Entry, HashSet, Peer, Share, Subscription
from hashsets.odata import callers
from hashsets.peers import node, secrets
from tests.hashsets import makers, paired
from tests.people import People
from workbench import peer_addresses

ALL = ("read", "contribute", "vote", "law-enforcement")
SEEN = ("public_id", "ident", "md5", "sha1", "sha256", "size", "code", "disposition", "trust", "state", "flags")


@dataclass(frozen=True, slots=True)
class Exchange:
    """North shares `shared`; south reads it by `subscription`."""

    people: People
    shared: HashSet
    share: Share
    subscription: Subscription

    def publish(self, *names: str, code: str = "1") -> None:
        """The owner publishes these pictures, and they are numbered."""
        now = HashSet.objects.get(pk=self.shared.pk)
        makers.publish(now, *(makers.picture(name, code) for name in names), by=self.people.supervisor)
        feed.number(self.shared.pk)

    def withdraw(self, name: str) -> None:
        """The owner takes one back."""
        now = HashSet.objects.get(pk=self.shared.pk)
        row = Entry.objects.get(set=now, sha256=makers.picture(name).sha256, removed_in=None)
        makers.withdraw(now, row.id, by=self.people.supervisor)
        feed.number(self.shared.pk)

    @property
    def mirror(self) -> Subscription:
        """How far the reader is now."""
        return Subscription.objects.get(pk=self.subscription.pk)


def made(people: People, url: str, settings: Any) -> Exchange:
    """The two, paired, the set empty."""
    settings.PEER_HOSTS = peer_addresses.allowed(url.removeprefix("http://"))
    shared = makers.hash_set(people.supervisor, "Shared")
    caller = paired.peer(people.north, people.south, by=people.supervisor, confirmed_by=people.colleague, scopes=ALL)
    share = Share.objects.create(peer=caller, set=shared, by=people.supervisor, by_name="Supervisor")
    feed.of(shared)
    subscription = paired.mirror(shared, people)
    giver = subscription.peer
    client, secret = callers.give_credential(caller, by=people.supervisor)
    Peer.objects.filter(pk=giver.pk).update(url=node.root_of(url), client_id=client)
    HashSet.objects.filter(pk=subscription.set_id).update(reader=people.south)
    secrets.keep(giver, secret)
    node.forget_tokens()
    subscription.refresh_from_db()
    return Exchange(people, shared, share, subscription)


def standing(set_id: int) -> dict[UUID, tuple[Any, ...]]:
    """What is in force in a set, as a reader sees it."""
    generation = HashSet.objects.get(pk=set_id).generation
    rows = Entry.objects.filter(set=set_id, added_in__lte=generation).exclude(removed_in__lte=generation)
    plain: list[tuple[Any, ...]] = [
        tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
        for row in rows.values_list(*SEEN)
    ]
    found: dict[UUID, tuple[Any, ...]] = {row[0]: row for row in plain}
    assert len(found) == len(plain), "an entry is in force twice"
    return found


def number(text: str) -> list[str]:
    """`p0 ... p9` for "10"."""
    return [f"p{n}" for n in range(int(text))]
