"""`manage.py up`: start everything Winnow needs, watch it, and stop it on Ctrl-C."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from workbench.launcher.up import Up


class Command(BaseCommand):
    """Parse, run, and leave the rest to the launcher."""

    help = "Starts the database, the broker, web, worker and beat, and prints the address. Ctrl-C stops all."
    requires_system_checks: list[str] = []  # the database does not run yet

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options of commands.md."""
        parser.add_argument("--demo", action="store_true", help="load the harmless demo and print its sign-ins")
        parser.add_argument("--bind", default="", metavar="HOST:PORT", help="where to listen (127.0.0.1:8000)")
        parser.add_argument("--workers", type=int, default=0, metavar="N", help="worker processes (one a core)")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run until Ctrl-C."""
        Up(bind=options["bind"], workers=options["workers"], demo=options["demo"]).run()
