"""An ingest from an E01, in CPU seconds, against one of the same files in a folder.

The image holds an ext4 file system made by `mkfs.ext4 -d` (e2fsprogs), compressed as imaging tools do by default.
Counted as in bench/ingest.py; verifying the medium's hash is part of it.
"""

import os
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from bench import ewf
from bench.figures import Row
from bench.ground import fresh
from bench.tools import corpus
from bench.worker import Cost, case, ingest_into, worker

REPEATS = 3
MUST = 1.5  # times the CPU of the folder
SLACK = 16 << 20  # bytes of the file system beside its files
BLOCK = 4096


def run(*, full: bool) -> list[Row]:
    """2,000 files with `full`, else 300."""
    source = corpus("small" if full else "tiny") / "evidence"
    images, folders = list[Cost](), list[Cost]()
    with tempfile.TemporaryDirectory() as place, fresh(), worker() as pid:
        image = imaged(source, Path(place))
        for number in range(REPEATS + 1):  # the first of each warms up
            folders.append(ingest_into(*case(f"folder-{number}"), "B-1", source, pid))
            images.append(ingest_into(*case(f"image-{number}"), "B-1", image, pid, reader="image"))
    (cpu, wall), (bare, bare_wall) = _medians(images[1:]), _medians(folders[1:])
    return [
        Row("E01, CPU seconds of an ingest", round(cpu, 2), round(bare, 2), must=MUST, of_ratio=True),
        Row("E01, seconds by the wall, 2 worker processes", round(wall, 1), round(bare_wall, 1)),
    ]


def _medians(costs: list[Cost]) -> tuple[float, float]:
    """CPU seconds, and seconds by the wall."""
    return statistics.median(cost.cpu for cost in costs), statistics.median(cost.wall for cost in costs)


def imaged(source: Path, place: Path) -> Path:
    """The files of a folder as `disk.E01` in `place`. Raises FileNotFoundError without e2fsprogs."""
    disk = place / "disk.raw"
    sizes = [(Path(folder) / name).lstat().st_size for folder, _, names in os.walk(source) for name in names]
    size = sum(-(-size // BLOCK) * BLOCK for size in sizes) * 21 // 20 + len(sizes) * BLOCK + SLACK
    with disk.open("wb") as file:
        file.truncate(-(-size // BLOCK) * BLOCK)
    mkfs = shutil.which("mkfs.ext4", path=os.environ["PATH"] + ":/sbin:/usr/sbin")
    if mkfs is None:
        raise FileNotFoundError("mkfs.ext4 is missing. Install e2fsprogs.")
    options = ["-q", "-F", "-b", str(BLOCK), "-O", "^has_journal", "-m", "0", "-N", str(len(sizes) * 2 + 512)]
    subprocess.run([mkfs, *options, "-d", source, disk], check=True)
    ewf.write(disk, place / "disk.E01")
    disk.unlink()
    return place / "disk.E01"
