"""The most private memory that a worker process and a decoder hold: over a corpus, and over a film of 4 GB."""

import struct
import tempfile
from pathlib import Path

from bench.figures import Row
from bench.ground import fresh
from bench.tools import corpus
from bench.worker import ingest, memory_peaks, worker

REPEATS = 1
MUST, AIM = 350.0, 200.0  # MiB
DECODER = 1024.0  # MiB; the jail's own limit is on address space and stands in workbench/jail/lockdown.py


def run(*, full: bool) -> list[Row]:
    """The corpus of 2,000 files and a film of 4 GB with `full`, else 300 files and 400 MB."""
    with fresh(), worker() as pid, tempfile.TemporaryDirectory() as folder:
        with memory_peaks(pid) as over_corpus:
            ingest(corpus("small" if full else "tiny") / "evidence", pid, "corpus")
        _film(Path(folder) / "long.mp4", 4_000_000_000 if full else 400_000_000)
        with memory_peaks(pid) as over_film:
            ingest(Path(folder), pid, "film")
    return [
        Row("worker process over the corpus, private MiB", round(over_corpus["worker"], 1), must=MUST, aim=AIM),
        Row("worker process over the film, private MiB", round(over_film["worker"], 1), must=MUST, aim=AIM),
        Row(
            "decoder over both, private MiB", round(max(over_corpus["decoder"], over_film["decoder"]), 1), must=DECODER
        ),
    ]


def _film(path: Path, size: int) -> None:
    """A drawn clip with an unused box behind it, filled with noise so that no file system makes it a hole."""
    import numpy as np

    from cases.demo import clips

    clip = clips.pan("coastal", 1, 8)
    noise = np.random.default_rng(1)
    with path.open("wb") as file:
        file.write(clip)
        file.write(struct.pack(">I4sQ", 1, b"free", size - len(clip)))
        left = size - file.tell()
        while left > 0:
            left -= file.write(noise.bytes(min(left, 1 << 24)))
