"""Opinions of ours on their way to the peers whose sets they are on; sent by `peers/pushing.py`.

An opinion goes out where it is on a mirror that we give to, or on a set of ours that is contributed to one. Only our
own: what a peer told us is never told on, so nothing is echoed.
"""

from collections.abc import Sequence

from django.db import connection

QUEUE = """
INSERT INTO hashsets_outgoing AS o (subscription_id, vote_id, state)
SELECT s.id, v.id, 'waiting' FROM hashsets_vote v
JOIN hashsets_subscription s ON s.give AND v.set_id IN (s.set_id, s.source_id)
JOIN hashsets_peer p ON p.id = s.peer_id JOIN workbench_agency a ON a.id = p.agency_id
WHERE v.id = ANY(%s) AND v.organisation = a.organisation
ON CONFLICT (subscription_id, vote_id) DO UPDATE SET state = 'waiting', key = NULL, at = now()
"""


def queue(vote_ids: Sequence[int]) -> int:
    """Have opinions sent to whom they concern, or taken back there if they were here; in their transaction.

    How many rows wait for that. One query.
    """
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, [list(vote_ids)])
        return int(cursor.rowcount)
