"""Makes the index files of hash sets from PostgreSQL, checks them against it, and removes those that are superseded.

A base holds a whole version. What comes later is a delta to it, until that is an eighth of the base: then a new base
is made. Entries are read in pages by key, so that neither side holds more than some thousand of them.
"""

import logging
import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from hashsets import caches
from hashsets.generations import in_force
from hashsets.index import shelf
from hashsets.index.layout import KINDS, DamagedIndex
from hashsets.index.searching import IndexFile
from hashsets.index.writing import Draft
from hashsets.models import Generation, HashSet
from workbench import jobs

LOCK_SPACE = 0x494E4458  # advisory locks of builders; the second number is the set's
SMALL = 20_000  # entries; below, PostgreSQL's own indexes answer in no more time
SHARE = 8  # a delta of more than this part of its base is not worth having
MOST = 2_000_000  # entries of a delta
PAGE_ROWS = 50_000  # entries read at once
SAMPLE = 1_000  # entries compared one by one
PATIENCE = timedelta(minutes=10)  # for a version that has no index yet

log = logging.getLogger(__name__)

IN_FORCE = in_force("%(g)s", "hashsets_entry")
KEYS = ", ".join(
    f"coalesce(string_agg(substr({kind}, 1, 16) || int8send(id), ''::bytea) FILTER (WHERE {kind} IS NOT NULL), '')"
    for kind in KINDS
)
PAGES = f"""
SELECT max(id), {KEYS} FROM (SELECT id, md5, sha1, sha256 FROM hashsets_entry
  WHERE set_id = %(set)s AND id > %(after)s AND {IN_FORCE} ORDER BY id LIMIT %(rows)s) e
"""  # noqa: S608 only constants of this module
FRESH = f"""
SELECT max(id), {KEYS} FROM hashsets_entry WHERE set_id = %(set)s AND added_in > %(base)s AND {IN_FORCE}
"""  # noqa: S608 only constants of this module
ENDED = """
SELECT coalesce(string_agg(int8send(id), ''::bytea), '') FROM hashsets_entry
WHERE set_id = %(set)s AND removed_in > %(base)s AND removed_in <= %(g)s AND added_in <= %(base)s
"""
COUNTS = f"""
SELECT count(md5), count(sha1), count(sha256), coalesce(sum(id) FILTER (WHERE md5 IS NOT NULL), 0),
  coalesce(sum(id) FILTER (WHERE sha1 IS NOT NULL), 0), coalesce(sum(id) FILTER (WHERE sha256 IS NOT NULL), 0)
FROM hashsets_entry WHERE set_id = %(set)s AND added_in > %(base)s AND {IN_FORCE}
"""  # noqa: S608 only constants of this module


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be made: a delta to the base of that version, or (None) a base."""

    set: HashSet
    base: int | None

    @property
    def values(self) -> dict[str, Any]:
        """Parameters of the statements above."""
        return {"set": self.set.pk, "g": self.set.generation, "base": self.base or 0}


def wanted() -> QuerySet[HashSet]:
    """The sets that an index is made of: large ones in use."""
    large = {"generations__number": F("generation"), "generations__entries__gte": SMALL}
    return HashSet.objects.filter(retired_at=None, **large).order_by("pk")


def waiting(since: timedelta = timedelta(0)) -> list[HashSet]:
    """Sets whose version in force has no index and should have one, for so long already. Reads headers only."""
    late = wanted().filter(generations__number=F("generation"), generations__at__lte=timezone.now() - since)
    return [one for one in late if not shelf.is_made(one.public_id, one.generation)]


def awaited() -> set[int]:
    """Ids of sets whose index will soon be there and is worth waiting for: much came, and came just now."""
    made = {"generations__added__gte": SMALL, "generations__at__gt": timezone.now() - PATIENCE}
    young = wanted().filter(generations__number=F("generation"), **made)
    return {one.pk for one in young if not shelf.is_made(one.public_id, one.generation)}


def build(set_id: int) -> bool:
    """Make what the set's version in force lacks; whether anything was made. One builder a set, safe to repeat.

    Raises OSError (a full disk), DamagedIndex where PostgreSQL says something else than the file: nothing is kept.
    """
    made = False
    with jobs.alone(LOCK_SPACE, set_id) as ours:
        while ours and (plan := _plan(HashSet.objects.get(pk=set_id))):
            _make(plan)
            made = True
    return made


def _plan(hash_set: HashSet) -> Plan | None:
    """What to make; None where nothing is missing."""
    if not wanted().filter(pk=hash_set.pk).exists() or shelf.is_made(hash_set.public_id, hash_set.generation):
        return None
    for base in shelf.bases(hash_set.public_id):
        found = shelf.header(shelf.base_path(hash_set.public_id, base))
        if found and base < hash_set.generation and _is_small(hash_set, base, max(found.counts.values())):
            return Plan(hash_set, base)
    return Plan(hash_set, None)


def _is_small(hash_set: HashSet, base: int, held: int) -> bool:
    """Whether what changed since the base is a delta's size, as the versions counted it."""
    later = Generation.objects.filter(set=hash_set, number__gt=base, number__lte=hash_set.generation)
    changed: int = sum(later.aggregate(one=Sum("added", default=0), other=Sum("removed", default=0)).values())
    return changed <= min(held // SHARE, MOST)


def _make(plan: Plan) -> None:
    """Make one file and put it in its place; then what it supersedes goes."""
    of_set, generation = plan.set.public_id, plan.set.generation
    shelf.root().mkdir(mode=0o700, exist_ok=True)
    caches.drop_drafts(shelf.folder(of_set))
    base = generation if plan.base is None else plan.base
    final = shelf.base_path(of_set, base) if plan.base is None else shelf.delta_path(of_set, base, generation)
    with Draft(shelf.folder(of_set)) as draft:
        ended = _read(plan, draft)
        draft.write(of_set=of_set, base=base, generation=generation, secret=shelf.secret(), ended=ended)
        _check(plan, IndexFile(draft.path, shelf.secret()))
        draft.place(final)
    shelf.keep_only(of_set, [final, shelf.base_path(of_set, base)])


def _read(plan: Plan, draft: Draft) -> Any:
    """Hand the entries to the draft; returns the ids of those that ended since the base."""
    with connection.cursor() as cursor:
        if plan.base is not None:
            cursor.execute(FRESH, plan.values)
            _add(draft, cursor.fetchone()[1:])
            cursor.execute(ENDED, plan.values)
            return np.frombuffer(cursor.fetchone()[0], ">i8").astype(np.int64)
        after: int | None = 0
        while after is not None:
            cursor.execute(PAGES, plan.values | {"after": after, "rows": PAGE_ROWS})
            after, *keys = cursor.fetchone()
            _add(draft, keys)
        return None


def _add(draft: Draft, keys: Any) -> None:
    for kind, records in zip(KINDS, keys, strict=True):
        draft.add(kind, bytes(records))


def _check(plan: Plan, file: IndexFile) -> None:
    """Compare a file with PostgreSQL: number and sum of ids of each kind, and some entries. Raises DamagedIndex."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, plan.values)
        told = [int(number) for number in cursor.fetchone()]
        if told != [*file.header.counts.values(), *(file.sum_of_ids(kind) for kind in KINDS)]:
            raise DamagedIndex(f"PostgreSQL holds other entries in {plan.set} than the index that was just made")
        for kind in KINDS:
            _check_sample(cursor, plan, file, kind)


def _check_sample(cursor: Any, plan: Plan, file: IndexFile, kind: str) -> None:
    """Compare some entries' keys with their rows, and find them again."""
    number = file.header.counts[kind]
    sample = file.sample(kind, random.Random(number).sample(range(number), min(number, SAMPLE)))  # noqa: S311 no secret
    cursor.execute(
        f"SELECT id, {kind} FROM hashsets_entry WHERE set_id = %s AND id = ANY(%s)",  # noqa: S608 a constant
        [plan.set.pk, list(sample)],
    )
    rows = {entry: bytes(digest) for entry, digest in cursor.fetchall()}
    if {entry: digest[:16] for entry, digest in rows.items()} != sample or not file.holds(kind, rows):
        raise DamagedIndex(f"PostgreSQL holds other digests in {plan.set} than the index that was just made")


def sweep() -> int:
    """Remove files that nobody needs; returns how many."""
    return caches.sweep(shelf.root(), wanted().values_list("public_id", flat=True))
