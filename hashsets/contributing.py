"""What a paired organisation says of entries of a set of ours: new ones, votes, and their withdrawal.

One function takes a batch, whoever carried it here: the HTTP contract, or a package on a stick. Each item is judged by
itself; what is wrong with one stops no other. Only votes with the basis `viewed` count; others are kept on record.
"""

import gzip
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction

from hashsets import clashes, entries, entry_rows, events, feed, generations, opinion_bounds, trust, voices, votes
from hashsets.entries import NewEntry
from hashsets.entry_rows import Key, Version
from hashsets.models import Feed, HashSet, Peer, Proof, Share, Vote
from hashsets.opinion_items import CLASH, REFUSED, Item, Refused, codes_of, row_of, schemes_of
from workbench import audit
from workbench.errors import NotAllowed

CREATED, MERGED, UNCHANGED, CONFLICT, REJECTED = "created", "merged", "unchanged", "conflict", "rejected"
RETRACTED = "retracted"
MOST_TWINS = 2**15 - 1  # what the column holds
MOST_BEGUN = 100  # entries under one first digest that one organisation brings, taken back or not


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
    """A locked set, who speaks, and what of the items can be published: which rows, and of which entries.

    All by place in the batch. `hidden`: which known-good set has it that the organisation may not read. `known`: the
    last versions of the entries with their first digests, before the batch.
    """

    share: Share
    set: HashSet
    peer: Peer
    rows: dict[int, tuple[NewEntry, str]]  # with its basis
    results: dict[int, Result]
    keys: dict[int, Key] = field(default_factory=dict)
    hidden: dict[int, int] = field(default_factory=dict)
    known: dict[Key, Version] = field(default_factory=dict)


@transaction.atomic
def contribute(share: Share, items: Sequence[Item], *, signed: Signed | None = None) -> tuple[list[Result], int]:
    """Take in a batch; one result for each item in order, and the set's highest number after it.

    In one transaction with the events; numbered in it, too, so that the answer names the number. About 35 queries for
    any number of items. Raises NotOpen, SetRetired.
    """
    batch = _opened(share, items)
    mine = votes.standing(batch.set, list(batch.known), organisation=batch.peer.organisation.organisation)
    said = {place: _already(batch, place, mine) for place in batch.rows}
    places = [place for place in batch.rows if not said[place]]
    held = {batch.keys[place]: batch.hidden[place] for place in places if place in batch.hidden}
    told = clashes.hold(batch.peer, batch.set, held)
    told += _publish(batch, places, signed)
    after = _last(batch)
    for place, key in batch.keys.items():
        status = UNCHANGED if said[place] else _status(batch.known.get(key), after.get(key))
        batch.results[place] = _result(status, after.get(key))
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
    batch.hidden = _refuse_clashes(batch)
    _place(batch)
    return batch


def _refuse_clashes(batch: _Batch) -> dict[int, int]:
    """Refuse what a known-good set has that the organisation may read; what others have is for the owner's supervisor.

    Returns the latter by place, with the set's id: who sends hashes must not learn from the answer what we keep.
    """
    if batch.set.role == HashSet.SetRole.KNOWN_GOOD:
        return {}
    found = clashes.found(batch.set, [row for row, _basis in batch.rows.values()])
    shown = set(batch.peer.shares.in_force().values_list("set", flat=True)) if found else set[int]()
    hidden: dict[int, int] = {}
    for place, (row, _basis) in list(batch.rows.items()):
        sets = {good for digest in row.digests if digest for good in found.get(digest, ())}
        if sets & shown:
            del batch.rows[place]
            batch.results[place] = Result(REJECTED, CLASH)
        elif sets:
            hidden[place] = min(sets)
    return hidden


def _place(batch: _Batch) -> None:
    """Find out of which entry each row speaks; what was looked at first. Refuse new entries that nobody looked at."""
    batch.known, organisation = _last(batch), batch.peer.organisation.organisation
    here = entries.places(batch.set, batch.known, votes.said(batch.set, batch.known), organisation)
    there: set[tuple[bytes, int]] = set(batch.known)
    for place, (row, basis) in sorted(batch.rows.items(), key=lambda one: (one[1][1] != trust.VIEWED, one[0])):
        looked, ours = basis == trust.VIEWED, here.ours(row.ident)
        named = here.of(row.digests) if looked else here.like(row.digests)
        if named is None or named[1] > MOST_TWINS or (named not in there and here.begun(row.ident) >= MOST_BEGUN):
            del batch.rows[place]
            batch.results[place] = Result(REJECTED, REFUSED)
            continue
        if looked:
            here.take(row.digests)
        there.add(named)
        key = batch.keys[place] = Key(*named)
        version = batch.known.get(key)
        if version is not None and version.in_force and named[1] not in ours:
            batch.rows[place] = opinion_bounds.bounded(row, version), basis


def _last(batch: _Batch) -> dict[Key, Version]:
    """The last versions of all entries the batch may speak of. One query."""
    idents = [row.ident for row, _basis in batch.rows.values()]
    return entry_rows.latest(batch.set, idents) if idents else {}


def _already(batch: _Batch, place: int, mine: Mapping[Key, list[Vote]]) -> bool:
    """Whether the organisation says just that already, of an entry that is in force and has all the digests."""
    (row, basis), key = batch.rows[place], batch.keys[place]
    version = batch.known.get(key)
    if version is None or not version.in_force:
        return False
    if any(named and not there for named, there in zip(row.digests, version.digests, strict=True)):
        return False
    said = row.code, basis, voices.of(batch.peer)
    return any((vote.code, vote.basis, vote.voice) == said for vote in mine.get(key, ()))


def _publish(batch: _Batch, places: Sequence[int], signed: Signed | None) -> list[audit.Event]:
    """Publish the rows at these places, those that were looked at first; the events of it."""
    told: list[audit.Event] = []
    bases = {batch.rows[place][1] for place in places}
    for basis in sorted(bases, key=lambda one: (one != trust.VIEWED, one)):
        these = [place for place in places if batch.rows[place][1] == basis]
        organisation = batch.peer.organisation
        _generation, more = entries.publish(
            batch.set, [batch.rows[place][0] for place in these], by=batch.share.by,
            source=f"Contributed by {organisation.name}", organisation=organisation.organisation, basis=basis,
            origin=Vote.Origin.PEER, keys=[batch.keys[place] for place in these], voice=voices.of(batch.peer),
        )  # fmt: skip
        told += more
    if signed and told:
        _keep(batch, signed, [event.subject.removeprefix("vote:") for event in told if event.verb == events.VOTE_CAST])
    return told


def _keep(batch: _Batch, signed: Signed, public_ids: list[str]) -> None:
    """Keep the proof of these votes."""
    body = gzip.compress(signed.body)
    proof = Proof.objects.create(
        peer=batch.peer, key=batch.peer.key, text=signed.text, signature=signed.signature, body=body
    )
    Vote.objects.filter(public_id__in=public_ids).update(proof=proof)


def _status(was: Version | None, now: Version | None) -> str:
    if now is not None and now.trust == trust.Trust.DISPUTED:
        return CONFLICT
    return MERGED if was is not None and was.in_force else CREATED


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
