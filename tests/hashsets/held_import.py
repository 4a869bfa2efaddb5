"""`python -m tests.hashsets.held_import STATEMENT WORD...`: `manage.py WORD...`, or a task, that is held.

Says "here" on stdout before a statement that begins so is sent, and then waits for a line on stdin, or to be killed.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import django

from workbench.launcher.addresses import CHECKOUT

RUN_PACKAGE = "run_package"  # in place of a command: the task


def begin(path: Path, moment: str) -> subprocess.Popen[str]:
    """`manage.py hashset import` into the set "Long" in a process of its own, which stands still at `moment`."""
    return _begin(moment, "hashset", "import", "Long", str(path), "--as", "supervisor")


def _begin(moment: str, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.hashsets.held_import", moment, *words]
    environment = os.environ | {"WINNOW_ATTACHED": "1", "DJANGO_SETTINGS_MODULE": "workbench.settings"}
    return subprocess.Popen(
        command, cwd=CHECKOUT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def killed(path: Path, moment: str) -> None:
    """Begin an import and kill it where it stands still."""
    _kill(begin(path, moment), moment)


def killed_worker(job_id: int, moment: str) -> None:
    """Run the job of a package as a worker does, in a process of its own, and kill it where it stands still."""
    _kill(_begin(moment, RUN_PACKAGE, str(job_id)), moment)


def _kill(begun: subprocess.Popen[str], moment: str) -> None:
    with begun as process:
        assert process.stdout
        try:
            assert process.stdout.readline() == "here\n", f"it ended without a statement that begins {moment!r}"
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
        if words[0] == RUN_PACKAGE:
            from hashsets import tasks

            tasks.run_package(int(words[1]))
        else:
            call_command(*words)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
