"""As whom PostgreSQL runs: it refuses root, and `initdb` needs a passwd entry."""

import os
import pwd
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from workbench.launcher.errors import NobodyToRunAs

NOBODY = 65534
NAMESPACE = Path(__file__).with_name("namespace.py")


@dataclass(frozen=True, slots=True)
class Identity:
    """How to start a program so that PostgreSQL accepts its user."""

    options: tuple[str, ...] = ()
    uid: int | None = None  # files must belong to this user; None: the present one
    gid: int | None = None

    def command(self, *program: str | Path, die_with_parent: int = 0) -> list[str]:
        """Return the command line that runs `program` as this identity."""
        options = self.options + (("--die-with-parent", str(die_with_parent)) if die_with_parent else ())
        words = [str(word) for word in program]
        if not options:
            return words
        return [sys.executable, "-I", str(NAMESPACE), *options, "--", *words]


def postgres_identity(home: Path, program: Path) -> Identity:
    """Return as whom PostgreSQL can run with its data in `home`; raises NobodyToRunAs."""
    if os.geteuid() != 0 and _has_passwd_entry(os.geteuid()):
        return Identity()
    mapped = Identity(("--map", str(NOBODY)))
    if _works(mapped):
        return mapped
    if os.geteuid() != 0:
        raise NobodyToRunAs(
            f"User id {os.geteuid()} has no entry in /etc/passwd, which PostgreSQL needs: add one, or set DATABASE_URL."
        )
    return _unprivileged_user(home, program)


def _has_passwd_entry(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _works(identity: Identity) -> bool:
    """Return whether the kernel lets us be this identity."""
    probe = identity.command(sys.executable, "-I", "-S", "-c", "")
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def _unprivileged_user(home: Path, program: Path) -> Identity:
    """Return an existing user other than root who can reach both the data and the program."""
    home.parent.chmod(0o711)  # may be passed through, not looked into
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        identity = Identity(("--user", f"{entry.pw_uid}:{entry.pw_gid}"), entry.pw_uid, entry.pw_gid)
        probe = identity.command("/bin/sh", "-c", 'test -x "$0" && test -x "$1"', program, home.parent)
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            return identity
    raise NobodyToRunAs(
        "PostgreSQL refuses to run as root, this kernel refuses user namespaces, and no other user can reach "
        f"{home.parent}: start Winnow as an ordinary user, or set WINNOW_DATA to a folder outside /root."
    )
