"""Takes opinions in that a courier brought: the same as if they had been contributed over the network.

What the maker's key signed is the manifest, which names the SHA-256 of each file of opinions. Both are kept as the
proof of the votes that came with that file.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from hashsets import contributing, courier, entry_rows, events, kinds, permits, wire
from hashsets.contributing import Result, Signed
from hashsets.courier import Opinion
from hashsets.entry_rows import Version
from hashsets.kinds import BadHash, EmptyFileHash
from hashsets.models import HashSet, Peer, Share
from hashsets.opinion_items import UNREADABLE, item_of
from hashsets.packages import checking
from hashsets.packages.checking import PackageNotForUs
from hashsets.packages.watching import Watch
from workbench import audit
from workbench.models import User

WITHDRAWN = noop("retracted by the organisation")


@dataclass(frozen=True, slots=True)
class TakenVotes:
    """What a package of opinions came to: how many of each result (sharing.md section 4)."""

    manifest: courier.Manifest
    set_name: str
    results: Counter[str]


def take(package: courier.Opened, peer: Peer, *, by: User, watch: Watch) -> TakenVotes:
    """Check a package of opinions that the peer signed, and take them in, with events and proofs; all or none.

    Raises PackageDamaged, PackageNotForUs, PackageOutOfOrder, PackageOld, NotOpen, ScopeMissing.
    """
    for _batch in watch.told(_("Checking"), courier.batches(package), package.manifest.count, _number):
        pass  # all of it must be sound before any of it is stored
    return _store(package, peer, by=by, watch=watch)


@transaction.atomic
def _store(package: courier.Opened, peer: Peer, *, by: User, watch: Watch) -> TakenVotes:
    manifest, share = package.manifest, _share(peer, package.manifest)
    checking.require_next(manifest, seq=share.votes_seq, last=share.votes_manifest, digest=package.digest)
    results = Counter[str]()
    for batch in watch.told(_("Storing"), courier.batches(package), manifest.count, _number):
        proof = Signed(package.manifest_bytes.decode(), package.signature, batch.raw)
        results.update(result.status for result in _contributed(share, batch.opinions, proof))
    Share.objects.filter(pk=share.pk).update(votes_seq=manifest.to_seq, votes_manifest=package.digest)
    details: dict[str, Any] = {
        "set": share.set.name, "peer": str(peer), "from": manifest.from_seq, "to": manifest.to_seq,
        "manifest": package.digest.hex(), "results": dict(sorted(results.items())),
    }  # fmt: skip
    taken = TakenVotes(manifest, share.set.name, results)
    watch.settled(taken)
    audit.record(events.PACKAGE_TAKEN, by=by, on=share, agency=peer.agency, **details)
    return taken


def _number(batch: courier.Batch) -> int:
    return len(batch.opinions)


def _share(peer: Peer, manifest: courier.Manifest) -> Share:
    """The share that lets the peer give opinions on the set, locked. Raises PackageNotForUs."""
    rows = Share.objects.in_force().select_for_update(of=("self",)).filter(peer=peer, set__public_id=manifest.set)
    found: Share | None = rows.select_related("set__scheme", "set__owner", "peer__organisation", "by").first()
    if found is None:
        raise PackageNotForUs(noop("The package is of a set that is not shared with %(peer)s."), peer=peer)
    return found


def _contributed(share: Share, opinions: Sequence[Opinion | wire.Odd], proof: Signed) -> list[Result]:
    full = wire.LAW_ENFORCEMENT in share.peer.scopes
    said = [one for one in opinions if isinstance(one, wire.Odd) or not one.retracted]
    items = [UNREADABLE if isinstance(one, wire.Odd) else item_of(one, full=full) for one in said]
    if items:
        permits.require(share.peer.scopes, permits.CONTRIBUTE)
    results = contributing.contribute(share, items, signed=proof)[0] if items else []
    for one in opinions:
        if not isinstance(one, wire.Odd) and one.retracted:
            results.append(_retracted(share, one, proof))
    return results


def _retracted(share: Share, one: Opinion, proof: Signed) -> Result:
    permits.require(share.peer.scopes, permits.VOTE)
    version = _named(share.set, one)
    if version is None:
        return Result(contributing.UNCHANGED)
    return contributing.retract(share, version, reason=WITHDRAWN, signed=proof)[0]


def _named(of: HashSet, one: Opinion) -> Version | None:
    """The entry in force whose digests these are; if none has just these, one that they agree with."""
    try:
        given = {name: kinds.DIGESTS[name].parse(text) for name in kinds.DIGESTS if (text := getattr(one, name))}
    except (BadHash, EmptyFileHash):
        return None
    of.refresh_from_db(fields=["generation"])
    found = entry_rows.latest(of, list(given.values())).values()
    agree = [each for each in found if all(getattr(each, name) in (None, value) for name, value in given.items())]
    agree.sort(key=lambda each: sum(getattr(each, name) != given.get(name) for name in kinds.DIGESTS))
    return next((version for version in agree if version.in_force), None)
