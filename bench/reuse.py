"""What need not be done again: contents that a set knows, and bytes that the agency has seen before.

CPU of worker, decoders and PostgreSQL, as in bench/ingest.py.
"""

import statistics
import tempfile
from pathlib import Path
from typing import Any

from bench.figures import Row
from bench.ground import fresh
from bench.tools import corpus
from bench.worker import Cost, case, ingest, ingest_into, worker

REPEATS = 5


def run(*, full: bool) -> list[Row]:
    """2,000 files with `full`, else 300: none known, half of the contents known, all seen in an earlier case."""
    evidence = corpus("small" if full else "tiny") / "evidence"
    new, half, again = list[Cost](), list[Cost](), list[Cost]()
    decoded = 0
    with fresh(), worker() as pid, tempfile.TemporaryDirectory() as folder:
        ingest(evidence, pid, "warm-up")
        known = _half(Path(folder))
        for number in range(REPEATS):
            made, lead = case(f"new-{number}")
            new.append(ingest_into(made, lead, "B-1", evidence, pid))
            before = _pictures(lead)
            again.append(ingest_into(made, lead, "B-2", evidence, pid))
            decoded += len(_pictures(lead) - before)
            made, lead = case(f"half-{number}")
            _set(lead, known)
            half.append(ingest_into(made, lead, "B-1", evidence, pid))
    none, some, seen = (statistics.median(cost.cpu for cost in costs) for costs in (new, half, again))
    return [
        Row(
            "half the contents known against none, CPU seconds",
            round(some, 2),
            round(none, 2),
            0.65,
            0.6,
            of_ratio=True,
        ),
        Row("bytes already seen: CPU ms a file", round(seen / again[0].files * 1000, 2), must=2.5, aim=2.0),
        Row("bytes already seen: previews made again", decoded, must=0),
    ]


def _half(folder: Path) -> Path:
    """A list of half of the contents that have a preview, by hash.

    In the order of kind and size, of each four the first and the last: half by cost too, since a few films and the
    largest pictures cost more than all the rest.
    """
    from cases.models import Content

    in_order = Content.objects.exclude(kind="other").order_by("kind", "size", "sha256")
    hashes = in_order.values_list("sha256", flat=True)
    path = folder / "half.csv"
    lines = [f"{bytes(sha256).hex()},1" for place, sha256 in enumerate(hashes) if place % 4 in (0, 3)]
    path.write_text("\n".join(["sha256,category", *lines, ""]), encoding="ascii")
    return path


def _set(lead: Any, known: Path) -> None:
    """The list as a set that the lead's agency accepts."""
    from hashsets import importing, scheme_tables, sets
    from hashsets.importing import Part

    made = sets.create(
        name="Half", role="relevant", scheme=scheme_tables.latest("landscapes-t1"), owner=lead.agency, by=lead
    )
    importing.import_file(made, [Part(known, known.name)], by=lead)


def _pictures(lead: Any) -> set[tuple[str, int]]:
    """(name, time of writing) of every preview of the lead's agency: decoding writes one, again too."""
    from workbench import storage

    return {(path.name, path.stat().st_mtime_ns) for path in storage.previews_folder(lead.agency).rglob("*.jpg")}
