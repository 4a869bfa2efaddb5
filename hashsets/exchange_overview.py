"""What the pages of the exchange show beside `peers.status`: one peer in full, and who has which set how far."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hashsets.models import HashSet, Outgoing, Package, Peer, Quarantined, Share, Subscription
from hashsets.packages import jobs, kept
from hashsets.peers import certificates, secrets
from workbench import access, signing
from workbench.models import Job, User

MOST = 50  # records in quarantine and the like, shown


def page(user: User, peer: Peer) -> dict[str, Any]:
    """What the page of one peer shows. 10 queries."""
    waiting = Outgoing.objects.filter(subscription__peer=peer, state=Outgoing.State.WAITING).order_by("at")
    oldest = waiting.first()
    return {
        "peer": peer,
        "fingerprint": signing.fingerprint(bytes(peer.key)),
        "ours": signing.fingerprint(signing.public_key()),
        "mine": peer.proposed_by_id == user.pk,
        "credential_kept": secrets.is_kept(peer),
        "certificate": certificates.in_force(peer),
        "certificate_proposed": certificates.proposed(peer),
        "shares": list(peer.shares.filter(ended_at=None).select_related("set").order_by("set__name")),
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
    return [job for job in found.values() if job.state != Job.State.DONE]


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


def who_has_what(user: User) -> list[SetHeld]:
    """Every set the person's agencies give or take, by name, with what each peer has of it. 2 queries."""
    agencies = access.agencies(user)
    found: dict[int, SetHeld] = {}
    taken = Subscription.objects.filter(peer__agency__in=agencies).select_related("set", "peer__organisation")
    for row in taken:
        found[row.set_id] = SetHeld(row.set, row.seq, row.peer.organisation.name, row.pulled_at, [])
    given = Share.objects.filter(peer__agency__in=agencies, ended_at=None)
    for share in given.select_related("set__feed", "peer__organisation").order_by("peer__organisation__name"):
        head = share.set.feed.head_seq
        held = found.setdefault(share.set_id, SetHeld(share.set, head, "", None, []))
        behind = None if share.seq is None else max(0, head - share.seq)
        held.holders.append(Holder(share.peer.organisation.name, share.seq, share.read_at, behind))
    return sorted(found.values(), key=lambda held: held.set.name)
