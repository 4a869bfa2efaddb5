"""`python -m bench NAME [--full] [--json]`: measure, compare, say what holds. Without a name, the list."""

import argparse
import importlib
import json
import os
import subprocess
import sys

from bench.figures import Row

# name -> what it measures; each is bench/NAME.py with `run(full: bool) -> list[Row]` and REPEATS
NAMES = {
    "queue": "claim, page data and decisions with 100,000 open items",
    "orders": "claims in each order and with filters in a case of a million items against one of 10,000",
    "strip": "what stands beside an item, and the map, in a case of a million items against one of 10,000",
    "overview": "home, cases, case and dashboard in a case of a million items against one of 10,000",
    "ingest": "a whole ingest through the product against the least Python that does the job",
    "reuse": "an ingest where half is known, and of bytes seen before",
    "scale": "200,000 files against 20,000, and two worker processes against one",
    "memory": "the most memory a worker and a decoder hold, over a corpus and a film of 4 GB",
    "hashing": "hashing alone against hashdeep",
    "images": "an ingest from an E01 against the same files in a folder",
    "imports": "a VICS import of 1 or 10 million entries against a bare parse, memory, the next list",
    "request": "a look-up request of 1,000 hashes by token, over HTTP, of the API and of the exchange",
    "lookup": "a million hashes against a set of 10 million, and up to 100 million",
    "filter": "the compact filter of a set of 10 million, and the answer about a prefix among a million",
    "feed": "a set read by another organisation: baseline of a million entries, delta of 1,000, CPU and memory",
    "mirror": "a set of a million entries until another node has it in force, delta of 1,000, memory, killed readers",
    "rematch": "a million contents after an import of 10 million entries",
    "keys": "key to next item painted, in Chromium",
    "pdq": "PDQ: the fast path against full resolution, and against the C++ reference",
    "near": "100,000 PDQ against a million within 31 bits, recall, skewed sets, a delta to matchable",
    "stacks": "stacks of a million pictures, and the looks they take",
    "alike": "recall and precision of look-alikes over bits, and the curve in docs/",
    "person": "a scripted person at the desk: looks, keys, time, what the page costs",
    "hour": "an hour of scripted review: what the page's memory grows by",
    "films": "films of 1080 lines at each speed, and key to first moving picture, in Chromium",
    "exchange": "a decision approved on one node until it is gone from another node's queue",
    "first": "the first reviewable item of a 10,000-picture folder",
}


ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # as in the jail: spinning threads are no work


def main() -> int:
    """Run one measurement; 1 when a figure does not hold, 2 for an unknown name."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=sorted(NAMES))
    parser.add_argument("--full", action="store_true", help="full size instead of a small one")
    parser.add_argument("--items", type=int, help="so many items in the large case, where it is about cases")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    asked = parser.parse_args()
    if not asked.name:
        print("\n".join(f"{name:10} {what}" for name, what in NAMES.items()))
        return 0
    os.environ |= ONE_THREAD
    module = importlib.import_module(f"bench.{asked.name}")
    rows: list[Row] = module.run(full=asked.full, **({"items": asked.items} if asked.items else {}))
    for row in rows:
        print(_line(row), file=sys.stderr if asked.json else sys.stdout)
    if asked.json:
        answer = {"name": asked.name, "rows": [row.fields() for row in rows]}
        print(json.dumps(answer | {"commit": _commit(), "repeats": module.REPEATS}, sort_keys=True))
    return int(any(row.holds is False for row in rows))


def _line(row: Row) -> str:
    parts = [f"{row.figure:56} {row.ours:10.3f}"]
    if row.yardstick is not None:
        parts.append(f"yardstick {row.yardstick:.3f}  ratio {row.ratio}")
    if row.must is not None:
        parts.append(f"must <= {row.must}  {'holds' if row.holds else 'FAILS'}")
    return "  ".join(parts)


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
