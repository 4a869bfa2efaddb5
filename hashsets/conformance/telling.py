"""The report of a run: a page to read, and JSON for scripts. PURE."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from hashsets.conformance.running import Outcome, Verdict


def as_markdown(outcomes: Sequence[Outcome], *, of: str, at: str) -> str:
    """A page: a table of all checks, and behind it what was asked and answered where one failed."""
    counts = Counter(one.verdict for one in outcomes)
    told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict)
    rows = [f"| {one.check.clause} | {one.check.says} | {one.verdict} | {_cell(one.why)} |" for one in outcomes]
    failed = [one for one in outcomes if one.verdict is Verdict.FAILED]
    parts = [
        f"# Conformance of {of}",
        "",
        f"{at}. {told}. Clauses are those of [protocol.md](protocol.md).",
        "",
        "| Clause | The node | Outcome | Why |",
        "|---|---|---|---|",
        *rows,
        "",
    ]
    for one in failed:
        parts += [f"## {one.check.clause} {one.check.says}", "", one.why, ""]
        parts += [f"```\n{answer.shown()}\n```\n" for answer in one.said]
    return "\n".join(parts).rstrip() + "\n"


def as_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Numbers, and each check that did not pass."""
    counts = Counter(one.verdict for one in outcomes)
    return {
        "passed": counts[Verdict.PASSED],
        "failed": counts[Verdict.FAILED],
        "not_applicable": counts[Verdict.NOT_APPLICABLE],
        "checks": [
            {"clause": one.check.clause, "says": one.check.says, "outcome": str(one.verdict), "why": one.why}
            for one in outcomes
        ],
    }


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
