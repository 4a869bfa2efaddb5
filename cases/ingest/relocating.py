"""Files that a case document names, that were missing when it was listed, and that a later listing finds."""

from collections.abc import Sequence
from hashlib import sha256

from cases.ingest.base import Found
from cases.ingest.ledger import Counters

FOUND = """
WITH found AS (
  UPDATE cases_fileinstance f SET state = 'pending', reason = '', locator = n.locator, lease_until = NULL, tries = 0
  FROM unnest(%s::bytea[], %s::int[], %s::bytea[]) AS n(name_key, ordinal, locator)
  WHERE f.exhibit_id = %s AND f.parent_id IS NULL AND f.name_key = n.name_key AND f.ordinal = n.ordinal
    AND f.state = 'rejected' AND f.reason = 'file-missing' RETURNING f.exhibit_id, f.size)
SELECT exhibit_id, count(*), 0, 0, 0, -count(*), 0, 0, -count(*), coalesce(sum(size), 0) FROM found GROUP BY exhibit_id
"""


def relocate(exhibit_id: int, found: Sequence[Found]) -> None:
    """Let those be read that are there by now. Two statements."""
    there = [(sha256(node.raw_path).digest(), node.ordinal, node.locator) for node in found if not node.reason]
    if there:
        counters = Counters()
        counters.add(FOUND, [*(list(column) for column in zip(*there, strict=True)), exhibit_id])
        counters.write()
