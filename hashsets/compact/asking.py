"""PURE: what a filter says of the hashes in a text, without a database or a network: nobody learns what was asked."""

from dataclasses import dataclass
from typing import Any

from hashsets import kinds, pasted
from hashsets.compact.reading import Filter
from hashsets.kinds import Digest
from hashsets.pasted import Pasted
from workbench.errors import WorkbenchError

NEW, PERHAPS = "certainly new", "perhaps known"


@dataclass(frozen=True, slots=True)
class Told:
    """A hash of the text, or a line without one, and what the filter says; "" where there is a problem."""

    asked: Pasted
    answer: str = ""
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """For scripts; docs/commands.md."""
        told = {"line": self.asked.line, "hash": self.asked.text, "answer": self.answer or None}
        more = {"name": self.asked.name, "problem": self.problem}
        return told | {name: value for name, value in more.items() if value}


def ask(of: Filter, text: str) -> list[Told]:
    """An answer for each hash of the text, and each line that holds none, in order; `pasted` tells what is read."""
    kind = kinds.DIGESTS[of.header.kind]
    found = [(one, *_value(one, kind)) for one in pasted.read(text)]
    may_hold = iter(of.may_hold(b"".join(value for _one, value, _problem in found)))
    return [
        Told(one, problem=problem) if problem else Told(one, PERHAPS if next(may_hold) else NEW)
        for one, _value, problem in found
    ]


def _value(one: Pasted, kind: Digest) -> tuple[bytes, str]:
    """The digest, or nothing and why."""
    if one.problem:
        return b"", one.problem
    try:
        if kinds.BY_LENGTH.get(len(one.text), kind) is not kind:
            return b"", f"the filter is of {kind.label} and says nothing of other hashes"
        return kind.parse(one.text), ""
    except WorkbenchError as error:
        return b"", error.english
