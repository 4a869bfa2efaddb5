"""Secrets made at first start: one file each in `WINNOW_DATA/keys`, readable by the owner only."""

import os
import secrets
from pathlib import Path

from workbench.launcher.errors import DataUnreachable


def secret(data: Path, name: str) -> str:
    """Return the secret called `name`, made at random (256 bits) if it does not exist yet.

    Safe when two processes ask at once: both get the one that was written first.
    """
    path = data / "keys" / name
    try:
        if not path.exists():
            _create(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise DataUnreachable(
            f"The secret {path} cannot be read or made: use the user it belongs to, "
            "or set WINNOW_DATA to another folder."
        ) from error


def _create(path: Path) -> None:
    """Write a new secret whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # another process was first; its secret counts
    finally:
        draft.unlink()
