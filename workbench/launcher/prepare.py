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


def pending() -> str:
    """Return "" when this very code has prepared the database before, else what to `note()` afterwards."""
    wanted = fingerprint()
    return "" if addresses.database_is_embedded() and _noted() == wanted else wanted


def migrate() -> None:
    """Migrate as `owner` and collect static files, in a child; raises StepFailed with what it said."""
    words = [sys.executable, "-m", "workbench.launcher.prepare"]
    environment = child_environment(WINNOW_DATABASE_ROLE="owner")
    with FileLock(addresses.data_dir() / "run" / "migrating"):
        done = subprocess.run(words, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StepFailed(f"The database could not be migrated:\n{done.stdout}{done.stderr}".rstrip())


def note(fingerprint: str) -> None:
    """Remember, in the database itself, by which code it was prepared."""
    if not addresses.database_is_embedded():
        return
    statement = sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(DATABASE), sql.Literal(fingerprint))
    with psycopg.connect(addresses.superuser_url(DATABASE)) as connection:
        connection.execute(statement)


def has_command(name: str) -> bool:
    """Return whether one of our apps has a management command called `name`."""
    return any((CHECKOUT / app / "management" / "commands" / f"{name}.py").exists() for app in APPS)


def command(*words: str) -> list[str]:
    """Return the command line of `manage.py WORDS`."""
    return [sys.executable, str(CHECKOUT / "manage.py"), *words]


def fingerprint(*, static: bool = True) -> str:
    """Return a digest of everything that decides what migrating (and collecting static files) would do."""
    digest = sha256()
    for path in sorted([*_sources(), *(_static() if static else [])]):
        status = path.stat()
        digest.update(f"{path.relative_to(CHECKOUT)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    yield from CHECKOUT.glob("*.lock")
    yield CHECKOUT / "workbench" / "settings.py"
    yield CHECKOUT / "workbench" / "launcher" / "roles.py"
    for app in APPS:
        for pattern in ("migrations/*.py", "models.py", "models/*.py", "apps.py", "schemes/*"):
            yield from (CHECKOUT / app).glob(pattern)


def _static() -> Iterator[Path]:
    return (path for name in ("static", "locale") for path in (CHECKOUT / name).rglob("*") if path.is_file())


def _noted() -> str:
    with psycopg.connect(addresses.superuser_url(DATABASE)) as connection:
        query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
        row = connection.execute(query, [DATABASE]).fetchone()
    return (row and row[0]) or ""


def main() -> None:
    """Migrate, collect static files and make the catalogs of languages with the settings of the environment."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workbench.settings")
    import django
    from django.conf import settings
    from django.core.management import call_command

    from workbench.translating import catalogs

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    if settings.STATIC_ROOT:
        call_command("collectstatic", interactive=False, verbosity=0)
    catalogs.make(settings.DATA_DIR)


if __name__ == "__main__":
    main()
