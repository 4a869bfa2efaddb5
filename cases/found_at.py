"""Where a case's items were taken, as they say themselves: those near each other as one, by a grid, in one statement.

Whatever became of an item: no state and no decision is part of it. By index `item_place`, so it costs what lies in the
rectangle.
"""

from dataclasses import dataclass

from django.db import connection

from cases import metadata
from cases.graticule import Box
from cases.models import Case

ACROSS, DOWN = 30, 18  # cells of the grid

PLACED = f"""
i.case_id = %(case)s AND i.latitude IS NOT NULL AND i.state <> 'excluded' AND i.latitude BETWEEN -90 AND 90
  AND i.longitude BETWEEN -180 AND 180 AND NOT {metadata.NOWHERE}
"""
NOWHERE = f"""
SELECT count(*) FROM (SELECT FROM cases_item i WHERE i.case_id = %(case)s AND {metadata.NOWHERE}
  AND i.latitude IS NOT NULL AND i.state <> 'excluded' LIMIT %(most)s) n
"""  # noqa: S608 only a constant
COUNTED = 1000
EXTENT = f"""
SELECT min(i.latitude), min(i.longitude), max(i.latitude), max(i.longitude) FROM cases_item i WHERE {PLACED}
"""  # noqa: S608 only a constant
GATHERED = f"""
SELECT count(*), avg(i.latitude), avg(i.longitude), min(i.latitude), min(i.longitude), max(i.latitude), max(i.longitude)
FROM cases_item i WHERE {PLACED}
  AND i.latitude BETWEEN %(south)s AND %(north)s AND i.longitude BETWEEN %(west)s AND %(east)s
GROUP BY floor((i.latitude - %(south)s) / %(tall)s * {DOWN}), floor((i.longitude - %(west)s) / %(wide)s * {ACROSS})
ORDER BY 1 DESC, 2, 3
"""  # noqa: S608 only constants of this module


@dataclass(frozen=True, slots=True)
class Spot:
    """Items near each other: how many, the middle of them, and the box in which they lie."""

    items: int
    latitude: float
    longitude: float
    box: Box


def extent(case: Case) -> Box | None:
    """The box in which all places of a case lie; None where no item has one. One query."""
    with connection.cursor() as cursor:
        cursor.execute(EXTENT, {"case": case.pk})
        south, west, north, east = cursor.fetchone()
    return None if south is None else (south, west, north, east)


def nowhere(case: Case) -> int:
    """How many items say 0, 0, which is no place; counted no further than COUNTED. One query."""
    with connection.cursor() as cursor:
        cursor.execute(NOWHERE, {"case": case.pk, "most": COUNTED})
        return int(cursor.fetchone()[0])


def spots(case: Case, box: Box) -> list[Spot]:
    """What was taken in a box, the most at one spot first; at most (ACROSS + 1) times (DOWN + 1) spots. One query."""
    south, west, north, east = box
    values = {"south": south, "west": west, "north": north, "east": east}
    sizes = {"tall": max(north - south, 1e-9), "wide": max(east - west, 1e-9)}
    with connection.cursor() as cursor:
        cursor.execute(GATHERED, {"case": case.pk} | values | sizes)
        return [Spot(row[0], row[1], row[2], (row[3], row[4], row[5], row[6])) for row in cursor.fetchall()]
