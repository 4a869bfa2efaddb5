"""Which frames of a film are near known material: sought when its storyboard is opened, in the sets the agency uses.

No category is part of it: who looks decides without the opinion of others (ux.md section 1.5).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from django.db import connection

from hashsets import entry_hashes, near_held
from hashsets.near.tables import BYTES
from hashsets.near_index import Place

SETS = f"""
SELECT h.name, s.set_id, h.public_id, s.generation
FROM cases_setsync s JOIN hashsets_hashset h ON h.id = s.set_id
WHERE s.agency_id = %s AND s.generation > 0 AND h.retired_at IS NULL AND {entry_hashes.USED.format(set="s.set_id")}
ORDER BY h.name
"""  # noqa: S608 only constants


class Known(NamedTuple):
    """The nearest that any set holds: its name, the version asked, and in how many of 256 bits the two differ."""

    set: str
    version: int
    distance: int


def of(agency_id: int, hashes: Sequence[bytes | None]) -> dict[int, Known]:
    """What is near to each of some PDQ values, by their places; others are absent. One query, and a search a set."""
    places = [place for place, value in enumerate(hashes) if value]
    if not places:
        return {}
    asked = np.frombuffer(b"".join(hashes[place] or b"" for place in places), dtype=np.uint8).reshape(-1, BYTES)
    with connection.cursor() as cursor:
        cursor.execute(SETS, [agency_id])
        sets = cursor.fetchall()
    found: dict[int, Known] = {}
    for name, *where in sets:
        hits = near_held.at(Place(*where)).search(asked, most=1)
        for number, apart in zip(hits.asked.tolist(), hits.distance.tolist(), strict=True):
            place = places[number]
            if place not in found or apart < found[place].distance:
                found[place] = Known(name, where[-1], apart)
    return found
