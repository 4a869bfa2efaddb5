"""Whether an ingest costs as much a file when there are many, and how much faster two worker processes are than one."""

import os
import statistics
import tempfile
from pathlib import Path

from bench.figures import Row
from bench.ground import fresh
from bench.tools import corpus, files_below
from bench.worker import Cost, ingest, worker

REPEATS = 3  # of the two against the one; the many are taken in once
MUST_MANY, MUST_TWO = 1.1, 1 / 1.6


def run(*, full: bool) -> list[Row]:
    """200,000 web pictures against 20,000 of them with `full`, else 300 mixed files against 100."""
    many = corpus("large" if full else "tiny") / "evidence"
    mixed = corpus("small" if full else "tiny") / "evidence"
    with fresh() as data, tempfile.TemporaryDirectory(dir=data) as folder:
        one, two = (_seconds(mixed, processes) for processes in (1, 2))
        few = _some(many, Path(folder), 20_000 if full else 100)
        with worker() as pid:
            ingest(few, pid, "warm-up")
            of_few = ingest(few, pid, "few")
            of_many = ingest(many, pid, "many")
    return [
        Row(
            f"{of_many.files:,} files against {of_few.files:,}: CPU ms a file",
            _ms_a_file(of_many), _ms_a_file(of_few), must=MUST_MANY if full else None, of_ratio=True,
        ),
        Row("the many, files a second by the wall", round(of_many.files / of_many.wall, 1)),
        Row("two worker processes against one, seconds by the wall", two, one, must=MUST_TWO, of_ratio=True),
    ]  # fmt: skip


def _some(many: Path, folder: Path, number: int) -> Path:
    """The first files of a folder in another one, as links to the same bytes."""
    for path in files_below(many)[:number]:
        place = folder / path.relative_to(many)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, place)
    return folder


def _seconds(evidence: Path, processes: int) -> float:
    with worker(processes=processes) as pid:
        ingest(evidence, pid, f"warm-up-{processes}")
        return round(statistics.median(ingest(evidence, pid, f"{processes}-{n}").wall for n in range(REPEATS)), 2)


def _ms_a_file(cost: Cost) -> float:
    return round(cost.cpu / cost.files * 1000, 3)
