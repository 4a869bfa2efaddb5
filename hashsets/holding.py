"""Which of these digests do these sets hold: for whoever asks about sets, not about what an agency's policies say.

The mapped index of a set answers first; a miss costs PostgreSQL nothing. Small sets have none: PostgreSQL answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F

from hashsets.generations import in_force
from hashsets.index import building, shelf
from hashsets.models import Generation, HashSet

ROWS = f"""
SELECT a.set_id, e.{{kind}}, e.public_id, e.code, e.trust, e.id FROM {{asked}} WHERE {in_force("a.generation")}
ORDER BY a.place, e.id
"""  # noqa: S608 only constants of this module
BY_DIGEST = """unnest(%(sets)s::bigint[], %(generations)s::integer[]) WITH ORDINALITY AS a(set_id, generation, place)
JOIN hashsets_entry e ON e.set_id = a.set_id AND e.{kind} = ANY(%(digests)s)"""
BY_ENTRY = """unnest(%(sets)s::bigint[], %(generations)s::integer[], %(entries)s::bigint[], %(digests)s::bytea[])
  WITH ORDINALITY AS a(set_id, generation, entry, digest, place)
JOIN hashsets_entry e ON e.set_id = a.set_id AND e.id = a.entry AND e.{kind} = a.digest"""


@dataclass(frozen=True, slots=True)
class Held:
    """An entry in force that has a digest. `set_id` and `entry` are the rows' own ids."""

    set_id: int
    digest: bytes
    public_id: UUID
    code: str
    trust: str
    entry: int


def held(sets: Sequence[HashSet], kind: str, digests: Sequence[bytes]) -> list[Held]:
    """Entries of these sets, each at the version it names, that have one of the digests of a kind.

    At most three queries for any number of sets and digests.
    """
    if not sets or not digests:
        return []
    large = _large(sets)
    hits, rest = list[tuple[int, int, int, bytes]](), list[tuple[int, int]]()
    for one in sets:
        index = shelf.index(one.public_id, one.generation) if one.pk in large else None
        if index is None:
            rest.append((one.pk, one.generation))
            continue
        places, entries = index.search(kind, b"".join(digests))
        hits += [
            (one.pk, one.generation, int(entry), digests[place]) for place, entry in zip(places, entries, strict=True)
        ]
    found: list[Held] = []
    if hits:
        found += _read(BY_ENTRY, kind, ("sets", "generations", "entries", "digests"), hits)
    if rest:
        found += _read(BY_DIGEST, kind, ("sets", "generations"), rest, digests=list(digests))
    return found


def _large(sets: Sequence[HashSet]) -> set[int]:
    """Those that have an index of ours."""
    rows = Generation.objects.filter(set__in=[one.pk for one in sets], number=F("set__generation"))
    return set(rows.filter(entries__gte=building.SMALL).values_list("set", flat=True))


def _read(road: str, kind: str, names: Sequence[str], rows: Sequence[tuple[Any, ...]], **more: Any) -> list[Held]:
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    with connection.cursor() as cursor:
        cursor.execute(ROWS.format(kind=kind, asked=road.format(kind=kind)), columns | more)
        return [Held(row[0], bytes(row[1]), *row[2:]) for row in cursor.fetchall()]
