"""`manage.py exhibit verify NUMBER REF`: whether an exhibit still is what came in."""

from typing import Any

from django.core.management.base import CommandParser

from cases import verifying
from cases.commands import case_of, exhibit_of
from workbench.commands import Done, WinnowCommand


class Command(WinnowCommand):
    """See commands.md."""

    help = "Exhibits of a case."

    def add_arguments(self, parser: CommandParser) -> None:
        """One act."""
        verify = self.acts(parser).add(
            "verify",
            self.verify,
            "Compare an exhibit with its seal, reading all its bytes again; exit 1 if it differs.",
        )
        verify.add_argument("number", metavar="NUMBER", help="number of the case")
        verify.add_argument("ref", metavar="REF", help="reference of the exhibit")

    def verify(self, options: dict[str, Any]) -> Done:
        """Everything, however long it takes."""
        case = case_of(options["number"], "exhibit.verify", self.by)
        exhibit = exhibit_of(case, options["ref"])
        verdict = verifying.verify(exhibit=exhibit, by=self.by, progress=self._show)
        found = verdict.found
        sentence = (
            f"{exhibit}: {verdict.files:,} files, {found.checked:,} different contents of {found.bytes:,} bytes read"
            f" again: {'all as sealed' if verdict.ok else 'not what was sealed'}."
        )
        return Done(sentence, verdict.fields, verdict.differences)

    def _show(self, done: int, of: int) -> None:
        self.progress(done, of, "contents")
