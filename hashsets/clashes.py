"""Entries that another organisation brought and that a known-good set of the owner has, which it may not read.

To refuse them would tell what that set holds. So they are taken in like any other, look so from outside, and here
close nothing until the owner's own people have looked (decision 0025).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db import connection

from hashsets import events, holding, kinds
from hashsets.entries import NewEntry
from hashsets.entry_rows import Key
from hashsets.models import Clash, HashSet, Peer
from workbench import audit

WAITING = """
SELECT c.peer_id, count(*) FROM hashsets_clash c JOIN hashsets_hashset h ON h.id = c.set_id
JOIN hashsets_entry e ON e.set_id = c.set_id AND e.ident = c.ident AND e.twin = c.twin AND e.state = 'held'
  AND e.added_in <= h.generation AND (e.removed_in IS NULL OR e.removed_in > h.generation)
WHERE c.peer_id = ANY(%s) AND h.retired_at IS NULL GROUP BY 1
"""


def found(hash_set: HashSet, rows: Sequence[NewEntry]) -> dict[bytes, set[int]]:
    """Ids of the owner's known-good sets by the digests of these rows that they have."""
    good = list(
        HashSet.objects.filter(owner=hash_set.owner_id, role=HashSet.SetRole.KNOWN_GOOD, retired_at__isnull=True)
    )
    by_digest: dict[bytes, set[int]] = defaultdict(set)
    for kind in kinds.DIGESTS if good else ():
        digests = list({digest for row in rows if (digest := getattr(row, kind))})
        for known in holding.held(good, kind, digests):
            by_digest[known.digest].add(known.set_id)
    return by_digest


def hold(peer: Peer, hash_set: HashSet, known_in: Mapping[Key, int]) -> list[audit.Event]:
    """Hold these entries until somebody of the owner's says something of them; the event of it, if any."""
    if not known_in:
        return []
    rows = [
        Clash(set=hash_set, ident=key.ident, twin=key.twin, peer=peer, known_in_id=good)
        for key, good in known_in.items()
    ]
    Clash.objects.bulk_create(rows, ignore_conflicts=True)
    names = HashSet.objects.filter(pk__in=set(known_in.values())).order_by("name").values_list("name", flat=True)
    details = {"set": hash_set.name, "peer": peer.organisation.name, "entries": len(rows), "known_in": list(names)}
    return [audit.Event(events.CLASH_HELD, audit.subject_of(peer), details=details)]


def waiting(peers: Sequence[int]) -> dict[int, int]:
    """By peer how many of its entries wait, of those that are in force. One query."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [list(peers)])
        return dict(cursor.fetchall())
