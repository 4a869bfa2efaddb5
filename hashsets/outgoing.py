"""Opinions of ours on their way to the peers whose sets they are on; sent by `peers/pushing.py` or in a package.

An opinion goes out where it is on a mirror that we give to, or on a set of ours that is contributed to one. Only our
own: what a peer told us is never told on, so nothing is echoed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from hashsets import wire
from hashsets.entry_rows import loaded
from hashsets.trust import DIGESTS

QUEUE = """
INSERT INTO hashsets_outgoing AS o (subscription_id, vote_id, state)
SELECT s.id, v.id, 'waiting' FROM hashsets_vote v
JOIN hashsets_subscription s ON s.give AND v.set_id IN (s.set_id, s.source_id)
JOIN hashsets_peer p ON p.id = s.peer_id JOIN workbench_agency a ON a.id = p.agency_id
WHERE v.id = ANY(%s) AND v.organisation = a.organisation
ON CONFLICT (subscription_id, vote_id) DO UPDATE SET state = 'waiting', key = NULL, at = now()
"""
# The entry of a vote as its last version has it.
LAST = """JOIN LATERAL (
  SELECT * FROM hashsets_entry e WHERE e.set_id = v.set_id AND e.ident = v.ident AND e.twin = v.twin
  ORDER BY e.added_in DESC LIMIT 1) e ON true"""
NAMED = """CASE WHEN e.{0} = v.ident OR '{0}' = ANY (v.names) THEN e.{0} END"""
# What goes to one peer, in order, as `Row` and whatever `more` asks. Of the digests, those that the opinion named.
OPINIONS = f"""
SELECT o.vote_id, t.scheme_id, v.code, v.basis, v.at, e.raw, e.size, {", ".join(map(NAMED.format, DIGESTS))}{{more}}
FROM hashsets_outgoing o JOIN hashsets_vote v ON v.id = o.vote_id
JOIN hashsets_hashset h ON h.id = v.set_id JOIN hashsets_scheme t ON t.id = h.scheme_id
{LAST}
WHERE o.subscription_id = %(subscription)s AND {{which}} ORDER BY o.vote_id
"""  # noqa: S608 only constants of this module


class Row(NamedTuple):
    """What OPINIONS says of one opinion, with what names the file."""

    vote: int
    scheme: str
    code: str
    basis: str
    at: datetime
    raw: Any
    size: int | None  # bytes
    md5: bytes | None
    sha1: bytes | None
    sha256: bytes | None


def queue(vote_ids: Sequence[int]) -> int:
    """Have opinions sent to whom they concern, or taken back there if they were here; in their transaction.

    How many rows wait for that. One query.
    """
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, [list(vote_ids)])
        return int(cursor.rowcount)


def names(row: Row) -> dict[str, Any]:
    """Which file an opinion is on: fields of `wire.Opinion`."""
    return {name: wire.digest(getattr(row, name)) for name in DIGESTS}


def told(row: Row) -> dict[str, Any]:
    """All that travels of an opinion: fields of `wire.Opinion`."""
    raw = loaded(row.raw)
    return names(row) | {
        "media_size": row.size,
        "mime_type": raw.get("mime_type"),
        "scheme": row.scheme,
        "category": row.code,
        "basis": row.basis,
        "decided_at": row.at.isoformat(),
        "alternative_hashes": wire.other_hashes(raw),
    }
