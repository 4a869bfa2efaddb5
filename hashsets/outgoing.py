"""Opinions of ours on their way to the peers whose sets they are on; sent by `peers/pushing.py`.

An opinion goes out where it is on a mirror that we give to, or on a set of ours that is contributed to one. Only our
own: what a peer told us is never told on, so nothing is echoed.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from hashsets.entry_rows import Key
from hashsets.models import HashSet

QUEUE = """
INSERT INTO hashsets_outgoing (subscription_id, vote_id, state, retract, at)
SELECT s.id, v.id, 'waiting', false, now() FROM hashsets_vote v
JOIN hashsets_subscription s ON s.give AND v.set_id IN (s.set_id, s.source_id)
JOIN hashsets_peer p ON p.id = s.peer_id JOIN workbench_agency a ON a.id = p.agency_id
WHERE v.id = ANY(%s) AND v.organisation = a.organisation ON CONFLICT DO NOTHING
"""
# The last opinion of an organisation on each entry, where it has none any more; what never left needs no taking back.
TAKE_BACK = """
WITH last AS (
  SELECT DISTINCT ON (v.ident, v.twin) v.id, v.current FROM hashsets_vote v
  JOIN unnest(%s::bytea[], %s::smallint[]) AS k (ident, twin) ON k.ident = v.ident AND k.twin = v.twin
  WHERE v.set_id = %s AND v.organisation = %s ORDER BY v.ident, v.twin, v.current DESC, v.id DESC),
unsent AS (
  DELETE FROM hashsets_outgoing o USING last WHERE o.vote_id = last.id AND NOT last.current
    AND o.state = 'waiting' AND o.key IS NULL AND NOT o.retract)
UPDATE hashsets_outgoing o SET retract = true, state = 'waiting', key = NULL, at = now() FROM last
WHERE o.vote_id = last.id AND NOT last.current AND NOT o.retract AND (o.state <> 'waiting' OR o.key IS NOT NULL)
"""


def queue(vote_ids: Sequence[int]) -> int:
    """Have opinions sent to whom they concern, in their transaction; how many rows wait more. One query."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, [list(vote_ids)])
        return int(cursor.rowcount)


def take_back(hash_set: HashSet, keys: Sequence[Key], *, organisation: UUID) -> int:
    """Have opinions that ended taken back where they were sent, in their transaction. After `votes.end`. One query."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE_BACK, [[key.ident for key in keys], [key.twin for key in keys], hash_set.pk, organisation])
        return int(cursor.rowcount)
