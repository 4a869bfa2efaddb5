"""Entries on which organisations differ: those of our sets, for us to resolve, and those of others, for their owners.

Nothing here decides: `opinions.resolve` does. Who looks at a page of them is in the log.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from hashsets import entry_rows, events, trust, votes, withheld
from hashsets.entry_rows import Key
from hashsets.generations import in_force
from hashsets.health import DOUBTFUL
from hashsets.models import HashSet, Vote
from workbench import audit
from workbench.models import Agency, User

PAGE = 20
# In force and in doubt, by the index for that (migration 0010), in its order.
ROWS = f"""
SELECT e.id, e.public_id, e.set_id, e.ident, e.twin, encode(e.md5, 'hex'), encode(e.sha1, 'hex'),
  encode(e.sha256, 'hex'), e.code, e.trust, g.at
FROM hashsets_entry e JOIN hashsets_hashset h ON h.id = e.set_id
LEFT JOIN hashsets_generation g ON g.set_id = e.set_id AND g.number = e.added_in
WHERE e.set_id = ANY(%(sets)s) AND {DOUBTFUL} AND {in_force("h.generation")} AND {{which}}
  AND (e.set_id, e.id) > (%(set)s, %(after)s) ORDER BY e.set_id, e.id LIMIT %(limit)s
"""  # noqa: S608 only constants of this module
OURS = "e.trust = 'disputed'"
THEIRS = "(e.trust = 'disputed' OR e.state = 'disputed')"  # by whoever, or by us alone


class Place(NamedTuple):
    """Behind which entry a page begins."""

    set: int = 0
    entry: int = 0


@dataclass(frozen=True, slots=True)
class Dispute:
    """One entry. `said`: who says what, of a set of others our own word only; `at`: since when it stands like that."""

    id: int
    public_id: UUID
    set: HashSet
    digests: tuple[str | None, str | None, str | None]
    code: str
    trust: str
    at: datetime | None
    said: list[tuple[str, Vote]]

    @property
    def hash(self) -> str:
        """Its strongest digest."""
        return next((text for text in reversed(self.digests) if text), "")


def of_ours(user: User, after: Place | None = None) -> tuple[list[Dispute], Place | None]:
    """A page of what the person's agency has to resolve, and where the next one begins. One event where any is told."""
    sets = _sets(HashSet.objects.filter(owner=user.agency_id))
    with transaction.atomic():
        found, place = _page(OURS, sets, user, after or Place())
        if found:
            audit.record(events.DISPUTES_READ, by=user, on=user.agency, agency=user.agency, number=len(found))
    return found, place


def of_others(user: User) -> list[Dispute]:
    """The first that others have to resolve, of the sets that are read from peers."""
    return _page(THEIRS, _sets(HashSet.objects.filter(reader=user.agency_id)), user, Place())[0]


def waiting(user: User, most: int) -> tuple[int, datetime | None]:
    """How many the person's agency has to resolve, counting no further than `most`, and since when the first stands."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS.format(which=OURS), _at(_sets(HashSet.objects.filter(owner=user.agency_id)), Place(), most))
        moments = [row[-1] for row in cursor.fetchall()]
    return len(moments), min((at for at in moments if at), default=None)


def _sets(found: Any) -> dict[int, HashSet]:
    return {one.pk: one for one in found.filter(retired_at=None).select_related("owner", "scheme")}


def _at(sets: dict[int, HashSet], after: Place, most: int) -> dict[str, Any]:
    return {"sets": list(sets), "set": after.set, "after": after.entry, "limit": most}


def _page(which: str, sets: dict[int, HashSet], user: User, after: Place) -> tuple[list[Dispute], Place | None]:
    with connection.cursor() as cursor:
        cursor.execute(ROWS.format(which=which), _at(sets, after, PAGE + 1))
        rows = cursor.fetchall()
    hidden, shown = withheld.of(user), rows[:PAGE]
    free = [row for row in shown if not {bytes.fromhex(text) for text in row[5:8] if text} & hidden]
    said = _said(free, sets)
    found = [Dispute(row[0], row[1], sets[row[2]], row[5:8], row[8], row[9], row[10], said[row[0]]) for row in free]
    return found, Place(shown[-1][2], shown[-1][0]) if len(rows) > PAGE else None


def _said(rows: Sequence[tuple[Any, ...]], sets: dict[int, HashSet]) -> dict[int, list[tuple[str, Vote]]]:
    """What organisations say of these, or of what may be the same file, with names. Four queries a set, and one."""
    by_set: dict[int, dict[Key, int]] = defaultdict(dict)
    for row in rows:
        by_set[row[2]][Key(bytes(row[3]), row[4])] = row[0]
    standing: dict[int, list[Vote]] = {}
    for set_id, entries in by_set.items():
        told = votes.said(sets[set_id], list(entries))
        versions = entry_rows.latest(sets[set_id], [key.ident for key in entries])
        for key, others in votes.beside(versions, entries).items():
            every = [vote for one in (key, *(other.key for other in others)) if one in told for vote in told[one].votes]
            standing[entries[key]] = [vote for vote in every if _counts(vote)]
    named = {vote.organisation for found in standing.values() for vote in found}
    names = dict(Agency.objects.filter(organisation__in=named).values_list("organisation", "name"))
    return {
        entry: [(names.get(vote.organisation, str(vote.organisation)), vote) for vote in found]
        for entry, found in standing.items()
    }


def _counts(vote: Vote) -> bool:
    return vote.stands and vote.basis == trust.VIEWED
