"""What a supervisor here says of one entry: confirm or dispute it, take that back, resolve a dispute (sharing.md 3).

An entry of a set of this node is judged again at once. One of a mirror is its owner's to judge: our word is kept, put
on its way to him in the same transaction, and what follows comes back through the feed. Here the entry does nothing
from that moment on, for as long as our word contradicts it.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from django.db import transaction
from django.utils.translation import gettext_noop as noop

from hashsets import entries, entry_rows, events, generations, our_word, outgoing, trust, votes
from hashsets.entry_rows import EntryGone, Key, Version
from hashsets.models import HashSet, Resolution, Vote
from hashsets.sets import require_owner
from workbench import audit
from workbench.errors import BadInput, WorkbenchError
from workbench.models import User

NOT_LOOKED = "match"  # the basis of whoever only has a match
LONGEST = 400  # characters of a reason


class NotDisputed(WorkbenchError):
    """Nobody disputes this entry. Load the page again: somebody may have resolved it."""

    code = "not-disputed"
    status = 409


class DecidedInACase(WorkbenchError):
    """Your agency's opinion is a decision that two people published. Correct or withdraw that one."""

    code = "decided-in-a-case"
    status = 409


class NothingSaid(WorkbenchError):
    """Your agency has no opinion of its own on this entry that could be taken back."""

    code = "nothing-said"
    status = 409


@transaction.atomic
def say(hash_set: HashSet, row: int, *, code: str, looked: bool, by: User, kind: str = "", reason: str = "") -> Vote:
    """Vote on the entry that `row`, an id of any of its versions, belongs to, in the place of one's earlier word.

    `looked`: the organisation saw the file; without, the vote is kept and not counted. `kind`: the hash it rests on, by
    default the strongest digest, which stands for all; another one only for itself.
    Raises EntryGone, UnknownCategory, BadInput, DecidedInACase, SetRetired.
    """
    locked, key, version = _of(hash_set, row)
    disposition = entries.dispositions(locked, {code})[code]
    before = votes.said(locked, [key])[key]
    _require_free(before, by)
    basis = trust.VIEWED if looked else NOT_LOOKED
    rests_on = _kind(version, kind)
    opinion = votes.Opinion(
        code, disposition, rests_on, _names(version, rests_on), basis, reason.strip()[:LONGEST]
    )  # fmt: skip
    (vote,) = votes.cast(locked, {key: opinion}, organisation=by.agency.organisation, origin=Vote.Origin.WORD)
    if not locked.owner.is_local:
        outgoing.queue([vote.pk])
        moved = _heed_own_word(locked, version, f"Opinion of {by.agency.name}", by=by)
        audit.record_all([votes.event(locked, vote, version), *moved], by=by)
        return vote
    kept = version if before.stands or version.listed else version.as_listed()
    told = _judge_again(locked, kept, f"Opinion of {by.agency.name}", by=by, vote=vote)
    audit.record_all(told, by=by)
    return vote


@transaction.atomic
def take_back(hash_set: HashSet, row: int, *, by: User, reason: str) -> None:
    """Take one's word on an entry back; it stays on record. Raises EntryGone, NothingSaid, DecidedInACase, BadInput."""
    said_why = _said(reason)
    locked, key, version = _of(hash_set, row)
    _require_free(votes.said(locked, [key])[key], by)
    taken = votes.take_back(locked, [key], organisation=by.agency.organisation)
    if not taken:
        raise NothingSaid
    if not locked.owner.is_local:
        outgoing.queue(taken)
        moved = _heed_own_word(locked, version, f"Opinion of {by.agency.name} taken back", by=by)
        audit.record_all([entries.withdrawn(locked, version, said_why, stays=True), *moved], by=by)
        return
    told = _judge_again(locked, version, f"Opinion of {by.agency.name} taken back", by=by, reason=said_why)
    audit.record_all(told, by=by)


@transaction.atomic
def resolve(hash_set: HashSet, row: int, *, code: str, reason: str, by: User) -> Resolution:
    """Settle a dispute on an entry of one's own set: votes against it count no more, and stay on record.

    A later vote may dispute the entry again. One event, then the version's. Raises EntryGone, NotDisputed,
    UnknownCategory, NotAllowed for another agency's set, BadInput without a reason.
    """
    require_owner(hash_set, by)
    said_why = _said(reason)
    locked, key, version = _of(hash_set, row)
    disposition = entries.dispositions(locked, {code})[code]
    if version.trust != trust.Trust.DISPUTED:
        raise NotDisputed
    made = Resolution.objects.create(
        set=locked,
        ident=key.ident,
        twin=key.twin,
        disposition=disposition,
        code=code,
        reason=said_why,
        after=entries.pooled(locked, entry_rows.latest(locked, [key.ident]), [key])[key].last,
        by=by,
        by_name=by.name,
    )
    audit.record_all(_judge_again(locked, version, "Dispute resolved", by=by, resolution=made), by=by)
    return made


def _of(hash_set: HashSet, row: int) -> tuple[HashSet, Key, Version]:
    """The locked set with the version in force of the entry."""
    locked = generations.lock(hash_set)
    found = entry_rows.in_force_of(locked, [row])
    if not found:
        raise EntryGone
    [(key, version)] = found.items()
    return locked, key, version


def _require_free(of: votes.Said, by: User) -> None:
    """What two people published is corrected by two people: by a decision or a withdrawal, not by one's word."""
    ours = by.agency.organisation
    if any(vote.organisation == ours and vote.stands and vote.origin == Vote.Origin.DECISION for vote in of.votes):
        raise DecidedInACase


def _kind(version: Version, asked: str) -> str:
    """The hash kind a vote rests on: one the entry has."""
    has = kinds_of(version)
    if asked and asked not in has:
        raise BadInput(noop("The entry has no hash of this kind: %(kind)s."), kind=asked[:20])
    return asked or has[0]


def _names(version: Version, kind: str) -> tuple[str, ...]:
    """The digests that a vote resting on `kind` stands for: whoever takes the strongest means the entry as it is."""
    if kind == kinds_of(version)[0]:
        return version.kinds
    return (kind,) if kind in trust.DIGESTS else ()


class Hashed(Protocol):
    """A version of an entry, however it was read."""

    @property
    def raw(self) -> dict[str, Any]:
        """What is kept beside the columns."""
        ...


def kinds_of(version: Hashed) -> list[str]:
    """The hash kinds that a vote on this entry may rest on, the strongest digest first."""
    digests = [name for name in reversed(trust.DIGESTS) if getattr(version, name)]
    others = dict.fromkeys([*version.raw.get("hashes", {}), *(["photodna"] if version.raw.get("photodna") else [])])
    return digests + list(others)


def _judge_again(
    locked: HashSet,
    version: Version,
    source: str,
    *,
    by: User,
    vote: Vote | None = None,
    resolution: Resolution | None = None,
    reason: str = "",
) -> Sequence[audit.Event]:
    """Put what follows in force as the next version; the events: what was said, then the version's."""
    key = version.key
    old = entry_rows.latest(locked, [key.ident])
    fresh = entries.judged(locked, {key: version}, old)
    written = entry_rows.write(locked, fresh, old, gone=[] if key in fresh else [key])
    _generation, moved = generations.move(locked, generations.Step(source, *written), by=by)
    stands = fresh.get(key, version)
    if vote:
        return [votes.event(locked, vote, stands), moved]
    if resolution:
        return [_resolved(locked, resolution, stands), moved]
    return [entries.withdrawn(locked, version, reason, stays=key in fresh), moved]


def _heed_own_word(locked: HashSet, version: Version, source: str, *, by: User) -> list[audit.Event]:
    """Have a mirror's entry do nothing here while our own word contradicts it, and act again when it does not.

    Its trust stays its owner's to say, and what is told on to others too.
    """
    old = entry_rows.latest(locked, [version.key.ident])
    ours = votes.standing(locked, list(old), organisation=by.agency.organisation)
    written = entry_rows.write(locked, our_word.held(version, old, ours), old)
    if not written.added:
        return []
    _generation, moved = generations.move(locked, generations.Step(source, *written), by=by)
    return [moved]


def _resolved(locked: HashSet, made: Resolution, version: Version) -> audit.Event:
    details = {"set": locked.name, "entry": str(version.public_id), "sha256": version.sha256_text, "code": made.code}
    return audit.Event(
        events.DISPUTE_RESOLVED, audit.subject_of(made), details=details | {"trust": version.trust}, reason=made.reason
    )


def _said(reason: str) -> str:
    if not reason.strip():
        raise BadInput(noop("Say why, in a few words."))
    return reason.strip()[:LONGEST]
