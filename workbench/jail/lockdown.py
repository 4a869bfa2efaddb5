"""What a jail gives up before it sees the first byte of evidence. The one place where layers are added.

Called in the jail's own process after every codec is warm: limits on memory, files and descriptors, no new
privileges, and death together with the worker. Landlock and the system call filter join `lock` later.
"""

import ctypes
import os
import resource
import signal
from pathlib import Path

MEMORY_ABOVE_BASELINE = 1 << 30  # bytes; a 256-megapixel still in four bytes a pixel just fits
DESCRIPTORS = 16
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38  # linux/prctl.h


def follow(parent: int) -> None:
    """Die when the worker dies; leave at once if it is already gone."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(0)


def lock() -> None:
    """Give up everything that decoding does not need; cannot be undone."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, DESCRIPTORS)
    _limit(resource.RLIMIT_AS, _address_space() + MEMORY_ABOVE_BASELINE)
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def _limit(what: int, most: int) -> None:
    resource.setrlimit(what, (most, most))


def _address_space() -> int:
    """Bytes of address space in use now, codecs and interpreter included."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl {option} was refused")
