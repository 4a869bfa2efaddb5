"""The filter of system calls: a BPF program made of syscalls.py, handed to the kernel directly. Runs in the jail.

libseccomp would do the same, but is a system library that a machine need not have. Source: linux/seccomp.h,
linux/filter.h, Documentation/userspace-api/seccomp_filter.rst.
"""

import ctypes
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from workbench.jail.syscalls import ALLOWED, ANSWERED, LIMITED, OWN_PROCESS, Limited

LOAD, JUMP_IF_EQUAL, JUMP_IF_AT_LEAST, AND, RETURN = 0x20, 0x15, 0x35, 0x54, 0x06  # BPF, all with a constant
KILL_PROCESS, ERRNO, ALLOW = 0x8000_0000, 0x0005_0000, 0x7FFF_0000  # SECCOMP_RET_*
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16  # bytes into struct seccomp_data
X32 = 0x4000_0000  # numbers from here on belong to a second set of calls of x86_64
SET_MODE_FILTER, GET_ACTION_AVAIL, ALL_THREADS = 1, 2, 1

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, constant


@dataclass(frozen=True, slots=True)
class Machine:
    """An architecture by its name in syscalls.py: its mark in every call, and the number of seccomp(2) itself."""

    name: str
    audit_arch: int
    seccomp: int


MACHINES = {
    "x86_64": Machine("x86_64", 0xC000_003E, 317),
    "aarch64": Machine("aarch64", 0xC000_00B7, 277),
}


def available() -> bool:
    """Whether this machine's kernel can filter calls and kill for a forbidden one, and we know its numbers."""
    machine = MACHINES.get(os.uname().machine)
    action = ctypes.c_uint32(KILL_PROCESS)
    return machine is not None and _seccomp(machine, GET_ACTION_AVAIL, 0, ctypes.addressof(action)) == 0


def load() -> None:
    """From here on, and for ever, every call outside syscalls.py is death. Needs NO_NEW_PRIVS; raises OSError."""
    machine = MACHINES[os.uname().machine]
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program(machine))
    buffer = ctypes.create_string_buffer(code, len(code))
    head = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer)))
    if _seccomp(machine, SET_MODE_FILTER, ALL_THREADS, ctypes.addressof(head)):
        raise OSError(ctypes.get_errno(), "the filter of system calls was refused")


def program(machine: Machine) -> list[Instruction]:
    """The whole filter; a foreign architecture and the x32 numbers die before anything is compared."""
    code: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (JUMP_IF_EQUAL, 1, 0, machine.audit_arch),
        (RETURN, 0, 0, KILL_PROCESS),
        (LOAD, 0, 0, NUMBER_AT),
        (JUMP_IF_AT_LEAST, 0, 1, X32),
        (RETURN, 0, 0, KILL_PROCESS),
    ]
    for number, rule in _rules(machine):
        code += [(JUMP_IF_EQUAL, 0, len(rule), number), *rule]
    return [*code, (RETURN, 0, 0, KILL_PROCESS)]


def _rules(machine: Machine) -> Iterator[tuple[int, list[Instruction]]]:
    """(number, what to do when it is called), those that decoding makes most first."""
    for call in ALLOWED:
        yield getattr(call, machine.name), [(RETURN, 0, 0, ALLOW)]
    for limited in LIMITED:
        yield getattr(limited.call, machine.name), _while_it_fits(limited)
    for answered in ANSWERED:
        yield getattr(answered.call, machine.name), [(RETURN, 0, 0, ERRNO | answered.error)]


def _while_it_fits(limited: Limited) -> list[Instruction]:
    """Compare the argument's low and high half, each where the mask asks for it."""
    at = ARGUMENTS_AT + 8 * limited.argument
    wanted = os.getpid() if limited.value == OWN_PROCESS else limited.value
    code: list[Instruction] = []
    for offset, shift in ((0, 0), (4, 32)):
        mask, value = limited.mask >> shift & 0xFFFF_FFFF, wanted >> shift & 0xFFFF_FFFF
        if mask:
            code += [(LOAD, 0, 0, at + offset), (AND, 0, 0, mask), (JUMP_IF_EQUAL, 1, 0, value)]
            code += [(RETURN, 0, 0, KILL_PROCESS)]
    return [*code, (RETURN, 0, 0, ALLOW)]


def _seccomp(machine: Machine, operation: int, flags: int, address: int) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result: int = libc.syscall(
        ctypes.c_long(machine.seccomp), ctypes.c_uint(operation), ctypes.c_uint(flags), ctypes.c_void_p(address)
    )
    return result
