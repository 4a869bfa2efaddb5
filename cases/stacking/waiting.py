"""Items whose look-alikes are still to be sought, and the cases in which it is time to."""

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
DUE = """
SELECT u.case_id FROM (SELECT case_id, count(*) AS waiting FROM cases_uncompared GROUP BY case_id) u
WHERE NOT EXISTS (SELECT FROM cases_exhibit x WHERE x.case_id = u.case_id AND x.state IN ('listing', 'running'))
  OR u.waiting >= greatest(%s, (SELECT coalesce(sum(t.items), 0) / %s FROM cases_tally t
    WHERE t.case_id = u.case_id AND t.exhibit_id IS NULL AND t.state = 'open'))
ORDER BY u.case_id
"""


def note(content_ids: Sequence[int]) -> None:
    """Hashes of contents came, or items of contents that have some: they wait to be compared. In the caller's
    transaction."""
    with prepared.cursor(rows=len(content_ids)) as cursor:
        cursor.execute(NOTE, [list(content_ids)])


def due() -> list[int]:
    """Cases with items that wait, unless so few came in so far that it is better to wait for more."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, [FEWEST, SHARE])
        return [row[0] for row in cursor.fetchall()]
