"""What an ingest of hostile files opens, as strace sees it: decoders nothing, workers only evidence and data folder.

`python -m tests.programmes traced [--fuzz N] [CORPUS]`. Needs strace and, to follow decoders of another user, root.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests import product
from tests.product import Product
from tests.programmes.hostile import LIMITS, OUTSIDE, TOOL, build
from tests.programmes.kills import kept, until

CALLS = "%file,%network,execve,clone,clone3,fork,vfork,seccomp,ftruncate"
# A call that another process's line came between is written in two parts.
BEGUN = re.compile(r"(\d+) +(\w+\(.*) <unfinished \.\.\.>$")
RESUMED = re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)$")
LINE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+)(?:<(.*)>)?")
WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC")
OPENS = re.compile(r"open(at2?)?|creat")
CHANGES = re.compile(
    r"(mkdir|mknod|unlink|link|symlink|rename)(at2?)?|rmdir|truncate|(fchmod|fchown|utimens)at|l?ch(mod|own)"
)
REACHES = re.compile(r"exec.*|socket.*|connect|bind|accept4?")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
WORKERS = 2
OURS = ("/dev/null", "/dev/shm/", "/dev/urandom", "/proc/self/")


def main(arguments: list[str]) -> int:
    """Print what reached out of its place; 0 when nothing did."""
    if not shutil.which("strace"):
        raise SystemExit("strace is missing: install Debian's package strace.")
    parser = argparse.ArgumentParser(prog="traced")
    parser.add_argument("corpus", nargs="?", type=Path)
    parser.add_argument("--fuzz", type=int, default=300, help="mutated pictures")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="winnow-traced-") as folder:
        corpus = asked.corpus or build(Path(folder) / "corpus", asked.fuzz)
        try:
            before = _nodes(corpus)
            seen = _traced_ingest(corpus / "evidence", Path(folder) / "trace")
            off = seen.off + (["the evidence changed"] if _nodes(corpus) != before else [])
            off += [f"{OUTSIDE} was written"] if OUTSIDE.exists() else []
        finally:
            if not asked.corpus:
                subprocess.run([sys.executable, TOOL, corpus, "--clean"], check=True)
    print("\n".join(off[:50]))
    print(
        f"{seen.calls:,} calls about files and sockets, {len(seen.locked):,} decoders: {seen.tried} tries in decoders,"
        f" all refused; {len(off)} reached out of their place."
    )
    return 1 if off or not seen.locked else 0


@dataclass
class Seen:
    """What the trace tells."""

    data: str
    begun: dict[int, str] = field(default_factory=dict)  # the first part of a call, by process
    calls: int = 0
    tried: int = 0
    locked: set[int] = field(default_factory=set)  # processes and threads behind a filter
    off: list[str] = field(default_factory=list)

    def take(self, line: str) -> None:
        """Judge one line of the trace, or keep it until its second part comes."""
        line = line.rstrip("\n")
        if match := BEGUN.match(line):
            self.begun[int(match[1])] = match[2]
        elif match := RESUMED.match(line):
            self._take_whole(f"{match[1]} {self.begun.pop(int(match[1]), '?(')}{match[2]}")
        else:
            self._take_whole(line)

    def _take_whole(self, line: str) -> None:
        if not (match := LINE.match(line)):
            return
        pid, call, words, result, path = int(match[1]), match[2], match[3], int(match[4]), match[5] or ""
        self.calls += 1
        if call == "seccomp" and "SET_MODE_FILTER" in words and result == 0:
            self.locked.add(pid)
        elif call in ("clone", "clone3") and result > 0 and pid in self.locked:
            self.locked.add(result)
        elif pid in self.locked and any(kind.fullmatch(call) for kind in (OPENS, CHANGES, REACHES)):
            self.tried += 1
            self._judge(result >= 0, f"decoder: {line}")
        elif result >= 0:
            self._judge(not self._is_in_place(call, words, path), f"worker: {line}")

    def _judge(self, reached: bool, line: str) -> None:
        if reached:
            self.off.append(line.strip()[:300])

    def _is_in_place(self, call: str, words: str, path: str) -> bool:
        if CHANGES.fullmatch(call):
            return all(self._is_ours(name) for name in QUOTED.findall(words))
        if OPENS.fullmatch(call):
            return not WRITES.search(words) or self._is_ours(path)
        return call != "connect" or f'sun_path="{self.data}' in words

    def _is_ours(self, path: str) -> bool:
        return path.startswith((self.data, *OURS))


def _traced_ingest(evidence: Path, trace: Path) -> Seen:
    with product.running(f"--workers={WORKERS}", settings=LIMITS) as winnow:
        winnow.manage("case", "create", "H-1", "--name", "Hostile files", "--scheme", "landscapes-t1")
        with _strace(winnow, trace):
            winnow.manage("ingest", "H-1", str(evidence), "--exhibit", "H", "--reader", "folder")
            while "running" in (state := winnow.manage("shell", "-v", "0", "-c", STATE)) or "listing" in state:
                time.sleep(2)
        winnow.manage("case", "check", "H-1")
        seen = Seen(str(winnow.data))
    with trace.open(encoding="utf-8", errors="backslashreplace") as lines:
        for line in lines:
            seen.take(line)
    return seen


STATE = "from cases.models import Exhibit; print(Exhibit.objects.get().state)"


@contextmanager
def _strace(winnow: Product, trace: Path) -> Iterator[None]:
    """Have strace follow the worker and whatever it starts inside the block."""
    worker, _started = kept(winnow)["worker"]
    until(lambda: len(_below(worker)) > WORKERS, "the worker's pool")  # which keeps its counters in a temporary file
    attach = [word for pid in _below(worker) for word in ("-p", str(pid))]
    command = ["strace", "-f", "-y", "-q", "-s", "4096", "-e", f"trace={CALLS}", "-o", str(trace), *attach]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(2)
    assert child.poll() is None, "strace could not attach"
    try:
        yield
    finally:
        child.send_signal(signal.SIGINT)
        child.wait(60)


def _below(root: int) -> list[int]:
    children = [
        int(pid) for task in Path(f"/proc/{root}/task").iterdir() for pid in (task / "children").read_text().split()
    ]
    return [root, *(pid for child in children for pid in _below(child))]


def _nodes(corpus: Path) -> list[tuple[bytes, tuple[int, ...]]]:
    """Every node below the folder with what tells a change of it: mode, inode, links, size, time of writing."""
    found, folders = [], [os.open(os.fsencode(corpus), os.O_RDONLY | os.O_DIRECTORY)]
    names = [b""]
    while folders:  # by descriptors: some paths are longer than the system takes
        folder, name = folders.pop(), names.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                at = os.stat(entry.name, dir_fd=folder, follow_symlinks=False)
                place = name + b"/" + os.fsencode(entry.name)
                found.append((place, (at.st_mode, at.st_ino, at.st_nlink, at.st_size, at.st_mtime_ns)))
                if entry.is_dir(follow_symlinks=False):
                    folders.append(os.open(entry.name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder))
                    names.append(place)
        os.close(folder)
    return sorted(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
