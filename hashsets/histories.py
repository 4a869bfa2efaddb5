"""An entry's history: who says what of it, since when, how disputes were resolved, and its versions.

Owners read all. Others read what is in force, the opinions that stand, and all of their own; reasons are read by the
organisation that gave them. Every look is an event.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_noop as noop

from hashsets import entry_rows, events, opinions, trust, votes, withheld
from hashsets.entry_rows import LARGEST, EntryGone, Key, loaded
from hashsets.models import HashSet, Resolution, Vote
from workbench import audit
from workbench.models import Agency, User

MOST = 200  # versions, and votes; nobody reads more
VERSIONS = """
SELECT e.id, e.public_id, e.ident, e.twin, encode(e.md5, 'hex'), encode(e.sha1, 'hex'), encode(e.sha256, 'hex'), e.size,
  e.code, e.disposition, e.trust, e.raw, e.added_in, CASE WHEN e.removed_in <= %(g)s THEN e.removed_in END, g.at,
  e.state
FROM hashsets_entry o
JOIN hashsets_entry e ON e.set_id = o.set_id AND e.ident = o.ident AND e.twin = o.twin AND e.public_id = o.public_id
LEFT JOIN hashsets_generation g ON g.set_id = e.set_id AND g.number = e.added_in
WHERE o.set_id = %(set)s AND o.id = %(row)s AND o.public_id = %(entry)s AND e.added_in <= %(g)s
ORDER BY e.added_in DESC LIMIT %(most)s
"""

NOT_ALL = noop("names not all of its digests: counts against others only")
COUNTS, SET_ASIDE, NOT_LOOKED = noop("counts"), noop("set aside by the resolution"), noop("not looked: does not count")
STOPS_IT = noop("keeps it from acting here")
REPLACED, TAKEN_BACK = noop("replaced"), noop("taken back")


@dataclass(frozen=True, slots=True)
class Version:
    """One version, newest first. `removed_in` None: in force. `at`: when it came in force."""

    id: int
    public_id: UUID
    ident: bytes
    twin: int
    md5: str | None
    sha1: str | None
    sha256: str | None
    size: int | None  # bytes
    code: str
    disposition: str
    trust: str
    raw: dict[str, Any]
    added_in: int
    removed_in: int | None
    at: datetime | None
    state: str

    @property
    def pdq_alone(self) -> str:
        """The PDQ that it stands by where it has no digest (decision 0027), else ""."""
        return "" if self.md5 or self.sha1 or self.sha256 else self.ident.hex()

    @property
    def organisations(self) -> int:
        """How many looked and stand for it."""
        return int(self.raw.get("votes", 0))

    @property
    def spread(self) -> int:
        """How many categories they gave it."""
        return int(self.raw.get("spread", 1))


@dataclass(frozen=True, slots=True)
class Stand:
    """What an organisation said. `state`: one of the words above; `reason` "" where it is not the reader's."""

    vote: Vote
    organisation: str
    own: bool
    state: str
    reason: str

    @property
    def current(self) -> bool:
        """Whether it is the organisation's word now."""
        return self.state not in {REPLACED, TAKEN_BACK}


@dataclass(frozen=True, slots=True)
class History:
    """What the person may read. `now` None: not in force any more. `mirror`: its owner, elsewhere, judges it."""

    now: Version | None
    versions: list[Version]
    stands: list[Stand]
    resolutions: list[Resolution]
    own: bool
    mirror: bool
    kinds: list[str]  # that a vote may rest on

    @property
    def latest(self) -> Version:
        """The one in force, else the last one."""
        return self.versions[0]

    @property
    def held(self) -> bool:
        """Whether a known-good set has it and its owner has said nothing of it; only he is told."""
        return self.own and self.now is not None and self.now.state == "held"

    @property
    def disputed(self) -> bool:
        """Whether it waits for its owner's supervisor."""
        return self.now is not None and self.now.trust == trust.Trust.DISPUTED

    @property
    def stopped_by_us(self) -> bool:
        """Whether our own word alone keeps a mirror's entry from acting here."""
        return any(one.state == STOPS_IT for one in self.stands) and not self.disputed

    @property
    def ours(self) -> Vote | None:
        """The reader's organisation's word on this very entry, if it has one that stands."""
        mine = (one.vote for one in self.stands if one.own and one.current)
        return next((vote for vote in mine if vote.twin == self.latest.twin), None)


@transaction.atomic
def read(hash_set: HashSet, entry: UUID, row: int, *, by: User) -> History:
    """The history of the entry named `entry`, found by the id of any of its versions. One event.

    Raises EntryGone, Withheld.
    """
    own = hash_set.owner_id == by.agency_id
    versions = _versions(hash_set, entry, row)
    now = next((one for one in versions if one.removed_in is None), None)
    if not versions or not (own or now):
        raise EntryGone
    if {bytes.fromhex(text) for one in versions for text in (one.md5, one.sha1, one.sha256) if text} & withheld.of(by):
        raise withheld.Withheld
    at = {"set": hash_set, "ident": versions[0].ident, "twin": versions[0].twin}
    resolutions = list(Resolution.objects.filter(**at).order_by("-pk")[:MOST])
    family = [versions[0].twin, *_beside(hash_set, Key(versions[0].ident, versions[0].twin))]
    found = list(Vote.objects.filter(set=hash_set, ident=versions[0].ident, twin__in=family).order_by("-pk")[:MOST])
    needed = {name for name in trust.DIGESTS if getattr(versions[0], name)}
    stands = _stands(found, needed, resolutions, by, own=own)
    if not hash_set.owner.is_local and now:
        stands = [_as_it_acts(one, now) for one in stands]
    audit.record(events.ENTRY_READ, by=by, on=hash_set, set=hash_set.name, entry=str(entry))
    return History(
        now, versions if own else [now] if now else [], stands, resolutions if own else resolutions[:1], own,
        not hash_set.owner.is_local, opinions.kinds_of(now) if now else [],
    )  # fmt: skip


def _beside(hash_set: HashSet, key: Key) -> list[int]:
    """Which twins may be the same file: what is said of them tells of this entry, too. One query."""
    every = entry_rows.latest(hash_set, [key.ident])
    return [one.key.twin for one in votes.beside(every, [key])[key]] if key in every else []


def _versions(hash_set: HashSet, entry: UUID, row: int) -> list[Version]:
    if row > LARGEST:
        return []
    values: dict[str, Any] = {"set": hash_set.pk, "row": row, "entry": entry, "g": hash_set.generation, "most": MOST}
    with connection.cursor() as cursor:
        cursor.execute(VERSIONS, values)
        return [_version(found) for found in cursor.fetchall()]


def _version(row: tuple[Any, ...]) -> Version:
    values = list(row)
    values[2], values[11] = bytes(values[2]), loaded(values[11])
    return Version(*values)


def _stands(
    found: Sequence[Vote], needed: set[str], resolutions: Sequence[Resolution], by: User, *, own: bool
) -> list[Stand]:
    """The votes that the person may read, those that stand first, then newest first."""
    named = {vote.organisation for vote in found}
    names = dict(Agency.objects.filter(organisation__in=named).values_list("organisation", "name"))
    ours, last = by.agency.organisation, resolutions[0] if resolutions else None
    every = [
        Stand(
            vote, names.get(vote.organisation, str(vote.organisation)), vote.organisation == ours,
            _state(vote, needed, last), vote.reason if vote.organisation == ours else "",
        )
        for vote in found
    ]  # fmt: skip
    return sorted((one for one in every if own or one.own or one.current), key=lambda one: not one.current)


def _as_it_acts(one: Stand, now: Version) -> Stand:
    """On a mirror our own word decides nothing but whether the entry acts here."""
    against = one.own and one.state in {COUNTS, NOT_ALL} and one.vote.disposition != now.disposition
    return replace(one, state=STOPS_IT) if against else one


def _state(vote: Vote, needed: set[str], last: Resolution | None) -> str:
    if vote.withdrawn_after is not None:
        return TAKEN_BACK
    if vote.basis != trust.VIEWED:
        return NOT_LOOKED if vote.current else REPLACED
    if not vote.current:
        return REPLACED
    against = last is not None and vote.pk <= last.after and vote.disposition != last.disposition
    if against:
        return SET_ASIDE
    return COUNTS if needed <= set(vote.names) else NOT_ALL
