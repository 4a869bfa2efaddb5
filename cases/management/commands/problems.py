"""`manage.py problems NUMBER`: one line per file that has a reason."""

import base64
from typing import Any

from django.core.management.base import CommandParser

from cases import problems
from cases.commands import case_of
from workbench.commands import Done, WinnowCommand


class Command(WinnowCommand):
    """See commands.md."""

    help = "Lists the files of a case that ended with a reason, and what became of them."

    def add_arguments(self, parser: CommandParser) -> None:
        """The case."""
        parser.add_argument("number", metavar="NUMBER")

    def run(self, options: dict[str, Any]) -> Done:
        """Every problem of the case, in the ledger's order."""
        case = case_of(options["number"], "problems.view", self.by)
        rows = list(problems.of(case))
        lines = [f"{row.exhibit}: {row.name}: {row.reason} ({row.outcome})" for row in rows]
        listed = [
            {
                "exhibit": row.exhibit,
                "name_b64": base64.b64encode(row.raw_path).decode(),
                "name": row.name,
                "reason": row.reason,
                "outcome": row.outcome,
            }
            for row in rows
        ]
        return Done("\n".join([*lines, f"{len(lines):,} files with a reason."]), {"problems": listed})
