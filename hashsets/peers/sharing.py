"""Which sets of ours a peer may read. One supervisor proposes it and another confirms: it publishes a whole set."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from hashsets import events, feed, generations, sets
from hashsets.models import HashSet, Peer, Share
from hashsets.peers import pairing
from hashsets.peers.errors import OneOfTwoShares
from workbench import audit
from workbench.errors import NotAllowed, NotFound
from workbench.models import User


@transaction.atomic
def share(*, peer: Peer, hash_set: HashSet, by: User, contribute: bool = False) -> Share:
    """Propose that a peer reads a set of ours or a mirror; `contribute`: and adds opinions to it.

    Said by another supervisor, what waits is confirmed by that. To take `contribute` away one is enough. Raises
    NotPaired, NotAllowed.
    """
    pairing.require_paired(peer)
    if hash_set.reader_id != by.agency_id:
        sets.require_owner(hash_set, by)
    if contribute and hash_set.owner_id != by.agency_id:
        raise NotAllowed(noop("Opinions on %(name)s go to its owner, not to a mirror of it."), name=hash_set.name)
    held, asked = _of(peer, hash_set)
    if held and held.contribute == contribute:
        return held
    if asked and asked.contribute == contribute:
        return asked if asked.by_id == by.pk else confirm(share=asked, by=by)
    if asked:
        _end(asked)
    if held and held.contribute:
        _end(held)
        return _shared(_made(peer, hash_set, by, waiting=False, **_taken(peer, hash_set)), by=by)
    made = _made(peer, hash_set, by, waiting=True, contribute=contribute)
    _record(events.SHARE_ASKED, made, by=by, contribute=contribute)
    return made


@transaction.atomic
def confirm(*, share: Share, by: User) -> Share:
    """Let the peer read it, by another supervisor than who proposed it; from then on the set is numbered.

    Confirmed already, it stays as it is. Raises NotPaired, OneOfTwoShares, NotFound where it was taken back.
    """
    rows = Share.objects.select_for_update(of=("self",)).select_related("peer__organisation", "set__owner")
    asked: Share | None = rows.filter(pk=share.pk, ended_at=None).first()
    if asked is None:
        raise NotFound(noop("Nobody waits for that any more: it was taken back."))
    if not asked.waiting:
        return asked
    pairing.require_paired(asked.peer)
    if asked.by_id == by.pk:
        raise OneOfTwoShares
    held, _asked = _of(asked.peer, asked.set)
    if held:
        _end(held)
    now = {"waiting": False, "confirmed_by": by, "confirmed_by_name": by.name, **_taken(asked.peer, asked.set)}
    for name, value in now.items():
        setattr(asked, name, value)
    asked.save(update_fields=list(now))
    return _shared(asked, by=by)


@transaction.atomic
def unshare(*, peer: Peer, hash_set: HashSet, by: User) -> None:
    """End that, or take the proposal back; the peer keeps what it has read. Raises NotFound where there is neither."""
    rows = [row for row in _of(peer, hash_set) if row]
    if not rows:
        raise NotFound(noop("%(name)s is not shared with this peer."), name=hash_set.name)
    for row in rows:
        _end(row)
    _record(events.SET_UNSHARED, rows[0], by=by)


def _of(peer: Peer, hash_set: HashSet) -> tuple[Share | None, Share | None]:
    """The locked share in force, and the one that waits."""
    rows = Share.objects.select_for_update(of=("self",)).select_related("peer__organisation", "set")
    found = {row.waiting: row for row in rows.filter(peer=peer, set=hash_set, ended_at=None)}
    return found.get(False), found.get(True)


def _made(peer: Peer, hash_set: HashSet, by: User, **values: Any) -> Share:
    made: Share = Share.objects.create(peer=peer, set=hash_set, by=by, by_name=by.name, **values)
    return made


def _end(row: Share) -> None:
    Share.objects.filter(pk=row.pk).update(ended_at=timezone.now())


def _taken(peer: Peer, hash_set: HashSet) -> dict[str, Any]:
    """Which package of the peer's opinions was the last: an old one must not count anew under a new share."""
    last = Share.objects.filter(peer=peer, set=hash_set, waiting=False).order_by("-pk").first()
    return {"votes_seq": last.votes_seq, "votes_manifest": last.votes_manifest} if last else {}


def _shared(made: Share, *, by: User) -> Share:
    feed.of(made.set)
    _record(events.SET_SHARED, made, by=by, contribute=made.contribute)
    generations.announce(made.set)  # a worker numbers what is in it
    return made


def _record(verb: str, on: Share, *, by: User, **details: Any) -> None:
    peer = on.peer
    audit.record(verb, by=by, on=on, agency=peer.agency_id, peer=peer.organisation.name, set=on.set.name, **details)
