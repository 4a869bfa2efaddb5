"""The base of every command: acts as a person, answers in one sentence or one JSON object.

Exit codes: 0 done; 1 done, with problems listed; 2 wrong use or bad input, nothing changed.
"""

import json
import sys
import time
from argparse import SUPPRESS, ArgumentParser, _SubParsersAction
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from workbench import access, people, permissions
from workbench.errors import BadInput, WorkbenchError
from workbench.models import Agency, User
from workbench.visible import visible, visible_lines

PROGRESS_AFTER = 2.0  # seconds; what ends sooner needs no bar
PROGRESS_EVERY = 0.2  # seconds between two drawings


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did: a sentence for people, fields for scripts, and problems (exit code 1)."""

    sentence: str
    fields: dict[str, Any] | None = field(default_factory=dict)  # None: the answer was written line by line
    problems: list[str] = field(default_factory=list)


Run = Callable[[dict[str, Any]], Done]


class WinnowCommand(BaseCommand):
    """A command with `--as USER` and `--json`. Write `run`, or several acts with `acts`."""

    needs_person = True
    by: User
    run: Run  # does it; a WorkbenchError ends the command with its sentence and exit code 2

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Every command knows who acts and how to answer."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        _add_common(parser, as_user=people.OPERATOR, as_json=False)
        return parser

    def acts(self, parser: CommandParser) -> "Acts":
        """Begin the list of a command's acts (`case create`, `case status`)."""
        return Acts(parser.add_subparsers(dest="act", required=True, metavar="ACT"))

    def handle(self, *_args: Any, **options: Any) -> None:
        """Find the person, run, print the answer, exit with its code."""
        self._started, self._drawn = time.monotonic(), 0.0
        try:
            if options.get("needs_person", self.needs_person):
                self.by = person(options["as_user"])
            done = (options.get("run") or self.run)(options)
        except WorkbenchError as error:
            self._stop("\n".join([str(error), *error.details]), 2)
        self._answer(done, as_json=options["as_json"])

    def require(self, permission: str) -> None:
        """Raise NotAllowed unless the person may; who holds the machine (`operator`) runs the node."""
        if not (permission in permissions.OF_THE_NODE and self.by.username == people.OPERATOR):
            access.require(self.by, permission)

    def say(self, text: str) -> None:
        """A message on the way; never part of the answer."""
        self._end_progress()
        self.stderr.write(visible_lines(text), self.style.NOTICE)

    def progress(self, done: int, total: int, what: str = "") -> None:
        """Draw a progress bar on a terminal, from the third second on."""
        now = time.monotonic()
        if not sys.stderr.isatty() or now - self._started < PROGRESS_AFTER or now - self._drawn < PROGRESS_EVERY:
            return
        self._drawn = now
        share = min(done / total, 1.0) if total else 0.0
        bar = "#" * int(share * 30)
        sys.stderr.write(f"\r[{bar:<30}] {done:,} of {total:,} {visible(what)}\x1b[K")
        sys.stderr.flush()

    def _end_progress(self) -> None:
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            self._drawn = 0.0

    def _answer(self, done: Done, *, as_json: bool) -> None:
        self._end_progress()
        for problem in done.problems:
            self.stderr.write(visible(problem))
        told = done.fields is not None and json.dumps(done.fields, sort_keys=True, default=str)
        answer = told if as_json else visible_lines(done.sentence)
        if answer:
            self.stdout.write(answer)
        if done.problems:
            sys.exit(1)

    def _stop(self, sentence: str, code: int) -> None:
        self._end_progress()
        self.stderr.write(visible_lines(sentence))
        sys.exit(code)


class Acts:
    """The acts of one command; each parser takes `--as` and `--json` too."""

    def __init__(self, parsers: "_SubParsersAction[Any]") -> None:
        self._parsers = parsers

    def add(self, name: str, run: Run, means: str, **defaults: Any) -> ArgumentParser:
        """Add an act; returns its parser for more arguments. `needs_person=False`: it asks no database who acts."""
        parser: ArgumentParser = self._parsers.add_parser(name, help=means, description=means)
        parser.set_defaults(run=run, **defaults)
        _add_common(parser, as_user=SUPPRESS, as_json=SUPPRESS)
        return parser


def person(username: str) -> User:
    """The person of that sign-in name, to act as or to act on. Raises BadInput."""
    found = User.objects.filter(username=username, is_active=True).select_related("agency").first()
    if found is None:
        raise BadInput(f"There is no person {username!r} here. Add one with `manage.py person add`.")
    return found


def agency(slug: str) -> Agency:
    """The local agency of that id. Raises BadInput."""
    found = Agency.objects.filter(slug=slug, is_local=True).first()
    if found is None:
        raise BadInput(f"There is no agency {slug!r} here. Add it with `manage.py agency add`.")
    return found


def _add_common(parser: ArgumentParser, *, as_user: str, as_json: bool | str) -> None:
    parser.add_argument("--as", dest="as_user", metavar="USER", default=as_user, help="the person who acts")
    parser.add_argument(
        "--json", dest="as_json", action="store_true", default=as_json, help="answer with one JSON object"
    )
