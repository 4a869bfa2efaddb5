"""`manage.py up`: start everything Winnow needs, watch it, and stop it on Ctrl-C."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from workbench.launcher import up


class Command(BaseCommand):
    """The launcher does it all; `manage.py` goes there straight, `call_command` and `help` come by here."""

    help = up.DESCRIPTION
    requires_system_checks: list[str] = []  # the database does not run yet

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options of commands.md."""
        up.add_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run until Ctrl-C."""
        up.Up(bind=options["bind"], workers=options["workers"], demo=options["demo"]).run()
