"""A database of its own for a measurement: the product's own servers on an empty data folder, as in use."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
