"""Votes: what organisations think of an entry, and what that amounts to (sharing.md section 3).

The caller holds the set's row (`generations.lock`): so the ids of votes tell their order, and whoever judges sees all.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.db import connection

from hashsets import events, trust
from hashsets.entry_rows import Judgement, Key, Version
from hashsets.models import Clash, HashSet, Resolution, Vote
from hashsets.placing import contradict
from workbench import audit

_KEYS = "unnest(%(idents)s::bytea[], %(twins)s::smallint[]) AS k (ident, twin)"
# Whoever only accepted a match does not take back what his organisation saw.
END = f"""
UPDATE hashsets_vote v SET current = false FROM {_KEYS}
WHERE v.set_id = %(set)s AND v.ident = k.ident AND v.twin = k.twin AND v.organisation = %(organisation)s AND v.current
  AND v.kind = ANY(%(kinds)s) AND (%(looked)s OR v.basis <> %(viewed)s OR v.withdrawn_after IS NOT NULL)
"""  # noqa: S608 only constants of this module
STANDING = f"""
SELECT v.ident, v.twin FROM hashsets_vote v JOIN {_KEYS} ON v.ident = k.ident AND v.twin = k.twin
WHERE v.set_id = %(set)s AND v.organisation = %(organisation)s AND v.current AND v.kind = ANY(%(kinds)s)
"""  # noqa: S608
TAKE_BACK = f"""
UPDATE hashsets_vote v SET withdrawn_at = now(), withdrawn_after = (
  SELECT max(id) FROM hashsets_vote w WHERE w.set_id = v.set_id AND w.ident = v.ident)
FROM {_KEYS} WHERE v.set_id = %(set)s AND v.ident = k.ident AND v.twin = k.twin AND v.organisation = %(organisation)s
  AND v.current AND v.withdrawn_after IS NULL RETURNING v.id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Opinion:
    """What an organisation says of one entry. `names`: the digests it stands for; `reason` is for its own people."""

    code: str
    disposition: str
    kind: str  # the hash kind it rests on
    names: tuple[str, ...]
    basis: str = trust.VIEWED
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """All that was ever said of one entry: the votes in their order, and the last resolution.

    `beside`: what was said of entries that it does not contradict. `clashes`: a known-good set has it.
    """

    votes: list[Vote] = field(default_factory=list)
    resolution: Resolution | None = None
    beside: list[trust.Vote] = field(default_factory=list)
    clashes: bool = False

    @property
    def stands(self) -> bool:
        """Whether anybody stands for it by a vote."""
        return any(vote.stands for vote in self.votes)

    @property
    def last(self) -> int:
        """The last vote that says anything of it; 0 where none does."""
        return max([vote.pk for vote in self.votes] + [vote.at for vote in self.beside], default=0)


NOTHING = Said()


def cast(
    hash_set: HashSet,
    opinions: Mapping[Key, Opinion],
    *,
    organisation: UUID,
    origin: str = Vote.Origin.DECISION,
    voice: str = "",
) -> list[Vote]:
    """Store an organisation's opinions as its current ones; earlier ones stay on record.

    One that rests on a digest takes the place of those on any digest, since all name the same file; one on another
    kind stands beside them. Two queries for each (kind, basis), one for all votes.
    """
    behind: set[tuple[Key, str]] = set()
    for kind, basis in {(one.kind, one.basis) for one in opinions.values()}:
        keys = [key for key, one in opinions.items() if (one.kind, one.basis) == (kind, basis)]
        behind |= {(key, kind) for key in _end(hash_set, keys, organisation=organisation, kind=kind, basis=basis)}
    return Vote.objects.bulk_create(
        Vote(
            set=hash_set,
            ident=key.ident,
            twin=key.twin,
            organisation=organisation,
            kind=opinion.kind,
            names=list(opinion.names),
            voice=voice,
            disposition=opinion.disposition,
            code=opinion.code,
            basis=opinion.basis,
            origin=origin,
            reason=opinion.reason,
            current=(key, opinion.kind) not in behind,
        )
        for key, opinion in opinions.items()
    )


def _end(hash_set: HashSet, keys: Sequence[Key], *, organisation: UUID, kind: str, basis: str) -> list[Key]:
    """End what the new opinions replace; the entries on which an opinion of more weight stays."""
    looked = basis == trust.VIEWED
    values = _at(hash_set, keys) | {"organisation": organisation, "kinds": list(trust.successors(kind))}
    with connection.cursor() as cursor:
        cursor.execute(END, values | {"looked": looked, "viewed": trust.VIEWED})
        if looked:
            return []
        cursor.execute(STANDING, values)
        return [Key(bytes(ident), twin) for ident, twin in cursor.fetchall()]


def take_back(hash_set: HashSet, keys: Sequence[Key], *, organisation: UUID) -> list[int]:
    """Mark an organisation's current opinions on these entries, of all kinds, as taken back; their ids. One query."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE_BACK, _at(hash_set, keys) | {"organisation": organisation})
        return [row[0] for row in cursor.fetchall()]


def standing(hash_set: HashSet, keys: Sequence[Key], *, organisation: UUID) -> dict[Key, list[Vote]]:
    """What an organisation says of these entries now; absent where it says nothing. One query."""
    rows = Vote.objects.filter(
        set=hash_set,
        organisation=organisation,
        current=True,
        withdrawn_after=None,
        ident__in=[key.ident for key in keys],
    )
    found: dict[Key, list[Vote]] = defaultdict(list)
    for vote in rows:
        found[Key.of(vote)].append(vote)
    return dict(found)


def said(hash_set: HashSet, keys: Collection[Key]) -> dict[Key, Said]:
    """All that was ever said of these entries, and of others with their first digests, each by itself. Three queries.

    `pooled` puts together what says something of one.
    """
    idents = list({key.ident for key in keys})
    votes: dict[Key, list[Vote]] = defaultdict(list)
    for vote in Vote.objects.filter(set=hash_set, ident__in=idents).order_by("pk"):
        votes[Key.of(vote)].append(vote)
    resolutions = {
        Key(bytes(row.ident), row.twin): row
        for row in Resolution.objects.filter(set=hash_set, ident__in=idents).order_by("pk")
    }
    clash = {Key.of(row) for row in Clash.objects.filter(set=hash_set, ident__in=idents)} if votes else set()
    return {key: Said(votes.get(key, []), resolutions.get(key), clashes=key in clash) for key in {*keys, *votes}}


def pooled(
    hash_set: HashSet, versions: Mapping[Key, Version], of: Mapping[Key, Said], keys: Iterable[Key]
) -> dict[Key, Said]:
    """The same, of these keys, with what was said of the others that have the first digest and contradict in none.

    `versions`: the last ones, or those about to be, of all entries with these first digests. A list's word on one of
    them stands against another as an opinion would, and for none.
    """
    found = dict[Key, Said]()
    for key, others in beside(versions, keys).items():
        pure = [vote for one in others for vote in _of_another(hash_set, one, of.get(one.key, NOTHING))]
        found[key] = replace(of.get(key, NOTHING), beside=pure)
    return found


def beside(versions: Mapping[Key, Version], keys: Iterable[Key]) -> dict[Key, list[Version]]:
    """Of each of these keys the others with its first digest that contradict in none: what they are called, it is."""
    families: dict[bytes, list[Version]] = defaultdict(list)
    for version in versions.values():
        families[version.key.ident].append(version)
    return {
        key: [
            one for one in families[key.ident]
            if one.key != key and not contradict(one.digests, versions[key].digests)
        ]
        for key in keys
    }  # fmt: skip


def _of_another(hash_set: HashSet, version: Version, of: Said) -> list[trust.Vote]:
    pure = list(map(_pure, of.votes))
    if version.listed and version.in_force:
        code, disposition = version.listed
        pure.append(trust.Vote(str(hash_set.owner.organisation), disposition, code, at=0, twin=version.key.twin))
    return pure


def any_stands(hash_set: HashSet) -> bool:
    """Whether any organisation stands for an entry of the set by a vote. One query."""
    return Vote.objects.filter(set=hash_set, current=True, withdrawn_after=None).exists()


def judge(hash_set: HashSet, version: Version, of: Said) -> Version | None:
    """The version with the category and trust that its votes, and the import it came with, amount to.

    None: nobody stands for it any more.
    """
    source = None
    if version.listed:
        code, disposition = version.listed
        vouched = hash_set.trust == trust.Trust.TRUSTED
        source = trust.Source(str(hash_set.owner.organisation), disposition, vouched, code)
    found = trust.judge(
        [*map(_pure, of.votes), *of.beside], digests=version.kinds, twin=version.key.twin,
        source=source, resolution=_settled(of.resolution),
    )  # fmt: skip
    if found.trust == trust.Trust.RETRACTED:
        return None
    judgement = Judgement(found.code, found.disposition, found.trust, found.organisations, found.spread)
    return version.judged(judgement, held=of.clashes and not of.resolution and not _said_by_owner(hash_set, of))


def _said_by_owner(hash_set: HashSet, of: Said) -> bool:
    return any(vote.stands and vote.organisation == hash_set.owner.organisation for vote in of.votes)


def _pure(vote: Vote) -> trust.Vote:
    return trust.Vote(
        str(vote.organisation), vote.disposition, vote.code, vote.basis, vote.kind, at=vote.pk,
        until=vote.withdrawn_after, names=frozenset(vote.names), twin=vote.twin,
        voice=vote.voice,
    )  # fmt: skip


def _settled(row: Resolution | None) -> trust.Resolution | None:
    return trust.Resolution(row.disposition, row.after, row.code) if row else None


def _at(hash_set: HashSet, keys: Sequence[Key]) -> dict[str, Any]:
    return {"set": hash_set.pk, "idents": [key.ident for key in keys], "twins": [key.twin for key in keys]}


def event(hash_set: HashSet, vote: Vote, version: Version) -> audit.Event:
    """The one event of a vote."""
    details = {
        "set": hash_set.name,
        "entry": str(version.public_id),
        "sha256": version.sha256_text,
        "code": vote.code,
        "basis": vote.basis,
        "organisation": str(vote.organisation),
        "trust": version.trust,
    }
    return audit.Event(events.VOTE_CAST, audit.subject_of(vote), details=details, reason=vote.reason)
