"""What a paired organisation says of entries of a set of ours: new ones, votes, and their withdrawal.

One function takes a batch, whoever carried it here: the HTTP contract, or a package on a stick. Each item is judged by
itself; what is wrong with one stops no other. Only votes with the basis `viewed` count; others are kept on record.
"""

import gzip
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from hashsets import entries, entry_rows, events, feed, generations, holding, kinds, opinion_bounds, trust, votes
from hashsets.entries import NewEntry
from hashsets.entry_rows import Key, Version
from hashsets.models import Feed, HashSet, Peer, Proof, Share, Vote
from hashsets.opinion_items import CLASH, REFUSED, Item, Refused, codes_of, row_of, schemes_of
from workbench import audit
from workbench.errors import NotAllowed

CREATED, MERGED, UNCHANGED, CONFLICT, REJECTED = "created", "merged", "unchanged", "conflict", "rejected"
RETRACTED = "retracted"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one item: `code` says why it was rejected; else the entry, and how far it is believed now."""

    status: str
    code: str = ""
    entry: Any = None
    trust: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """What the peer's key signed, checked by whoever took it in: `text` as signed, `body` in full (see Proof)."""

    text: str
    signature: bytes
    body: bytes


class NotOpen(NotAllowed):
    """This set is shared for reading only. Ask its owner to open it for your opinions."""

    code = "read-only-share"


@dataclass(slots=True)
class _Batch:
    """A locked set, who speaks, and what of the items can be published."""

    share: Share
    set: HashSet
    peer: Peer
    rows: dict[int, tuple[NewEntry, str]]  # by place in the batch: with its basis
    results: dict[int, Result]


@transaction.atomic
def contribute(share: Share, items: Sequence[Item], *, signed: Signed | None = None) -> tuple[list[Result], int]:
    """Take in a batch; one result for each item in order, and the set's highest number after it.

    In one transaction with the events; numbered in it, too, so that the answer names the number. About 30 queries for
    any number of items. Raises NotOpen, SetRetired.
    """
    batch = _opened(share, items)
    before = _known(batch)
    mine = votes.standing(batch.set, list(before), organisation=batch.peer.organisation.organisation)
    said = {place: _already(batch, place, before, mine) for place in batch.rows}
    told = _publish(batch, {place for place, same in said.items() if not same}, signed)
    after = _known(batch)
    for place, (row, _basis) in batch.rows.items():
        version = after.get(_key_of(row, after))
        was = before.get(_key_of(row, before))
        status = UNCHANGED if said[place] else _status(was, version)
        batch.results[place] = _result(status, version)
    results = [batch.results[place] for place in range(len(items))]
    return results, _end(batch, told, results)


@transaction.atomic
def retract(share: Share, version: Version, *, reason: str, signed: Signed | None = None) -> tuple[Result, int]:
    """Take back what the organisation says of an entry: a tombstone, unless others stand for it.

    `version`: any of the entry. Without a vote of its own nothing changes. Raises NotOpen, SetRetired.
    """
    batch = _opened(share, [])
    now = entry_rows.in_force_of(batch.set, [version.id])
    held = votes.standing(batch.set, list(now), organisation=batch.peer.organisation.organisation)
    if not any(key in held for key in now):
        result = _result(UNCHANGED, next(iter(now.values()), None))
        return result, _end(batch, [], [result])
    organisation = batch.peer.organisation
    _generation, told = entries.withdraw(
        batch.set, [version.id], by=share.by, reason=reason, organisation=organisation.organisation
    )
    if signed:
        _keep(batch, signed, [])
    after = entry_rows.latest(batch.set, [key.ident for key in now])
    left = next((after[key] for key in now if key in after), version)
    result = replace(_result(RETRACTED, left), trust=left.trust if left.in_force else trust.Trust.RETRACTED)
    return result, _end(batch, told, [result])


def _opened(share: Share, items: Sequence[Item]) -> _Batch:
    """The set, locked, with the items sorted into those that can be published and those that cannot."""
    if not share.contribute:
        raise NotOpen
    locked = generations.lock(share.set)
    batch = _Batch(share, locked, share.peer, {}, {})
    schemes, codes = schemes_of(locked, items), codes_of(locked)
    for place, item in enumerate(items):
        try:
            batch.rows[place] = row_of(locked, item, schemes, codes), item.basis
        except Refused as no:
            batch.results[place] = Result(REJECTED, str(no))
    _refuse_clashes(batch)
    _refuse_unseen(batch)
    _bind(batch)
    return batch


def _refuse_clashes(batch: _Batch) -> None:
    """Refuse what a known-good set of the owner has: that is for his supervisor, not for a vote."""
    if batch.set.role == HashSet.SetRole.KNOWN_GOOD:
        return
    good = list(
        HashSet.objects.filter(owner=batch.set.owner_id, role=HashSet.SetRole.KNOWN_GOOD, retired_at__isnull=True)
    )
    for kind in kinds.DIGESTS if good else ():
        by_digest: dict[bytes, list[int]] = {}
        for place, (row, _basis) in batch.rows.items():
            if digest := getattr(row, kind):
                by_digest.setdefault(digest, []).append(place)
        for found in holding.held(good, kind, list(by_digest)):
            for place in by_digest[found.digest]:
                batch.rows.pop(place, None)
                batch.results[place] = Result(REJECTED, CLASH)


def _refuse_unseen(batch: _Batch) -> None:
    """Refuse new entries that nobody looked at: an entry begins with somebody who saw the file."""
    seen = {row.ident for row, basis in batch.rows.values() if basis == trust.VIEWED}
    known = _known(batch)
    for place, (row, basis) in list(batch.rows.items()):
        version = known.get(_key_of(row, known))
        if basis != trust.VIEWED and row.ident not in seen and not (version and version.in_force):
            del batch.rows[place]
            batch.results[place] = Result(REJECTED, REFUSED)


def _bind(batch: _Batch) -> None:
    """Leave out what an opinion would add to entries that others stand for."""
    known = _known(batch)
    others = opinion_bounds.of_others(batch.set, known, batch.peer.organisation.organisation)
    for place, (row, basis) in batch.rows.items():
        batch.rows[place] = opinion_bounds.bounded(row, _key_of(row, known), known, others), basis


def _known(batch: _Batch) -> dict[Key, Version]:
    """The last versions of all entries the batch speaks of. One query."""
    idents = [row.ident for row, _basis in batch.rows.values()]
    return entry_rows.latest(batch.set, idents) if idents else {}


def _key_of(row: NewEntry, known: Mapping[Key, Version]) -> Key:
    """Which of the entries with its identity a row speaks of: the first it does not contradict."""
    return next((key for key in _twins(row, known) if not entries.contradict(row, known[key])), Key(row.ident, -1))


def _twins(row: NewEntry, known: Mapping[Key, Version]) -> list[Key]:
    """Keys of one identity, in order; twins are numbered without gaps."""
    found = list[Key]()
    while (key := Key(row.ident, len(found))) in known:
        found.append(key)
    return found


def _already(batch: _Batch, place: int, known: Mapping[Key, Version], mine: Mapping[Key, list[Vote]]) -> bool:
    """Whether the organisation says just that already, of an entry that is in force and has all the digests."""
    row, basis = batch.rows[place]
    key = _key_of(row, known)
    version = known.get(key)
    if version is None or not version.in_force or any(
        getattr(row, name) and not getattr(version, name) for name in kinds.DIGESTS
    ):  # fmt: skip
        return False
    return any(vote.code == row.code and vote.basis == basis for vote in mine.get(key, ()))


def _publish(batch: _Batch, places: set[int], signed: Signed | None) -> list[audit.Event]:
    """Publish the rows at these places, those that were looked at first; the events of it."""
    told: list[audit.Event] = []
    bases = {batch.rows[place][1] for place in places}
    for basis in sorted(bases, key=lambda one: (one != trust.VIEWED, one)):
        rows = [row for place, (row, of) in batch.rows.items() if place in places and of == basis]
        organisation = batch.peer.organisation
        _generation, more = entries.publish(
            batch.set, rows, by=batch.share.by, source=f"Contributed by {organisation.name}",
            organisation=organisation.organisation, basis=basis, origin=Vote.Origin.PEER,
        )  # fmt: skip
        told += more
    if signed and told:
        _keep(batch, signed, [event.subject.removeprefix("vote:") for event in told if event.verb == events.VOTE_CAST])
    return told


def _keep(batch: _Batch, signed: Signed, public_ids: list[str]) -> None:
    """Keep the proof of these votes."""
    proof = Proof.objects.create(
        peer=batch.peer,
        key=batch.peer.key,
        text=signed.text,
        signature=signed.signature,
        body=gzip.compress(signed.body),
    )
    Vote.objects.filter(public_id__in=public_ids).update(proof=proof)


def _status(was: Version | None, now: Version | None) -> str:
    if was is None or not was.in_force:
        return CREATED
    return CONFLICT if now is not None and now.trust == trust.Trust.DISPUTED else MERGED


def _result(status: str, version: Version | None) -> Result:
    return Result(status, entry=version.public_id, trust=version.trust) if version else Result(status)


def _end(batch: _Batch, told: list[audit.Event], results: Sequence[Result]) -> int:
    """Number what changed, then tell the log; the highest number."""
    feed.number(batch.set.pk)
    counted = dict(Counter(result.status for result in results))
    details = {"set": batch.set.name, "organisation": batch.peer.organisation.name, "results": counted}
    told = [*told, audit.Event(events.CONTRIBUTED, audit.subject_of(batch.peer), details=details)]
    audit.record_all(told, by=None, agency=batch.set.owner_id)
    head = Feed.objects.filter(pk=batch.set.pk).values_list("head_seq", flat=True).first()
    return head or 0
