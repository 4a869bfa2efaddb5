"""A Celery worker as in use, what one ingest through it costs in CPU, and how much memory it holds."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """One ingest: CPU seconds of worker, decoders and PostgreSQL, and some parts of them; seconds; files."""

    cpu: float
    decoders: float
    database: float
    queue: float  # the worker's first process, which only takes and hands out tasks, and Valkey
    wall: float
    files: int


@contextmanager
def worker(*, processes: int = 2) -> Iterator[int]:
    """Have a Celery worker with so many processes run inside the block; its process id."""
    from django.conf import settings

    settings.INGEST_TASKS = processes  # here too: who adds an exhibit opens its slots
    words = [sys.executable, "-m", "celery", "--quiet", "-A", "workbench", "worker", f"--concurrency={processes}"]
    words += ["--loglevel=ERROR", "--without-gossip", "--without-mingle"]
    environment = os.environ | {"WINNOW_ATTACHED": "1", "WINNOW_INGEST_TASKS": str(processes)}
    child = subprocess.Popen(words, env=environment, start_new_session=True)
    try:
        yield child.pid
    finally:
        child.terminate()
        child.wait(90)  # longer than the stint of a task, which it ends first


def case(name: str) -> tuple[Any, Any]:
    """A case of an agency that has seen nothing yet, and its lead."""
    from cases import investigations
    from workbench import people
    from workbench.models import Role

    agency = people.add_agency(slug=name, name=name)
    roles = {Role.INVESTIGATOR, Role.SUPERVISOR}
    lead = people.add_person(username=name, name=name, agency=agency, roles=roles)
    return investigations.create(number=name, name=name, scheme_id="landscapes-t1", by=lead), lead


def ingest(evidence: Path, worker_pid: int, name: str) -> Cost:
    """Take a folder into an agency that has seen nothing yet."""
    made, lead = case(name)
    return ingest_into(made, lead, "B-1", evidence, worker_pid)


def ingest_into(into: Any, lead: Any, ref: str, evidence: Path, worker_pid: int, *, reader: str = "folder") -> Cost:
    """Take evidence in from "add evidence" until the last file has its outcome."""
    from cases import evidence as exhibits
    from cases import tasks
    from workbench.celery import SWEEP_SECONDS
    from workbench.launcher import postgres, valkey

    database, broker = postgres.running(), valkey.running()
    assert database
    assert broker
    used = _Meter(worker_pid, database.pid, broker.pid)
    next_sweep = time.monotonic() + SWEEP_SECONDS
    exhibit = exhibits.add_exhibit(
        case=into, ref=ref, reader_id=reader, source=os.fsencode(evidence), by=lead, description=""
    )
    tasks.wake(exhibit.pk)
    while exhibit.state in ("listing", "running"):
        time.sleep(0.2)
        if _stat(worker_pid)[0] == "Z":
            raise RuntimeError("The worker has ended.")
        if time.monotonic() > next_sweep:  # beat's part, which is not measured
            tasks.sweep()
            next_sweep += SWEEP_SECONDS
        exhibit.refresh_from_db()
    if exhibit.state != "done":
        raise RuntimeError(f"the ingest of {evidence} is {exhibit.state}: {exhibit.state_reason}")
    return used.since(exhibit.seen)


class _Meter:
    """CPU and seconds from its making on."""

    def __init__(self, worker_pid: int, database: int, broker: int) -> None:
        self.pids = worker_pid, database, broker
        self.before, self.began = self._read(), time.monotonic()

    def _read(self) -> tuple[float, float, float, float]:
        worker_pid, server, broker = self.pids
        database = cpu(server)
        queue = own_cpu(worker_pid) + own_cpu(broker)
        return cpu(worker_pid) + database, decoders_cpu(worker_pid), database, queue

    def since(self, files: int) -> Cost:
        total, decoders, database, queue = (now - before for now, before in zip(self._read(), self.before, strict=True))
        return Cost(total, decoders, database, queue, time.monotonic() - self.began, files)


def cpu(root: int) -> float:
    """CPU seconds of a process and everything below it, what has ended included."""
    used = {pid: sum(map(int, fields[11:15])) for pid, fields in _below(root).items()}
    return sum(used.values()) / TICKS


def decoders_cpu(root: int) -> float:
    """CPU seconds of the decoders below a worker; those that have ended are counted with the process that ran them."""
    used = 0
    for pid, fields in _below(root).items():
        used += sum(map(int, fields[11:15] if _is_decoder(pid) else fields[13:15]))
    return used / TICKS


def _is_decoder(pid: int) -> bool:
    with suppress(OSError):
        return b"jail" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def own_cpu(pid: int) -> float:
    """CPU seconds of one process without its children."""
    return sum(map(int, _stat(pid)[11:13])) / TICKS


def private_mib(root: int) -> dict[str, float]:
    """The largest private memory now, in MiB, among worker processes and among decoders below a worker."""
    found = {"worker": 0.0, "decoder": 0.0}
    for pid in _below(root):
        with suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
            held = sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024
            what = "decoder" if _is_decoder(pid) else "worker"
            found[what] = max(found[what], held)
    return found


@contextmanager
def memory_peaks(root: int) -> Iterator[dict[str, float]]:
    """Yield the peaks of `private_mib` during the block, looked at five times a second."""
    peaks, over = private_mib(root), Event()

    def look() -> None:
        while not over.wait(0.2):
            for what, held in private_mib(root).items():
                peaks[what] = max(peaks[what], held)

    looking = Thread(target=look, daemon=True)
    looking.start()
    try:
        yield peaks
    finally:
        over.set()
        looking.join()


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()


def _below(root: int) -> dict[int, list[str]]:
    """The status fields of a process and everything below it, by process id."""
    stats: dict[int, list[str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                stats[int(entry.name)] = _stat(int(entry.name))
    return {pid: fields for pid, fields in stats.items() if _is_below(pid, root, stats)}


def _is_below(pid: int, root: int, stats: dict[int, list[str]]) -> bool:
    while pid and pid != root:
        pid = int(stats[pid][1]) if pid in stats else 0
    return pid == root
