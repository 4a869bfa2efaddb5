"""What processes cost and hold, of a process and everything it started: a web server, PostgreSQL, a worker."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(*roots: int) -> float:
    """Seconds of CPU so far, by the system's own clocks (10 ms); those of processes that ended too."""
    return sum(sum(map(int, _stat(one)[11:15])) for one in _trees(roots)) / TICKS


def memory(*roots: int) -> float:
    """MiB that they hold for themselves."""
    found = 0
    for one in _trees(roots):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii").splitlines()
        except OSError:  # it has just ended
            continue
        found += sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))
    return found / 1024


def postmaster(data: Path) -> int:
    """The first of the PostgreSQL processes on a data folder."""
    return int(next(data.rglob("postmaster.pid")).read_text().split()[0])


def _trees(roots: tuple[int, ...]) -> list[int]:
    """The processes and all their descendants."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*"):
        if stat := _stat(int(path.name)):
            parents[int(path.name)] = int(stat[1])
    found = [root for root in roots if root in parents]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def _stat(process: int) -> list[str]:
    """The fields of its `stat` behind the name: state, parent, ...; none where it has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []
