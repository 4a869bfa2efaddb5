"""Looks hashes up in the sets an agency uses; never shows a picture (ux.md, "Hash sets")."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from hashsets import events, kinds, near_lookup
from hashsets.index import building, shelf
from hashsets.index.searching import Index
from workbench import audit, prepared
from workbench.errors import BadInput, WorkbenchError
from workbench.models import User

PDQ = kinds.BY_ID["pdq"]
PREFIX = "pdq:"  # before 64 digits that are no SHA-256
MOST = 10_000  # hashes at once; ux.md
PURPOSE = 3, 200  # characters of a purpose, at least and at most
NOT_SAID = "a script, purpose not given"  # of a look-up by command without --purpose
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
WHERE (s.owner_id = %s OR s.reach = 'node') AND s.retired_at IS NULL ORDER BY s.id
"""
ANSWER = """
SELECT s.name, v.set_id, v.entry_id, v.{kind}, s.public_id, s.name, a.generation, v.code, c.id, v.disposition, v.trust,
  v.conflict OR v.state = 'disputed', v.effect, '{kind}'
FROM {asked}
JOIN hashsets_hashset s ON s.id = v.set_id
LEFT JOIN hashsets_category c ON c.scheme_id = s.scheme_id AND c.code = v.code
WHERE v.agency_id = %(agency)s::bigint AND v.added_in <= a.generation
  AND (v.removed_in IS NULL OR v.removed_in > a.generation)
"""
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


@dataclass(slots=True)
class Answer:
    """One line and what is known of it. `problem` says why a line is no hash to look up.

    `kind` is what the line was looked up as. 64 digits may be a SHA-256 or a PDQ, and are looked up as both.
    """

    hash: str
    kind: str = ""
    problem: str = ""
    hits: list[Hit] = field(default_factory=list)

    @property
    def known(self) -> bool:
        """Whether any set has it. One that only looks alike is told, and does not make it known."""
        return any(hit.kind != PDQ.id for hit in self.hits)

    def as_json(self) -> dict[str, Any]:
        """For scripts (commands.md)."""
        told: dict[str, Any] = {
            "hash": self.hash,
            "known": self.known,
            "matches": [hit.as_json() for hit in self.hits],
        }
        return told | ({"problem": self.problem} if self.problem else {})


class PurposeNeeded(BadInput):
    """Say in a few words what the look-up is for: asking is disclosing."""

    code = "purpose-needed"


class TooMany(BadInput):
    """At most 10,000 hashes at once."""

    code = "too-many"


def lookup(agency_id: int, lines: Iterable[str]) -> list[Answer]:
    """One answer per line that is not blank, in order. At most two queries per hash kind. Raises TooMany."""
    answers, wanted = [], defaultdict[str, dict[bytes, list[Answer]]](lambda: defaultdict(list))
    for line in lines:
        if text := line.strip():
            answers.append(answer := Answer(text[:200]))
            _parse(answer, wanted)
        if len(answers) > MOST:
            raise TooMany
    sets = _sets(agency_id) if wanted else []
    for kind, asked in sorted(wanted.items(), key=lambda one: (one[0] == PDQ.id, one[0])):
        near = kind == PDQ.id
        for value, hit in _find_near(agency_id, list(asked)) if near else _find(agency_id, kind, list(asked), sets):
            for answer in asked[value]:
                answer.hits.append(hit)
    return answers


@transaction.atomic
def ask(lines: Iterable[str], *, by: User, purpose: str = NOT_SAID) -> list[Answer]:
    """`lookup` for the person's agency, as one event: asking is disclosing (sharing.md section 2).

    Raises TooMany, PurposeNeeded.
    """
    why = stated(purpose)
    answers = lookup(by.agency_id, lines)
    known = sum(answer.known for answer in answers)
    audit.record(events.SET_SEARCHED, by=by, on=by.agency, asked=len(answers), known=known, purpose=why)
    return answers


def stated(purpose: str) -> str:
    """The purpose as it is logged. Raises PurposeNeeded."""
    text = " ".join(purpose.split())
    least, most = PURPOSE
    if not least <= len(text) <= most:
        raise PurposeNeeded
    return text


def _parse(answer: Answer, wanted: dict[str, dict[bytes, list[Answer]]]) -> None:
    text = answer.hash.removeprefix(PREFIX)
    kind = PDQ if text != answer.hash or "," in text else kinds.BY_LENGTH.get(len(text))
    if kind is None:
        answer.problem = "not an MD5, SHA-1, SHA-256 or PDQ"
        return
    answer.kind = kind.id
    try:
        wanted[kind.id][kind.parse(text)].append(answer)
        if kind is not PDQ and kind.size == PDQ.size:
            wanted[PDQ.id][PDQ.parse(text)].append(answer)
            answer.kind = f"{kind.id} or {PDQ.id}"
    except WorkbenchError as error:
        answer.problem = str(error)


def _sets(agency_id: int) -> list[Asked]:
    """The sets the agency uses, each with its index where it has one."""
    with connection.cursor() as cursor:
        cursor.execute(SETS, [agency_id])
        return [
            Asked(set_id, generation, shelf.index(public_id, generation) if entries >= building.SMALL else None)
            for set_id, public_id, generation, entries in cursor.fetchall()
        ]


def _find(agency_id: int, kind: str, digests: list[bytes], sets: Sequence[Asked]) -> list[tuple[bytes, Hit]]:
    """(digest, hit) in the order of the sets' names, then entries. A miss in an index costs PostgreSQL nothing."""
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
    return [(bytes(row[3]), Hit(*row[4:])) for row in sorted(found, key=lambda row: row[:3])]


def _find_near(agency_id: int, values: Sequence[bytes]) -> list[tuple[bytes, Hit]]:
    found = near_lookup.near(agency_id, values)
    if not found:
        return []
    columns = [list(column) for column in zip(*found, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(FIND_NEAR, [*columns, agency_id])
        return [(values[row[0]], Hit(*row[1:])) for row in cursor.fetchall()]


def _answer(road: str, kind: str) -> str:
    return ANSWER.format(asked=road.format(kind=kind), kind=kind)
