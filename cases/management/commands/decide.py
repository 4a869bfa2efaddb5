"""`manage.py decide`: one decision, as a script makes it."""

import re
from typing import Any

from django.core.management.base import CommandParser

from cases import decisions, standing
from cases.commands import case_of
from cases.models import Case, Content
from workbench.commands import Done, WinnowCommand
from workbench.errors import BadInput, NotFound


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
        content = content_of(case, options["sha256"])
        stands = standing.held([content.pk], case.scheme.scheme_id).get(content.pk)
        self.require("decision.supersede" if stands and stands.code else "batch.work")
        written = decisions.decide_content(
            case=case,
            content=content,
            code=options["code"],
            by=self.by,
            via="command",
            reason=options["reason"],
            viewed=options["viewed"],
        )
        sentence = f"Decided {options['code']} ({written.basis})."
        return Done(sentence, {"decision": written.public_id, "basis": written.basis})


def content_of(case: Case, sha256: str) -> Content:
    """The content of that digest in the case. Raises BadInput, NotFound."""
    if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise BadInput("A SHA-256 has 64 hex digits.")
    found = Content.objects.filter(agency=case.agency_id, sha256=bytes.fromhex(sha256), item__case=case).first()
    if found is None:
        raise NotFound(f"Case {case.number} has no picture or video with that SHA-256.")
    return found
