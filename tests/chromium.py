"""Chromium for the browser tests: Debian's own, installed by `make test` where it may.

As a program (`python -m tests.chromium`) it installs Chromium if it is missing and this user may.
"""

import os
import shutil
import subprocess
import sys

HOW = "Browser tests need Chromium: install it (Debian: apt-get install chromium) or set WINNOW_CHROMIUM to its path."
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def path() -> str | None:
    """Return the path of Chromium, None when there is none."""
    named = os.environ.get("WINNOW_CHROMIUM")
    return named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def flags() -> list[str]:
    """Return the command-line flags: no talk with the outside; no sandbox for root, who cannot have one."""
    return FLAGS + (["--no-sandbox"] if os.geteuid() == 0 else [])


def install() -> bool:
    """Install Debian's Chromium if this user may; return whether it is there afterwards."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", *words], env=environment, stdout=subprocess.DEVNULL, check=False)
    return path() is not None


if __name__ == "__main__" and path() is None and not install():
    print(HOW, file=sys.stderr)
