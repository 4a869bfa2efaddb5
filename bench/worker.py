"""A Celery worker as in use, what one ingest through it costs in CPU, and how much memory it holds."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.processes import TICKS, cpu_seconds, own_cpu_seconds, own_memory, peaks, stat, trees


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
        if stat(worker_pid)[:1] in ([], ["Z"]):
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
        database = cpu_seconds(server)
        queue = own_cpu_seconds(worker_pid) + own_cpu_seconds(broker)
        return cpu_seconds(worker_pid) + database, _decoders_cpu(worker_pid), database, queue

    def since(self, files: int) -> Cost:
        total, decoders, database, queue = (now - before for now, before in zip(self._read(), self.before, strict=True))
        return Cost(total, decoders, database, queue, time.monotonic() - self.began, files)


def _decoders_cpu(root: int) -> float:
    """CPU seconds of the decoders below a worker; those that have ended are counted with the process that ran them."""
    used = 0
    for pid, fields in trees(root).items():
        used += sum(map(int, fields[11:15] if _is_decoder(pid) else fields[13:15]))
    return used / TICKS


def _is_decoder(pid: int) -> bool:
    with suppress(OSError):
        return b"jail" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def _largest(root: int) -> dict[str, float]:
    """The largest private memory now, in MiB, among worker processes and among decoders below a worker."""
    found = {"worker": 0.0, "decoder": 0.0}
    for pid in trees(root):
        what = "decoder" if _is_decoder(pid) else "worker"
        found[what] = max(found[what], own_memory(pid))
    return found


def memory_peaks(root: int) -> AbstractContextManager[dict[str, float]]:
    """Yield the most private memory of one worker process and of one decoder, in MiB, during the block."""
    return peaks(lambda: _largest(root))
