"""`manage.py case create|status|check`: cases, where they stand, and whether the tables hold together."""

from typing import Any

from django.core.management.base import CommandParser

from cases import figures, investigations, shown
from cases.commands import case_of
from cases.ingest import integrity
from workbench import checks, commands
from workbench.commands import Done, WinnowCommand
from workbench.errors import NotAllowed


class Command(WinnowCommand):
    """Create a case, say where it stands, check it."""

    help = "Cases."

    def add_arguments(self, parser: CommandParser) -> None:
        """Three acts."""
        acts = self.acts(parser)
        create = acts.add("create", self.create, "Open a case.")
        create.add_argument("number")
        create.add_argument("--name", required=True)
        create.add_argument("--scheme", required=True, metavar="ID")
        create.add_argument("--agency", metavar="ID", help="default: the person's own")
        acts.add("status", self.status, "Where a case stands.").add_argument("number")
        check = acts.add("check", self.check_case, "Check the invariants; exit 1 lists what is broken.")
        check.add_argument("number", nargs="?", help="default: all cases")

    def create(self, options: dict[str, Any]) -> Done:
        """Open one in the person's agency."""
        self.require("case.create")
        if options["agency"] and commands.agency(options["agency"]).pk != self.by.agency_id:
            raise NotAllowed(f"{self.by.username} works for {self.by.agency.slug}. Use --as with one of its people.")
        case = investigations.create(
            number=options["number"], name=options["name"], scheme_id=options["scheme"], by=self.by
        )
        return Done(f"Case {case} opened under {case.scheme}.", {"case": case.number, "id": case.public_id})

    def status(self, options: dict[str, Any]) -> Done:
        """Its figures."""
        case = case_of(options["number"], "case.view", self.by)
        detailed = figures.detailed(case)
        now, images = detailed.figures, integrity.of_case(case)
        sentence = (
            f"{case}: {now.files:,} files, {now.unique:,} unique, {now.known:,} known, {now.unmatched:,} unmatched;"
            f" {now.decided:,} decided, {now.left:,} left, {now.to_confirm:,} to confirm;"
            f" {now.problems:,} problems, {now.pending:,} pending."
        ) + "".join(f" Disk image {image['exhibit']}: {shown.compared(image).lower()}." for image in images)
        return Done(sentence, {"case": case.number} | detailed.fields() | {"images": images})

    def check_case(self, options: dict[str, Any]) -> Done:
        """Every invariant of model.md section 5."""
        self.require("case.view")
        case = case_of(options["number"], "case.view", self.by) if options["number"] else None
        broken = checks.broken(case.pk if case else None)
        rows = [{"invariant": one.invariant, "what": one.what} for one in broken]
        rules = len({one.number for one in checks.invariants()})
        unwell = checks.unwell()
        sentence = f"{rules} invariants of {case or 'all cases'} checked: {len(rows)} rows broken."
        problems = [f"invariant {one.invariant}: {one.what}" for one in broken]
        return Done(" ".join([sentence, *unwell]), {"ok": not rows, "broken": rows, "health": unwell}, problems)
