"""Run a program as an ordinary user: `python -I namespace.py [OPTION VALUE]... -- PROGRAM ARGUMENT...`.

PostgreSQL refuses root and needs a passwd entry. With `--map UID` the program starts in a user
namespace where this user appears as UID: it keeps access to this user's own files and has no
privilege. With `--user UID:GID` root becomes that user for good. Standard library only; it
replaces itself, so the program keeps this process's id. Exit status 97: the kernel refused.
"""

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
REFUSED = 97


def enter_namespace(shown: int) -> None:
    """Enter a new user namespace in which the present user appears as `shown`."""
    uid, gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{shown} {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{shown} {gid} 1", encoding="ascii")


def become(uid: int, gid: int) -> None:
    """Give up root for another user."""
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def die_with_parent(signal_number: int) -> None:
    """Ask the kernel to send a signal when the parent ends; only the tests want that."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)


def main(arguments: list[str]) -> None:
    """Become the wanted user and turn into the program."""
    cut = arguments.index("--")
    options, program = arguments[:cut], arguments[cut + 1 :]
    wanted = dict(zip(options[::2], options[1::2], strict=True))
    try:
        if "--map" in wanted:
            enter_namespace(int(wanted["--map"]))
        if "--user" in wanted:
            uid, _, gid = wanted["--user"].partition(":")
            become(int(uid), int(gid))
    except OSError as error:
        print(error, file=sys.stderr)
        sys.exit(REFUSED)
    if "--die-with-parent" in wanted:
        die_with_parent(int(wanted["--die-with-parent"]))
    os.execv(program[0], program)  # noqa: S606 - the launcher's own program, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
