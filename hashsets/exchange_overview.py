"""What the pages of the exchange show beside `peers.status`: one peer in full, and who has which set how far."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop as noop

from hashsets import voices
from hashsets.models import HashSet, Outgoing, Package, Peer, PeerCertificate, Quarantined, Share, Subscription
from hashsets.packages import jobs, kept
from hashsets.peers import certificates, secrets
from workbench import access, signing
from workbench.models import Job, User

MOST = 50  # records in quarantine and the like, shown


def page(user: User, peer: Peer) -> dict[str, Any]:
    """What the page of one peer shows. 14 queries, the agencies of the peer included."""
    waiting = Outgoing.objects.filter(subscription__peer=peer, state=Outgoing.State.WAITING).order_by("at")
    oldest, kept_here, certificate = waiting.first(), secrets.is_kept(peer), certificates.in_force(peer)
    return {
        "peer": peer,
        "fingerprint": signing.fingerprint(bytes(peer.key)),
        "ours": signing.fingerprint(signing.public_key()),
        "mine": user.pk == (peer.proposed_by_id if peer.moving_to is None else peer.moving_by_id),
        "same_key": voices.sharing(peer),
        "credential_kept": kept_here,
        "signed_in": _signs_in(peer, certificate, credential_kept=kept_here),
        "certificate": certificate,
        "certificate_proposed": certificates.proposed(peer),
        "shares": list(peer.shares.in_force().select_related("set").order_by("set__name")),
        "asked": list(peer.shares.asked().select_related("set").order_by("set__name")),
        "subscriptions": list(peer.subscriptions.select_related("set__scheme").order_by("set__name")),
        "queue": {"length": waiting.count(), "since": oldest.at if oldest else None},
        "refused": list(
            Outgoing.objects.filter(subscription__peer=peer, state=Outgoing.State.REFUSED)
            .select_related("vote", "subscription__set")
            .order_by("-at")[:MOST]
        ),
        "quarantined": list(
            Quarantined.objects.filter(subscription__peer=peer, settled_at=None)
            .select_related("subscription__set")
            .order_by("-at")[:MOST]
        ),
        "packages": _packages(peer),
        "package_runs": _package_runs(peer),
        "may": {"pair": access.has(user, "peer.pair"), "policy": access.has(user, "peer.policy")},
    }


def _packages(peer: Peer) -> list[tuple[Package, datetime | None]]:
    """What was made for the peer to be carried, newest first, and until when its file is kept here."""
    rows = peer.packages.select_related("set", "peer__agency").order_by("-pk")[:MOST]
    return [(row, kept.until(row)) for row in rows]


def _package_runs(peer: Peer) -> list[Job]:
    """Orders that wait or run, and the last one of each set where it failed."""
    found: dict[str, Job] = {}
    for job in jobs.of_agency(peer.agency, jobs.MAKE).filter(cursor__peer=str(peer))[:MOST]:
        found.setdefault(job.subject, job)
    told = [job for job in found.values() if job.state != Job.State.DONE]
    for job in told:
        job.message = jobs.why(job)
    return told


def _signs_in(peer: Peer, certificate: PeerCertificate | None, *, credential_kept: bool) -> bool:
    """Whether each node has what it shows the other; one without an address is never asked, and shows it nothing."""
    theirs = peer.application_id is not None or (
        certificate is not None and certificate.use == PeerCertificate.Use.ENOUGH
    )
    return theirs and (credential_kept or not peer.url or certificates.ours() is not None)


def begun_by_others(user: User) -> list[tuple[str, Peer, datetime | None]]:
    """What another supervisor proposed and this one may confirm: (what, of which peer, since when). 4 queries."""
    peers = Peer.objects.for_actor(user).select_related("organisation")
    open_ones = peers.filter(state=Peer.State.PROPOSED).exclude(proposed_by=user)
    moving = peers.filter(moving_to__isnull=False).exclude(moving_by=user)
    others = {"peer__in": peers}
    shown = PeerCertificate.objects.proposed().filter(**others).exclude(by=user)
    asked = Share.objects.asked().filter(**others).exclude(by=user)
    found: list[tuple[str, Peer, datetime | None]] = [
        (noop("Pairing to compare"), peer, peer.at) for peer in open_ones.order_by("pk")
    ]
    found += [(noop("Address to confirm"), peer, None) for peer in moving.order_by("pk")]
    for what, rows in ((noop("Certificate to compare"), shown), (noop("Set to share"), asked)):
        found += [(what, row.peer, row.at) for row in rows.select_related("peer__organisation").order_by("pk")]
    return found


@dataclass(frozen=True, slots=True)
class Holder:
    """A peer that reads a set of ours: the last step it was told, when, and how many came since. None: not read yet."""

    name: str
    seq: int | None
    at: datetime | None
    behind: int | None


@dataclass(slots=True)
class SetHeld:
    """A set that is exchanged. `head`: its last step here; `source`: whom a copy is read from, "" for a set of ours."""

    set: HashSet
    head: int
    source: str
    at: datetime | None
    holders: list[Holder]


@dataclass(frozen=True, slots=True)
class Reader:
    """A peer that reads a set of ours. `behind`: steps it was not told yet, None before its first reading.

    `numbered`: whether what is in force has its place in the feed already, so that `behind` tells all.
    """

    peer: Peer
    set: HashSet
    behind: int | None
    at: datetime | None
    numbered: bool

    @property
    def has_all(self) -> bool:
        """Whether it was told everything that is in force."""
        return self.numbered and self.behind == 0


def readers(sets: Collection[HashSet]) -> list[Reader]:
    """Who reads these sets of ours, by set and name. 1 query."""
    shares = Share.objects.in_force().filter(set__in=sets).select_related("set__feed", "peer__organisation")
    return [
        Reader(
            share.peer,
            share.set,
            None if share.seq is None else max(0, share.set.feed.head_seq - share.seq),
            share.read_at,
            share.set.feed.numbered >= share.set.generation,
        )
        for share in shares.order_by("set__name", "peer__organisation__name")
    ]


def who_has_what(user: User) -> list[SetHeld]:
    """Every set the person's agencies give or take, by name, with what each peer has of it. 2 queries."""
    agencies = access.agencies(user)
    found: dict[int, SetHeld] = {}
    taken = Subscription.objects.filter(peer__agency__in=agencies).select_related("set", "peer__organisation")
    for row in taken:
        found[row.set_id] = SetHeld(row.set, row.seq, row.peer.organisation.name, row.pulled_at, [])
    given = Share.objects.in_force().filter(peer__agency__in=agencies)
    for share in given.select_related("set__feed", "peer__organisation").order_by("peer__organisation__name"):
        head = share.set.feed.head_seq
        held = found.setdefault(share.set_id, SetHeld(share.set, head, "", None, []))
        behind = None if share.seq is None else max(0, head - share.seq)
        held.holders.append(Holder(share.peer.organisation.name, share.seq, share.read_at, behind))
    return sorted(found.values(), key=lambda held: held.set.name)
