"""Rows of the running product, for tests that compare them with what happened at the browser."""

import json
import os
import subprocess
import sys
from typing import Any

from tests import product
from workbench.launcher.addresses import CHECKOUT


def main() -> None:
    """Carry out the statement given as JSON [statement, values]; print its rows."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "workbench.settings"
    import django

    from workbench.launcher import attach

    with attach.attached():
        django.setup()
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(*json.loads(sys.argv[1]))
            sys.stdout.write(json.dumps(cursor.fetchall() if cursor.description else [], default=str))


def of(live: product.Product, statement: str, *values: Any) -> list[list[Any]]:
    """The rows of a statement, carried out as the role of the product."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.browser.rows", json.dumps([statement, values])],
        env=live.environment, cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: list[list[Any]] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
