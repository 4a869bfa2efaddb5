"""How the exchange with each peer stands: what was read, what waits, and what a person should look at."""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Prefetch, Q
from django.utils import timezone

from hashsets import clashes
from hashsets.models import Outgoing, Peer, PeerCertificate, Quarantined, Share, Subscription
from hashsets.peers import certificates, secrets
from workbench import signing
from workbench.models import User

PATIENCE = timedelta(hours=24)  # an offline peer is no alarm before (ux.md)


@dataclass(slots=True)
class Read:
    """A set of the peer's. `waiting`: opinions of ours that are not sent yet, `waits_since` the oldest of them."""

    set: str
    id: str
    seq: int
    pulled_at: datetime | None
    paused: str
    gives: bool
    waiting: int
    waits_since: datetime | None
    refused: int
    quarantined: int


@dataclass(slots=True)
class Standing:
    """A peer. `alarms`: sentences, none while all is well."""

    peer: str
    id: str
    state: str
    fingerprint: str
    url: str
    credential: bool
    certificate_until: datetime | None  # of the one it shows here
    seen_at: datetime | None
    failing_since: datetime | None
    failure: str
    same_key: list[str] = field(default_factory=list)  # other peers that have its key
    own_voice: bool = False
    held: int = 0  # entries of its in known-good sets that it does not read, which nobody looked at here
    shared: list[str] = field(default_factory=list)
    read: list[Read] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        """Opinions of ours that are not sent yet."""
        return sum(one.waiting for one in self.read)

    @property
    def quarantined(self) -> int:
        """Records of the peer's that somebody should look at."""
        return sum(one.quarantined for one in self.read)

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return asdict(self)


def every(user: User) -> list[Standing]:
    """All peers of the person's agency by name, each with its sets. 7 queries for any number."""
    peers = Peer.objects.for_actor(user).select_related("organisation").prefetch_related(
        Prefetch("shares", Share.objects.in_force().select_related("set")),
        Prefetch("certificates", PeerCertificate.objects.in_force()),
    )  # fmt: skip
    every_one = list(peers.order_by("organisation__name", "pk"))
    found = {peer.pk: _standing(peer, every_one) for peer in every_one}
    for peer_id, number in clashes.waiting(list(found)).items():
        found[peer_id].held = number
    subscriptions = list(
        Subscription.objects.filter(peer__in=found, set__retired_at=None).select_related("set").order_by("set__name")
    )
    waiting = _waiting(subscriptions)
    for subscription in subscriptions:
        found[subscription.peer_id].read.append(_read(subscription, *waiting(subscription)))
    ours = certificates.ours()
    for standing in found.values():
        standing.alarms = _alarms(standing, ours.until if ours and standing.url else None)
    return list(found.values())


def _standing(peer: Peer, every_one: list[Peer]) -> Standing:
    alike = [
        other.organisation.name
        for other in every_one
        if other.pk != peer.pk and other.agency_id == peer.agency_id and bytes(other.key) == bytes(peer.key)
    ]
    return Standing(
        peer=peer.organisation.name,
        id=str(peer.public_id),
        state=peer.state,
        fingerprint=signing.fingerprint(bytes(peer.key)),
        url=peer.url,
        credential=secrets.is_kept(peer),
        certificate_until=next((one.until for one in peer.certificates.all()), None),
        seen_at=peer.seen_at,
        failing_since=peer.failing_since,
        failure=peer.failure,
        same_key=alike,
        own_voice=peer.own_voice,
        shared=sorted(share.set.name for share in peer.shares.all()),
    )


def _waiting(subscriptions: list[Subscription]) -> Any:
    """What waits and what was put aside, asked by subscription."""
    waits = Q(state=Outgoing.State.WAITING)
    rows = Outgoing.objects.filter(subscription__in=subscriptions).values("subscription").annotate(
        waiting=Count("vote", filter=waits), since=Min("at", filter=waits),
        refused=Count("vote", filter=Q(state=Outgoing.State.REFUSED)),
    )  # fmt: skip
    out = {row["subscription"]: (row["waiting"], row["since"], row["refused"]) for row in rows}
    aside = dict(
        Quarantined.objects.filter(subscription__in=subscriptions, settled_at=None)
        .values_list("subscription")
        .annotate(number=Count("pk"))
    )
    return lambda of: (*out.get(of.pk, (0, None, 0)), aside.get(of.pk, 0))


def _read(subscription: Subscription, waiting: int, since: datetime | None, refused: int, quarantined: int) -> Read:
    return Read(
        set=subscription.set.name,
        id=str(subscription.remote_set),
        seq=subscription.seq,
        pulled_at=subscription.pulled_at,
        paused=subscription.paused,
        gives=subscription.give,
        waiting=waiting,
        waits_since=since,
        refused=refused,
        quarantined=quarantined,
    )


def _alarms(standing: Standing, ours_until: datetime | None) -> list[str]:
    long_ago = timezone.now() - PATIENCE
    found = [f"{standing.peer}: {one.set} is not read any more: {one.paused}" for one in standing.read if one.paused]
    if standing.state == Peer.State.PROPOSED and standing.failure:
        found.append(f"{standing.peer}: {standing.failure} Pair anew.")
    if standing.failing_since and standing.failing_since < long_ago:
        found.append(f"{standing.peer} does not answer since {standing.failing_since:%Y-%m-%d %H:%M}.")
    if standing.held:
        found.append(f"{standing.peer}: {standing.held:,} of its entries are in a known-good set and wait for a word.")
    late = [one for one in standing.read if one.waits_since and one.waits_since < long_ago]
    found += [f"{standing.peer}: {one.waiting:,} opinions on {one.set} wait since a day and more." for one in late]
    if standing.certificate_until:
        found.append(
            certificates.alarm(standing.certificate_until, f"{standing.peer}: the TLS certificate it shows here")
        )
    if ours_until:
        found.append(certificates.alarm(ours_until, f"{standing.peer}: the TLS certificate that this node shows there"))
    return [one for one in found if one]
