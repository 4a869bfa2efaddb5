"""`manage.py evidence compare|again|remove`: an exhibit that is in a case already."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from cases import again, comparing, removal, tasks
from cases.commands import case_of, exhibit_of
from cases.models import Exhibit
from workbench.commands import Done, WinnowCommand


class Command(WinnowCommand):
    """See commands.md."""

    help = "Exhibits that are in a case."

    def add_arguments(self, parser: CommandParser) -> None:
        """Three acts."""
        acts = self.acts(parser)
        compare = acts.add("compare", self.compare, "Compare the source with the ledger; exit 1 where it changed.")
        again_ = acts.add("again", self.again, "Try again what could not be read or shown.")
        remove = acts.add("remove", self.remove, "Remove an exhibit from its case.")
        for act in (compare, again_, remove):
            act.add_argument("number", metavar="NUMBER")
            act.add_argument("--exhibit", required=True, metavar="REF")
        remove.add_argument("--reason", required=True, metavar="TEXT")

    def compare(self, options: dict[str, Any]) -> Done:
        """By names, sizes and times; no file is read."""
        exhibit = self._exhibit(options)
        found = comparing.compare(exhibit, by=self.by)
        sentence = f"{exhibit}: {found.added:,} files added, {found.removed:,} removed, {found.changed:,} changed."
        problems = ["The source is not what was listed. Nothing of it was read again."] * bool(found)
        return Done(sentence, asdict(found), problems)

    def again(self, options: dict[str, Any]) -> Done:
        """Wakes workers, as the page does."""
        exhibit = self._exhibit(options)
        tried = again.try_again(exhibit, by=self.by)
        tasks.wake(exhibit.pk)
        sentence = (
            f"{exhibit}: {tried.files:,} files are read again, {tried.previews:,} previews made again,"
            f" {tried.missing:,} files looked for."
        )
        return Done(sentence, asdict(tried))

    def remove(self, options: dict[str, Any]) -> Done:
        """Done when the command ends, whether a worker runs or not."""
        exhibit = self._exhibit(options)
        removal.ask(exhibit, by=self.by, reason=options["reason"])
        tasks.wake_removal(exhibit.pk)
        removal.carry_out(exhibit.pk)
        exhibit.refresh_from_db()
        return Done(f"{exhibit} is {exhibit.get_state_display().lower()}.", {"state": exhibit.state})

    def _exhibit(self, options: dict[str, Any]) -> Exhibit:
        """The exhibit that the options name, if the person may control it. Raises NotFound, NotAllowed."""
        return exhibit_of(case_of(options["number"], "evidence.control", self.by), options["exhibit"])
