"""What a re-match moves: items that leave or come back, counted by case, and told when it is done."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection

from cases import events
from hashsets.models import HashSet
from workbench import audit
from workbench.models import Agency

# By the case's public id: how many items `left` the queue, how many came `back`, how many more are `known`.
Moves = dict[str, dict[str, int]]
CLOSED = "closed "  # before the public id of a case that keeps what it had

IN_QUEUE = """
SELECT c.public_id::text, coalesce(array_agg(i.id) FILTER (WHERE i.state IN ('open', 'waiting')), '{}'),
  count(*) FILTER (WHERE i.known)
FROM cases_item i JOIN cases_case c ON c.id = i.case_id
WHERE i.content_id = ANY(%s::bigint[]) AND c.state = 'open' GROUP BY 1
"""
IN_CLOSED = """
SELECT %s || c.public_id, count(*) FROM cases_item i JOIN cases_case c ON c.id = i.case_id
WHERE i.content_id = ANY(%s::bigint[]) AND c.state = 'closed' GROUP BY 1
"""

Queue = dict[str, tuple[set[int], int]]


def queue(content_ids: Sequence[int]) -> Queue:
    """Per open case: the items of these contents that need a person, and how many are known."""
    with connection.cursor() as cursor:
        cursor.execute(IN_QUEUE, [list(content_ids)])
        return {case: (set(items), known) for case, items, known in cursor.fetchall()}


def difference(before: Queue, after: Queue) -> Moves:
    """What moved between two looks at the same contents."""
    moved: Moves = {}
    for case in before.keys() & after.keys():
        (was, was_known), (now, now_known) = before[case], after[case]
        moved[case] = {"left": len(was - now), "back": len(now - was), "known": now_known - was_known}
    return moved


def closed(content_ids: Iterable[int]) -> Moves:
    """Items of contents whose matches changed, in closed cases: they keep what they had."""
    with connection.cursor() as cursor:
        cursor.execute(IN_CLOSED, [CLOSED, sorted(content_ids)])
        return {case: {"items": items} for case, items in cursor.fetchall()}


def note(sync: int, moved: Moves) -> None:
    """Keep what a group of contents moved with the SetSync row, in the group's transaction: a killed re-match goes on.

    No key changes, so an ingest that holds the row does not wait for us, nor we for it.
    """
    with connection.cursor() as cursor:
        total = json.dumps(_sum([noted(sync), moved]))
        cursor.execute("UPDATE cases_setsync SET moved = %s::jsonb WHERE id = %s", [total, sync])


def noted(sync: int) -> Moves:
    """What a re-match has moved so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT moved FROM cases_setsync WHERE id = %s", [sync])
        kept = cursor.fetchone()[0]
        found: Moves = json.loads(kept) if isinstance(kept, str) else kept or {}
        return found


def _sum(several: Iterable[Moves]) -> Moves:
    total: dict[str, Counter[str]] = {}
    for moved in several:
        for case, change in moved.items():
            total.setdefault(case, Counter()).update(change)
    return {case: dict(change) for case, change in sorted(total.items())}


def tell(agency: Agency, hash_set: HashSet, moved: Moves) -> Moves:
    """One event per open case whose queue moved, so that its supervisor sees what left; a notice per closed one.

    Returns what moved in open cases.
    """
    about = {"set": hash_set.name, "generation": hash_set.generation}
    changed = {case: change for case, change in moved.items() if any(change.values())}
    closed = {case: change for case, change in changed.items() if case.startswith(CLOSED)}
    told = {case: change for case, change in changed.items() if case not in closed}
    audit.record_all(
        [_event(events.MATCH_UPDATED, case, about | change) for case, change in told.items()]
        + [_event(events.MATCH_NOTED, case.removeprefix(CLOSED), about | change) for case, change in closed.items()],
        by=None,
        agency=agency,
    )
    return told


def _event(verb: str, case: str, details: dict[str, object]) -> audit.Event:
    return audit.Event(verb, f"case:{case}", UUID(case), details)
