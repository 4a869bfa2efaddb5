"""`python -m tests.hashsets.held_import STATEMENT WORD...`: `manage.py WORD...` that stands still at a statement.

Says "here" on stdout before the first statement that begins so is sent, and then waits to be killed.
"""

import sys
import time
from typing import Any

import django


def main(begins: str, words: list[str]) -> None:
    """Run the command; never returns once the statement was reached."""
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    def stand_still(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(begins):
            print("here", flush=True)
            time.sleep(3600)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(stand_still):
        call_command(*words)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
