"""`manage.py decide`: one decision, as a script makes it."""

from typing import Any

from django.core.management.base import CommandParser

from cases import decisions
from cases.commands import case_of
from workbench.commands import Done, WinnowCommand


class Command(WinnowCommand):
    """Decide one content of a case."""

    help = "Decide one content of a case; exact copies follow everywhere in the agency."

    def add_arguments(self, parser: CommandParser) -> None:
        """The case, the content, the category."""
        parser.add_argument("number", help="number of the case")
        parser.add_argument("sha256", help="SHA-256 of the content, 64 hex digits")
        parser.add_argument("code", help="code of the category in the case's scheme")
        parser.add_argument("--viewed", action="store_true", help="you looked at it: it may be published")
        parser.add_argument("--reason", default="", help="needed where a decision stands already")

    def run(self, options: dict[str, Any]) -> Done:
        """Write it, as the person."""
        case = case_of(options["number"], "case.view", self.by)
        written = decisions.decide_hash(
            case=case,
            sha256=options["sha256"],
            code=options["code"],
            by=self.by,
            via="command",
            reason=options["reason"],
            viewed=options["viewed"],
        )
        sentence = f"Decided {options['code']} ({written.basis})."
        return Done(sentence, {"decision": written.public_id, "basis": written.basis})
