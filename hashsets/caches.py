"""PURE: files that are made from PostgreSQL and may go at any time: in folders named after sets, below one root.

A file that is being made has a name of its own (`workbench.durable` gives it the other one), by which it is found
when whoever made it was killed.
"""

import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

TEMPORARY = "making-"  # how names begin that do not count yet
ABANDONED = 6 * 3600  # seconds after which a file that is being made has nobody who makes it


def draft(folder: Path) -> Path:
    """A free name in a set's folder, which is made where it is missing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(8)}"


def drop_drafts(folder: Path) -> None:
    """Remove what killed builders left. Only for the one builder of the set."""
    for path in entries(folder):
        if path.name.startswith(TEMPORARY):
            remove(path)


def sweep(root: Path, used: Iterable[UUID]) -> int:
    """Remove the folders of all other sets, and what killed builders left; returns how many were removed."""
    names = {str(one) for one in used}
    gone = [path for path in entries(root) if path.name not in names]
    oldest = time.time() - ABANDONED
    for name in names:
        gone += [path for path in entries(root / name) if path.name.startswith(TEMPORARY) and _older(path, oldest)]
    for path in gone:
        remove(path)
    return len(gone)


def remove(path: Path) -> None:
    """Remove a file, or a folder and all below it; one that is not there is fine. Links are removed, never followed."""
    if path.is_dir() and not path.is_symlink():
        for one in entries(path):
            remove(one)
        with suppress(OSError):
            path.rmdir()
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def entries(folder: Path) -> Iterator[Path]:
    """What lies in a folder, in order; nothing where there is none."""
    with suppress(FileNotFoundError, NotADirectoryError):
        yield from sorted(folder.iterdir())


def _older(path: Path, oldest: float) -> bool:
    with suppress(FileNotFoundError):
        return path.stat().st_mtime < oldest
    return False
