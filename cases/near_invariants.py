"""The part of invariant 7 that is about near matches (model.md section 5): recounted without the near index."""

import random
from typing import Any

import numpy as np
from django.db import connection

from cases import near_matching
from hashsets import entry_hashes
from hashsets.generations import in_force
from hashsets.near import searching
from hashsets.near.tables import BYTES
from workbench import checks
from workbench.perceptual import PDQ_MAX_DISTANCE

COMPARED = 1_000_000_000  # pairs of a content and an entry looked at for each agency and set: some 10 s

BITS = "('x' || encode({0}, 'hex'))::bit(256)"
UNFOUNDED = f"""
SELECT format('content %%s is near entry %%s of set %%s by %%s bits in the tables, and by %%s when compared now',
  c.public_id, m.entry, h.name, m.distance, coalesce(n.distance::text, 'nothing'))
FROM cases_match m JOIN cases_content c ON c.id = m.content_id JOIN hashsets_hashset h ON h.id = m.set_id
LEFT JOIN LATERAL (
  SELECT bit_count({BITS.format("c.pdq")} # {BITS.format("v.value")}) AS distance
  FROM hashsets_entryhash v JOIN hashsets_entry e ON e.set_id = v.set_id AND e.id = v.entry
  JOIN cases_setsync s ON s.agency_id = c.agency_id AND s.set_id = e.set_id
    AND {in_force("s.generation")}
  WHERE v.set_id = m.set_id AND v.entry = m.entry AND v.kind = 'pdq' AND c.pdq IS NOT NULL) n ON true
WHERE m.kind = 'pdq' AND m.lost_in IS NULL
  AND NOT EXISTS (SELECT FROM cases_setsync s WHERE s.agency_id = c.agency_id AND s.set_id = m.set_id
    AND s.moved IS NOT NULL)
  AND (m.strong OR m.distance IS DISTINCT FROM n.distance OR m.distance > {PDQ_MAX_DISTANCE})
  AND (%(case)s::bigint IS NULL OR EXISTS (
    SELECT FROM cases_item i WHERE i.content_id = c.id AND i.case_id = %(case)s::bigint))
"""  # noqa: S608 only constants

SYNCED = f"""
SELECT s.id, h.name, s.set_id FROM cases_setsync s JOIN hashsets_hashset h ON h.id = s.set_id
WHERE s.generation > 0 AND s.moved IS NULL AND h.retired_at IS NULL
  AND {entry_hashes.USED.format(set="s.set_id")} ORDER BY s.id
"""  # noqa: S608 only constants
# Contents with a PDQ, the entries they are tagged with, and the generation that counts, all of one moment.
TAGGED = """
SELECT s.generation, c.public_id::text, c.pdq, coalesce(array_agg(m.entry) FILTER (WHERE m.entry IS NOT NULL), '{}')
FROM cases_setsync s JOIN cases_content c ON c.agency_id = s.agency_id AND c.pdq IS NOT NULL
LEFT JOIN cases_match m ON m.content_id = c.id AND m.set_id = s.set_id AND m.kind = 'pdq' AND m.lost_in IS NULL
WHERE s.id = %(sync)s AND (%(case)s::bigint IS NULL OR EXISTS (
  SELECT FROM cases_item i WHERE i.content_id = c.id AND i.case_id = %(case)s::bigint))
GROUP BY s.generation, c.id ORDER BY c.id
"""


def broken(case: int | None) -> list[str]:
    """Tags without ground or with another distance; entries within the distance that are no tag.

    Of more than COMPARED pairs, those of as many contents drawn by chance: each run draws anew.
    """
    found = checks.sentences(UNFOUNDED, {"case": case})
    with connection.cursor() as cursor:
        cursor.execute(SYNCED)
        synced = cursor.fetchall()
    for sync, name, set_id in synced:
        found += _missing(sync, name, set_id, case)
    return found[: checks.SHOWN]


def _missing(sync: int, name: str, set_id: int, case: int | None) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(TAGGED, {"sync": sync, "case": case})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    if not rows:
        return []
    entries, hashes = entry_hashes.in_force(set_id, rows[0][0])
    if len(rows) * len(entries) > COMPARED:
        rows = random.sample(rows, max(1, COMPARED // len(entries)))
    asked = np.frombuffer(b"".join(bytes(row[2]) for row in rows), dtype=np.uint8).reshape(-1, BYTES)
    near = searching.scan(hashes, asked)
    wanted: dict[int, set[int]] = {}
    for number, entry in zip(near.asked.tolist(), entries[near.found].tolist(), strict=True):
        wanted.setdefault(number, set()).add(entry)
    return [
        f"content {rows[number][1]} is near {len(missing)} entries of set {name} that it is not tagged with"
        for number, those in sorted(wanted.items())
        if (missing := those - set(rows[number][3])) and len(rows[number][3]) < near_matching.MOST
    ]
