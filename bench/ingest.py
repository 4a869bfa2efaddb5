"""A whole ingest through the product, in CPU seconds, against the least Python that does the same job.

Counted: the Celery worker with its decoders, and PostgreSQL with its backends, from "add evidence" until the last
file has its outcome. The yardstick counts itself. Both take the same generated corpus, in turn.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Row
from bench.ground import fresh

REPEATS = 3
MUST = 1.6  # times the yardstick's CPU
TOOLS = Path(__file__).resolve().parents[2] / "shared" / "tools"
TICKS = os.sysconf("SC_CLK_TCK")


def run(*, full: bool) -> list[Row]:
    """2,000 files with `full`, else 300."""
    evidence = corpus("small" if full else "tiny") / "evidence"
    ours, bare = [], []
    with fresh(), worker() as pid:
        ingest(evidence, pid, "warm-up")  # both sides have their imports behind them
        for number in range(REPEATS):
            bare.append(yardstick(evidence))
            ours.append(ingest(evidence, pid, f"repeat-{number}"))
    cpu, wall, files = (statistics.median(column) for column in zip(*ours, strict=True))
    return [
        Row("ingest, CPU seconds", round(cpu, 2), round(statistics.median(bare), 2), must=MUST, of_ratio=True),
        Row("ingest, CPU ms a file", round(cpu / files * 1000, 2), round(statistics.median(bare) / files * 1000, 2)),
        Row("ingest, files a second by the wall, 2 worker processes", round(files / wall, 1)),
    ]


def corpus(scale: str) -> Path:
    """The generated seizure folder; kept in the temporary folder for the next time."""
    folder = Path(tempfile.gettempdir()) / f"winnow-bench-corpus-{scale}-1"
    if not (folder / "summary.json").exists():
        command = [sys.executable, str(TOOLS / "gen_corpus.py"), str(folder), "--scale", scale, "--seed", "1", "--full"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder


def yardstick(evidence: Path) -> float:
    """CPU seconds that the yardstick counts for itself."""
    with tempfile.NamedTemporaryFile("r", suffix=".jsonl") as out:
        command = [sys.executable, str(TOOLS / "bare_ingest.py"), str(evidence), "--full", "--out", out.name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return float(json.loads(out.readlines()[-1])["cpu_s"])


@contextmanager
def worker() -> Iterator[int]:
    """Have a Celery worker with two processes run inside the block; its process id."""
    words = [sys.executable, "-m", "celery", "-A", "workbench", "worker", "--concurrency=2", "--loglevel=ERROR"]
    words += ["--without-gossip", "--without-mingle"]
    environment = os.environ | {"WINNOW_ATTACHED": "1", "WINNOW_INGEST_TASKS": "2"}
    child = subprocess.Popen(words, env=environment, start_new_session=True)
    try:
        yield child.pid
    finally:
        child.terminate()
        child.wait(30)


def ingest(evidence: Path, worker_pid: int, name: str, reader: str = "folder") -> tuple[float, float, int]:
    """(CPU seconds, seconds, files) of one ingest by the worker, into an agency that has seen nothing yet."""
    from cases import evidence as exhibits
    from cases import investigations, tasks
    from workbench import people
    from workbench.celery import SWEEP_SECONDS
    from workbench.launcher import postgres
    from workbench.models import Role

    agency = people.add_agency(slug=name, name=name)
    lead = people.add_person(username=name, name=name, agency=agency, roles={Role.INVESTIGATOR})
    case = investigations.create(number=name, name=name, scheme_id="landscapes-t1", by=lead)
    database = postgres.running()
    assert database
    before, began = cpu(worker_pid) + cpu(database.pid), time.monotonic()
    next_sweep = began + SWEEP_SECONDS
    exhibit = exhibits.add_exhibit(
        case=case, ref="B-1", reader_id=reader, source=os.fsencode(evidence), by=lead, description=""
    )
    tasks.wake(exhibit.pk)
    while exhibit.state in ("listing", "running"):
        time.sleep(0.2)
        if time.monotonic() > next_sweep:  # beat's part, which is not measured
            tasks.sweep()
            next_sweep += SWEEP_SECONDS
        exhibit.refresh_from_db()
    if exhibit.state != "done":
        raise RuntimeError(f"the ingest of {evidence} is {exhibit.state}: {exhibit.state_reason}")
    return cpu(worker_pid) + cpu(database.pid) - before, time.monotonic() - began, exhibit.seen


def cpu(root: int) -> float:
    """CPU seconds of a process and everything below it, what has ended included."""
    parents, used = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            used[int(entry.name)] = sum(map(int, fields[11:15]))
    return sum(ticks for pid, ticks in used.items() if _is_below(pid, root, parents)) / TICKS


def _is_below(pid: int, root: int, parents: dict[int, int]) -> bool:
    while pid and pid != root:
        pid = parents.get(pid, 0)
    return pid == root
