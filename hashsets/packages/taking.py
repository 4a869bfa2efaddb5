"""Takes a package in: everything is checked first, then it is staged and settled like pages of a feed.

Who made it must be paired, and have signed it; what it is of must be mirrored here; and it must be the next of its
chain. Whatever fails, nothing is stored. A package that was taken in half way never was: run it again.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import DataError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from hashsets import courier, events, settling
from hashsets.models import Generation, Peer, Subscription
from hashsets.packages import checking, taking_votes
from hashsets.packages.checking import PackageNotForUs
from hashsets.packages.taking_votes import TakenVotes
from hashsets.packages.watching import NOBODY, PackageCancelled, Watch, one
from hashsets.peers import terms
from hashsets.peers.node import Offered
from workbench import audit
from workbench.errors import BadInput, WorkbenchError
from workbench.models import Agency, User


class SetBeingRead(WorkbenchError):
    """The set is being read from its peer just now. Try again in a minute."""

    code = "set-being-read"
    permanent = False


@dataclass(frozen=True, slots=True)
class Taken:
    """What a package came to. `generation`: the version it made, None if it said nothing new."""

    manifest: courier.Manifest
    set_name: str
    generation: Generation | None
    taken: int
    put_aside: int


def take(path: Path, *, by: User, name: str = "", watch: Watch = NOBODY) -> Taken | TakenVotes:
    """Check a package for the person's agency, and put in force what it brings: entries, or opinions. With its events.

    `name`: of the mirror that is begun with it, where the set is not read here yet. Read twice: once to check all of
    it, once to store it, in one transaction. Constant memory. Raises what `watch` raises, and
    PackageDamaged, PackageForged, PackageNotForUs, PackageOutOfOrder, PackageOld, SetBeingRead: events, too.
    """
    try:
        with courier.opened(path) as package:
            peer = checking.sender(package, by.agency)
            if package.manifest.kind == courier.VOTES:
                return taking_votes.take(package, peer, by=by, watch=watch)
            for _record in watch.told(_("Checking"), courier.of_a_set(package), package.manifest.count, one):
                pass  # all of it must be sound before any of it is stored
            return _store(package, peer, by=by, name=name, watch=watch)
    except OSError as error:
        raise BadInput(
            noop("%(path)s cannot be read: %(why)s."), path=watch.called or path, why=error.strerror
        ) from error
    except PackageCancelled:
        raise  # whoever did that is in the log
    except WorkbenchError as error:
        _refused(by.agency, watch.called or path.name, error, by=by)
        raise


@transaction.atomic
def _store(package: courier.Opened, peer: Peer, *, by: User, name: str, watch: Watch) -> Taken:
    manifest = package.manifest
    if name and not peer.subscriptions.filter(remote_set=manifest.set).exists():
        offered = Offered(set_id=manifest.set, name=name, kind=manifest.kind, scheme=manifest.scheme)
        terms.subscribe(peer=peer, offered=offered, by=by)
    subscription = _subscription(peer, manifest)
    checking.require_next(manifest, seq=subscription.seq, last=subscription.manifest, digest=package.digest)
    if settling.forget(subscription):  # half of a snapshot that was being read: it begins anew
        Subscription.objects.filter(pk=subscription.pk).update(checkpoint="")
    staged = settling.stage(subscription, watch.told(_("Storing"), courier.of_a_set(package), manifest.count, one))
    watch.tell(_("Putting it in force"), manifest.count, manifest.count)
    source = f"package {manifest.from_seq}-{manifest.to_seq} of {peer}"
    try:
        generation = settling.settle(
            subscription, seq=manifest.to_seq, snapshot=manifest.is_snapshot, by=by, source=source
        )
    except DataError as error:  # as of one digest under more entries than there are numbers for
        raise courier.PackageDamaged(
            noop("The set cannot be kept as it is: %(error)s."), error=str(error)[:150]
        ) from error
    Subscription.objects.filter(pk=subscription.pk).update(manifest=package.digest)
    if peer.url:  # what comes over the line next is told from somewhere else: the whole set, once
        Subscription.objects.filter(pk=subscription.pk).update(checkpoint="", collected=0, baseline=True)
    details: dict[str, Any] = {
        "set": subscription.set.name,
        "peer": str(peer),
        "from": manifest.from_seq,
        "to": manifest.to_seq,
        "manifest": package.digest.hex(),
        "taken": staged.taken,
        "put_aside": staged.put_aside,
    }
    taken = Taken(manifest, subscription.set.name, generation, *staged)
    watch.settled(taken)
    audit.record(events.PACKAGE_TAKEN, by=by, on=subscription, agency=peer.agency, **details)
    return taken


def _subscription(peer: Peer, manifest: courier.Manifest) -> Subscription:
    """The mirror that a package is of, locked. Raises PackageNotForUs, SetBeingRead."""
    rows = Subscription.objects.select_for_update(of=("self",)).select_related("set__scheme", "peer__agency")
    found = rows.filter(peer=peer, remote_set=manifest.set).first()
    if found is None:
        raise PackageNotForUs(noop("The package is of a set of %(peer)s that is not read here."), peer=peer)
    if manifest.scheme != found.set.scheme.scheme_id:
        raise PackageNotForUs(
            noop("The package is under the scheme %(said)s, and the set here under %(ours)s."),
            said=repr(manifest.scheme[:80]),
            ours=found.set.scheme.scheme_id,
        )
    if found.lease_until is not None and found.lease_until > timezone.now():
        raise SetBeingRead
    return found


def _refused(agency: Agency, name: str, error: WorkbenchError, *, by: User) -> None:
    """Record that a package was refused, and why; the transaction of what it would have changed is gone."""
    with transaction.atomic():
        details: dict[str, Any] = {"file": name[:200], "code": error.code, "why": error.english[:400]}
        audit.record(events.PACKAGE_REFUSED, by=by, on=agency, agency=agency, outcome="refused", **details)
