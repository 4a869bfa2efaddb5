"""`manage.py ingest NUMBER PATH --exhibit REF`: registers and processes evidence."""

import os
from getpass import getpass
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from cases import evidence, passwords, tasks
from cases.commands import case_of
from cases.ingest import BY_ID, pipeline, progress, sources
from cases.models import Exhibit
from workbench.commands import Done, WinnowCommand
from workbench.errors import BadInput


class Command(WinnowCommand):
    """See commands.md."""

    help = "Takes evidence into a case. Again with the same exhibit resumes, never doubles."

    def add_arguments(self, parser: CommandParser) -> None:
        """Case, path, exhibit, reader."""
        parser.add_argument("number", metavar="NUMBER")
        parser.add_argument("path", metavar="PATH")
        parser.add_argument("--exhibit", required=True, metavar="REF")
        parser.add_argument("--description", default="")
        parser.add_argument("--reader", choices=sorted(set(BY_ID) - {"upload"}), help="default: by what PATH is")
        parser.add_argument("--password", action="store_true", help="ask for the password of encrypted archives")
        parser.add_argument("--password-file", metavar="FILE", help="passwords of encrypted archives, one a line")
        parser.add_argument("--wait", action="store_true", help="stay until every file has its outcome")

    def run(self, options: dict[str, Any]) -> Done:
        """Add the exhibit; with --wait stay, and do the work where no worker does."""
        given = _passwords(options)
        source = os.fsencode(os.path.abspath(options["path"]))  # noqa: PTH100 bytes, and no link resolved
        exhibit = evidence.add_exhibit(
            case=case_of(options["number"], "evidence.add", self.by),
            ref=options["exhibit"],
            reader_id=options["reader"] or self._chosen(source),
            source=source,
            description=options["description"],
            by=self.by,
        )
        if given:
            passwords.give(exhibit, passwords=given, by=self.by)
        if options["wait"]:
            exhibit = pipeline.drain(exhibit.pk, self._show)
        else:
            tasks.wake(exhibit.pk)
        return _answer(exhibit)

    def _chosen(self, source: bytes) -> str:
        """The reader that fits the path, told, since nobody named it."""
        found = sources.reader_for(source)
        self.say(f"Reading it as: {BY_ID[found].label}. Another one: --reader.")
        return found

    def _show(self, exhibit: Exhibit) -> None:
        self.progress(exhibit.seen - exhibit.pending - exhibit.hashed, exhibit.seen, "files")


def _passwords(options: dict[str, Any]) -> list[str]:
    """From a prompt or a file, never from the command line, which every process can read. Raises BadInput."""
    given = [getpass("Password of the encrypted archives: ")] if options["password"] else []
    if options["password_file"]:
        try:
            given += Path(options["password_file"]).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"The passwords cannot be read: {error}.") from error
    return [password for password in given if password]


def _answer(exhibit: Exhibit) -> Done:
    fields = progress.fields(exhibit)
    figures = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in fields.items())
    held = exhibit.state in (Exhibit.State.PAUSED, Exhibit.State.CANCELLED, Exhibit.State.STOPPED)
    state = f"{exhibit} is {exhibit.get_state_display().lower()}: {exhibit.state_reason}."
    rejected = f"{exhibit.rejected:,} files were rejected; `manage.py problems {exhibit.case.number}` names each."
    return Done(f"{exhibit}: {figures}.", fields, [state] * held + [rejected] * bool(exhibit.rejected))
