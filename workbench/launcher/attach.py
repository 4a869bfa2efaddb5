"""For every command but `up`: use the servers that run, or have them run for this command alone."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

from workbench.launcher import addresses, prepare, servers
from workbench.launcher.errors import NoSuchCommand

# Commands that need no database, or bring their own.
STANDALONE = frozenset({
    "", "up", "help", "version", "check", "makemigrations", "collectstatic", "findstatic", "diffsettings",
    "makemessages", "compilemessages", "startapp", "startproject", "test", "testserver", "conformance",
})  # fmt: skip

STANDALONE_ACTS = frozenset({("hashset", "ask")})  # of commands that need one for all others

OWNERS = frozenset({"migrate", "sqlmigrate"})  # commands that make tables


@contextmanager
def attached_for(argv: Sequence[str]) -> Iterator[None]:
    """Have a database for the command of `argv` if it needs one."""
    command = argv[1] if len(argv) > 1 else ""
    if command in OWNERS:
        os.environ.setdefault("WINNOW_DATABASE_ROLE", "owner")
    if command.startswith("-") or _stands_alone(argv):
        yield
    else:
        _tell_the_address()
        _require_known(command)
        with attached():
            yield


@contextmanager
def attached() -> Iterator[None]:
    """Have PostgreSQL and Valkey run inside the block, prepared for the present code.

    Attaches to those that `manage.py up` or another command runs; otherwise starts them, and stops
    them afterwards unless somebody else uses them by then.
    """
    if os.environ.get("WINNOW_ATTACHED"):
        yield  # our starter holds the servers
        return
    signal.signal(signal.SIGTERM, _leave)
    with servers.in_use(say):
        if addresses.database_is_embedded() and (pending := prepare.pending()):
            prepare.migrate()
            _first_start()
            prepare.note(pending)
        yield


def _stands_alone(argv: Sequence[str]) -> bool:
    command = "".join(argv[1:2])
    return command in STANDALONE or tuple(argv[1:3]) in STANDALONE_ACTS or not {"--help", "-h"}.isdisjoint(argv)


def _require_known(command: str) -> None:
    """Raise NoSuchCommand before a database is made for a slip of the keyboard."""
    import django
    from django.core.management import get_commands

    django.setup()
    if command not in get_commands():
        raise NoSuchCommand(f"There is no command {command!r}. `manage.py help` lists them.")


def _tell_the_address() -> None:
    """Links that the command prints lead to the `up` that runs here, wherever it listens."""
    with suppress(OSError):
        note = (addresses.data_dir() / "run" / "up").read_text(encoding="utf-8").strip()
        if "//" in note:
            os.environ.setdefault("WINNOW_BIND", note.rpartition("//")[2])


def say(text: str) -> None:
    """Tell the person something that is not the command's result."""
    print(text, file=sys.stderr, flush=True)


def _first_start() -> None:
    """Make the first accounts; what it prints must not mix with the command's result."""
    if prepare.has_command("first_start"):
        words = prepare.command("first_start")
        subprocess.run(words, env=prepare.child_environment(), stdout=sys.stderr, check=True)


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
