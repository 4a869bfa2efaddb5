"""What processes cost and hold, of a process and everything it started: a web server, PostgreSQL, a worker."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(*roots: int) -> float:
    """Seconds of CPU so far, by the system's own clocks (10 ms); those of processes that ended too."""
    return sum(sum(map(int, fields[11:15])) for fields in trees(*roots).values()) / TICKS


def own_cpu_seconds(process: int) -> float:
    """The same of one process without what it started."""
    return sum(map(int, stat(process)[11:13])) / TICKS


def memory(*roots: int) -> float:
    """MiB that they hold for themselves."""
    return sum(own_memory(one) for one in trees(*roots))


def own_memory(process: int) -> float:
    """MiB that one process holds for itself; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


@contextmanager
def peaks(look: Callable[[], Mapping[str, float]]) -> Iterator[dict[str, float]]:
    """Yield the most that `look` tells of each during the block, asked five times a second."""
    found, over = dict(look()), Event()

    def watch() -> None:
        while not over.wait(0.2):
            for what, held in look().items():
                found[what] = max(found[what], held)

    watching = Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield found
    finally:
        over.set()
        watching.join()


def postmaster(data: Path) -> int:
    """The first of the PostgreSQL processes on a data folder."""
    return int(next(data.rglob("postmaster.pid")).read_text().split()[0])


def trees(*roots: int) -> dict[int, list[str]]:
    """The processes and all their descendants, each with its `stat`."""
    stats = {int(path.name): fields for path in Path("/proc").glob("[0-9]*") if (fields := stat(int(path.name)))}
    found = [root for root in roots if root in stats]
    for one in found:
        found += [child for child, fields in stats.items() if int(fields[1]) == one]
    return {one: stats[one] for one in found}


def stat(process: int) -> list[str]:
    """The fields of its `stat` behind the name: state, parent, ...; none where it has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []
