"""`manage.py store verify|gc`: whether the evidence store has what the tables name, and nothing else."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from cases import collecting, rehashing
from cases.commands import case_of
from cases.models import Case
from cases.rehashing import Found, Scope
from workbench import commands, permissions
from workbench.commands import Done, WinnowCommand
from workbench.models import Agency


class Command(WinnowCommand):
    """Verify the store, collect what is nobody's."""

    help = "The evidence store."

    def add_arguments(self, parser: CommandParser) -> None:
        """Two acts."""
        acts = self.acts(parser)
        verify = acts.add(
            "verify", self.verify, "Read again what the tables name; exit 1 if something is not as it was."
        )
        verify.add_argument("--agency", metavar="ID", help="default: every agency of this node")
        verify.add_argument("--case", metavar="NUMBER", help="only what is in a case")
        collect = acts.add("gc", self.collect, "Remove what no row names.")
        collect.add_argument("--dry-run", action="store_true", help="only count it")

    def verify(self, options: dict[str, Any]) -> Done:
        """Every content in scope, whatever was found before it."""
        found = Found()
        for scope in self._scopes(options["agency"], options["case"]):
            found.add(rehashing.verify_store(scope, by=self.by, progress=self._show))
        broken = found.missing + found.differing + found.unreachable
        sentence = (
            f"{found.checked:,} contents of {found.bytes:,} bytes read again, {broken:,} are not as they came in."
        )
        return Done(sentence, {"ok": found.is_whole} | asdict(found), found.differences)

    def collect(self, options: dict[str, Any]) -> Done:
        """All agencies."""
        self.require(permissions.STORE)
        gone = collecting.collect(by=self.by, dry_run=options["dry_run"])
        sentence = (
            f"{gone.blobs:,} blobs, {gone.previews:,} previews and the uploads of {gone.uploads:,} exhibits,"
            f" {gone.bytes:,} bytes, {'would be' if options['dry_run'] else 'were'} removed: no row names them."
        )
        return Done(sentence, asdict(gone) | {"dry_run": options["dry_run"]})

    def _scopes(self, agency: str | None, number: str | None) -> list[Scope]:
        if number:
            case: Case = case_of(number, "exhibit.verify", self.by)
            return [Scope(case.agency, case)]
        self.require(permissions.STORE)
        chosen = [commands.agency(agency)] if agency else Agency.objects.filter(is_local=True).order_by("pk")
        return [Scope(one) for one in chosen]

    def _show(self, done: int, of: int) -> None:
        self.progress(done, of, "contents")
