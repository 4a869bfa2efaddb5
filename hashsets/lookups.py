"""Looks hashes up in the sets an agency uses; never shows a picture (ux.md, "Hash sets")."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from hashsets import events, kinds, near_lookup
from workbench import audit
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
# One statement per kind: the column is the index.
FIND = f"""
SELECT v.{{kind}}, {HIT}, '{{kind}}'
FROM hashsets_verdict v
JOIN hashsets_hashset s ON s.id = v.set_id
LEFT JOIN hashsets_category c ON c.scheme_id = s.scheme_id AND c.code = v.code
WHERE v.agency_id = %s AND v.{{kind}} = ANY(%s) AND v.in_force AND s.retired_at IS NULL
ORDER BY s.name, v.entry_id
"""  # noqa: S608 only constants of this module
# A near entry hides nothing, whatever the policy: its effect is 0.
FIND_NEAR = f"""
SELECT n.number, {HIT.replace("v.effect", "0")}, 'pdq', n.distance
FROM unnest(%s::int[], %s::bigint[], %s::bigint[], %s::int[]) AS n(number, set, entry, distance)
JOIN hashsets_verdict v ON v.set_id = n.set AND v.entry_id = n.entry AND v.agency_id = %s
JOIN hashsets_hashset s ON s.id = v.set_id
LEFT JOIN hashsets_category c ON c.scheme_id = s.scheme_id AND c.code = v.code
WHERE v.in_force ORDER BY n.distance, s.name, v.entry_id
"""  # noqa: S608 only constants of this module


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
    """One answer per line that is not blank, in order. One query per hash kind, two for PDQ. Raises TooMany."""
    answers, wanted = [], defaultdict[str, dict[bytes, list[Answer]]](lambda: defaultdict(list))
    for line in lines:
        if text := line.strip():
            answers.append(answer := Answer(text[:200]))
            _parse(answer, wanted)
        if len(answers) > MOST:
            raise TooMany
    for kind, asked in sorted(wanted.items(), key=lambda one: (one[0] == PDQ.id, one[0])):
        find = _find_near if kind == PDQ.id else _find
        for value, hit in find(agency_id, kind, list(asked)):
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


def _find(agency_id: int, kind: str, values: Sequence[bytes]) -> list[tuple[bytes, Hit]]:
    with connection.cursor() as cursor:
        cursor.execute(FIND.format(kind=kind), [agency_id, list(values)])
        return [(bytes(row[0]), Hit(*row[1:])) for row in cursor.fetchall()]


def _find_near(agency_id: int, _kind: str, values: Sequence[bytes]) -> list[tuple[bytes, Hit]]:
    found = near_lookup.near(agency_id, values)
    if not found:
        return []
    columns = [list(column) for column in zip(*found, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(FIND_NEAR, [*columns, agency_id])
        return [(values[row[0]], Hit(*row[1:])) for row in cursor.fetchall()]
