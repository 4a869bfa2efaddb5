"""Which layers this machine lends the jail, and on which terms the operator lets it work. Knows no Django.

Asked by the worker before it starts a decoder, by the decoder itself, and by pages that say what is missing.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from workbench.jail import landlock, seccomp

LANDLOCK, SECCOMP = "Landlock", "seccomp"
OWN_UID = 65530  # no account: above Debian's and systemd's ranges, below 65534 (nobody), inside a container's 65,536
NEEDED = (5, 6, 7)  # CAP_KILL to end a decoder of another user, CAP_SETGID, CAP_SETUID; linux/capability.h


@dataclass(frozen=True, slots=True)
class Terms:
    """The user of the decoders where we are root, and whether they may work although a layer is missing."""

    uid: int = OWN_UID
    incomplete_is_accepted: bool = False


USUAL = Terms()


def missing() -> tuple[str, ...]:
    """The layers that this machine's kernel does not offer, by name; () when the jail is complete."""
    offered = {LANDLOCK: landlock.version() > 0, SECCOMP: seccomp.available()}
    return tuple(name for name, is_there in offered.items() if not is_there)


def can_become(uid: int) -> bool:
    """Whether this process may start decoders as that user: it is root with the rights, and the number exists here."""
    return os.geteuid() == 0 and _is_capable() and all(_is_mapped(uid, kind) for kind in ("uid_map", "gid_map"))


def _is_capable() -> bool:
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    effective = int(status.partition("CapEff:")[2].split()[0], 16)
    return all(effective >> bit & 1 for bit in NEEDED)


def _is_mapped(number: int, kind: str) -> bool:
    """Whether a user namespace, such as a container's, knows the user or group."""
    lines = Path("/proc/self", kind).read_text(encoding="ascii").splitlines()
    ranges = [tuple(map(int, line.split())) for line in lines]
    return any(first <= number < first + count for first, _outside, count in ranges)
