"""Matching contents against hash sets, and matching again when a set changes (model.md sections 3 and 4).

Strong: SHA-256; or MD5 and SHA-1 with no other size, and no other SHA-256. Anything less is weak: a tag.
The empty file never matches. `cases` polls what `hashsets` holds; `hashsets` never calls up here.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from cases import events, near_matching, states
from hashsets.models import HashSet
from workbench import audit, prepared
from workbench.models import Agency

CHUNK = 10_000  # contents refreshed per statement
FIRST_SPACE = 0x57534E43  # advisory locks: who takes contents in, against the first re-match of a set; with the agency

# One row per (content, entry): the best kind. {contents} and {entries} narrow the two sides.
FOUND = """
SELECT DISTINCT ON (c.id, e.set_id, e.id) c.id AS content_id, e.set_id, e.id AS entry,
  CASE WHEN e.sha256 = c.sha256 THEN 'sha256'
       WHEN e.md5 = c.md5 AND e.sha1 = c.sha1 THEN 'md5+sha1'
       WHEN e.md5 = c.md5 THEN 'md5' ELSE 'sha1' END AS kind,
  coalesce(e.sha256 = c.sha256, e.md5 = c.md5 AND e.sha1 = c.sha1 AND coalesce(e.size = c.size, true), false) AS strong
FROM {entries} e JOIN cases_content c ON {join} WHERE {contents} AND c.size > 0
"""
IN_FORCE = "e.added_in <= {g} AND (e.removed_in IS NULL OR e.removed_in > {g})"
FRESH = f"""(SELECT * FROM hashsets_entry e WHERE e.set_id = %(set)s AND e.added_in > %(since)s
  AND {IN_FORCE.format(g="%(g)s")})"""  # noqa: S608 only constants of this module


def _by_each_digest(entries: str, contents: str) -> str:
    """The three index look-ups, once each; a pair found twice comes out once."""
    joins = ("e.sha256 = c.sha256", "e.md5 = c.md5", "e.sha1 = c.sha1")
    return " UNION ".join("(" + FOUND.format(entries=entries, join=join, contents=contents) + ")" for join in joins)


# Then the entries: who makes a set takes the two in this order as well (hashsets, migration 0007).
MATCHES_FIRST = "LOCK TABLE cases_match IN ROW EXCLUSIVE MODE"

DIGESTS = """
SELECT array_agg(sha256), array_agg(md5), array_agg(sha1) FROM cases_content WHERE id = ANY(%s::bigint[])
"""

NEW_CONTENTS = f"""
WITH sync AS MATERIALIZED (SELECT set_id, generation FROM cases_setsync WHERE agency_id = %(agency)s::bigint),
live AS (SELECT e.*, sync.generation FROM sync JOIN hashsets_entry e ON e.set_id = sync.set_id
         AND {IN_FORCE.format(g="sync.generation")}
         WHERE e.sha256 = ANY(%(sha256)s::bytea[]) OR e.md5 = ANY(%(md5)s::bytea[]) OR e.sha1 = ANY(%(sha1)s::bytea[]))
INSERT INTO cases_match (content_id, set_id, entry, kind, strong, distance, found_in)
SELECT f.content_id, f.set_id, f.entry, f.kind, f.strong, 0, sync.generation
FROM ({_by_each_digest("live", "c.id = ANY(%(contents)s::bigint[])")}) f JOIN sync ON sync.set_id = f.set_id
ON CONFLICT DO NOTHING
"""  # noqa: S608 only constants of this module


# `hashsets_rules` tells the rules of a set for an agency: when it changes, the set's matches mean something else.
LOCK_SYNC = """
SELECT s.generation, s.rules, hashsets_rules(s.agency_id, s.set_id)
FROM cases_setsync s WHERE s.agency_id = %s AND s.set_id = %s FOR UPDATE OF s
"""

INSERT_FRESH = f"""
INSERT INTO cases_match (content_id, set_id, entry, kind, strong, distance, found_in)
SELECT content_id, set_id, entry, kind, strong, 0, %(g)s FROM ({_by_each_digest(FRESH, "c.agency_id = %(agency)s")}) f
ON CONFLICT (content_id, set_id, entry, kind) DO UPDATE SET lost_in = NULL, found_in = excluded.found_in
  WHERE cases_match.lost_in IS NOT NULL
RETURNING content_id
"""  # noqa: S608 only constants of this module


def hold(agency_id: int) -> None:
    """Hold the agency's SetSync rows, so that no re-match passes by the contents of this transaction.

    A set's first re-match makes its row: it waits for us, and we for it, by an advisory lock. Before
    `states.changing`: a re-match takes the same locks in the same order.
    """
    with prepared.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s::int, %s::int)", [FIRST_SPACE, agency_id])
        cursor.execute("SELECT id FROM cases_setsync WHERE agency_id = %s::bigint ORDER BY id FOR SHARE", [agency_id])


def match(agency_id: int, content_ids: Sequence[int]) -> None:
    """Match contents against every set the agency uses, as of the generation it has synced.

    After `hold(agency_id)`, inside `states.changing(content_ids)`. Three queries.
    """
    ids = sorted(content_ids)
    with prepared.cursor(rows=len(ids)) as cursor:
        cursor.execute(MATCHES_FIRST)
        cursor.execute(DIGESTS, [ids])
        sha256, md5, sha1 = cursor.fetchone()
        cursor.execute(NEW_CONTENTS, {"agency": agency_id, "contents": ids, "sha256": sha256, "md5": md5, "sha1": sha1})


# Every (agency, set) whose matches are not those of the generation and policies in force.
BEHIND = """
SELECT a.id, h.id FROM workbench_agency a
JOIN hashsets_hashset h ON h.owner_id = a.id OR h.reach = 'node'
LEFT JOIN cases_setsync s ON s.agency_id = a.id AND s.set_id = h.id
WHERE a.is_local AND (s.generation IS NULL OR s.generation < h.generation
  OR s.rules <> hashsets_rules(a.id, s.set_id))
ORDER BY 1, 2
"""


def behind() -> list[tuple[int, int]]:
    """(agency id, set id) pairs that wait for a re-match."""
    with connection.cursor() as cursor:
        cursor.execute(BEHIND)
        return [(agency, hash_set) for agency, hash_set in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Moved:
    """What a re-match changed: contents found, lost, and items that left or came back, per case public id."""

    found: int
    lost: int
    cases: dict[str, dict[str, int]]


@transaction.atomic
def rematch(agency_id: int, set_id: int) -> Moved:
    """Bring an agency's matches of one set to the generation in force; one set-based pass, safe to repeat."""
    hash_set = HashSet.objects.get(pk=set_id)
    since, rules_changed, rules = _lock_sync(agency_id, hash_set)
    lost, found = _lose(agency_id, hash_set), _find(agency_id, hash_set, since)
    found |= near_matching.rematch(agency_id, hash_set, since, lost)
    touched = lost | found
    if rules_changed:
        touched |= _matched(agency_id, set_id)
    moved = _refresh(sorted(touched))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_setsync SET generation = %s, rules = %s WHERE agency_id = %s AND set_id = %s",
            [hash_set.generation, rules, agency_id, set_id],
        )
    _record(agency_id, hash_set, moved, _closed_cases(lost | found))
    return Moved(len(found), len(lost), moved)


def _lock_sync(agency_id: int, hash_set: HashSet) -> tuple[int, bool, str]:
    """Lock (or make) the SetSync row: generation so far, whether the policies differ, the policies as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_setsync (agency_id, set_id, generation, rules) VALUES (%s, %s, 0, '')"
            " ON CONFLICT DO NOTHING",
            [agency_id, hash_set.pk],
        )
        if cursor.rowcount:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [FIRST_SPACE, agency_id])
        cursor.execute(LOCK_SYNC, [agency_id, hash_set.pk])
        since, old, new = cursor.fetchone()
    hash_set.refresh_from_db(fields=["generation"])
    return since, old != new, new


def _lose(agency_id: int, hash_set: HashSet) -> set[int]:
    """Mark matches whose entry is no longer in force; returns their contents."""
    return _ids(
        "UPDATE cases_match k SET lost_in = e.removed_in FROM hashsets_entry e, cases_content c"
        " WHERE e.set_id = k.set_id AND e.id = k.entry AND c.id = k.content_id AND c.agency_id = %(agency)s"
        " AND k.set_id = %(set)s AND k.lost_in IS NULL AND e.set_id = %(set)s AND e.removed_in <= %(g)s"
        " RETURNING k.content_id",
        {"agency": agency_id, "set": hash_set.pk, "g": hash_set.generation},
    )


def _find(agency_id: int, hash_set: HashSet, since: int) -> set[int]:
    """Insert the matches of entries that came in after generation `since`; returns their contents."""
    values = {"agency": agency_id, "set": hash_set.pk, "g": hash_set.generation, "since": since}
    return _ids(INSERT_FRESH, values)


def _matched(agency_id: int, set_id: int) -> set[int]:
    """Contents of the agency with a match of the set in force."""
    return _ids(
        "SELECT k.content_id FROM cases_match k JOIN cases_content c ON c.id = k.content_id"
        " WHERE k.set_id = %(set)s AND k.lost_in IS NULL AND c.agency_id = %(agency)s",
        {"agency": agency_id, "set": set_id},
    )


def _ids(statement: str, values: dict[str, Any]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return {row[0] for row in cursor.fetchall()}


def _refresh(content_ids: Sequence[int]) -> dict[str, dict[str, int]]:
    """Recompute the items of these contents, in chunks; what that alone moved, per case public id."""
    moved: dict[str, Counter[str]] = {}
    for start in range(0, len(content_ids), CHUNK):
        chunk = content_ids[start : start + CHUNK]
        with states.settling(chunk):
            before = _queue_figures(chunk)  # nobody else moves these contents from here on
        for case, (left, known) in _queue_figures(chunk).items():
            was_left, was_known = before[case]
            moved.setdefault(case, Counter()).update({"left": was_left - left, "known": known - was_known})
    return {case: dict(change) for case, change in sorted(moved.items()) if any(change.values())}


def _queue_figures(content_ids: Sequence[int]) -> dict[str, tuple[int, int]]:
    """Per case: items of these contents that need a person, and items that are known."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.public_id::text, count(*) FILTER (WHERE i.state IN ('open', 'waiting')),"
            " count(*) FILTER (WHERE i.known) FROM cases_item i JOIN cases_case c ON c.id = i.case_id"
            " WHERE i.content_id = ANY(%s) GROUP BY 1",
            [list(content_ids)],
        )
        return {case: (left, known) for case, left, known in cursor.fetchall()}


def _closed_cases(content_ids: set[int]) -> dict[str, dict[str, int]]:
    """Items of these contents in closed cases, per case public id: they keep what they had."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.public_id::text, count(*) FROM cases_item i JOIN cases_case c ON c.id = i.case_id"
            " WHERE i.content_id = ANY(%s) AND c.state = 'closed' GROUP BY 1 ORDER BY 1",
            [sorted(content_ids)],
        )
        return {case: {"items": items} for case, items in cursor.fetchall()}


def _record(
    agency_id: int, hash_set: HashSet, moved: dict[str, dict[str, int]], closed: dict[str, dict[str, int]]
) -> None:
    """One event per open case whose queue moved, so that its supervisor sees what left; a notice per closed one."""
    agency = Agency.objects.get(pk=agency_id)
    about = {"set": hash_set.name, "generation": hash_set.generation}
    audit.record_all(
        [
            audit.Event(verb, f"case:{case}", UUID(case), about | change)
            for verb, changes in ((events.MATCH_UPDATED, moved), (events.MATCH_NOTED, closed))
            for case, change in changes.items()
        ],
        by=None,
        agency=agency,
    )
