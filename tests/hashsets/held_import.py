"""`python -m tests.hashsets.held_import STATEMENT WORD...`: `manage.py WORD...` that stands still at a statement.

Says "here" on stdout before a statement that begins so is sent, and then waits for a line on stdin, or to be killed.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import django

from workbench.launcher.addresses import CHECKOUT


def begin(path: Path, moment: str) -> subprocess.Popen[str]:
    """`manage.py hashset import` into the set "Long" in a process of its own, which stands still at `moment`."""
    words = [sys.executable, "-m", "tests.hashsets.held_import", moment]
    words += ["hashset", "import", "Long", str(path), "--as", "supervisor"]
    environment = os.environ | {"WINNOW_ATTACHED": "1", "DJANGO_SETTINGS_MODULE": "workbench.settings"}
    return subprocess.Popen(
        words, cwd=CHECKOUT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def killed(path: Path, moment: str) -> None:
    """Begin an import and kill it where it stands still."""
    with begin(path, moment) as process:
        assert process.stdout
        try:
            assert process.stdout.readline() == "here\n", f"the import ended without a statement that begins {moment!r}"
        finally:
            process.kill()


def main(begins: str, words: list[str]) -> None:
    """Run the command, waiting before each statement that begins so."""
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    def stand_still(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(begins):
            print("here", flush=True)
            sys.stdin.readline()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(stand_still):
        call_command(*words)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
