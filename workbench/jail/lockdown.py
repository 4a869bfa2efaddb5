"""What a jail gives up before it sees the first byte of evidence. The one place where layers are put on.

Called in the jail's own process after every codec is warm: another user, limits on memory, files and descriptors,
no new privileges, no look from outside, Landlock, the filter of system calls, and death together with
the worker.
"""

import ctypes
import os
import resource
import signal
from pathlib import Path

from workbench.jail import landlock, layers, seccomp
from workbench.jail.layers import Terms

MEMORY_ABOVE_BASELINE = 1 << 30  # bytes; a 256-megapixel still in four bytes a pixel just fits
DESCRIPTORS = 16
SEGMENTS = 4096  # descriptors of a process that reads a disk image, which may come in thousands of files
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38  # linux/prctl.h


class CannotBeLocked(Exception):
    """A layer is missing that the operator did not do without, or could not hold."""


def follow(parent: int) -> None:
    """Die when the worker dies; leave at once if it is already gone."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(0)


def lock(parent: int, terms: Terms, descriptors: int = DESCRIPTORS) -> None:
    """Give up everything but `descriptors` open files; cannot be undone. Raises CannotBeLocked, OSError."""
    missing = layers.missing()
    if missing and not terms.incomplete_is_accepted:
        raise CannotBeLocked(missing)
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        raise CannotBeLocked("Landlock would bind one thread of several")
    most_memory = _address_space() + MEMORY_ABOVE_BASELINE
    if layers.can_become(terms.uid):
        _become(terms.uid)
    follow(parent)  # again: the kernel forgets it when the user changes
    _limit_resources(most_memory, descriptors)
    _prctl(PR_SET_DUMPABLE, 0)
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    if layers.LANDLOCK not in missing:
        landlock.deny_all()
    if layers.SECCOMP not in missing:
        seccomp.load()


def _become(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _limit_resources(memory: int, descriptors: int) -> None:
    _soft, granted = resource.getrlimit(resource.RLIMIT_NOFILE)
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: descriptors if granted < 0 else min(descriptors, granted),
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_DATA: memory,  # py7zr takes this for what it may use, and else looks for it in a file
    }
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))


def _address_space() -> int:
    """Bytes of address space in use now, codecs and interpreter included."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl {option} was refused")
