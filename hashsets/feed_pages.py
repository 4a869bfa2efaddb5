"""Pages of a feed: the whole set as it stood at one number, and what came after a number (sharing.md section 4).

By key, never by offset. A page of a baseline looks at a bounded number of entries, so one with a filter may hold
fewer than asked for, or none, and yet not be the last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from django.db import connection

from hashsets import wire
from hashsets.entry_rows import RAW_OF, loaded
from hashsets.models import HashSet

Place = TypeVar("Place", UUID, int)
FIRST = UUID(int=0)
LOOKED_AT = 10_000  # entries that a page with a filter looks at
COLUMNS = f"""e.md5, e.sha1, e.sha256, e.size, e.code, e.trust, e.flags, {RAW_OF.format(t="e")} AS raw"""
# The latest step of each entry up to the snapshot, in the order of their public ids; by `change_of_entry`.
BASELINE = f"""
SELECT c.seq, c.at, c.deleted, c.public_id, {COLUMNS}, {{where}} AS wanted FROM (
  SELECT DISTINCT ON (public_id) seq, at, deleted, public_id, entry FROM hashsets_change
  WHERE set_id = %(set)s AND public_id > %(after)s AND seq <= %(snapshot)s
  ORDER BY public_id, seq DESC LIMIT %(look)s
) c JOIN hashsets_entry e ON e.set_id = %(set)s AND e.id = c.entry ORDER BY c.public_id
"""  # noqa: S608 only constants; `where` is made of the allow-list in odata/filters.py
DELTA = f"""
SELECT c.seq, c.at, c.deleted, c.public_id, {COLUMNS}, {{where}} AS wanted FROM (
  SELECT seq, at, deleted, public_id, entry FROM hashsets_change
  WHERE set_id = %(set)s AND seq > %(after)s AND seq <= %(head)s ORDER BY seq LIMIT %(look)s
) c JOIN hashsets_entry e ON e.set_id = %(set)s AND e.id = c.entry ORDER BY c.seq
"""  # noqa: S608

SOME = f"""
SELECT c.seq, c.at, c.deleted, c.public_id, {COLUMNS}, {{where}} AS wanted
FROM hashsets_change c JOIN hashsets_entry e ON e.set_id = %(set)s AND e.id = c.entry
WHERE c.set_id = %(set)s AND c.seq = ANY(%(seqs)s) ORDER BY c.seq
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Wanted:
    """A condition on `c` (the step) and `e` (the entry), from the allow-list, with its parameters."""

    sql: str = "true"
    values: dict[str, Any] | None = None


class Step(NamedTuple):
    """One step of a feed as it is stored. `wanted`: it meets the reader's filter.

    A tuple, as a million of them are made for one reader: a frozen dataclass took ten times as long.
    """

    seq: int
    at: datetime
    deleted: bool
    public_id: UUID
    md5: bytes | None
    sha1: bytes | None
    sha256: bytes | None
    size: int | None
    code: str
    trust: str
    flags: dict[str, Any]
    raw: dict[str, Any]
    wanted: bool


@dataclass(frozen=True, slots=True)
class Page(Generic[Place]):
    """Some steps, and behind which place the next page begins; None after the last."""

    steps: list[Step]
    following: Place | None


EVERYTHING = Wanted()


def baseline(
    hash_set: HashSet, *, snapshot: int, after: UUID = FIRST, limit: int, wanted: Wanted = EVERYTHING
) -> Page[UUID]:
    """Entries in force at number `snapshot`, in the order of their ids, those behind `after`. One query.

    Entries that changed since are there as they were.
    """
    look = limit if wanted == EVERYTHING else max(limit, LOOKED_AT)
    at = {"set": hash_set.pk, "after": after, "snapshot": snapshot, "look": look}
    looked = _steps(BASELINE, at, wanted)
    found = [step for step in looked if step.wanted and not step.deleted]
    if len(found) > limit:
        return Page(found[:limit], found[limit - 1].public_id)
    return Page(found, looked[-1].public_id if len(looked) == look else None)


def delta(hash_set: HashSet, *, after: int, head: int, limit: int, wanted: Wanted = EVERYTHING) -> Page[int]:
    """The steps with numbers in (`after`, `head`], ascending; none left out, whatever the filter. One query."""
    at = {"set": hash_set.pk, "after": after, "head": head, "look": limit}
    steps = _steps(DELTA, at, wanted)
    return Page(steps, steps[-1].seq if len(steps) == limit and steps[-1].seq < head else None)


def some(hash_set: HashSet, seqs: Sequence[int]) -> list[Step]:
    """The steps with these numbers, ascending. One query."""
    return _steps(SOME, {"set": hash_set.pk, "seqs": list(seqs)}, EVERYTHING)


def media(step: Step, scheme: str, *, full: bool) -> wire.Media:
    """A step that is no tombstone, as it travels; `full` with what only the law-enforcement scope may read."""
    raw = step.raw
    values: dict[str, Any] = {
        "entry_id": step.public_id,
        "seq": step.seq,
        "md5": wire.digest(step.md5),
        "sha1": wire.digest(step.sha1),
        "sha256": wire.digest(step.sha256),
        "media_size": step.size,
        "mime_type": raw.get("mime_type"),
        "scheme": scheme,
        "category": step.code,
        "trust": step.trust,
        "votes": raw.get("votes", 0),
        "category_spread": raw.get("spread", 1),
        "date_updated": step.at,
        "alternative_hashes": wire.other_hashes(raw),
    }
    if not full:
        return wire.Media(**values)
    values |= {name: step.flags.get(name) for name in wire.FLAGS.values()}
    return wire.FullMedia(**values, series=list(raw.get("series", ())))


def removed(step: Step) -> wire.Removed:
    """A step that is told as a removal: a tombstone, or an entry outside the reader's filter."""
    return wire.Removed(entry_id=step.public_id, seq=step.seq, reason="deleted" if step.deleted else "changed")


def _steps(statement: str, at: dict[str, Any], wanted: Wanted) -> list[Step]:
    with connection.cursor() as cursor:
        cursor.execute(statement.format(where=wanted.sql), at | (wanted.values or {}))
        return [_step(row) for row in cursor.fetchall()]


def _step(row: Sequence[Any]) -> Step:
    return Step._make((*row[:-3], _loaded(row[-3]), _loaded(row[-2]), row[-1]))


def _loaded(value: Any) -> dict[str, Any]:
    """As `loaded`; most entries say nothing there, which need not be read."""
    return loaded(value) if value != "{}" else {}
