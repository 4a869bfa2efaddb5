"""What an item's state is, and the one way to change what it follows from (model.md section 3).

`changing(content_ids)` wraps every change to file instances, items, stacks, matches and standings of
some contents: it locks the contents, lets the block write, then recomputes items, stacks and tallies.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

# The state of items as it follows from everything else. Parameters: contents, batch (whose lease is ours).
# OFFSET 0 keeps the planner to the index on content: while a table grows by millions its statistics lie.
COMPUTED = """
  SELECT i.id, i.stack_id, i.content_id, i.case_id, i.state AS old_state, i.known AS old_known,
    coalesce(m.effect = 2, false) AS known,
    CASE
      WHEN kept.one IS NULL THEN 'excluded'
      WHEN st.code IS NOT NULL AND g.id IS NOT NULL AND (NOT c.sealed OR d.case_id = c.id) THEN 'decided'
      WHEN i.unsure THEN 'unsure'
      WHEN m.effect = 2 THEN 'known'
      WHEN m.effect = 1 THEN 'confirm'
      WHEN ct.preview IN ('pending', 'deferred') THEN 'waiting'
      ELSE 'open'
    END AS state
  FROM cases_item i
  JOIN cases_content ct ON ct.id = i.content_id
  JOIN cases_case c ON c.id = i.case_id AND c.state = 'open'
  JOIN cases_stack s ON s.id = i.stack_id
  JOIN hashsets_scheme v ON v.id = c.scheme_id
  LEFT JOIN cases_standing st ON st.content_id = i.content_id AND st.scheme_id = v.scheme_id
  LEFT JOIN cases_decision d ON d.id = st.decision_id
  LEFT JOIN hashsets_category g ON g.scheme_id = c.scheme_id AND g.code = st.code
  LEFT JOIN LATERAL (
    SELECT 1 AS one FROM (SELECT exhibit_id FROM cases_fileinstance WHERE content_id = i.content_id OFFSET 0) f
    JOIN cases_exhibit x ON x.id = f.exhibit_id AND x.case_id = i.case_id AND x.removed_at IS NULL LIMIT 1) kept ON true
  CROSS JOIN LATERAL (SELECT cases_effect(i.content_id, ct.agency_id) AS effect OFFSET 0) m
"""
NOT_LEASED = "(s.batch_id IS NULL OR s.lease_until IS NULL OR s.lease_until < now() OR s.batch_id = %(batch)s)"

REFRESH_ITEMS = f"""
WITH computed AS ({COMPUTED} WHERE i.content_id = ANY(%(contents)s) AND {NOT_LEASED})
UPDATE cases_item i SET state = n.state, known = n.known FROM computed n
WHERE i.id = n.id AND (n.state, n.known) IS DISTINCT FROM (n.old_state, n.old_known)
RETURNING i.stack_id
"""  # noqa: S608 only constants of this module

REFRESH_STACKS = """
UPDATE cases_stack s SET open_items = n.open_items, state = CASE WHEN n.open_items > 0 THEN 'open' ELSE 'done' END
FROM (SELECT stack_id, count(*) FILTER (WHERE state = 'open') AS open_items
      FROM cases_item WHERE stack_id = ANY(%(stacks)s) GROUP BY stack_id) n
WHERE s.id = n.stack_id AND s.open_items <> n.open_items
"""

# What nobody needed to see so far, and now somebody does.
WANT_PREVIEWS = """
UPDATE cases_content c SET preview = 'pending', preview_tries = 0, preview_lease = NULL
WHERE c.id = ANY(%(contents)s) AND c.preview = 'deferred'
  AND EXISTS (SELECT FROM cases_item i WHERE i.content_id = c.id AND i.state = 'waiting')
"""

# Per case (exhibit null: each item once) and per exhibit: items, known items, files.
COUNTS = """
WITH held AS (
  SELECT f.content_id, x.case_id, f.exhibit_id, count(*) AS files
  FROM (SELECT content_id, exhibit_id FROM cases_fileinstance WHERE content_id = ANY(%(contents)s) OFFSET 0) f
  JOIN cases_exhibit x ON x.id = f.exhibit_id AND x.removed_at IS NULL GROUP BY 1, 2, 3)
SELECT i.case_id, h.exhibit_id, i.state, c.kind,
  count(DISTINCT i.id), count(DISTINCT i.id) FILTER (WHERE i.known), coalesce(sum(h.files), 0)::bigint
FROM (SELECT * FROM cases_item WHERE content_id = ANY(%(contents)s) OFFSET 0) i
JOIN (SELECT id, kind FROM cases_content WHERE id = ANY(%(contents)s) OFFSET 0) c ON c.id = i.content_id
LEFT JOIN held h ON h.content_id = i.content_id AND h.case_id = i.case_id
GROUP BY GROUPING SETS ((i.case_id, h.exhibit_id, i.state, c.kind), (i.case_id, i.state, c.kind))
HAVING GROUPING(h.exhibit_id) = 1 OR h.exhibit_id IS NOT NULL
"""

ADD_TALLY = """
INSERT INTO cases_tally (case_id, exhibit_id, state, kind, items, known, files)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[])
ON CONFLICT (case_id, exhibit_id, state, kind) DO UPDATE SET items = cases_tally.items + excluded.items,
  known = cases_tally.known + excluded.known, files = cases_tally.files + excluded.files
"""

Key = tuple[int, int | None, str, str]


@contextmanager
def changing(content_ids: Sequence[int], *, batch: int | None = None) -> Iterator[None]:
    """Change what these contents' items follow from; states, stacks and tallies are right afterwards.

    Items in stacks under a live lease other than `batch` wait until that batch closes. Inside a transaction;
    7 queries for any number of contents. Locks contents by id, so two callers never wait for each other in a ring.
    """
    contents = {"contents": sorted(set(content_ids)), "batch": batch}
    lock(content_ids)
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, contents)
        before = _counts(cursor.fetchall())
    yield
    with connection.cursor() as cursor:
        cursor.execute(REFRESH_ITEMS, contents)
        touched = sorted({row[0] for row in cursor.fetchall()})
        if touched:
            cursor.execute(REFRESH_STACKS, {"stacks": touched})
            cursor.execute(WANT_PREVIEWS, contents)
        cursor.execute(COUNTS, contents)
        after = _counts(cursor.fetchall())
        if net := _net(before, after):
            cursor.execute(ADD_TALLY, [list(column) for column in zip(*net, strict=True)])


def lock(content_ids: Sequence[int]) -> None:
    """Lock contents by id, for a transaction that changes them in several steps and must not meet another halfway."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM cases_content WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [sorted(set(content_ids))]
        )


def refresh(content_ids: Sequence[int]) -> None:
    """Recompute the items of these contents: something they follow from changed elsewhere."""
    with changing(content_ids):
        pass


def _counts(rows: list[Any]) -> dict[Key, tuple[int, int, int]]:
    return {row[:4]: row[4:] for row in rows}


def _net(before: dict[Key, tuple[int, int, int]], after: dict[Key, tuple[int, int, int]]) -> list[tuple[object, ...]]:
    """The difference as rows, in one order everywhere: tallies are locked in that order."""
    net: dict[Key, Counter[int]] = {}
    for counts, sign in ((before, -1), (after, 1)):
        for key, numbers in counts.items():
            net.setdefault(key, Counter()).update({place: sign * number for place, number in enumerate(numbers)})
    order = sorted(net, key=lambda key: (key[0], key[1] or 0, key[2], key[3]))
    return [(*key, *(net[key][place] for place in range(3))) for key in order if any(net[key].values())]
