"""Entries that people publish one by one, and their withdrawal (sharing.md sections 2 and 3).

Every organisation has one opinion (Vote) on an entry; trust follows from the opinions and is never typed in.
Opposite opinions make an entry disputed: it stays in the set and closes nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext_noop as noop

from hashsets import entry_rows, events, generations, kinds, outgoing, trust, votes
from hashsets.entry_rows import Key, Version
from hashsets.models import Category, Entry, Generation, HashSet, Vote
from workbench import audit
from workbench.errors import WorkbenchError
from workbench.models import User

Published = tuple[Generation, list[audit.Event]]  # a new version, and the events of how it came about


class UnknownCategory(WorkbenchError):
    """The set's scheme has no such category, or it may not be shared."""

    code = "unknown-category"


class Unidentified(WorkbenchError):
    """An entry needs the hash of a file that is not empty."""

    code = "unidentified"


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A hash with a category, as an organisation saw it. `code` is the scheme's own."""

    sha256: bytes | None
    md5: bytes | None
    sha1: bytes | None
    size: int | None  # bytes
    code: str
    flags: dict[str, bool] = field(default_factory=dict)
    pdq: bytes | None = None  # of a picture, of sufficient quality
    mime: str = ""

    @property
    def ident(self) -> bytes:
        """The first digest of md5, sha1, sha256. Raises Unidentified, also for the empty file."""
        found = next((digest for name in trust.DIGESTS if (digest := getattr(self, name))), None)
        empty = any(getattr(self, name) == kinds.DIGESTS[name].empty for name in trust.DIGESTS)
        if found is None or empty or self.size == 0:
            raise Unidentified
        return bytes(found)

    @property
    def kind(self) -> str:
        """The strongest hash kind the opinion rests on."""
        return next(name for name in reversed(trust.DIGESTS) if getattr(self, name))


def publish(
    hash_set: HashSet,
    rows: Sequence[NewEntry],
    *,
    by: User,
    source: str,
    organisation: UUID | None = None,
    basis: str = trust.VIEWED,
    origin: str = Vote.Origin.DECISION,
) -> Published:
    """Add entries as the next version, each with the vote of an organisation, by default the person's.

    Inside the caller's transaction, which then holds the set's row. An entry that is there already keeps its
    row unless trust, category, digests or the number of votes change. One event per vote, then the version's; the
    caller records them last. 14 queries for any number of rows. Raises UnknownCategory, Unidentified, SetRetired.
    """
    locked = generations.lock(hash_set)
    meanings = dispositions(locked, {row.code for row in rows})
    old = entry_rows.latest(locked, [row.ident for row in rows])
    wanted = _by_key(rows, old)
    before = votes.said(locked, list(wanted))
    opinions = {key: votes.Opinion(row.code, meanings[row.code], row.kind, basis) for key, row in wanted.items()}
    cast = votes.cast(locked, opinions, organisation=organisation or by.agency.organisation, origin=origin)
    outgoing.queue([vote.pk for vote in cast])
    versions = {key: version_of(key, row, old.get(key), voted=before[key].stands) for key, row in wanted.items()}
    fresh = judged(locked, versions, votes.said(locked, list(wanted)))
    step = generations.Step(source, *entry_rows.write(locked, fresh, old, gone=versions.keys() - fresh.keys()))
    generation, moved = generations.move(locked, step, by=by)
    told = [votes.event(locked, vote, fresh.get(Key.of(vote), versions[Key.of(vote)])) for vote in cast]
    hash_set.generation = generation.number
    return generation, [*told, moved]


def withdraw(
    hash_set: HashSet, entry_ids: Iterable[int], *, by: User, reason: str, organisation: UUID | None = None
) -> Published:
    """Take the opinion of an organisation, by default the person's, back. Inside the caller's transaction.

    An entry nobody else stands for leaves the set; the others stay with the trust that remains. `entry_ids` may
    name any version of an entry. One event per entry, then the version's; the caller records them last. 11 queries
    for any number of entries.
    """
    locked = generations.lock(hash_set)
    old = entry_rows.in_force_of(locked, list(entry_ids))
    outgoing.queue(votes.take_back(locked, list(old), organisation=organisation or by.agency.organisation))
    fresh = judged(locked, old, votes.said(locked, list(old)))
    step = generations.Step(
        f"Withdrawn: {reason}", *entry_rows.write(locked, fresh, old, gone=old.keys() - fresh.keys())
    )
    generation, moved = generations.move(locked, step, by=by)
    told = [withdrawn(locked, version, reason, stays=key in fresh) for key, version in old.items()]
    hash_set.generation = generation.number
    return generation, [*told, moved]


def in_force(hash_set: HashSet, sha256: Sequence[bytes]) -> dict[bytes, int]:
    """Ids of the entries in force, by SHA-256; those not in the set are left out. One query."""
    rows = (
        Entry.objects.filter(set=hash_set, sha256__in=list(sha256), added_in__lte=hash_set.generation)
        .exclude(removed_in__lte=hash_set.generation)
        .values_list("sha256", "id")
    )
    return {bytes(digest): entry for digest, entry in rows if digest is not None}


def dispositions(hash_set: HashSet, codes: Collection[str]) -> dict[str, str]:
    """What these codes mean in the set's scheme. Raises UnknownCategory for one that may not be published."""
    rows = Category.objects.filter(scheme=hash_set.scheme, publishable=True)
    found = dict(rows.values_list("code", "disposition"))
    if unknown := set(codes) - found.keys():
        raise UnknownCategory(
            noop("%(scheme)s cannot publish category %(sorted)s."),
            scheme=hash_set.scheme,
            sorted=", ".join(sorted(unknown)),
        )
    return found


def key_of(row: NewEntry, old: Mapping[Key, Version]) -> Key:
    """Under which identity a row would be stored by itself, beside the entries that are there."""
    return next(iter(_by_key([row], old)))


def _by_key(rows: Sequence[NewEntry], old: Mapping[Key, Version]) -> dict[Key, NewEntry]:
    """Each row under its identity: a known one it does not contradict, else the next twin. The last word wins."""
    taken: dict[bytes, list[tuple[Key, Version | NewEntry]]] = {}
    for key, version in sorted(old.items()):
        taken.setdefault(key.ident, []).append((key, version))
    wanted: dict[Key, NewEntry] = {}
    for row in rows:
        others = taken.setdefault(row.ident, [])
        same = [key for key, other in others if not contradict(row, other)]
        if not same:
            same = [Key(row.ident, others[-1][0].twin + 1 if others else 0)]
            others.append((same[0], row))
        wanted[same[0]] = row
    return wanted


def contradict(row: NewEntry, other: Version | NewEntry) -> bool:
    """Whether both name a digest of one kind and differ in it."""
    pairs = ((getattr(row, name), getattr(other, name)) for name in trust.DIGESTS)
    return any(mine and theirs and mine != theirs for mine, theirs in pairs)


def version_of(key: Key, row: NewEntry, old: Version | None, *, voted: bool) -> Version:
    """What the entry is to be: the row, with what the version in force knows beside it."""
    standing = old if old is not None and old.in_force else Version(key)
    known = standing if voted or standing is not old else standing.as_listed()
    said = {"md5": row.md5, "sha1": row.sha1, "sha256": row.sha256, "size": row.size}
    return known.with_pdq(row.pdq).with_mime(row.mime).filled(flags=row.flags, **said)


def judged(hash_set: HashSet, versions: Mapping[Key, Version], said: Mapping[Key, votes.Said]) -> dict[Key, Version]:
    """The versions somebody stands for, with the trust that follows."""
    found = {key: votes.judge(hash_set, version, said.get(key, votes.NOTHING)) for key, version in versions.items()}
    return {key: version for key, version in found.items() if version is not None}


def withdrawn(hash_set: HashSet, version: Version, reason: str, *, stays: bool) -> audit.Event:
    """The event of an opinion that was taken back; `stays`: the entry does, since others stand for it."""
    details = {"set": hash_set.name, "code": version.code, "sha256": version.sha256_text, "stays": stays}
    return audit.Event(events.ENTRY_WITHDRAWN, f"entry:{version.public_id}", details=details, reason=reason)
