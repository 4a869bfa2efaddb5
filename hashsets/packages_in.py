"""Takes a package in: everything is checked first, then it is staged and settled like pages of a feed.

Who made it must be paired, and have signed it; what it is of must be mirrored here; and it must be the next of its
chain. Whatever fails, nothing is stored. A package that was taken in half way never was: run it again.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from hashsets import courier, events, settling
from hashsets.models import Generation, Peer, Subscription
from workbench import audit, signing
from workbench.errors import BadInput, WorkbenchError
from workbench.models import Agency, User


class PackageForged(WorkbenchError):
    """The package is not signed with the key that was compared when its sender was paired. Keep it, and ask him."""

    code = "package-forged"


class PackageNotForUs(WorkbenchError):
    """The package is of an organisation, of a set or for a reader that nobody here is paired for."""

    code = "package-not-for-us"


class PackageOutOfOrder(WorkbenchError):
    """The package does not follow what is in force here. Ask its sender for the one between, or for a snapshot."""

    code = "package-out-of-order"


class PackageOld(WorkbenchError):
    """What the package brings is in force here already, or something newer is."""

    code = "package-old"


class PeerBusy(WorkbenchError):
    """The set is being read from its peer just now. Try again in a minute."""

    code = "peer-busy"
    permanent = False


@dataclass(frozen=True, slots=True)
class Taken:
    """What a package came to. `generation`: the version it made, None if it said nothing new."""

    manifest: courier.Manifest
    set_name: str
    generation: Generation | None
    taken: int
    put_aside: int


def take(path: Path, *, by: User) -> Taken:
    """Check a package of a set, and put it in force in the mirror of the person's agency, with its events.

    Read twice: once to check all of it, once to store it, in one transaction. Constant memory.
    Raises PackageDamaged, PackageForged, PackageNotForUs, PackageOutOfOrder, PackageOld, PeerBusy; each is an event.
    """
    try:
        with courier.opened(path) as package:
            peer = sender(package, by.agency)
            for _record in courier.of_a_set(package):
                pass  # all of it must be sound before any of it is stored
            return _store(package, peer, by=by)
    except OSError as error:
        raise BadInput(noop("%(path)s cannot be read: %(why)s."), path=path, why=error.strerror) from error
    except WorkbenchError as error:
        refused(by.agency, path.name, error, by=by)
        raise


def sender(package: courier.Opened, agency: Agency) -> Peer:
    """The paired organisation that made and signed a package for this agency. Raises PackageNotForUs, PackageForged."""
    manifest = package.manifest
    peer: Peer | None = (
        Peer.objects.filter(
            agency=agency, organisation__organisation=manifest.issuer.organisation, state=Peer.State.PAIRED
        )
        .select_related("organisation", "agency")
        .first()
    )
    if peer is None:
        raise PackageNotForUs(
            noop("The package says it is of %(name)s, with which this agency is not paired."),
            name=repr(manifest.issuer.name[:80]),
        )
    if not signing.is_by(bytes(peer.key), package.signature, package.manifest_bytes):
        raise PackageForged
    if manifest.addressee != agency.organisation:
        raise PackageNotForUs(noop("The package was made for another organisation."))
    return peer


def refused(agency: Agency, name: str, error: WorkbenchError, *, by: User) -> None:
    """Record that a package was refused, and why; the transaction of what it would have changed is gone."""
    with transaction.atomic():
        details: dict[str, Any] = {"file": name[:200], "code": error.code, "why": error.english[:400]}
        audit.record(events.PACKAGE_REFUSED, by=by, on=agency, agency=agency, outcome="refused", **details)


@transaction.atomic
def _store(package: courier.Opened, peer: Peer, *, by: User) -> Taken:
    manifest = package.manifest
    subscription = _subscription(peer, manifest)
    require_next(manifest, seq=subscription.seq, last=subscription.manifest, digest=package.digest)
    if settling.forget(subscription):  # half of a snapshot that was being read: it begins anew
        Subscription.objects.filter(pk=subscription.pk).update(checkpoint="")
    staged = settling.stage(subscription, courier.of_a_set(package))
    source = f"package {manifest.from_seq}-{manifest.to_seq} of {peer}"
    generation = settling.settle(subscription, seq=manifest.to_seq, snapshot=manifest.is_snapshot, by=by, source=source)
    Subscription.objects.filter(pk=subscription.pk).update(manifest=package.digest)
    details: dict[str, Any] = {
        "set": subscription.set.name,
        "peer": str(peer),
        "from": manifest.from_seq,
        "to": manifest.to_seq,
        "manifest": package.digest.hex(),
        "taken": staged.taken,
        "put_aside": staged.put_aside,
    }
    audit.record(events.PACKAGE_TAKEN, by=by, on=subscription, agency=peer.agency, **details)
    return Taken(manifest, subscription.set.name, generation, *staged)


def _subscription(peer: Peer, manifest: courier.Manifest) -> Subscription:
    """The mirror that a package is of, locked. Raises PackageNotForUs, PeerBusy."""
    rows = Subscription.objects.select_for_update(of=("self",)).select_related("set__scheme", "peer__agency")
    found = rows.filter(peer=peer, remote_set=manifest.set).first()
    if found is None or manifest.kind == courier.VOTES:
        raise PackageNotForUs(noop("The package is of a set of %(peer)s that is not read here."), peer=peer)
    if manifest.scheme != found.set.scheme.scheme_id:
        raise PackageNotForUs(
            noop("The package is under the scheme %(said)s, and the set here under %(ours)s."),
            said=repr(manifest.scheme[:80]),
            ours=found.set.scheme.scheme_id,
        )
    if found.lease_until is not None and found.lease_until > timezone.now():
        raise PeerBusy
    return found


def require_next(manifest: courier.Manifest, *, seq: int, last: bytes | memoryview | None, digest: bytes) -> None:
    """Raise unless a package follows what is in force up to `seq`, whose manifest had the digest `last`.

    Raises PackageOld, PackageOutOfOrder.
    """
    same = last is not None and bytes(last) == digest
    if same or manifest.to_seq < seq or (manifest.to_seq == seq and not manifest.is_snapshot):
        raise PackageOld
    follows = manifest.from_seq == seq and last is not None and manifest.previous == bytes(last).hex()
    if not manifest.is_snapshot and not follows:
        raise PackageOutOfOrder(
            noop("The package begins at %(start)s, and %(seq)s is in force here. Ask its sender for a snapshot."),
            start=manifest.from_seq,
            seq=seq,
        )
