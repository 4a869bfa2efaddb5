"""Matching contents against hash sets, and matching again when a set changes (model.md sections 3 and 4).

`cases` polls what `hashsets` holds; `hashsets` never calls up here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import connection, transaction

from cases import candidates, match_rows, near_matching, requeueing, states
from cases.candidates import CHUNK, Aim
from cases.queue import promise
from hashsets.index import building
from hashsets.models import HashSet
from workbench import jobs, prepared
from workbench.models import Agency

FIRST_SPACE = 0x57534E43  # advisory locks: who takes contents in, against the first re-match of a set; with the agency
REMATCH_SPACE = 0x524D4348  # advisory locks of re-matches; the second number is the SetSync row's

# Then the entries: who makes a set takes the two in this order as well (hashsets, migration 0007).
MATCHES_FIRST = "LOCK TABLE cases_match IN ROW EXCLUSIVE MODE"

DIGESTS = """
SELECT array_agg(sha256), array_agg(md5), array_agg(sha1) FROM cases_content WHERE id = ANY(%s::bigint[])
"""


def hold(agency_id: int) -> None:
    """Hold the agency's SetSync rows, so that no re-match passes by the contents of this transaction.

    A set's first re-match makes its row: it waits for us, and we for it, by an advisory lock. Before
    `states.changing`: a re-match takes the same locks in the same order. As a key, so that a re-match under way may
    note what it moved.
    """
    with prepared.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s::int, %s::int)", [FIRST_SPACE, agency_id])
        cursor.execute(
            "SELECT id FROM cases_setsync WHERE agency_id = %s::bigint ORDER BY id FOR KEY SHARE", [agency_id]
        )


def match(agency_id: int, content_ids: Sequence[int]) -> None:
    """Match contents against every set the agency uses, as of the generation it has synced.

    After `hold(agency_id)`, inside `states.changing(content_ids)`. Three queries: for a handful of contents
    PostgreSQL's own indexes cost no more than ours (decision 0010).
    """
    ids = sorted(content_ids)
    with prepared.cursor(rows=len(ids)) as cursor:
        cursor.execute(MATCHES_FIRST)
        cursor.execute(DIGESTS, [ids])
        sha256, md5, sha1 = cursor.fetchone()
        values = {"agency": agency_id, "contents": ids, "sha256": sha256, "md5": md5, "sha1": sha1}
        cursor.execute(match_rows.NEW_CONTENTS, values)


# Every (agency, set) whose matches are not those of the generation and policies in force, or of which a re-match was
# broken off. `hashsets_rules` tells the rules of a set for an agency: when it changes, its matches mean something else.
BEHIND = """
SELECT a.id, h.id FROM workbench_agency a
JOIN hashsets_hashset h ON a.id IN (h.owner_id, h.reader_id) OR h.reach = 'node'
LEFT JOIN cases_setsync s ON s.agency_id = a.id AND s.set_id = h.id
WHERE a.is_local AND (s.generation IS NULL OR s.generation < h.generation
  OR s.rules <> hashsets_rules(a.id, s.set_id) OR s.moved IS NOT NULL)
ORDER BY 1, 2
"""


def behind() -> list[tuple[int, int]]:
    """(agency id, set id) pairs that wait for a re-match."""
    with connection.cursor() as cursor:
        cursor.execute(BEHIND)
        return [(agency, hash_set) for agency, hash_set in cursor.fetchall()]


def due() -> list[tuple[int, int]]:
    """Those of them that nothing speaks against: a large version that just came waits for its index, some minutes."""
    awaited = building.awaited()
    return [pair for pair in behind() if pair[1] not in awaited]


@dataclass(frozen=True, slots=True)
class Moved:
    """What a re-match changed: contents found, lost, and items that left or came back, per case public id."""

    found: int
    lost: int
    cases: requeueing.Moves


def rematch(agency_id: int, set_id: int) -> Moved:
    """Bring an agency's matches of one set to the generation in force; set-based, safe to repeat at any point.

    Contents are moved in groups, each a transaction of its own; the last one, which alone keeps an ingest waiting, is
    about those that came in or were decoded meanwhile, and moves SetSync. Nothing to do where another worker is at it.
    """
    sync = _sync(agency_id, set_id)
    with jobs.alone(REMATCH_SPACE, sync) as ours:
        return _carry_out(sync, agency_id, set_id) if ours else Moved(0, 0, {})


def _sync(agency_id: int, set_id: int) -> int:
    """The id of the SetSync row, which is made where there is none."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_setsync (agency_id, set_id, generation, rules) VALUES (%s, %s, 0, '')"
            " ON CONFLICT DO NOTHING",
            [agency_id, set_id],
        )
        if cursor.rowcount:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [FIRST_SPACE, agency_id])
        cursor.execute("SELECT id FROM cases_setsync WHERE agency_id = %s AND set_id = %s", [agency_id, set_id])
        found: int = cursor.fetchone()[0]
        return found


def _carry_out(sync: int, agency_id: int, set_id: int) -> Moved:
    with transaction.atomic():
        aim = _aim(sync, agency_id, HashSet.objects.get(pk=set_id))
    found = lost = 0
    while aim.low < aim.high and _many_after(aim):
        candidates.collect(aim)
        for group in candidates.groups():
            with transaction.atomic():
                gained, gone = _move(aim, group)
            found, lost = found + len(gained), lost + len(gone)
        with transaction.atomic():
            aim = replace(aim, low=aim.high, high=_fence(aim))
    near = near_matching.Rematch.of(sync, agency_id, aim.set, aim.since)
    found += near.tag() if near else 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(MATCHES_FIRST)  # what follows reads entries before it writes matches
        aim = replace(aim, high=_fence(aim))
        candidates.collect(aim)
        late = set[int]()
        for group in candidates.groups():
            gained, gone = _move(aim, group)
            found, late = found + len(gained), late | gone
        found += near.settle(late) if near else 0
        return Moved(found, lost + len(late), _end(aim))


def _aim(sync: int, agency_id: int, hash_set: HashSet) -> Aim:
    """What is to be done, once all who take contents in against the old version have come to their end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generation, rules, hashsets_rules(agency_id, set_id), moved IS NOT NULL"
            " FROM cases_setsync WHERE id = %s FOR UPDATE",
            [sync],
        )
        since, old, new, broken_off = cursor.fetchone()  # who broke off may have moved items by rules that are gone
        cursor.execute("UPDATE cases_setsync SET moved = coalesce(moved, '{}') WHERE id = %s", [sync])
    hash_set.refresh_from_db(fields=["generation"])
    aim = Aim(sync, agency_id, hash_set, since, new, broken_off or old != new)
    return replace(aim, high=_fence(aim))


def _fence(aim: Aim) -> int:
    """The last content that is there; who comes later has a higher id: he holds SetSync before he takes one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM cases_setsync WHERE id = %s FOR UPDATE", [aim.sync])
        cursor.execute("SELECT coalesce(max(id), 0) FROM cases_content")
        found: int = cursor.fetchone()[0]
        return found


def _many_after(aim: Aim) -> bool:
    """Whether more contents are ahead than one transaction should be about."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM cases_content WHERE agency_id = %s AND id > %s LIMIT %s) c",
            [aim.agency_id, aim.low, CHUNK + 1],
        )
        ahead: int = cursor.fetchone()[0]
        return ahead > CHUNK


def _move(aim: Aim, content_ids: Sequence[int]) -> tuple[set[int], set[int]]:
    """Bring a group's matches and items to the new version; contents (found, lost). In a transaction."""
    values = aim.values | {"contents": list(content_ids)}
    with states.settling(content_ids), connection.cursor() as cursor:
        before = requeueing.queue(content_ids)  # nobody else moves these contents from here on
        cursor.execute(MATCHES_FIRST)
        cursor.execute(match_rows.LOSE, values)
        lost = {content for (content,) in cursor.fetchall()}
        cursor.execute(match_rows.GAIN, values)
        found = {content for (content,) in cursor.fetchall()}
    moved = requeueing.difference(before, requeueing.queue(content_ids))
    requeueing.note(aim.sync, moved | requeueing.closed(found | lost))
    return found, lost


def _end(aim: Aim) -> requeueing.Moves:
    """Move SetSync, and tell what moved since the re-match began, whoever began it. Returns that."""
    moved = requeueing.noted(aim.sync)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_setsync SET generation = %s, rules = %s, moved = NULL WHERE id = %s",
            [aim.set.generation, aim.rules, aim.sync],
        )
    promise.note_agency(aim.agency_id)
    return requeueing.tell(Agency.objects.get(pk=aim.agency_id), aim.set, moved)
