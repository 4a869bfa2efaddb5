"""A database of its own for a measurement: the product's own servers on an empty data folder, as in use.

And what calls and statements cost there, of this process and of the PostgreSQL backend that serves it.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.figures import cpu_seconds


@contextmanager
def fresh() -> Iterator[Path]:
    """Have empty servers run inside the block, Django set up against them as the role `app`."""
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    folder = Path(tempfile.mkdtemp(prefix="winnow-bench-"))
    os.environ["WINNOW_DATA"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "workbench.settings"
    import django

    from workbench.launcher import prepare, servers

    try:
        with servers.in_use(lambda _text: None, die_with_parent=True):
            prepare.migrate()
            django.setup()
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def analyze() -> None:
    """Gather the statistics that autovacuum has gathered wherever a product runs; the owner's work, not the app's."""
    import psycopg

    from workbench.launcher import addresses

    with psycopg.connect(addresses.superuser_url(addresses.DATABASE), autocommit=True) as connection:
        connection.execute("ANALYZE")


def in_a_node(module: str, items: int) -> dict[str, float]:
    """The figures that `python -m MODULE ITEMS` prints as JSON: a process and a node of its own."""
    done = subprocess.run([sys.executable, "-m", module, str(items)], check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def cpu_ms(act: Callable[[], object]) -> float:
    """Milliseconds of CPU for one call, of this process and of the backend that it speaks to."""
    began, served = cpu_seconds(), backend_ms()
    act()
    return (cpu_seconds() - began) * 1000 + backend_ms() - served


def backend_ms() -> float:
    """Milliseconds of CPU of the backend so far; 0 without a connection."""
    from django.db import connection

    process = connection.connection.info.backend_pid if connection.connection else 0
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e6 if process else 0.0


class Statements:
    """What the statements of a block that begin as told cost by a clock of milliseconds: an execute wrapper."""

    def __init__(self, begins: str, clock: Callable[[], float]) -> None:
        self.begins, self.clock, self.costs = begins, clock, list[float]()

    @property
    def ms(self) -> float:
        """Of all of them; that none came means that nothing was measured, which is an error."""
        if not self.costs:
            raise LookupError(f"No statement began with {self.begins!r}.")
        return sum(self.costs)

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.lstrip().startswith(self.begins):
            return execute(sql, params, many, context)
        began = self.clock()
        answer = execute(sql, params, many, context)
        self.costs.append(self.clock() - began)
        return answer
