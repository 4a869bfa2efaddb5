"""Hashing alone: MD5, SHA-1 and SHA-256 in one read of each file, against `hashdeep` on the same files; CPU.

MD5 is the limit: each of its steps waits for the one before. OpenSSL 3 and 4, AWS-LC and Intel's primitives all come
to 0.8 GB/s on one core here, SHA-1 and SHA-256 by their instructions to 2.0 and 1.8. Only hashing many files in the
lanes of one register would be faster; no package from PyPI does that.
"""

import resource
import shutil
import statistics
import subprocess
from pathlib import Path

from bench.figures import Row, cpu_seconds
from bench.ground import fresh
from bench.tools import corpus, files_below

REPEATS = 5
MUST = round(1 / 3, 3)  # of hashdeep's CPU: at least three times as fast


def run(*, full: bool) -> list[Row]:
    """2,000 files with `full`, else 300. Needs Debian's package `hashdeep`."""
    if not shutil.which("hashdeep"):
        raise SystemExit("The yardstick is missing: install Debian's package hashdeep.")
    evidence = corpus("small" if full else "tiny") / "evidence"
    files = files_below(evidence)
    ours, theirs = [], []
    with fresh():
        for _ in range(REPEATS):
            ours.append(read_and_hash(files))
            theirs.append(_hashdeep(evidence))
    return [
        Row(
            f"hashing {len(files):,} files, CPU seconds", round(statistics.median(ours), 3),
            round(statistics.median(theirs), 3), must=MUST, of_ratio=True,
        )
    ]  # fmt: skip


def read_and_hash(files: list[Path]) -> float:
    """CPU seconds to read and hash as an ingest does; nothing is kept."""
    from workbench import passing, storage

    began = cpu_seconds()
    for path in files:
        with path.open("rb", buffering=0) as file:
            passing.digests(iter(lambda: file.read(storage.CHUNK), b""))
    return cpu_seconds() - began


def _hashdeep(evidence: Path) -> float:
    before = _children()
    command = ["hashdeep", "-c", "md5,sha1,sha256", "-j0", "-r", str(evidence)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
