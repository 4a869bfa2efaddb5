"""A decoder that was taken over, for tests: `python -m tests.workbench.jail_breakout MODE/ATTEMPT PARENT UID TERMS`.

Started like the jail's own child. It locks itself as that does, says that it is ready, and then tries the one thing
it was told to: an attempt returns what it got away with, raises what it was refused, or dies of it. Mode `free` does
not lock at all, which shows that the attempt is real; `without-seccomp` and `without-landlock` lock all but that.
"""

import ctypes
import mmap
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.jail import child, landlock, lockdown, seccomp, wire
from workbench.jail.layers import Terms

GIVEN = {int(entry.name): str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.exists()}
LIBC = ctypes.CDLL(None, use_errno=True)
OWN = os.geteuid()
PIPE, PAIR = os.pipe(), socket.socketpair()
ROOM = mmap.mmap(-1, mmap.PAGESIZE)
TOLD = """
import socket
from workbench.jail import wire
wire.send(socket.socket(fileno=0), {"got": "another program"})
"""
# By architecture: doors of the kernel that have let decoders out elsewhere. Called with nonsense, they answer an error.
DOORS = {
    "x86_64": {
        "bpf": 321, "io_uring_setup": 425, "keyctl": 250, "kexec_load": 246, "memfd_create": 319, "mount": 165,
        "name_to_handle_at": 303, "open_by_handle_at": 304, "openat2": 437, "perf_event_open": 298, "personality": 135,
        "pidfd_getfd": 438, "pidfd_open": 434, "pkey_mprotect": 329, "process_vm_writev": 311, "setns": 308,
        "statx": 332, "unshare": 272, "userfaultfd": 323, "x32_read": 0x40000000,
    },
    "aarch64": {
        "bpf": 280, "io_uring_setup": 425, "keyctl": 219, "kexec_load": 104, "memfd_create": 279, "mount": 40,
        "name_to_handle_at": 264, "open_by_handle_at": 265, "openat2": 437, "perf_event_open": 241, "personality": 92,
        "pidfd_getfd": 438, "pidfd_open": 434, "pkey_mprotect": 288, "process_vm_writev": 271, "setns": 268,
        "statx": 291, "unshare": 97, "userfaultfd": 282,
    },
}[os.uname().machine]  # fmt: skip
NUMBERS = {"x86_64": {"ptrace": 101, "process_vm_readv": 310}, "aarch64": {"ptrace": 117, "process_vm_readv": 270}}
PTRACE_SEIZE = 0x4206

Targets = dict[str, Any]  # what the test put in reach: secret and folder (paths), tcp (port), unix (path), victim...


def call(number: int, *arguments: int) -> int:
    """The system call itself, past every library. Raises OSError."""
    result: int = LIBC.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"system call {number}")
    return result


def number(name: str) -> int:
    return NUMBERS[os.uname().machine][name]


def write_a_file(to: Targets) -> object:
    return os.open(f"{to['folder']}/made-by-the-jail", os.O_CREAT | os.O_WRONLY)


def connect_tcp(to: Targets) -> object:
    with socket.socket() as sock:
        return done(sock.connect, ("127.0.0.1", to["tcp"]))


def connect_unix(to: Targets) -> object:
    with socket.socket(socket.AF_UNIX) as sock:
        return done(sock.connect, to["unix"])


def run_a_program(_to: Targets) -> object:
    os.execv(sys.executable, [sys.executable, "-P", "-c", TOLD])


def fork(_to: Targets) -> object:
    return os.fork() or os._exit(0)


def read_memory_of_the_worker(to: Targets) -> object:
    """iovec of our own buffer, iovec of the other's: struct iovec is an address and a length."""
    got = ctypes.create_string_buffer(8)
    ours = (ctypes.c_size_t * 2)(ctypes.addressof(got), 8)
    theirs = (ctypes.c_size_t * 2)(to["address"], 8)
    call(number("process_vm_readv"), to["victim"], ctypes.addressof(ours), 1, ctypes.addressof(theirs), 1, 0)
    return got.value.decode()


def make_memory_run(_to: Targets) -> object:
    address = ctypes.addressof(ctypes.c_char.from_buffer(ROOM))
    if LIBC.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(mmap.PAGESIZE), mmap.PROT_READ | mmap.PROT_EXEC):
        raise OSError(ctypes.get_errno(), "mprotect")
    return "it runs"


def done(act: Callable[..., None], *arguments: Any) -> str:
    """For what answers nothing when it succeeds."""
    act(*arguments)
    return "done"


ATTEMPTS: dict[str, Callable[[Targets], object]] = {
    "read a file": lambda to: Path(to["secret"]).read_text(encoding="utf-8"),
    "write a file": write_a_file,
    "remove a file": lambda to: done(Path(to["secret"]).unlink),
    "list a folder": lambda to: [str(path) for path in Path(to["folder"]).iterdir()],
    "stat a path": lambda to: Path(to["folder"]).stat().st_mode,
    "stand in another folder": lambda to: done(os.chdir, to["folder"]),
    "read its own environment": lambda _to: Path("/proc/self/environ").read_bytes().decode(),
    "connect TCP": connect_tcp,
    "connect a Unix socket": connect_unix,
    "run a program": run_a_program,
    "fork": fork,
    "trace the worker": lambda to: call(number("ptrace"), PTRACE_SEIZE, to["victim"], 0, 0) or "traced",
    "read memory of the worker": read_memory_of_the_worker,
    "kill the worker": lambda to: done(os.kill, to["victim"], signal.SIGKILL),
    "map memory that runs": lambda _to: len(mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)),
    "make memory run": make_memory_run,
    "take three gigabytes": lambda _to: len(mmap.mmap(-1, 3 << 30)),
    "write to another descriptor": lambda _to: os.write(PIPE[1], b"out"),
    "send to another descriptor": lambda _to: PAIR[0].sendmsg([b"out"]),
    "copy a descriptor": lambda _to: os.dup(PIPE[1]),
    "take its user back": lambda _to: done(os.setresuid, OWN, OWN, OWN),
    "set a limit": lambda _to: done(resource.setrlimit, resource.RLIMIT_CORE, (0, 0)),
}  # fmt: skip


def door(name: str) -> object:
    """What the kernel says, be it an error: without the filter it is asked at all."""
    try:
        return call(DOORS[name], -1, 0, 0, 0, 0)
    except OSError as error:
        return f"the kernel answered {error.errno}"


def thread(_to: Targets) -> object:
    return done(threading.Thread(target=int).start)


def give_up(_to: Targets) -> object:
    return done(os.abort)


def census(_to: Targets) -> object:
    """What this process was given; asked of a free one, which can look."""
    leads = os.getsid(0) == os.getpid()
    return {"environment": sorted(os.environ), "held": GIVEN, "stands": str(Path.cwd()), "leads": leads}


PERMITTED: dict[str, Callable[[Targets], object]] = {"start a thread": thread, "give up": give_up, "census": census}


def _take_away(layer: str) -> None:
    """As on a machine whose kernel does not have it."""
    if layer == "seccomp":
        seccomp.available = lambda: False
    else:
        landlock.version = lambda: 0


def main(work: str, parent: int, terms: Terms) -> None:
    mode, _, attempt = work.partition("/")
    if mode.startswith("without-"):
        _take_away(mode.removeprefix("without-"))
    act = (ATTEMPTS | PERMITTED).get(attempt) or (lambda _to: door(attempt))
    sock = socket.socket(fileno=0)
    if mode != "free":
        lockdown.lock(parent, terms)
    wire.send(sock, {"ready": work})
    targets, _evidence = wire.receive_descriptor(sock)
    try:
        answer = {"got": act(targets)}
    except Exception as refusal:
        answer = {"refused": repr(refusal)}
    wire.send(sock, answer)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Terms(int(sys.argv[3]), sys.argv[4] == child.INCOMPLETE))
