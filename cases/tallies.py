"""The running counts: items, known items and files by case (exhibit null: each item once) and by exhibit.

They move by differences only, inside the transaction that changes what they count. Tallies are locked in the order
of case, exhibit, state, kind, the same everywhere.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from workbench import prepared

# How these contents count now; read before and after what changes files or items.
COUNTS = """
WITH held AS (
  SELECT f.content_id, x.case_id, f.exhibit_id, count(*) AS files
  FROM (SELECT content_id, exhibit_id FROM cases_fileinstance WHERE content_id = ANY(%(contents)s::bigint[]) OFFSET 0) f
  JOIN cases_exhibit x ON x.id = f.exhibit_id AND x.removed_at IS NULL GROUP BY 1, 2, 3)
SELECT i.case_id, h.exhibit_id, i.state, c.kind,
  count(DISTINCT i.id), count(DISTINCT i.id) FILTER (WHERE i.known), coalesce(sum(h.files), 0)::bigint
FROM (SELECT * FROM cases_item WHERE content_id = ANY(%(contents)s::bigint[]) OFFSET 0) i
JOIN (SELECT id, kind FROM cases_content WHERE id = ANY(%(contents)s::bigint[]) OFFSET 0) c ON c.id = i.content_id
LEFT JOIN held h ON h.content_id = i.content_id AND h.case_id = i.case_id
GROUP BY GROUPING SETS ((i.case_id, h.exhibit_id, i.state, c.kind), (i.case_id, i.state, c.kind))
HAVING GROUPING(h.exhibit_id) = 1 OR h.exhibit_id IS NOT NULL
"""

ADD = """
INSERT INTO cases_tally (case_id, exhibit_id, state, kind, items, known, files)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[])
ON CONFLICT (case_id, exhibit_id, state, kind) DO UPDATE SET items = cases_tally.items + excluded.items,
  known = cases_tally.known + excluded.known, files = cases_tally.files + excluded.files
"""

# The same for items that went from one state to another while no file came or went: once out, once in.
MOVE = """
WITH moved AS (
  SELECT m.case_id, m.content_id, c.kind, s.* FROM unnest(%(case_id)s::bigint[], %(content_id)s::bigint[],
      %(old_state)s::text[], %(old_known)s::bool[], %(state)s::text[], %(known)s::bool[])
    AS m(case_id, content_id, old_state, old_known, state, known)
  JOIN cases_content c ON c.id = m.content_id
  CROSS JOIN LATERAL (VALUES (m.old_state, m.old_known, -1), (m.state, m.known, 1)) AS s(state, known, step)),
held AS (
  SELECT x.case_id, f.content_id, f.exhibit_id, count(*) AS files
  FROM (SELECT content_id, exhibit_id FROM cases_fileinstance
        WHERE content_id = ANY(%(content_id)s::bigint[]) OFFSET 0) f
  JOIN cases_exhibit x ON x.id = f.exhibit_id AND x.removed_at IS NULL GROUP BY 1, 2, 3),
counted AS (
  SELECT m.case_id, h.exhibit_id, m.state, m.kind, m.known, m.step, h.files
  FROM moved m JOIN held h ON h.case_id = m.case_id AND h.content_id = m.content_id
  UNION ALL
  SELECT m.case_id, NULL, m.state, m.kind, m.known, m.step, coalesce(h.files, 0) FROM moved m
  LEFT JOIN (SELECT case_id, content_id, sum(files) AS files FROM held GROUP BY 1, 2) h
    ON h.case_id = m.case_id AND h.content_id = m.content_id)
INSERT INTO cases_tally (case_id, exhibit_id, state, kind, items, known, files)
SELECT case_id, exhibit_id, state, kind, sum(step), coalesce(sum(step) FILTER (WHERE known), 0), sum(step * files)
FROM counted GROUP BY 1, 2, 3, 4 ORDER BY 1, coalesce(exhibit_id, 0), 3, 4
ON CONFLICT (case_id, exhibit_id, state, kind) DO UPDATE SET items = cases_tally.items + excluded.items,
  known = cases_tally.known + excluded.known, files = cases_tally.files + excluded.files
"""

Key = tuple[int, int | None, str, str]
Counts = dict[Key, tuple[int, int, int]]


class Moved(NamedTuple):
    """An item whose state or known flag changed."""

    case_id: int
    content_id: int
    old_state: str
    old_known: bool
    state: str
    known: bool


def counts(content_ids: Sequence[int]) -> Counts:
    """Items, known items and files of these contents, by case, exhibit, state and kind. One query."""
    with prepared.cursor(rows=len(content_ids)) as cursor:
        cursor.execute(COUNTS, {"contents": list(content_ids)})
        return {row[:4]: row[4:] for row in cursor.fetchall()}


def add(before: Counts, after: Counts) -> None:
    """Add the difference of two counts. One query, none where they are equal."""
    if net := _net(before, after):
        with prepared.cursor(rows=len(before) + len(after)) as cursor:
            cursor.execute(ADD, [list(column) for column in zip(*net, strict=True)])


def move(items: Sequence[Moved]) -> None:
    """Count items out of their old state and into the new one. One query, none where there are none."""
    if items:
        columns: dict[str, Any] = dict(zip(Moved._fields, map(list, zip(*items, strict=True)), strict=True))
        with prepared.cursor(rows=len(items)) as cursor:
            cursor.execute(MOVE, columns)


def _net(before: Counts, after: Counts) -> list[tuple[object, ...]]:
    """The difference as rows, in the order in which tallies are locked."""
    net: dict[Key, Counter[int]] = {}
    for found, sign in ((before, -1), (after, 1)):
        for key, numbers in found.items():
            net.setdefault(key, Counter()).update({place: sign * number for place, number in enumerate(numbers)})
    order = sorted(net, key=lambda key: (key[0], key[1] or 0, key[2], key[3]))
    return [(*key, *(net[key][place] for place in range(3))) for key in order if any(net[key].values())]
