"""PostgreSQL and Valkey together: started by the first who needs them, stopped by the last.

Two locks in `WINNOW_DATA/run`: `servers` is held, shared, by everybody who uses the servers, and
`starting` by the one who starts or stops them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from workbench.launcher import addresses, postgres, valkey
from workbench.launcher.errors import LauncherError
from workbench.launcher.lock import FileLock
from workbench.launcher.postgres import Say


def ensure(say: Say, *, fsync: bool = True, die_with_parent: bool = False) -> None:
    """Start what is embedded and does not run; check that a database of the person's own answers."""
    with FileLock(addresses.made_private(addresses.data_dir()) / "run" / "starting"):
        if addresses.broker_is_embedded():
            valkey.start(die_with_parent=die_with_parent)
        if addresses.database_is_embedded():
            postgres.start(say, fsync=fsync, die_with_parent=die_with_parent)
        else:
            _check_external_database()


def stop() -> None:
    """Stop what is embedded and runs: Valkey first, PostgreSQL last."""
    with FileLock(addresses.data_dir() / "run" / "starting"):
        _stop()


def all_running() -> bool:
    """Return whether every embedded server's process is there."""
    return bool(
        (postgres.running() or not addresses.database_is_embedded())
        and (valkey.running() or not addresses.broker_is_embedded())
    )


@contextmanager
def in_use(say: Say, *, fsync: bool = True, die_with_parent: bool = False) -> Iterator[None]:
    """Have the servers run inside the block; the last user to leave stops them."""
    users = FileLock(addresses.made_private(addresses.data_dir()) / "run" / "servers")
    users.take(shared=True)
    try:
        ensure(say, fsync=fsync, die_with_parent=die_with_parent)
        yield
    finally:
        with FileLock(addresses.data_dir() / "run" / "starting"):
            if users.take(wait=False):
                _stop()
            users.release()


def _stop() -> None:
    broker, database = valkey.running(), postgres.running()
    if broker and addresses.broker_is_embedded():
        valkey.stop(broker)
    if database and addresses.database_is_embedded():
        postgres.stop(database)


def _check_external_database() -> None:
    try:
        psycopg.connect(addresses.database_url("app"), connect_timeout=10).close()
    except psycopg.Error as error:
        raise LauncherError(f"The database of DATABASE_URL does not answer: {str(error).strip()}") from error
