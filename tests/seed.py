"""A migrated, stopped database kept from one test run to the next, for as long as the code behind it is the same.

It lies in `var/test-seed` of the checkout and may be deleted at any time; a fresh clone makes its own.
"""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from workbench.launcher import prepare
from workbench.launcher.addresses import CHECKOUT

FOLDER = CHECKOUT / "var" / "test-seed"
PARTS = ("keys", "postgres")
KEPT = 3  # seeds; several people may test several states of one checkout


def code() -> str:
    """Return the fingerprint of the code that decides what a migrated database looks like."""
    return prepare.fingerprint(static=False)


def planted(data: Path, fingerprint: str) -> bool:
    """Copy the seed for this code into `data`, keys and database that belong together; False if there is none."""
    try:
        for part in PARTS:
            shutil.copytree(FOLDER / fingerprint / part, data / part, symlinks=True)
    except OSError:  # none yet, or another run has just thrown it away
        for part in PARTS:
            shutil.rmtree(data / part, ignore_errors=True)
        return False
    return True


def folder(fingerprint: str) -> Path:
    """Return a data folder of its own for a product, migrated already where there is a seed; its name is short."""
    data = Path(tempfile.mkdtemp(prefix="winnow-live-"))
    planted(data, fingerprint)
    return data


def keep(data: Path, fingerprint: str) -> None:
    """Keep `data`, whose servers are stopped, as the seed of the code with this fingerprint."""
    if fingerprint != code():
        return  # somebody edited while we migrated
    draft = FOLDER / f".draft-{os.getpid()}"
    with contextlib.suppress(OSError):  # a checkout that is not ours to write in, or another run was first
        for part in PARTS:
            shutil.copytree(data / part, draft / part, symlinks=True)
        draft.rename(FOLDER / fingerprint)
        for old in sorted(FOLDER.glob("*"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)
    shutil.rmtree(draft, ignore_errors=True)
