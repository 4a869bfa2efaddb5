"""The processes `up` watches: web, worker, beat; each starts again, with back-off, when it dies."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from workbench.launcher import addresses, processes
from workbench.launcher.prepare import child_environment
from workbench.launcher.processes import Process

SETTLED = 30  # seconds a child must live for its back-off to be forgotten
LONGEST_WAIT = 10.0  # seconds between two attempts
PATIENCE = 10  # seconds between TERM and QUIT


@dataclass(slots=True)
class Child:
    """One kept process, started again when it dies."""

    name: str
    command: list[str]
    popen: subprocess.Popen[bytes] | None = None
    process: Process | None = None
    deaths: int = 0
    began: float = 0.0
    not_before: float = 0.0

    @property
    def log(self) -> Path:
        """Where it writes."""
        return addresses.log_dir() / f"{self.name}.log"

    def start(self) -> None:
        """Start it now."""
        self.popen = processes.spawn(self.command, self.log, child_environment())
        self.process = Process.of(self.popen.pid)
        self.began = time.monotonic()

    def watch(self) -> str:
        """Start it again when it is time; return a sentence when it has just died, else ""."""
        if self.popen is None:
            if time.monotonic() >= self.not_before:
                self.start()
            return ""
        status = self.popen.poll()
        if status is None:
            return ""
        return self._buried(status)

    def _buried(self, status: int) -> str:
        """Note the death, end what it left behind, and say when it starts again."""
        if self.process:
            self.process.signal_group(signal.SIGKILL)
        self.deaths = 1 if time.monotonic() - self.began > SETTLED else self.deaths + 1
        wait = min(LONGEST_WAIT, 2.0 ** (self.deaths - 1) - 1)
        self.not_before = time.monotonic() + wait
        self.popen = self.process = None
        reason = f"signal {-status}" if status < 0 else f"exit {status}"
        return f"The {self.name} process ended ({reason}); it starts again in {wait:.0f} s. See {self.log}"


def kept(bind: str, workers: int) -> list[Child]:
    """Return the children of the product, not yet started."""
    return [
        Child("web", gunicorn(bind)),
        Child("worker", _celery("worker", "--pool=prefork", f"--concurrency={workers}", "--without-gossip",
                                "--without-mingle", "--loglevel=INFO")),
        Child("beat", _celery("beat", f"--schedule={addresses.data_dir() / 'run' / 'beat'}", "--pidfile=",
                              "--loglevel=WARNING")),
    ]  # fmt: skip


def gunicorn(bind: str) -> list[str]:
    """The web server's command; `bench/request.py` measures the same."""
    in_memory = Path("/dev/shm")  # noqa: S108 - the heartbeat file must not wait for a slow disk
    folder = in_memory if os.access(in_memory, os.W_OK) else addresses.data_dir() / "run"
    return [
        sys.executable, "-m", "gunicorn", "workbench.wsgi:application", f"--bind={bind}", "--worker-class=gthread",
        "--workers=2", "--threads=4", "--timeout=120", "--graceful-timeout=8", "--no-control-socket", "--preload",
        f"--worker-tmp-dir={folder}", f"--chdir={addresses.CHECKOUT}", "--log-level=warning",
    ]  # fmt: skip


def _celery(*words: str) -> list[str]:
    return [sys.executable, "-m", "celery", f"--workdir={addresses.CHECKOUT}", "-A", "workbench", *words]


def record(children: list[Child]) -> None:
    """Write down which processes run, for the next `up` should this one be killed."""
    running = {child.name: [child.process.pid, child.process.started] for child in children if child.process}
    draft = _record().with_suffix(".new")
    draft.write_text(json.dumps(running), encoding="utf-8")
    draft.replace(_record())


def stop_leftovers() -> int:
    """Stop the children of an `up` that was killed; return how many there were."""
    try:
        noted = json.loads(_record().read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return 0
    left = [Process(int(pid), started) for pid, started in noted.values()]
    alive = [process for process in left if process.alive() or process.group_alive()]
    processes.stop(alive, signal.SIGTERM, PATIENCE, signal.SIGQUIT)
    return len(alive)


def stop(children: list[Child], patience: float = PATIENCE) -> None:
    """TERM everything, QUIT after `patience` seconds, then nothing of it is left."""
    running = [child.process for child in children if child.process]
    processes.stop(running, signal.SIGTERM, patience, signal.SIGQUIT)
    for child in children:
        if child.popen:
            child.popen.wait()


def _record() -> Path:
    return addresses.data_dir() / "run" / "children.json"
