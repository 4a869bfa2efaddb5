"""Where the data lies and how to reach the database and the broker. Standard library only.

`DATABASE_URL`, `DATABASE_OWNER_URL` and `REDIS_URL` replace the embedded servers; without them
the addresses are Unix sockets below the data directory.
"""

import os
import stat
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from workbench.launcher import keys
from workbench.launcher.errors import DataUnreachable, LauncherError

Role = Literal["app", "owner"]

CHECKOUT = Path(__file__).resolve().parents[2]
DATABASE = "winnow"
LONGEST_SOCKET_PATH = 100  # bytes; the kernel refuses more than 107
POSTGRES_SOCKET = ".s.PGSQL.5432"


def data_dir() -> Path:
    """Return the absolute data directory: `WINNOW_DATA`, by default `var` in the checkout."""
    return Path(os.environ.get("WINNOW_DATA") or CHECKOUT / "var").expanduser().absolute()


def log_dir() -> Path:
    """Return where each process writes its log."""
    return data_dir() / "log"


def made_private(path: Path) -> Path:
    """Return `path`, made with mode 0700 if it was missing."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError
    except OSError as error:
        raise DataUnreachable(
            f"Winnow cannot write to {path}: use the user it belongs to, or set WINNOW_DATA to another folder."
        ) from error
    return path


def postgres_dir() -> Path:
    """Return the folder that belongs to PostgreSQL alone (cluster and socket)."""
    return data_dir() / "postgres"


def postgres_socket_dir() -> Path:
    """Return the folder of PostgreSQL's socket."""
    return socket_dir(postgres_dir(), POSTGRES_SOCKET)


def valkey_socket() -> Path:
    """Return the path of Valkey's socket."""
    return socket_dir(data_dir() / "valkey", "valkey.sock") / "valkey.sock"


def socket_dir(wanted: Path, name: str) -> Path:
    """Return `wanted`, or a short private folder in /tmp when the socket's path would be too long.

    The short one follows from the wanted path alone, so every process finds the same one.
    """
    if len(os.fsencode(wanted / name)) < LONGEST_SOCKET_PATH:
        return wanted
    digest = sha256(os.fsencode(wanted)).hexdigest()[:16]
    return Path("/tmp") / f"winnow-{os.getuid()}-{digest}"  # noqa: S108 - made and checked by private_socket_dir


def private_socket_dir(path: Path) -> Path:
    """Return `path`, made if missing; refuse a folder somebody else put there."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise DataUnreachable(f"{path} is not a private folder of this user: remove it and start again.")
    return path


def given(name: str) -> str:
    """Return the variable, or the content of the file that NAME_FILE points to (for secrets); "" for neither."""
    if file := os.environ.get(f"{name}_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise LauncherError(f"{name}_FILE cannot be read: {error.strerror}") from error
    return os.environ.get(name, "")


def database_is_embedded() -> bool:
    """Return whether our own PostgreSQL is used."""
    return not given("DATABASE_URL")


def broker_is_embedded() -> bool:
    """Return whether our own Valkey is used."""
    return not given("REDIS_URL")


def database_url(role: Role) -> str:
    """Return the URL of the database for a role, with its password."""
    if url := given("DATABASE_URL"):
        return (given("DATABASE_OWNER_URL") or url) if role == "owner" else url
    return embedded_url(role, keys.secret(data_dir(), f"database-{role}"), DATABASE)


def superuser_url(database: str = "postgres") -> str:
    """Return the URL of the embedded cluster's superuser: only the launcher and the tests use it."""
    return embedded_url("postgres", keys.secret(data_dir(), "database-superuser"), database)


def embedded_url(user: str, password: str, database: str) -> str:
    """Return a URL over the embedded cluster's socket."""
    return f"postgresql://{user}:{password}@/{database}?host={quote(str(postgres_socket_dir()))}&port=5432"


def django_database(role: Role) -> dict[str, Any]:
    """Return Django's `DATABASES` entry for a role."""
    url = urlsplit(database_url(role))
    if url.scheme not in {"postgresql", "postgres"}:
        raise LauncherError("DATABASE_URL must look like postgresql://user:password@host/name.")
    options: dict[str, Any] = dict(parse_qsl(url.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(url.hostname or "") or options.pop("host", ""),
        "PORT": str(url.port or options.pop("port", "")),
        "OPTIONS": options,
    }


def redis_url() -> str:
    """Return the address for redis-py and Django's cache (`unix:///...` when embedded)."""
    return given("REDIS_URL") or f"unix://{quote(str(valkey_socket()))}?db=0"


def broker_url() -> str:
    """Return the same address as Celery writes it (`redis+socket:///...` for a Unix socket)."""
    url = redis_url()
    if not url.startswith("unix://"):
        return url
    path, _, query = url.removeprefix("unix://").partition("?")
    number = dict(parse_qsl(query)).get("db", "0")
    return f"redis+socket://{path}?virtual_host={number}"
