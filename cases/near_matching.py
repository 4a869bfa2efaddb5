"""Near matches: a content whose PDQ lies within 31 bits of an entry's; tags, which never close an item (vics.md 7).

Of each content and set the nearest MOST entries are kept; a content that has so many may have more. The search runs in
this process, over the set's near index (`hashsets.near_index`); the database gets the pairs.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from hashsets import entry_hashes, near_index
from hashsets.models import HashSet
from hashsets.near import Hits, Snapshot
from hashsets.near.tables import BYTES, Bytes
from hashsets.near_index import Place
from workbench import prepared

MOST = 100  # near entries of one set that a content is tagged with
PAGE = 50_000  # contents searched at a time
PAIRS = 100_000  # rows inserted by one statement

SETS = f"""
SELECT s.set_id, h.public_id, s.generation FROM cases_setsync s JOIN hashsets_hashset h ON h.id = s.set_id
WHERE s.agency_id = %s::bigint AND s.generation > 0 AND {entry_hashes.USED.format(set="s.set_id")} ORDER BY s.set_id
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
# What a picture that was decoded anew no longer resembles. `found` are all it does, of all sets.
FORGET = """
UPDATE cases_match m SET lost_in = s.generation FROM cases_setsync s
WHERE m.content_id = ANY(%s::bigint[]) AND m.kind = 'pdq' AND m.lost_in IS NULL
  AND s.agency_id = %s::bigint AND s.set_id = m.set_id AND NOT EXISTS (
    SELECT FROM unnest(%s::bigint[], %s::bigint[]) AS f(content, entry)
    WHERE f.content = m.content_id AND f.entry = m.entry)
"""
# Contents that had as many tags of the set as are kept, and lost one since: others may step in.
CUT_SHORT = """
SELECT m.content_id FROM cases_match m JOIN cases_content c ON c.id = m.content_id
WHERE c.agency_id = %s AND m.set_id = %s AND m.kind = 'pdq'
GROUP BY m.content_id HAVING count(*) >= %s AND bool_or(m.lost_in > %s)
"""

Contents = tuple[list[int], Bytes]  # ids, and their hashes


def match(agency_id: int, content_ids: Sequence[int]) -> None:
    """Tag contents whose PDQ was just found, against every set as of the generation the agency has synced.

    After `matching.hold(agency_id)`, inside `states.changing(content_ids)`. One query where no set holds a PDQ.
    """
    ids = sorted(content_ids)
    with prepared.cursor(rows=len(ids)) as cursor:
        cursor.execute(SETS, [agency_id])
        places = [Place(*row) for row in cursor.fetchall()]
        if not places:
            return
        cursor.execute(HASHES, [ids])
        contents = _contents(cursor.fetchall())
    found = [(place, *_pairs(contents, near_index.at(place).search(contents[1], most=MOST))) for place in places]
    with connection.cursor() as cursor:
        told = [(of, entry) for _place, of_all, entries, _ in found for of, entry in zip(of_all, entries, strict=True)]
        cursor.execute(FORGET, [ids, agency_id, [of for of, _ in told], [entry for _, entry in told]])
    for place, of_all, entries, distances in found:
        _insert(place, of_all, entries, distances)


def rematch(agency_id: int, hash_set: HashSet, since: int) -> int:
    """Tag the agency's contents with what came into the set after `since`; how many got a tag.

    After what left the set lost its matches. Holds the set's SetSync row, like its caller; nothing is searched where
    no PDQ came in and no content was full. No item's state follows from a tag.
    """
    if not entry_hashes.any_of(hash_set.pk):
        return 0
    place = Place(hash_set.pk, hash_set.public_id, hash_set.generation)
    touched = set[int]()
    if full := _cut_short(agency_id, place, since):
        touched |= _search(place, _of(full), near_index.at(place))
    fresh = near_index.fresh(place, since)
    if len(fresh):
        for contents in _pages(agency_id):
            touched |= _search(place, contents, fresh)
    return len(touched)


def _search(place: Place, contents: Contents, snapshot: Snapshot) -> set[int]:
    return _insert(place, *_pairs(contents, snapshot.search(contents[1], most=MOST)))


def _cut_short(agency_id: int, place: Place, since: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(CUT_SHORT, [agency_id, place.set_id, MOST, since])
        return [row[0] for row in cursor.fetchall()]


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


def _pairs(contents: Contents, hits: Hits) -> tuple[list[int], list[int], list[int]]:
    """Content, entry and distance of each hit, in order of the contents."""
    ids: NDArray[np.int64] = np.array(contents[0], dtype=np.int64)
    return ids[hits.asked].tolist(), hits.found.tolist(), hits.distance.tolist()


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
