"""Runs the checks one after the other; none stops another. PURE."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from types import ModuleType

import httpx

from hashsets.conformance.asking import Answer, Node
from hashsets.conformance.checking import CHECKS, Broken, Check, NotApplicable

KEPT = 2  # requests of a failed check that the report shows: the last ones


class Verdict(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A check and how it ended; `why` "" when it passed, `said` the last requests of one that failed."""

    check: Check
    verdict: Verdict
    why: str = ""
    said: list[Answer] = field(default_factory=list)


def run(node: Node, modules: tuple[ModuleType, ...]) -> Iterator[Outcome]:
    """Yield the outcome of every check of these modules, in their order."""
    for module in modules:
        for check in CHECKS[module.__name__]:
            node.said.clear()
            yield _outcome(node, check)


def _outcome(node: Node, check: Check) -> Outcome:
    try:
        check.act(node)
    except NotApplicable as why:
        return Outcome(check, Verdict.NOT_APPLICABLE, str(why))
    except Broken as why:
        return Outcome(check, Verdict.FAILED, str(why), node.said[-KEPT:])
    except (httpx.HTTPError, KeyError, TypeError, ValueError, AttributeError, IndexError) as why:
        told = f"the answer has another form: {type(why).__name__}: {str(why)[:200]}"
        return Outcome(check, Verdict.FAILED, told, node.said[-KEPT:])
    return Outcome(check, Verdict.PASSED)
