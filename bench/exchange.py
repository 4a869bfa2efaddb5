"""A decision approved on one node until it is gone from another node's queue, which asks every 5 seconds.

Two whole products, paired as people pair them, with the same pictures in a case each. Measured from the moment the
second person's approval is answered to the moment the item is known in the other node's tables, looked at ten times a
second; the moments of approval are spread evenly over the five seconds.
"""

import hashlib
import random
import statistics
import tempfile
import time
from io import BytesIO
from pathlib import Path

from bench.figures import Row
from tests import nodes
from tests.nodes import SECOND, Node

REPEATS = 20
FULL, SMALL = 60, 20  # decisions
EVERY = 5  # seconds between two askings
NUMBER, EXHIBIT = "K-1", "E-1"
KNOWN = """
SELECT count(*) FROM cases_item i JOIN cases_content c ON c.id = i.content_id
WHERE c.sha256 = decode('{}', 'hex') AND i.state = 'known'
"""
PUBLISHING = "SELECT name FROM hashsets_hashset WHERE receives_offers"


def run(*, full: bool) -> list[Row]:
    """Measure 60 (or 20) decisions."""
    number = FULL if full else SMALL
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as folder, nodes.running("Avon", "Bure") as (avon, bure):
        digests = _pictures(Path(folder), number)
        for node in (avon, bure):
            node.ask_owner(nodes.NO_SECOND_VIEWS)
            node.do("case", "create", NUMBER, "--name", "Harbour lights", "--scheme", "landscapes-t1")
            node.do("ingest", NUMBER, folder, "--exhibit", EXHIBIT, "--wait")
        nodes.pair(avon, bure)
        name = avon.ask(PUBLISHING)[0][0]
        nodes.reads(bure, avon, name, "--every", str(EVERY), "--action", "accept", "--min-trust", "provisional")
        spent = [_seconds(avon, bure, digest, turn) for turn, digest in enumerate(digests)]
    spent.sort()
    return [
        Row(f"approved on A to gone from B's queue, p95 of {number}, s", _p95(spent), must=15, aim=8),
        Row("the same, median, s", round(statistics.median(spent), 3)),
        Row("the same, longest, s", round(spent[-1], 3)),
    ]


def _seconds(avon: Node, bure: Node, digest: str, turn: int) -> float:
    """Decide, approve, wait."""
    avon.do("decide", NUMBER, digest, "1", "--viewed")
    time.sleep(EVERY * (turn * 7 % 20) / 20)
    assert avon.do("publish", NUMBER, "--approve", by=SECOND)["published"] == 1
    return nodes.until(lambda: bure.ask(KNOWN.format(digest))[0][0], f"{digest} is known at Bure")


def _pictures(folder: Path, number: int) -> list[str]:
    """So many pictures, none like another, in a folder; their SHA-256."""
    from PIL import Image

    dice, digests = random.Random(7), []
    for place in range(number):
        small = Image.frombytes("RGB", (6, 6), dice.randbytes(108))
        data = BytesIO()
        small.resize((320, 240), Image.Resampling.BICUBIC).save(data, "JPEG")
        (folder / f"hill-{place:03}.jpg").write_bytes(data.getvalue())
        digests.append(hashlib.sha256(data.getvalue()).hexdigest())
    return digests


def _p95(ordered: list[float]) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 3)
