"""What a check is, and the three ways it may end. PURE."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashsets.conformance.asking import Node


class Broken(AssertionError):
    """The node does not keep the clause; the text says what it should have done, and what it did."""


class NotApplicable(Exception):
    """Cannot be asked of this node with these rights; the text says why."""


@dataclass(frozen=True, slots=True)
class Check:
    """`clause`: of docs/protocol.md; `says`: the clause in a few words."""

    clause: str
    says: str
    act: Callable[["Node"], None]


CHECKS: dict[str, list[Check]] = {}  # by module, in the order they stand there


def check(clause: str, says: str) -> Callable[[Callable[["Node"], None]], Callable[["Node"], None]]:
    """Enter a function as the check of a clause."""

    def entered(act: Callable[["Node"], None]) -> Callable[["Node"], None]:
        CHECKS.setdefault(act.__module__, []).append(Check(clause, says, act))
        return act

    return entered


def require(holds: object, what: str) -> None:
    """Raise Broken unless something holds."""
    if not holds:
        raise Broken(what)


def equal(found: object, wanted: object, what: str) -> None:
    """Raise Broken unless two values are the same."""
    if found != wanted:
        raise Broken(f"{what}: {str(found)[:200]!r}, expected {str(wanted)[:200]!r}")
