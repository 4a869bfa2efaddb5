"""What sets have of a hash: entries by their digest, from the mapped index or PostgreSQL, and by distance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from hashsets import kinds, near_lookup
from hashsets.generations import in_force
from hashsets.index import building, shelf
from hashsets.index.searching import Index
from workbench import prepared

PDQ = kinds.BY_ID["pdq"]
SHOWN = 20  # entries of one set that a hash is answered with
STRONG_KINDS = {"sha256"}  # a lone MD5 or SHA-1 finds, but is weak; security.md 2.5

HIT = """s.public_id, s.name, s.generation, v.code, c.id, v.disposition, v.trust,
  v.conflict OR v.state = 'disputed', v.effect"""
# A near entry hides nothing, whatever the policy: its effect is 0.
FIND_NEAR = f"""
SELECT n.number, {HIT.replace("v.effect", "0")}, 'pdq', n.distance
FROM unnest(%s::int[], %s::bigint[], %s::bigint[], %s::int[]) AS n(number, set, entry, distance)
JOIN hashsets_verdict v ON v.set_id = n.set AND v.entry_id = n.entry AND v.agency_id = %s
JOIN hashsets_hashset s ON s.id = v.set_id
LEFT JOIN hashsets_category c ON c.scheme_id = s.scheme_id AND c.code = v.code
WHERE v.in_force ORDER BY n.distance, s.name, v.entry_id
"""  # noqa: S608 only constants of this module
# What the agency may match against, with the version the answer is about.
SETS = """
SELECT s.id, s.public_id, s.generation, g.entries FROM hashsets_hashset s
JOIN hashsets_generation g ON g.set_id = s.id AND g.number = s.generation
WHERE (%s::bigint IN (s.owner_id, s.reader_id) OR s.reach = 'node') AND s.retired_at IS NULL ORDER BY s.id
"""
# Of each set the first SHOWN entries with a digest; beside the first, how many more there are.
ANSWER = f"""
SELECT name, set_id, entry_id, digest, CASE place WHEN 1 THEN greatest(number - {SHOWN}, 0) ELSE 0 END,
  public_id, name, generation, code, category, disposition, trust, disputed, effect, kind
FROM (SELECT s.name, v.set_id, v.entry_id, v.{{kind}} AS digest, s.public_id, a.generation, v.code, c.id AS category,
    v.disposition, v.trust, v.conflict OR v.state = 'disputed' AS disputed, v.effect, '{{kind}}' AS kind,
    row_number() OVER one AS place, count(*) OVER (PARTITION BY v.set_id, v.{{kind}}) AS number
  FROM {{asked}}
  JOIN hashsets_hashset s ON s.id = v.set_id
  LEFT JOIN hashsets_category c ON c.scheme_id = s.scheme_id AND c.code = v.code
  WHERE v.agency_id = %(agency)s::bigint AND {in_force("a.generation", "v")}
  WINDOW one AS (PARTITION BY v.set_id, v.{{kind}} ORDER BY v.entry_id)) found
WHERE place <= {SHOWN}
"""  # noqa: S608 only constants of this module
# By PostgreSQL's own index of the kind, in the sets that have none of ours.
BY_DIGEST = """
unnest(%(sets)s::bigint[], %(generations)s::integer[]) AS a(set_id, generation)
JOIN hashsets_verdict v ON v.set_id = a.set_id AND v.{kind} = ANY(%(digests)s)"""
# Of what our index found, those rows that have the whole digest.
BY_ENTRY = """
unnest(%(sets)s::bigint[], %(generations)s::integer[], %(entries)s::bigint[], %(each)s::bytea[])
  AS a(set_id, generation, entry, digest)
JOIN hashsets_verdict v ON v.set_id = a.set_id AND v.entry_id = a.entry AND v.{kind} = a.digest"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A set that is asked, at its version; `index` None where PostgreSQL answers."""

    set_id: int
    generation: int
    index: Index | None


@dataclass(frozen=True, slots=True)
class Hit:
    """One entry with the hash asked for. `effect`: 2 would close an item, 1 propose, 0 neither."""

    set_id: UUID
    set: str
    version: int
    category: str
    category_id: int | None
    disposition: str
    trust: str
    disputed: bool
    effect: int
    kind: str
    distance: int = 0  # bits of 256 that differ; of a PDQ

    @property
    def strength(self) -> str:
        """Whether the hash alone identifies a file, only finds it, or finds what looks alike."""
        if self.kind == PDQ.id:
            return "near"
        return "strong" if self.kind in STRONG_KINDS else "weak"

    def as_json(self) -> dict[str, Any]:
        """For scripts (commands.md)."""
        return {
            "set": self.set,
            "category": self.category,
            "kind": self.kind,
            "strength": self.strength,
            "distance": self.distance,
            "disposition": self.disposition,
            "trust": self.trust,
        }


Found = tuple[bytes, int, Hit]  # the digest, how many more the set has, and one of its entries


def asked(agency_id: int) -> list[Asked]:
    """The sets the agency uses, each with its index where it has one."""
    with prepared.cursor() as cursor:
        cursor.execute(SETS, [agency_id])
        return [
            Asked(set_id, generation, shelf.index(public_id, generation) if entries >= building.SMALL else None)
            for set_id, public_id, generation, entries in cursor.fetchall()
        ]


def exact(agency_id: int, kind: str, digests: list[bytes], sets: Sequence[Asked]) -> list[Found]:
    """In the order of the sets' names, then entries. A miss in an index costs PostgreSQL nothing."""
    hits = [
        (one.set_id, one.generation, int(entry), digests[place])
        for one in sets
        if one.index
        for place, entry in zip(*one.index.search(kind, b"".join(digests)), strict=True)
    ]
    rest = [(one.set_id, one.generation) for one in sets if not one.index]
    found: list[tuple[Any, ...]] = []
    if hits:
        columns = dict(zip(("sets", "generations", "entries", "each"), map(list, zip(*hits, strict=True)), strict=True))
        with prepared.cursor() as cursor:  # rows by key, however many: planning them took longer than reading them
            cursor.execute(_answer(BY_ENTRY, kind), columns | {"agency": agency_id})
            found += cursor.fetchall()
    if rest:
        columns = dict(zip(("sets", "generations"), map(list, zip(*rest, strict=True)), strict=True))
        with connection.cursor() as cursor:
            cursor.execute(_answer(BY_DIGEST, kind), columns | {"agency": agency_id, "digests": digests})
            found += cursor.fetchall()
    return [(bytes(row[3]), row[4], Hit(*row[5:])) for row in sorted(found, key=lambda row: row[:3])]


def near(agency_id: int, values: Sequence[bytes], *, turned: bool) -> list[Found]:
    """What looks alike, the nearest first; `turned`: the picture turned or mirrored, too."""
    found = near_lookup.near(agency_id, values, turned=turned)
    if not found:
        return []
    columns = [list(column) for column in zip(*found, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(FIND_NEAR, [*columns, agency_id])
        return [(values[row[0]], 0, Hit(*row[1:])) for row in cursor.fetchall()]


def _answer(road: str, kind: str) -> str:
    return ANSWER.format(asked=road.format(kind=kind), kind=kind)
