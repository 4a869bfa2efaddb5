"""Looks hashes up in the sets an agency uses; never shows a picture (ux.md, "Hash sets")."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from hashsets import events, kinds
from workbench import audit
from workbench.errors import BadInput, WorkbenchError
from workbench.models import User

MOST = 10_000  # hashes at once; ux.md
STRONG_KINDS = {"sha256"}  # a lone MD5 or SHA-1 finds, but is weak; security.md 2.5

# One statement per kind: the column is the index.
FIND = """
SELECT v.{kind}, s.public_id, s.name, s.generation, v.code, c.id, v.disposition, v.trust,
  v.conflict OR v.state = 'disputed', v.effect, '{kind}'
FROM hashsets_verdict v
JOIN hashsets_hashset s ON s.id = v.set_id
LEFT JOIN hashsets_category c ON c.scheme_id = s.scheme_id AND c.code = v.code
WHERE v.agency_id = %s AND v.{kind} = ANY(%s) AND v.in_force AND s.retired_at IS NULL
ORDER BY s.name, v.entry_id
"""


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

    @property
    def strength(self) -> str:
        """Whether the hash alone identifies a file."""
        return "strong" if self.kind in STRONG_KINDS else "weak"

    def as_json(self) -> dict[str, Any]:
        """For scripts (commands.md)."""
        return {
            "set": self.set,
            "category": self.category,
            "kind": self.kind,
            "strength": self.strength,
            "distance": 0,
            "disposition": self.disposition,
            "trust": self.trust,
        }


@dataclass(slots=True)
class Answer:
    """One line and what is known of it. `problem` says why a line is no hash to look up."""

    hash: str
    kind: str = ""
    problem: str = ""
    hits: list[Hit] = field(default_factory=list)

    @property
    def known(self) -> bool:
        """Whether any set has it."""
        return bool(self.hits)

    def as_json(self) -> dict[str, Any]:
        """For scripts (commands.md)."""
        told: dict[str, Any] = {
            "hash": self.hash,
            "known": self.known,
            "matches": [hit.as_json() for hit in self.hits],
        }
        return told | ({"problem": self.problem} if self.problem else {})


class TooMany(BadInput):
    """At most 10,000 hashes at once."""

    code = "too-many"


def lookup(agency_id: int, lines: Iterable[str]) -> list[Answer]:
    """One answer per line that is not blank, in order. One query per hash kind. Raises TooMany."""
    answers, wanted = [], defaultdict[str, dict[bytes, list[Answer]]](lambda: defaultdict(list))
    for line in lines:
        if text := line.strip():
            answers.append(answer := Answer(text[:200]))
            _parse(answer, wanted)
        if len(answers) > MOST:
            raise TooMany
    for kind, asked in sorted(wanted.items()):
        for value, hit in _find(agency_id, kind, list(asked)):
            for answer in asked[value]:
                answer.hits.append(hit)
    return answers


@transaction.atomic
def ask(lines: Iterable[str], *, by: User) -> list[Answer]:
    """`lookup` for the person's agency, as one event: asking is disclosing (sharing.md section 2)."""
    answers = lookup(by.agency_id, lines)
    known = sum(answer.known for answer in answers)
    audit.record(events.SET_SEARCHED, by=by, on=by.agency, asked=len(answers), known=known)
    return answers


def _parse(answer: Answer, wanted: dict[str, dict[bytes, list[Answer]]]) -> None:
    kind = kinds.BY_LENGTH.get(len(answer.hash))
    if kind is None:
        answer.problem = "not an MD5, SHA-1 or SHA-256"
        return
    answer.kind = kind.id
    try:
        wanted[kind.id][kind.parse(answer.hash)].append(answer)
    except WorkbenchError as error:
        answer.problem = str(error)


def _find(agency_id: int, kind: str, values: Sequence[bytes]) -> list[tuple[bytes, Hit]]:
    with connection.cursor() as cursor:
        cursor.execute(FIND.format(kind=kind), [agency_id, list(values)])
        return [(bytes(row[0]), Hit(*row[1:])) for row in cursor.fetchall()]
