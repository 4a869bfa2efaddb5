"""Looks PDQ hashes up by distance in the sets an agency uses."""

from collections.abc import Sequence

import numpy as np

from hashsets import entry_hashes, near_held
from hashsets.near.tables import BYTES
from hashsets.near_index import Place
from workbench import prepared

MOST = 20  # entries of one set that a hash is answered with, the nearest first

SETS = f"""
SELECT h.id, h.public_id, h.generation FROM hashsets_hashset h
WHERE h.retired_at IS NULL AND (%s::bigint IN (h.owner_id, h.reader_id) OR h.reach = 'node')
  AND {entry_hashes.USED.format(set="h.id")}
ORDER BY h.name, h.id
"""  # noqa: S608 only constants

Near = tuple[int, int, int, int]  # number of the hash asked for, set id, entry id, bits that differ


def near(agency_id: int, values: Sequence[bytes], *, turned: bool = False) -> list[Near]:
    """The nearest entries of each value, at most MOST of each set. One query, and the sets' near indexes.

    `turned`: also of the picture turned or mirrored.
    """
    with prepared.cursor() as cursor:
        cursor.execute(SETS, [agency_id])
        places = [Place(*row) for row in cursor.fetchall()]
    asked = np.frombuffer(b"".join(values), dtype=np.uint8).reshape(-1, BYTES)
    found = list[Near]()
    for place in places:
        hits = near_held.at(place).search(asked, most=MOST, turned=turned)
        rows = zip(hits.asked.tolist(), hits.found.tolist(), hits.distance.tolist(), strict=True)
        found += [(number, place.set_id, entry, distance) for number, entry, distance in rows]
    return found
