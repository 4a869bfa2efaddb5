"""Looks hashes up in the sets an agency uses; never shows a picture (ux.md, "Hash sets")."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop as noop

from hashsets import events, hits, kinds, pasted, withheld
from hashsets.hits import PDQ, Hit
from hashsets.pasted import PDQ_PREFIX, Pasted
from workbench import audit
from workbench.errors import BadInput, WorkbenchError
from workbench.models import User

MOST = 10_000  # hashes at once; ux.md
LONGEST = 200  # characters of a line
PURPOSE = 3, 200  # characters of a purpose, at least and at most
NOT_SAID = "a script, purpose not given"  # of a look-up by command without --purpose


@dataclass(slots=True)
class Answer:
    """One line and what is known of it. `problem` says why a line is no hash to look up.

    `hits`: of each set the first `hits.SHOWN` entries that have the digest, and the nearest; `more` is how many others
    have it. `kind` is what the line was looked up as. 64 digits may be a SHA-256 or a PDQ: they are looked up as the
    first and, when no set has that and they have a PDQ's shape, or turned ones are asked for, as the second, too.
    """

    hash: str
    kind: str = ""
    problem: str = ""
    hits: list[Hit] = field(default_factory=list)
    more: int = 0
    known: bool = False  # whether any set has it; one that only looks alike is told, and does not make it known

    def as_json(self) -> dict[str, Any]:
        """For scripts (commands.md)."""
        told: dict[str, Any] = {
            "hash": self.hash,
            "known": self.known,
            "matches": [hit.as_json() for hit in self.hits],
            "more": self.more,
        }
        return told | ({"problem": self.problem} if self.problem else {})


class PurposeNeeded(BadInput):
    """Say in a few words what the look-up is for: asking is disclosing."""

    code = "purpose-needed"


class TooMany(BadInput):
    """At most 10,000 hashes at once."""

    code = "too-many"


def lookup(agency_id: int, lines: Iterable[str], *, turned: bool = False) -> list[Answer]:
    """One answer per line that is not blank, in order; equal lines have one and the same.

    `turned`: what looks alike is also sought turned and mirrored, for eight times the cost (decision 0009). At most two
    queries per hash kind. Raises TooMany.
    """
    answers, distinct = list[Answer](), dict[str, Answer]()
    wanted = defaultdict[str, dict[bytes, list[Answer]]](lambda: defaultdict(list))
    for line in lines:
        if text := line.strip()[:LONGEST]:
            if (answer := distinct.get(text)) is None:
                answer = distinct[text] = Answer(text)
                _parse(answer, wanted, as_both=turned)
            answers.append(answer)
        if len(answers) > MOST:
            raise TooMany
    sets = hits.asked(agency_id) if wanted else []
    alike = wanted.pop(PDQ.id, {})
    for kind, asked in sorted(wanted.items()):
        _give(asked, hits.exact(agency_id, kind, list(asked), sets), known=True)
    alike = {value: left for value, all_ in alike.items() if (left := [one for one in all_ if not one.known])}
    if alike:
        _give(alike, hits.near(agency_id, list(alike), turned=turned), known=False)
    return answers


def _give(asked: dict[bytes, list[Answer]], found: Iterable[tuple[bytes, int, Hit]], *, known: bool) -> None:
    for value, more, hit in found:
        for answer in asked[value]:
            answer.hits.append(hit)
            answer.more += more
            answer.known |= known


@transaction.atomic
def ask(lines: Iterable[str], *, by: User, purpose: str = NOT_SAID, turned: bool = False) -> list[Answer]:
    """`lookup` for the person's agency, as one event: asking is disclosing (sharing.md section 2).

    Raises TooMany, PurposeNeeded.
    """
    why = stated(purpose)
    answers = lookup(by.agency_id, lines, turned=turned)
    _withhold(answers, by)
    known = sum(answer.known for answer in answers)
    audit.record(events.SET_SEARCHED, by=by, on=by.agency, asked=len(answers), known=known, purpose=why)
    return answers


def _withhold(answers: Iterable[Answer], by: User) -> None:
    """Take back what is not for this person now, and say so."""
    secret = withheld.of(by)
    for answer in answers if secret else ():
        if not secret.isdisjoint(_values(answer.hash)):
            answer.hits, answer.more, answer.known, answer.problem = [], 0, False, withheld.Withheld().english


def _values(text: str) -> set[bytes]:
    """The bytes that a line of hex digits stands for, if it is one."""
    digits = text.removeprefix(PDQ_PREFIX).split(",")[0].strip()
    return {bytes.fromhex(digits)} if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", digits) else set()


Row = tuple[Pasted, Answer]


def read(text: str) -> list[Pasted]:
    """What is in pasted text, hashes or not. Raises TooMany."""
    found = list(islice(pasted.read(text), MOST + 1))
    if len(found) > MOST:
        raise TooMany
    return found


def ask_read(found: list[Pasted], *, by: User, purpose: str = NOT_SAID, turned: bool = False) -> list[Row]:
    """`ask` about those that are hashes; each of all beside its answer. What is none was not asked, and has a problem.

    Raises PurposeNeeded.
    """
    answers = iter(ask([one.text for one in found if not one.problem], by=by, purpose=purpose, turned=turned))
    return [(one, Answer(one.text, problem=one.problem) if one.problem else next(answers)) for one in found]


def stated(purpose: str) -> str:
    """The purpose as it is logged. Raises PurposeNeeded."""
    text = " ".join(purpose.split())
    least, most = PURPOSE
    if not least <= len(text) <= most:
        raise PurposeNeeded
    return text


def _parse(answer: Answer, wanted: dict[str, dict[bytes, list[Answer]]], *, as_both: bool) -> None:
    text = answer.hash.removeprefix(PDQ_PREFIX)
    kind = PDQ if text != answer.hash or "," in text else kinds.BY_LENGTH.get(len(text))
    if kind is None:
        answer.problem = noop("not an MD5, SHA-1, SHA-256 or PDQ")
        return
    answer.kind = kind.id
    try:
        value = kind.parse(text)
        wanted[kind.id][value].append(answer)
        if kind is not PDQ and kind.size == PDQ.size and (as_both or PDQ.may_be(value)):
            wanted[PDQ.id][value].append(answer)
            answer.kind = f"{kind.id} or {PDQ.id}"
    except WorkbenchError as error:
        answer.problem = error.english
