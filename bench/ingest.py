"""A whole ingest through the product, in CPU seconds, against the least Python that does the same job.

Counted: the Celery worker with its decoders, and PostgreSQL with its backends, from "add evidence" until the last
file has its outcome. The yardsticks count themselves: as it came, and brought to our outputs (bench/bare.py).
All take the same generated corpus, in turn.
"""

import statistics
from pathlib import Path

from bench.figures import Row
from bench.ground import fresh
from bench.hashing import read_and_hash
from bench.tools import TOOLS, corpus, cpu_of, files_below
from bench.worker import ingest, worker

REPEATS = 3
MUST, MUST_SAME = 1.6, 1.3  # times the CPU of the yardstick as it came, and of the one with our outputs
MUST_QUEUE = 0.02  # of all CPU


def run(*, full: bool) -> list[Row]:
    """2,000 files with `full`, else 300."""
    evidence = corpus("small" if full else "tiny") / "evidence"
    ours, bare, same = [], [], []
    with fresh(), worker() as pid:
        ingest(evidence, pid, "warm-up")  # all sides have their imports behind them
        for number in range(REPEATS):
            bare.append(cpu_of(str(TOOLS / "bare_ingest.py"), str(evidence)))
            same.append(cpu_of("-m", "bench.bare", str(evidence)))
            ours.append(ingest(evidence, pid, f"repeat-{number}"))
    cpu, files = round(statistics.median(cost.cpu for cost in ours), 2), ours[0].files
    wall = statistics.median(cost.wall for cost in ours)
    queue = statistics.median(cost.queue / cost.cpu for cost in ours)
    as_it_came, with_ours = (round(statistics.median(figures), 2) for figures in (bare, same))
    parts = {
        "decoders": statistics.median(cost.decoders / cost.cpu for cost in ours),
        "PostgreSQL": statistics.median(cost.database / cost.cpu for cost in ours),
        "reading and the three hashes, done alone": _hashing(evidence) / cpu,
    }
    return [
        Row("ingest, CPU seconds, against the yardstick as it came", cpu, as_it_came, must=MUST, of_ratio=True),
        Row("the same against one with our outputs", cpu, with_ours, must=MUST_SAME, aim=1.15, of_ratio=True),
        Row("ingest, CPU ms a file", round(cpu / files * 1000, 2), round(with_ours / files * 1000, 2)),
        Row("ingest, files a second by the wall, 2 worker processes", round(files / wall, 1)),
        Row("queue and tasks, part of all CPU", round(queue, 4), must=MUST_QUEUE, aim=0.005),
        *(Row(f"{name}, part of all CPU", round(part, 3)) for name, part in parts.items()),
        Row("the rest: storing, syncing, entering, queue, part of all CPU", round(1 - sum(parts.values()), 3)),
    ]


def _hashing(evidence: Path) -> float:
    files = files_below(evidence)
    return statistics.median(read_and_hash(files) for _ in range(REPEATS))
