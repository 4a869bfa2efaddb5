"""Items whose look-alikes are still to be sought, and the cases in which it is time to.

What lies in a stack that somebody holds, or resembles what such a stack shows, waits until that batch is over;
meanwhile its case is not due for its sake.
"""

from collections.abc import Sequence

from django.db import connection

from workbench import prepared

FEWEST = 200  # new pictures of a case that is still being taken in, for which its stacks are built
SHARE = 8  # and at least one for so many that are there already: so all of them are read a few times only

NOTE = """
INSERT INTO cases_uncompared (item_id, case_id)
SELECT i.id, i.case_id FROM cases_item i JOIN cases_content c ON c.id = i.content_id
WHERE i.content_id = ANY(%s::bigint[]) AND (c.pdq IS NOT NULL OR c.kind = 'video') ON CONFLICT DO NOTHING
"""
# Of a row `u`: it waits for nobody's batch.
DUE = "NOT EXISTS (SELECT FROM cases_stack t WHERE t.id = u.to_id AND t.batch_id IS NOT NULL)"
CASES = f"""
SELECT u.case_id FROM (
  SELECT u.case_id, count(*) AS waiting FROM cases_uncompared u WHERE {DUE} GROUP BY u.case_id) u
WHERE NOT EXISTS (SELECT FROM cases_exhibit x WHERE x.case_id = u.case_id AND x.state IN ('listing', 'running'))
  OR u.waiting >= greatest(%s, (SELECT coalesce(sum(t.items), 0) / %s FROM cases_tally t
    WHERE t.case_id = u.case_id AND t.exhibit_id IS NULL AND t.state = 'open'))
ORDER BY u.case_id
"""  # noqa: S608 only constants of this module
WAIT = """
UPDATE cases_uncompared u SET to_id = t.id FROM unnest(%s::bigint[], %s::bigint[]) AS w(item, stack)
JOIN cases_stack t ON t.id = w.stack AND t.batch_id IS NOT NULL
WHERE u.item_id = w.item AND u.to_id IS DISTINCT FROM t.id
"""
AWAITED = """
SELECT s.id, count(*) FROM cases_stack s JOIN cases_uncompared u ON u.to_id = s.id JOIN cases_item i ON i.id = u.item_id
WHERE s.batch_id = %s AND i.stack_id <> s.id GROUP BY s.id
"""


def note(content_ids: Sequence[int]) -> None:
    """Hashes of contents came, or items of contents that have some: they wait to be compared. In the caller's
    transaction."""
    with prepared.cursor(rows=len(content_ids)) as cursor:
        cursor.execute(NOTE, [list(content_ids)])


def wait(pairs: Sequence[tuple[int, int]]) -> None:
    """Let items wait until the batches end that hold these stacks: pairs of item and stack. One statement.

    Where nobody holds the stack, nothing waits for it.
    """
    if pairs:
        with connection.cursor() as cursor:
            cursor.execute(WAIT, [list(column) for column in zip(*pairs, strict=True)])


def awaited(batch: int) -> dict[int, int]:
    """The stacks of a batch that pictures wait for which came meanwhile, and how many for each. One query."""
    with connection.cursor() as cursor:
        cursor.execute(AWAITED, [batch])
        return dict(cursor.fetchall())


def due() -> list[int]:
    """Cases with items that wait, unless so few came in so far that it is better to wait for more."""
    with connection.cursor() as cursor:
        cursor.execute(CASES, [FEWEST, SHARE])
        return [row[0] for row in cursor.fetchall()]
