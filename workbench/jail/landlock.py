"""Landlock: no file, no folder, no network, no signal and no abstract socket outside. Runs in the jail.

A ruleset that handles every right its kernel knows and grants none. Source: linux/landlock.h,
Documentation/userspace-api/landlock.rst; the three calls have the same numbers on every architecture.
"""

import ctypes
import os
import struct

CREATE_RULESET, RESTRICT_SELF = 444, 446
ASK_VERSION = 1
# By the version of the kernel's interface that brought them: how many rights there are, each one bit.
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}  # to run, write, read, list, remove, make; refer; truncate; ioctl
NETWORK_RIGHTS = {4: 2}  # to bind and to connect TCP
SCOPES = {6: 2}  # abstract sockets and signals stay inside


def version() -> int:
    """The version of the kernel's interface, from 1; 0 where there is no Landlock or it is switched off."""
    return max(0, _syscall(CREATE_RULESET, None, 0, ASK_VERSION))


def deny_all() -> None:
    """Give up every right that this kernel's Landlock can take. Needs NO_NEW_PRIVS and one thread; raises OSError."""
    attributes = ruleset(version())
    ruleset_fd = _syscall(CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset_fd < 0:
        raise OSError(ctypes.get_errno(), "Landlock refused the ruleset")
    try:
        if _syscall(RESTRICT_SELF, ruleset_fd, 0):
            raise OSError(ctypes.get_errno(), "Landlock refused to restrict this process")
    finally:
        os.close(ruleset_fd)


def ruleset(version: int) -> bytes:
    """struct landlock_ruleset_attr as that version knows it: eight bytes, then eight more in 4 and in 6."""
    fields = [_rights(FILE_RIGHTS, version)]
    fields += [_rights(rights, version) for rights in (NETWORK_RIGHTS, SCOPES) if version >= min(rights)]
    return struct.pack(f"{len(fields)}Q", *fields)


def _rights(counts: dict[int, int], version: int) -> int:
    """All the bits that `version` knows."""
    return (1 << max(count for since, count in counts.items() if since <= version)) - 1


def _syscall(number: int, *arguments: bytes | int | None) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result: int = libc.syscall(ctypes.c_long(number), *(_word(argument) for argument in arguments))
    return result


def _word(argument: bytes | int | None) -> ctypes.c_long | ctypes.c_char_p:
    return ctypes.c_long(argument) if isinstance(argument, int) else ctypes.c_char_p(argument)
