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
from hashsets.placing import Digests, Place, Places, contradict
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
    def digests(self) -> Digests:
        """What it names."""
        return self.md5, self.sha1, self.sha256

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
    keys: Sequence[Key] | None = None,
    voice: str = "",
) -> Published:
    """Add entries as the next version, each with the vote of an organisation, by default the person's.

    Inside the caller's transaction, which then holds the set's row. `keys`: where the rows belong, if the caller
    decided that (`places`). An entry that is there already keeps its row unless trust, category, digests or the number
    of votes change. One event per vote, then the version's; the caller records them last. 18 queries at most, for any
    number of rows. Raises UnknownCategory, Unidentified, SetRetired.
    """
    locked, who = generations.lock(hash_set), organisation or by.agency.organisation
    meanings = dispositions(locked, {row.code for row in rows})
    old = entry_rows.latest(locked, [row.ident for row in rows])
    before = votes.said(locked, old)
    if keys is None:
        here = places(locked, old, before, who)
        keys = [Key(*here.take(row.digests)) for row in rows]
    versions: dict[Key, Version] = {}
    for key, row in zip(keys, rows, strict=True):
        known = versions.get(key) or _standing(key, old.get(key), voted=before.get(key, votes.NOTHING).stands)
        versions[key] = _completed(known, row)
    wanted = dict(zip(keys, rows, strict=True))  # the last word on one entry counts
    opinions = {
        key: votes.Opinion(row.code, meanings[row.code], row.kind, versions[key].kinds, basis)
        for key, row in wanted.items()
    }
    cast = votes.cast(locked, opinions, organisation=who, origin=origin, voice=voice)
    outgoing.queue([vote.pk for vote in cast])
    fresh = judged(locked, versions, old)
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
    name any version of an entry. One event per entry, then the version's; the caller records them last. 14 queries
    for any number of entries.
    """
    locked = generations.lock(hash_set)
    meant = entry_rows.in_force_of(locked, list(entry_ids))
    old = entry_rows.latest(locked, [key.ident for key in meant])
    outgoing.queue(votes.take_back(locked, list(meant), organisation=organisation or by.agency.organisation))
    fresh = judged(locked, meant, old)
    step = generations.Step(
        f"Withdrawn: {reason}", *entry_rows.write(locked, fresh, old, gone=meant.keys() - fresh.keys())
    )
    generation, moved = generations.move(locked, step, by=by)
    told = [withdrawn(locked, version, reason, stays=key in fresh) for key, version in meant.items()]
    hash_set.generation = generation.number
    return generation, [*told, moved]


def in_force(hash_set: HashSet, rows: Sequence[NewEntry]) -> dict[bytes, int]:
    """Ids of the entries in force with just the digests of these rows, by SHA-256. One query."""
    wanted = {row.sha256: row.digests for row in rows if row.sha256}
    found = (
        Entry.objects.filter(set=hash_set, sha256__in=list(wanted), added_in__lte=hash_set.generation)
        .exclude(removed_in__lte=hash_set.generation)
        .values_list("id", "md5", "sha1", "sha256")
    )
    named = {entry: tuple(digest and bytes(digest) for digest in digests) for entry, *digests in found}
    every = {digests: sha256 for sha256, digests in wanted.items()}
    return {every[digests]: entry for entry, digests in named.items() if digests in every}


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


def places(hash_set: HashSet, old: Mapping[Key, Version], said: Mapping[Key, votes.Said], organisation: UUID) -> Places:
    """Where the rows of an organisation belong. `old`, `said`: all that is there with their idents.

    What somebody else stands for, by a vote or by the owner's list, is not the organisation's own.
    """
    owns = organisation == hash_set.owner.organisation

    def place(key: Key, version: Version) -> Place:
        told = said.get(key, votes.NOTHING)
        ours = version.in_force and _alone(version, told, organisation, owns=owns)
        begun = bool(told.votes) and told.votes[0].organisation == organisation
        return Place(key.twin, version.digests, version.in_force, ours, begun)

    return Places((key.ident, place(key, version)) for key, version in old.items())


def _alone(version: Version, said: votes.Said, organisation: UUID, *, owns: bool) -> bool:
    others = any(vote.organisation != organisation and vote.stands for vote in said.votes)
    return not others and (owns or not (version.listed or not said.stands))


def version_of(key: Key, row: NewEntry, old: Version | None, *, voted: bool) -> Version:
    """What the entry is to be: the row, with what the version in force knows beside it."""
    return _completed(_standing(key, old, voted=voted), row)


def _standing(key: Key, old: Version | None, *, voted: bool) -> Version:
    if old is None or not old.in_force:
        return Version(key)
    return old if voted else old.as_listed()


def _completed(known: Version, row: NewEntry) -> Version:
    said = {"md5": row.md5, "sha1": row.sha1, "sha256": row.sha256, "size": row.size}
    return known.with_pdq(row.pdq).with_mime(row.mime).filled(flags=row.flags, **said)


def judged(hash_set: HashSet, versions: Mapping[Key, Version], old: Mapping[Key, Version]) -> dict[Key, Version]:
    """The versions somebody stands for, with the trust that follows; and others with their idents that it changes.

    `old`: the last versions of all entries with these idents. Three queries.
    """
    said = votes.said(hash_set, {*old, *versions})
    beside = {key: _heard(version, said[key]) for key, version in _beside(versions, old).items()}
    every = {**old, **beside, **versions}
    pooled = votes.pooled(hash_set, every, said, [*beside, *versions])
    found = {key: votes.judge(hash_set, every[key], one) for key, one in pooled.items()}
    return {
        key: version
        for key, version in found.items()
        if version is not None and (key in versions or said[key].stands or _changes(old[key], version))
    }


def pooled(hash_set: HashSet, old: Mapping[Key, Version], keys: Collection[Key]) -> dict[Key, votes.Said]:
    """All that says anything of these entries. `old`: as in `judged`. Three queries."""
    return votes.pooled(hash_set, old, votes.said(hash_set, old), keys)


def _beside(versions: Mapping[Key, Version], old: Mapping[Key, Version]) -> dict[Key, Version]:
    """Entries in force of which an opinion on one of these says something, too."""
    meant: dict[bytes, list[Version]] = {}
    for key, version in versions.items():
        meant.setdefault(key.ident, []).append(version)
    return {
        key: version
        for key, version in old.items()
        if key not in versions and version.in_force
        and not all(contradict(one.digests, version.digests) for one in meant.get(key.ident, ()))
    }  # fmt: skip


def _changes(old: Version, judged: Version) -> bool:
    """Whether opinions on others change what a list says. A list that says that its members differ stays at that."""
    return bool(old.listed) or old.trust not in (judged.trust, trust.Trust.DISPUTED)


def _heard(version: Version, said: votes.Said) -> Version:
    """An entry that only a list stands for, with its word as one of the opinions; others as they are."""
    return version if said.stands or version.listed else version.as_listed()


def withdrawn(hash_set: HashSet, version: Version, reason: str, *, stays: bool) -> audit.Event:
    """The event of an opinion that was taken back; `stays`: the entry does, since others stand for it."""
    details = {"set": hash_set.name, "code": version.code, "sha256": version.sha256_text, "stays": stays}
    return audit.Event(events.ENTRY_WITHDRAWN, f"entry:{version.public_id}", details=details, reason=reason)
