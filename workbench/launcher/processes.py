"""Processes known by id and start time, so that a reused id is never mistaken for an old process."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

POLL = 0.05  # seconds
LOG_LIMIT = 10 * 2**20  # bytes; a longer log is set aside as NAME.1 at the next start


@dataclass(frozen=True, slots=True)
class Process:
    """A process that may or may not still run."""

    pid: int
    started: str  # the kernel's start time in clock ticks; "" when unknown

    @classmethod
    def of(cls, pid: int) -> "Process":
        """Return the process that has this id now."""
        return cls(pid, _stat(pid)[1])

    def alive(self) -> bool:
        """Return whether it still runs; a zombie does not."""
        state, started = _stat(self.pid)
        return state not in {"", "Z", "X"} and started == self.started

    def signal(self, number: int) -> None:
        """Send a signal if it still runs."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def signal_group(self, number: int) -> None:
        """Send a signal to everything in the session this process leads, itself gone or not."""
        if _stat(self.pid)[1] in {"", self.started}:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def group_alive(self) -> bool:
        """Return whether anything of the session it led still runs."""
        return any(state != "Z" for state in _group_states(self.pid))


def _stat(pid: int) -> tuple[str, str]:
    """Return (state letter, start time) of a process, empty when there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", ""
    fields = text.rpartition(")")[2].split()
    return fields[0], fields[19]


def _group_states(group: int) -> list[str]:
    """Return the states of the processes whose group is `group`."""
    states = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            fields = text.rpartition(")")[2].split()
            if int(fields[2]) == group:
                states.append(fields[0])
    return states


def spawn(command: Sequence[str], log: Path, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, its output appended to `log`."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_name(f"{log.name}.1"))
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment,
        )


def wait_until_gone(processes: Sequence[Process], seconds: float) -> list[Process]:
    """Wait for the processes to end; return those that still run after `seconds`."""
    deadline = time.monotonic() + seconds
    left = [process for process in processes if process.alive()]
    while left and time.monotonic() < deadline:
        time.sleep(POLL)
        reap()
        left = [process for process in left if process.alive()]
    return left


def stop(processes: Sequence[Process], first: int, seconds: float, then: int = signal.SIGKILL) -> None:
    """Send `first`, after `seconds` `then`, at last SIGKILL to whatever is left of each session."""
    for process in processes:
        process.signal(first)
    for process in wait_until_gone(processes, seconds):
        process.signal(then)
    wait_until_gone(processes, seconds / 2)
    for process in processes:
        if process.group_alive():
            process.signal_group(signal.SIGKILL)
    wait_until_gone(processes, seconds)


def reap() -> None:
    """Collect ended children whose Popen object nobody keeps."""
    for child in list(_UNKEPT):
        if child.poll() is not None:
            _UNKEPT.remove(child)


_UNKEPT: list[subprocess.Popen[bytes]] = []


def let_go(child: subprocess.Popen[bytes]) -> Process:
    """Return the child as a Process that may outlive us."""
    _UNKEPT.append(child)
    return Process.of(child.pid)


def tail(log: Path, lines: int = 5) -> str:
    """Return the last lines of a log, "" when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
