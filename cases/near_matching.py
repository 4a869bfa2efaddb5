"""Near matches: a content whose PDQ lies within 31 bits of an entry's; tags, which never close an item (vics.md 7).

Of each content and set the nearest MOST entries are kept; a content that has so many may have more. The search runs in
this process, over the set's near index (`hashsets.near_index`); the database gets the pairs.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from cases import states
from cases.models import NearDue
from hashsets import entry_hashes, near_held, near_index
from hashsets.models import HashSet
from hashsets.near import Hits, Snapshot
from hashsets.near.tables import BYTES, Bytes
from hashsets.near_index import Place
from workbench import prepared

MOST = 100  # near entries of one set that a content is tagged with
PAGE = 50_000  # contents searched at a time
GROUP = 2_000  # contents whose tags are entered in one transaction
PAIRS = 100_000  # rows inserted by one statement

SETS = f"""
SELECT s.id, s.moved IS NOT NULL, s.set_id, h.public_id, s.generation
FROM cases_setsync s JOIN hashsets_hashset h ON h.id = s.set_id
WHERE s.agency_id = %s::bigint AND h.retired_at IS NULL AND {entry_hashes.USED.format(set="s.set_id")} ORDER BY s.set_id
"""  # noqa: S608 only constants
HASHES = "SELECT id, pdq FROM cases_content WHERE id = ANY(%s::bigint[]) AND pdq IS NOT NULL ORDER BY id"
OF_AGENCY = """
SELECT id, pdq FROM cases_content WHERE agency_id = %s AND id > %s AND pdq IS NOT NULL ORDER BY id LIMIT %s
"""
INSERT = """
INSERT INTO cases_match (content_id, set_id, entry, kind, strong, distance, found_in)
SELECT f.content, %s, f.entry, 'pdq', false, f.distance, %s
FROM unnest(%s::bigint[], %s::bigint[], %s::smallint[]) AS f(content, entry, distance)
ON CONFLICT (content_id, set_id, entry, kind) DO UPDATE
SET lost_in = NULL, found_in = excluded.found_in, distance = excluded.distance
  WHERE cases_match.lost_in IS NOT NULL OR cases_match.distance <> excluded.distance
RETURNING content_id
"""
# What a picture that was decoded anew no longer resembles, in one set or in all. `found` are all it does.
FORGET = """
UPDATE cases_match m SET lost_in = {generation} FROM cases_setsync s
WHERE m.content_id = ANY(%s::bigint[]) AND m.kind = 'pdq' AND m.lost_in IS NULL
  AND {which} AND s.set_id = m.set_id AND NOT EXISTS (
    SELECT FROM unnest(%s::bigint[], %s::bigint[]) AS f(content, entry)
    WHERE f.content = m.content_id AND f.entry = m.entry)
"""
FORGET_OF_ALL = FORGET.format(generation="s.generation", which="s.agency_id = %s::bigint")
FORGET_OF_ONE = FORGET.format(generation="%s", which="s.id = %s")
# Contents that had as many tags of the set as are kept, and lost one since: others may step in.
CUT_SHORT = """
SELECT m.content_id FROM cases_match m JOIN cases_content c ON c.id = m.content_id
WHERE c.agency_id = %s AND m.set_id = %s AND m.kind = 'pdq'
  AND (%s::bigint[] IS NULL OR m.content_id = ANY(%s::bigint[]))
GROUP BY m.content_id HAVING count(*) >= %s AND bool_or(m.lost_in > %s) ORDER BY m.content_id
"""
# Contents whose PDQ came while sets were being matched again.
NOTE = """
INSERT INTO cases_neardue (sync_id, content) SELECT * FROM unnest(%s::bigint[]) s CROSS JOIN unnest(%s::bigint[]) c
ON CONFLICT DO NOTHING
"""
DUE = "SELECT content FROM cases_neardue WHERE sync_id = %s ORDER BY content LIMIT %s"
DONE = "DELETE FROM cases_neardue WHERE sync_id = %s AND content = ANY(%s)"

Pairs = tuple[list[int], list[int], list[int]]  # contents, entries and distances, in order of the contents
Contents = tuple[list[int], Bytes]  # ids, ascending, and their hashes


def match(agency_id: int, content_ids: Sequence[int]) -> None:
    """Tag contents whose PDQ was just found, against every set as of the generation the agency has synced.

    After `matching.hold(agency_id)`, inside `states.changing(content_ids)`. One query where no set holds a PDQ. What a
    re-match under way may have passed by already is noted for its end.
    """
    ids = sorted(content_ids)
    with prepared.cursor(rows=len(ids)) as cursor:
        cursor.execute(SETS, [agency_id])
        syncs = cursor.fetchall()
        if not syncs:
            return
        if moving := [sync for sync, moves, *_place in syncs if moves]:
            cursor.execute(NOTE, [moving, ids])
        cursor.execute(HASHES, [ids])
        contents = _contents(cursor.fetchall())
    places = [Place(*place) for _sync, _moves, *place in syncs if place[-1]]  # 0: nothing is matched yet
    found = [(place, *_pairs(contents, near_held.at(place).search(contents[1], most=MOST))) for place in places]
    with connection.cursor() as cursor:
        told = [(of, entry) for _place, of_all, entries, _ in found for of, entry in zip(of_all, entries, strict=True)]
        cursor.execute(FORGET_OF_ALL, [ids, agency_id, [of for of, _ in told], [entry for _, entry in told]])
    for place, of_all, entries, distances in found:
        _insert(place, of_all, entries, distances)


@dataclass(frozen=True, slots=True)
class Rematch:
    """The near part of a re-match of one set (its SetSync row, the agency): what came into it after `since`.

    No item's state follows from a tag, so this changes nothing else.
    """

    sync: int
    agency_id: int
    place: Place
    since: int

    @classmethod
    def of(cls, sync: int, agency_id: int, hash_set: HashSet, since: int) -> "Rematch | None":
        """The part to do; None for a set that is retired or holds no PDQ."""
        if hash_set.retired_at is not None or not entry_hashes.any_of(hash_set.pk):
            NearDue.objects.filter(sync=sync).delete()
            return None
        return cls(sync, agency_id, Place(hash_set.pk, hash_set.public_id, hash_set.generation), since)

    def tag(self) -> int:
        """Tag the agency's contents, in groups of a transaction each; how many got a tag. No ingest waits for it.

        Where nothing came in and no content was full, nothing is searched.
        """
        left = entry_hashes.gone(self.place.set_id, self.since, self.place.generation)
        touched = set[int]()
        for pairs in self._next_nearest(None if len(left) else []):
            touched |= self._in_groups(pairs)
        fresh = near_held.at(self.place) if not self.since else near_index.fresh(self.place, self.since)
        if len(fresh):
            for contents in _pages(self.agency_id):
                touched |= self._in_groups(self._pairs(contents, fresh))
        while len(due := self._due(GROUP)) == GROUP:
            with transaction.atomic():
                states.lock(due)  # nobody decodes one of them meanwhile
                touched |= self._again(due)
        return len(touched)

    def settle(self, lost: Collection[int]) -> int:
        """The rest, while the SetSync row is held: contents that were decoded meanwhile, or just lost a tag.

        Nobody decodes now, so no content is locked: those that are held already may lie behind these.
        """
        touched = set[int]()
        for pairs in self._next_nearest(sorted(lost)):
            touched |= _insert(self.place, *pairs)
        while due := self._due(GROUP):
            touched |= self._again(due)
        return len(touched)

    def _next_nearest(self, among: list[int] | None) -> Iterator[Pairs]:
        """What contents resemble that were full and lost a tag (of some contents, or of all)."""
        if among is not None and not among:
            return
        with connection.cursor() as cursor:
            cursor.execute(CUT_SHORT, [self.agency_id, self.place.set_id, among, among, MOST, self.since])
            full = [row[0] for row in cursor.fetchall()]
        for start in range(0, len(full), GROUP):
            yield self._pairs(_of(full[start : start + GROUP]), near_held.at(self.place))

    def _pairs(self, contents: Contents, snapshot: Snapshot) -> Pairs:
        return _pairs(contents, snapshot.search(contents[1], most=MOST))

    def _in_groups(self, pairs: Pairs) -> set[int]:
        """Enter tags, those of GROUP contents a transaction."""
        of_all, entries, distances = pairs
        touched, starts = set[int](), _starts(of_all)
        for first in range(0, len(starts) - 1, GROUP):
            ends = starts[first : first + GROUP + 1]
            part = slice(ends[0], ends[-1])
            with transaction.atomic():
                states.lock(of_all[part])  # as who decodes them: nobody waits for us while we wait for him
                touched |= _insert(self.place, of_all[part], entries[part], distances[part])
        return touched

    def _due(self, most: int) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(DUE, [self.sync, most])
            return [row[0] for row in cursor.fetchall()]

    def _again(self, content_ids: Sequence[int]) -> set[int]:
        """Search contents in the whole set: these are all tags they have of it, whatever they had. In a transaction."""
        found = self._pairs(_of(content_ids), near_held.at(self.place))
        with connection.cursor() as cursor:
            cursor.execute(DONE, [self.sync, list(content_ids)])
            cursor.execute(FORGET_OF_ONE, [self.place.generation, list(content_ids), self.sync, *found[:2]])
        return _insert(self.place, *found)


def _of(content_ids: Sequence[int]) -> Contents:
    with connection.cursor() as cursor:
        cursor.execute(HASHES, [sorted(content_ids)])
        return _contents(cursor.fetchall())


def _pages(agency_id: int) -> Iterator[Contents]:
    """The agency's contents that have a PDQ, by key."""
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(OF_AGENCY, [agency_id, last, PAGE])
            rows = cursor.fetchall()
        if rows:
            yield _contents(rows)
        if len(rows) < PAGE:
            return
        last = rows[-1][0]


def _contents(rows: Sequence[tuple[int, Any]]) -> Contents:
    hashes = np.frombuffer(b"".join(bytes(pdq) for _id, pdq in rows), dtype=np.uint8)
    return [content for content, _pdq in rows], hashes.reshape(-1, BYTES)


def _pairs(contents: Contents, hits: Hits) -> Pairs:
    ids: NDArray[np.int64] = np.array(contents[0], dtype=np.int64)
    return ids[hits.asked].tolist(), hits.found.tolist(), hits.distance.tolist()


def _starts(of_all: Sequence[int]) -> list[int]:
    """Where each content begins in a list that is in order of the contents, and the end."""
    return [n for n, one in enumerate(of_all) if not n or one != of_all[n - 1]] + [len(of_all)]


def _insert(place: Place, contents: list[int], entries: list[int], distances: list[int]) -> set[int]:
    """Enter the tags, PAIRS at a time; the contents that got one they had not."""
    touched = set[int]()
    for start in range(0, len(contents), PAIRS):
        part = slice(start, start + PAIRS)
        with connection.cursor() as cursor:
            values: list[Any] = [place.set_id, place.generation, contents[part], entries[part], distances[part]]
            cursor.execute(INSERT, values)
            touched |= {row[0] for row in cursor.fetchall()}
    return touched
