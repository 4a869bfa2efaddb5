"""A decoder that was taken over gets nowhere: every attempt is made from inside a locked jail (security.md 3.2).

Each attempt is made once more outside of it, where it succeeds, so that a refusal means something.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.workbench import jail_breakout
from workbench.jail import DecoderDied, Terms, landlock, layers, wire
from workbench.jail.layers import USUAL
from workbench.jail.process import Jail

VICTIM = """
import ctypes, sys
ctypes.CDLL(None).prctl(0x59616d61, ctypes.c_ulong(-1), 0, 0, 0)  # whoever may trace us, may: the jail must not
secret = ctypes.create_string_buffer(b"a key")
print(ctypes.addressof(secret), flush=True)
sys.stdin.read()
"""
INCOMPLETE = Terms(os.geteuid(), incomplete_is_accepted=True)  # the same user: whose files and processes these are
REFUSALS = ("PermissionError", "BlockingIOError", "OSError", "RuntimeError")


@pytest.fixture
def targets(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """What stands in reach of the process that tries: files, servers, and another process of the same user."""
    (tmp_path / "secret").write_text("a secret", encoding="utf-8")
    command = [sys.executable, "-c", VICTIM]
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as unix,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as victim,
    ):
        unix.bind(str(tmp_path / "socket"))
        unix.listen()
        assert victim.stdout
        yield {
            "secret": str(tmp_path / "secret"), "folder": str(tmp_path), "tcp": tcp.getsockname()[1],
            "unix": str(tmp_path / "socket"), "victim": victim.pid, "address": int(victim.stdout.readline()),
        }  # fmt: skip
        victim.kill()


@contextmanager
def breakout(mode: str, attempt: str, terms: Terms = USUAL) -> Iterator[Jail]:
    jail = Jail(f"{mode}/{attempt}", terms, module="tests.workbench.jail_breakout")
    try:
        jail.wait()
        yield jail
    finally:
        jail.end()


def tried(mode: str, attempt: str, targets: dict[str, Any], terms: Terms = USUAL) -> dict[str, Any]:
    """What the attempt got, was refused, or the signal it died of."""
    with breakout(mode, attempt, terms) as jail, Path(__file__).open("rb") as evidence:
        wire.send_descriptor(jail.sock, targets, evidence.fileno())
        try:
            return wire.receive(jail.sock, most=0)[0]
        except (wire.BrokenConversation, ConnectionResetError):
            return {"died": signal.Signals(-jail.process.wait())}


def is_refused(outcome: dict[str, Any]) -> bool:
    return outcome.get("died") == signal.SIGSYS or str(outcome.get("refused")).startswith(REFUSALS)


@pytest.mark.parametrize("attempt", jail_breakout.ATTEMPTS)
def test_no_attempt_from_inside_succeeds_that_does_outside(attempt: str, targets: dict[str, Any]) -> None:
    assert is_refused(tried("locked", attempt, targets))
    assert "got" in tried("free", attempt, targets)


def test_what_decoders_need_is_no_crime() -> None:
    """libde265 works in a thread; a library that gives up dies of that and not of the filter."""
    assert "got" in tried("locked", "start a thread", {})
    assert tried("locked", "give up", {}) == {"died": signal.SIGABRT}


@pytest.mark.parametrize("door", jail_breakout.DOORS)
def test_no_door_of_the_kernel_is_even_knocked_at(door: str) -> None:
    assert tried("locked", door, {}) == {"died": signal.SIGSYS}
    assert "got" in tried("free", door, {})


@pytest.mark.parametrize("attempt", ["read a file", "write a file", "remove a file", "list a folder", "run a program",
                                     "connect TCP", "kill the worker"])  # fmt: skip
def test_landlock_alone_refuses_files_network_and_signals(attempt: str, targets: dict[str, Any]) -> None:
    """What the running kernel's Landlock does not know yet, it cannot refuse: TCP since 4, signals since 6."""
    since = {"connect TCP": 4, "kill the worker": 6}.get(attempt, 1)
    outcome = tried("without-seccomp", attempt, targets, INCOMPLETE)
    assert is_refused(outcome) == (landlock.version() >= since)


@pytest.mark.parametrize("attempt", ["read a file", "connect TCP", "fork", "map memory that runs"])
def test_seccomp_alone_refuses_them_too(attempt: str, targets: dict[str, Any]) -> None:
    assert is_refused(tried("without-landlock", attempt, targets, INCOMPLETE))


@pytest.mark.parametrize("mode", ["without-landlock", "without-seccomp"])
def test_a_decoder_does_not_start_without_a_layer_that_nobody_did_without(mode: str) -> None:
    with pytest.raises(DecoderDied), breakout(mode, "fork"):
        pass


@pytest.mark.parametrize("terms", [USUAL, Terms(uid=70_001)])
def test_under_root_the_jail_is_another_user_without_groups_and_rights(terms: Terms) -> None:
    with breakout("locked", "fork", terms) as jail:
        status = Path(f"/proc/{jail.process.pid}/status").read_text()
    lines = {name: rest.split() for name, _, rest in (line.partition(":") for line in status.splitlines())}
    if layers.can_become(terms.uid):
        assert lines["Uid"] == lines["Gid"] == [str(terms.uid)] * 4
        assert (lines["Groups"], int(lines["CapPrm"][0], 16)) == ([], 0)
    else:
        assert lines["Uid"] == [str(os.geteuid())] * 4
    assert (lines["NoNewPrivs"], lines["Seccomp"], lines["Threads"]) == (["1"], ["2"], ["1"])


def test_the_jail_cannot_be_looked_into_by_its_own_user() -> None:
    with breakout("locked", "fork") as jail:
        assert Path(f"/proc/{jail.process.pid}/mem").stat().st_uid == 0
    assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 1  # while this process can: the test can fail


def test_the_ruleset_of_every_version_is_as_long_as_that_kernel_reads() -> None:
    sizes = [len(landlock.ruleset(version)) for version in range(1, 9)]
    assert sizes == [8, 8, 8, 16, 16, 24, 24, 24]
    assert landlock.ruleset(1) == (0x1FFF).to_bytes(8, "little")
    assert landlock.ruleset(8)[:8] == (0xFFFF).to_bytes(8, "little")
