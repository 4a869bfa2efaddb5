"""How soon somebody can begin: from "Add evidence" to the first reviewable item of a folder of 10,000 pictures."""

import os
import statistics
import tempfile
import time
from pathlib import Path

from bench.figures import Row
from bench.ground import fresh
from bench.ingest import worker

REPEATS = 3
MUST = 20.0  # seconds
PICTURES = {False: 1_000, True: 10_000}


def run(*, full: bool) -> list[Row]:
    """10,000 pictures with `full`, else 1,000; two worker processes."""
    with tempfile.TemporaryDirectory(prefix="winnow-bench-first-") as folder, fresh(), worker():
        evidence = pictures(Path(folder), PICTURES[full])
        seconds = [first_item(evidence, f"first-{number}") for number in range(REPEATS)]
    name = f"first reviewable item of {PICTURES[full]:,} pictures, seconds"
    return [Row(name, round(statistics.median(seconds), 2), must=MUST)]


def pictures(root: Path, number: int) -> Path:
    """Pictures of one chart that differ in some bytes behind their end, 100 a folder."""
    from tests.cases.ingest.trees import picture

    chart = picture(1, "JPEG", (1200, 900))
    for place in range(number):
        folder = root / f"{place // 100:03d}"
        folder.mkdir(exist_ok=True)
        (folder / f"{place:05d}.jpg").write_bytes(chart + b"number %d" % place)
    return root


def first_item(evidence: Path, name: str) -> float:
    """Seconds until an item is open, in an agency that has seen nothing; the ingest is then ended."""
    from cases import evidence as exhibits
    from cases import investigations, tasks
    from cases.models import Item
    from workbench import people
    from workbench.models import Role

    agency = people.add_agency(slug=name, name=name)
    lead = people.add_person(username=name, name=name, agency=agency, roles={Role.INVESTIGATOR})
    case = investigations.create(number=name, name=name, scheme_id="landscapes-t1", by=lead)
    began = time.monotonic()
    exhibit = exhibits.add_exhibit(case=case, ref="B-1", reader_id="folder", source=os.fsencode(evidence), by=lead)
    tasks.wake(exhibit.pk)
    while not Item.objects.filter(case=case, state="open").exists():
        time.sleep(0.05)
    seconds = time.monotonic() - began
    exhibits.cancel(exhibit, by=lead, reason="measured")
    return seconds
