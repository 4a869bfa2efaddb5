"""The embedded PostgreSQL: made once, started, watched and stopped as one process.

Over a Unix socket only, with checksums and the builtin C.UTF-8 locale; three roles with passwords:
the superuser (launcher and tests), `owner` (migrations) and `app` (everything else).
"""

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from workbench.launcher import addresses, keys, orphans, roles
from workbench.launcher.binaries import postgres_program
from workbench.launcher.errors import ServerDied
from workbench.launcher.identity import Identity, postgres_identity
from workbench.launcher.processes import Process, let_go, spawn, tail, wait_until_gone

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    # Nothing is replicated: what is loaded into a new table is written once, not into the log as well.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u ",
    "log_min_messages": "warning",
}
# What a crashed server leaves behind for a moment; starting again a little later works.
PASSING = ("pre-existing shared memory block", 'lock file "postmaster.pid" already exists', "is still in use")
PATIENCE_WITH_LEFTOVERS = 60  # seconds
STOP_PATIENCE = 60  # seconds; a fast shutdown writes a checkpoint
SAY_EVERY = 5  # seconds between two words about a long recovery

Say = Callable[[str], None]


def running() -> Process | None:
    """Return the server that runs on our data, whoever started it."""
    try:
        pid = int((_cluster() / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError, IndexError):
        return None
    process = Process.of(pid)
    return process if process.alive() and os.fsencode(_cluster()) in words else None


def start(say: Say, *, fsync: bool = True, die_with_parent: bool = False) -> Process:
    """Start the server if it does not run and return it once it answers.

    Makes the cluster, the roles and the database at the first start. Recovery after a crash may
    take long: it is waited for, and said. Raises ServerDied with the log's last lines.
    """
    identity = postgres_identity(_home(), postgres_program("postgres"))
    _create_cluster(identity, say)
    found = running()
    process = found or _launch(identity, fsync=fsync, die_with_parent=die_with_parent)
    process = _until_it_answers(process, lambda: _launch(identity, fsync=fsync, die_with_parent=die_with_parent), say)
    roles.ensure(
        addresses.superuser_url(),
        {role: keys.secret(addresses.data_dir(), f"database-{role}") for role in ("owner", "app")},
    )
    if found is None and (freed := orphans.remove(addresses.superuser_url(addresses.DATABASE), _cluster())):
        say(f"Removed {freed:,} bytes of tables that a crash left unfinished.")
    return process


def stop(process: Process) -> None:
    """Stop the server fast: open transactions are rolled back, everything committed is kept."""
    process.signal(signal.SIGINT)
    for stubborn in wait_until_gone([process], STOP_PATIENCE):
        stubborn.signal(signal.SIGQUIT)
    wait_until_gone([process], STOP_PATIENCE)


def _home() -> Path:
    return addresses.postgres_dir()


def _cluster() -> Path:
    return addresses.postgres_dir() / "data"


def _log() -> Path:
    return addresses.log_dir() / "postgres.log"


def _create_cluster(identity: Identity, say: Say) -> None:
    """Make an empty cluster, whole or not at all: a half-made one from a crash is thrown away."""
    addresses.made_private(addresses.data_dir())
    _give(addresses.made_private(_home()), identity)
    if (_cluster() / "PG_VERSION").exists():
        return
    say("Making the database (first start).")
    draft = _home() / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", dir=_home(), encoding="ascii") as password:
        password.write(keys.secret(addresses.data_dir(), "database-superuser"))
        password.flush()
        _give(Path(password.name), identity)
        _initdb(identity, draft, Path(password.name))
    draft.rename(_cluster())


def _initdb(identity: Identity, folder: Path, password: Path) -> None:
    command = identity.command(
        postgres_program("initdb"), "--pgdata", folder, "--username=postgres", f"--pwfile={password}",
        "--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8", "--locale-provider=builtin",
        "--locale=C.UTF-8", "--no-instructions",
    )  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, env=_environment(), check=False)
    if done.returncode != 0:
        raise ServerDied(f"PostgreSQL could not make its cluster in {folder.parent}:\n{done.stderr.strip()}")


def _give(path: Path, identity: Identity) -> None:
    if identity.uid is not None and identity.gid is not None:
        os.chown(path, identity.uid, identity.gid)


def _environment() -> dict[str, str]:
    """Return a small environment: PG* variables of the person's own must not reach the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _launch(identity: Identity, *, fsync: bool, die_with_parent: bool) -> Process:
    sockets = addresses.postgres_socket_dir()
    _give(sockets if sockets == _home() else addresses.private_socket_dir(sockets), identity)
    settings = SETTINGS | {"unix_socket_directories": str(sockets)}
    if not fsync:
        settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    options += shlex.split(os.environ.get("WINNOW_POSTGRES_OPTIONS", ""))
    command = identity.command(
        postgres_program("postgres"), "-D", _cluster(), *options,
        die_with_parent=signal.SIGINT if die_with_parent else 0,
    )  # fmt: skip
    return let_go(spawn(command, _log(), _environment()))


def _until_it_answers(process: Process, again: Callable[[], Process], say: Say) -> Process:
    """Poll until the server takes connections, starting it again when only leftovers stopped it."""
    began = said = time.monotonic()
    while not _answers():
        if not process.alive():
            if not _only_leftovers() or time.monotonic() - began > PATIENCE_WITH_LEFTOVERS:
                raise ServerDied(f"PostgreSQL did not start. The end of {_log()}:\n{tail(_log())}")
            time.sleep(1)
            process = running() or again()
        if time.monotonic() - said > SAY_EVERY:
            said = time.monotonic()
            say(f"PostgreSQL is not ready yet (recovering, perhaps): {tail(_log(), 1)}")
        time.sleep(0.05)
    return running() or process


def _only_leftovers() -> bool:
    return any(word in tail(_log()) for word in PASSING)


def _answers() -> bool:
    """Return whether a connection can be made; anything but "not yet" is an error of ours."""
    try:
        psycopg.connect(addresses.superuser_url(), connect_timeout=5).close()
    except psycopg.OperationalError as error:
        if "authentication failed" in str(error):
            raise ServerDied(
                f"PostgreSQL in {_home()} has another password than {addresses.data_dir() / 'keys'}: "
                "put the keys back that belong to it."
            ) from error
        return False
    return True
