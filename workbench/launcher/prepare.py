"""Bring the database to the present code: migrations as `owner`, static files, first accounts.

Run as a program (`python -m workbench.launcher.prepare`) it does the part that needs Django, in a
child whose settings use the owner role.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import psycopg
from psycopg import sql

from workbench.launcher import addresses
from workbench.launcher.addresses import CHECKOUT, DATABASE
from workbench.launcher.errors import StepFailed
from workbench.launcher.lock import FileLock

APPS = ("workbench", "hashsets", "cases")


def child_environment(**more: str) -> dict[str, str]:
    """Return the environment of our children: the servers run already."""
    return os.environ | {"WINNOW_ATTACHED": "1", "PYTHONUNBUFFERED": "1"} | more


def migrate() -> bool:
    """Migrate as `owner` and collect static files, unless this very code has done so before.

    Returns whether there was anything to do. Raises StepFailed with what the child said.
    """
    with FileLock(addresses.data_dir() / "run" / "preparing"):
        wanted = fingerprint()
        embedded = addresses.database_is_embedded()
        if embedded and prepared() == wanted:
            return False
        _migrate_in_child()
        if embedded:
            _note_prepared(wanted)
        return True


def _migrate_in_child() -> None:
    words = [sys.executable, "-m", "workbench.launcher.prepare"]
    environment = child_environment(WINNOW_DATABASE_ROLE="owner")
    done = subprocess.run(words, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StepFailed(f"The database could not be migrated:\n{done.stdout}{done.stderr}".rstrip())


def has_command(name: str) -> bool:
    """Return whether one of our apps has a management command called `name`."""
    return any((CHECKOUT / app / "management" / "commands" / f"{name}.py").exists() for app in APPS)


def command(*words: str) -> list[str]:
    """Return the command line of `manage.py WORDS`."""
    return [sys.executable, str(CHECKOUT / "manage.py"), *words]


def fingerprint() -> str:
    """Return a digest of everything that decides what migrating would do."""
    digest = sha256()
    for path in sorted(_sources()):
        status = path.stat()
        digest.update(f"{path.relative_to(CHECKOUT)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    yield from CHECKOUT.glob("*.lock")
    yield CHECKOUT / "workbench" / "settings.py"
    for app in APPS:
        yield from (CHECKOUT / app / "migrations").rglob("*.py")
        yield from (CHECKOUT / app).glob("schemes/*.json")
    yield from (path for path in (CHECKOUT / "static").rglob("*") if path.is_file())


def prepared() -> str:
    """Return the fingerprint of the code that migrated the database last, "" for none."""
    with psycopg.connect(addresses.superuser_url(DATABASE)) as connection:
        query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
        row = connection.execute(query, [DATABASE]).fetchone()
    return (row and row[0]) or ""


def _note_prepared(wanted: str) -> None:
    statement = sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(DATABASE), sql.Literal(wanted))
    with psycopg.connect(addresses.superuser_url(DATABASE)) as connection:
        connection.execute(statement)


def main() -> None:
    """Migrate and collect static files with the settings of the environment."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workbench.settings")
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    if settings.STATIC_ROOT:
        call_command("collectstatic", interactive=False, verbosity=0)


if __name__ == "__main__":
    main()
