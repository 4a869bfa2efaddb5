"""The embedded Valkey: append-only file on, one Unix socket, no TCP."""

import contextlib
import os
import signal
import socket
import time
from pathlib import Path

from workbench.launcher import addresses
from workbench.launcher.binaries import valkey_program
from workbench.launcher.errors import ServerDied
from workbench.launcher.identity import Identity
from workbench.launcher.processes import Process, let_go, spawn, tail, wait_until_gone

STOP_PATIENCE = 20  # seconds


def running() -> Process | None:
    """Return the server that runs on our data, whoever started it."""
    try:
        pid = int(_pid_file().read_text(encoding="utf-8"))
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    process = Process.of(pid)
    return process if process.alive() and os.fsencode(addresses.valkey_socket()) in words else None


def start(*, die_with_parent: bool = False) -> Process:
    """Start the server if it does not run and return it once it answers; raises ServerDied."""
    folder = addresses.made_private(addresses.data_dir() / "valkey")
    path = addresses.valkey_socket()
    if path.parent != folder:
        addresses.private_socket_dir(path.parent)
    process = running() or let_go(spawn(_command(folder, die_with_parent), _log()))
    while not _answers(path):
        if not process.alive():
            raise ServerDied(f"Valkey did not start. The end of {_log()}:\n{tail(_log())}")
        time.sleep(0.02)
    return process


def stop(process: Process) -> None:
    """Stop the server; it writes its file first."""
    process.signal(signal.SIGTERM)
    for stubborn in wait_until_gone([process], STOP_PATIENCE):
        stubborn.signal(signal.SIGKILL)
    wait_until_gone([process], STOP_PATIENCE)


def _log() -> Path:
    return addresses.log_dir() / "valkey.log"


def _pid_file() -> Path:
    return addresses.data_dir() / "valkey" / "valkey.pid"


def _command(folder: Path, die_with_parent: bool) -> list[str]:
    settings = {
        "port": "0",
        "unixsocket": str(addresses.valkey_socket()),
        "unixsocketperm": "700",
        "dir": str(folder),
        "pidfile": str(_pid_file()),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    options = [word for name, value in settings.items() for word in (f"--{name}", value)]
    return Identity().command(valkey_program(), *options, die_with_parent=signal.SIGTERM if die_with_parent else 0)


def _answers(path: Path) -> bool:
    """Return whether the server takes commands; while it loads its file it says so and we wait."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(str(path))
        connection.sendall(b"PING\r\n")
        return connection.recv(64).startswith(b"+PONG")
    return False
