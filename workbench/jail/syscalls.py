"""PURE: the system calls that decoding needs, each group with the reason it is here. The filter kills for all others.

Found by tracing every codec and reader over the whole corpus (docs/decisions/0005-jail-layers.md). To add one, put it
into the group whose reason it shares, or write the reason of a new group, and let tests/workbench/test_jail_escapes.py
say whether the walls still hold. Numbers: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h.
"""

import errno
import mmap
from dataclasses import dataclass

WORD = 0xFFFF_FFFF  # descriptors and flags are 32 bits wide
POINTER = 0xFFFF_FFFF_FFFF_FFFF
OWN_PROCESS = -1  # stands for the number of the process that loads the filter
THREAD = 0x3D_0F00  # what glibc asks of clone for a thread: all is shared, so it lives in the same jail
SET_NAME = 15  # prctl: PR_SET_NAME


@dataclass(frozen=True, slots=True)
class Call:
    """A system call and its number on each architecture; None where there is no such call."""

    name: str
    x86_64: int | None
    aarch64: int | None


@dataclass(frozen=True, slots=True)
class Limited:
    """A call that may be made while `argument` (from 0), under `mask`, is `value`."""

    call: Call
    argument: int
    mask: int
    value: int


@dataclass(frozen=True, slots=True)
class Answered:
    """A call that is never made and answered with `error`, where an honest library lives with the answer."""

    call: Call
    error: int


ALLOWED = (
    # The evidence: the descriptor that came with the request is read, sought, measured and let go.
    Call("read", 0, 63),
    Call("pread64", 17, 67),
    Call("lseek", 8, 62),
    Call("fstat", 5, 80),
    Call("close", 3, 57),
    # The socket to the worker: requests come in. What goes out is limited below.
    Call("recvmsg", 47, 212),
    Call("recvfrom", 45, 207),
    # Memory: pictures are large. Nothing that could be run is ever mapped, see below.
    Call("brk", 12, 214),
    Call("munmap", 11, 215),
    Call("mremap", 25, 216),
    Call("madvise", 28, 233),
    # Locks inside the interpreter and the codecs, and the end of a wait that a stopped process was in.
    Call("futex", 202, 98),
    Call("sched_yield", 24, 124),
    Call("restart_syscall", 219, 128),
    Call("rt_sigreturn", 15, 139),
    # What glibc does around a thread; libde265, which decodes every iPhone's pictures, cannot do without one.
    Call("rt_sigaction", 13, 134),
    Call("rt_sigprocmask", 14, 135),
    Call("set_robust_list", 273, 99),
    Call("rseq", 334, 293),
    # Facts about this process: codecs ask how many processors they may use and for its number, Pillow for the
    # folder (always "/") when it saves.
    Call("sched_getaffinity", 204, 123),
    Call("getpid", 39, 172),
    Call("gettid", 186, 178),
    Call("getcwd", 79, 17),
    # Time and chance, where the kernel does not lend them without a call.
    Call("clock_gettime", 228, 113),
    Call("gettimeofday", 96, 169),
    Call("getrandom", 318, 278),
    # The end.
    Call("exit_group", 231, 94),
    Call("exit", 60, 93),
)

LIMITED = (
    # Answers go to the worker's socket, descriptor 0, and nowhere else.
    Limited(Call("sendmsg", 46, 211), 0, WORD, 0),
    Limited(Call("sendto", 44, 206), 0, WORD, 0),
    # No memory that could be run.
    Limited(Call("mmap", 9, 222), 2, mmap.PROT_EXEC, 0),
    Limited(Call("mprotect", 10, 226), 2, mmap.PROT_EXEC, 0),
    # Threads, and no processes; clone3 hides its flags from the filter and is answered below. Threads name themselves.
    Limited(Call("clone", 56, 220), 0, POINTER, THREAD),
    Limited(Call("prctl", 157, 167), 0, WORD, SET_NAME),
    # A codec that gives up ends this process, which is no forbidden call.
    Limited(Call("tgkill", 234, 131), 0, WORD, OWN_PROCESS),
    # py7zr asks how much memory it may use: asking only, a new limit may not be given.
    Limited(Call("prlimit64", 302, 261), 2, POINTER, 0),
)

ANSWERED = (
    # glibc up to 2.38 asks for the size of an open file by this call, which could as well ask about a path; the filter
    # cannot tell the two apart. Python and libtiff do without the answer.
    Answered(Call("newfstatat", 262, 79), errno.EACCES),
    # FFmpeg has glibc load tables for old character sets, libjxl counts processors: both do without.
    Answered(Call("openat", 257, 56), errno.EACCES),
    # Python asks whether a file is a terminal.
    Answered(Call("ioctl", 16, 29), errno.ENOTTY),
    # Libraries complain on standard error.
    Answered(Call("write", 1, 64), errno.EBADF),
    Answered(Call("writev", 20, 66), errno.EBADF),
    # glibc then asks by clone, whose flags can be seen.
    Answered(Call("clone3", 435, 435), errno.ENOSYS),
)
