"""A look-up request of 1,000 hashes by token: what a script waits for, over HTTP, at the product's own web server.

A set of so many entries is filled straight in the database. 95 of 100 hashes are unknown, as with evidence; no hash is
asked twice. The client sends one request after the other over one connection, so that nothing waits for anything else.
"""

import hashlib
import json
import os
import random
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from typing import Any

from bench import ground
from bench.figures import Row, wall_ms
from tests.product import free_port
from workbench.launcher import children

REPEATS = 200
FULL, SMALL = 10_000_000, 100_000  # entries
HASHES, KNOWN = 1000, 50  # of a request; known ones among them
ROOMY = {"WINNOW_API_REQUESTS": "1000000", "WINNOW_API_HASHES": "1000000000"}


def run(*, full: bool) -> list[Row]:
    """Measure with a set of 10,000,000 (or 100,000) entries."""
    os.environ |= ROOMY
    with ground.fresh():
        return _measure(FULL if full else SMALL)


def _measure(number: int) -> list[Row]:
    token = _filled(number)
    with web() as (port, _process):
        line = HTTPConnection("127.0.0.1", port, timeout=60)
        for kind in ("md5", "sha1"):  # first the plans, connections and pages that every later request finds
            _ask(line, token, kind, number, seed=-1)
        times = {kind: _times(line, token, kind, number) for kind in ("md5", "sha1")}
    return [
        row
        for kind, spent in times.items()
        for row in (
            Row(f"1,000 {kind} in a set of {number:,}, p95, ms", _p95(spent), must=60, aim=25),
            Row(f"1,000 {kind} in a set of {number:,}, median, ms", round(statistics.median(spent), 3)),
        )
    ]


def _filled(number: int) -> str:
    """A node with one set of so many entries; returns the token of somebody who may look hashes up."""
    from bench import known
    from hashsets import scheme_tables, sets
    from hashsets.index import building
    from workbench import people, tokens
    from workbench.models import Role

    agency = people.add_agency(slug="bench", name="Bench")
    roles = {Role.INVESTIGATOR, Role.SUPERVISOR}
    by = people.add_person(username="bench", name="Bench", agency=agency, roles=roles)
    made = sets.create(name="Bench", role="relevant", scheme=scheme_tables.latest("us-pvic"), owner=agency, by=by)
    known.fill(made, number, by=by)
    ground.analyze()
    building.build(made.pk)
    return tokens.make(name="bench", days=1, scope="read", by=by)[1]


@contextmanager
def web() -> Iterator[tuple[int, int]]:
    """The web server as `manage.py up` starts it: its free port, its process."""
    port = free_port()
    with subprocess.Popen(children.gunicorn(f"127.0.0.1:{port}")) as server:
        try:
            _until_it_answers(port)
            yield port, server.pid
        finally:
            server.terminate()


def _until_it_answers(port: int) -> None:
    for _try in range(600):
        try:
            line = HTTPConnection("127.0.0.1", port, timeout=5)
            line.request("GET", "/healthz", headers={"Host": "localhost"})
            line.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the web server did not come up")


def _ask(line: HTTPConnection, token: str, kind: str, number: int, seed: int) -> None:
    """One request; its answer must know what the set has."""
    headers = {"Host": "localhost", "Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    line.request("POST", "/api/v1/lookup", json.dumps(_question(kind, number, seed)), headers)
    answer = line.getresponse()
    told: dict[str, Any] = json.loads(answer.read())
    if answer.status != 200 or (told["asked"], told["known"]) != (HASHES, KNOWN):
        raise SystemExit(f"the answer is wrong: {answer.status} {str(told)[:300]}")


def _question(kind: str, number: int, seed: int) -> dict[str, Any]:
    chosen = random.Random(f"{kind} {seed}")
    rows = [f"entry {n}" for n in chosen.sample(range(1, number + 1), KNOWN)]
    rows += [f"unknown {seed} {n}" for n in range(HASHES - KNOWN)]
    chosen.shuffle(rows)
    return {"purpose": "a measurement", "hashes": [_digest(kind, row) for row in rows]}


def _digest(kind: str, row: str) -> str:
    """The MD5 or SHA-1 that `known.fill` gives an entry of this name."""
    md5 = hashlib.md5(row.encode()).digest()
    return md5.hex() if kind == "md5" else hashlib.sha256(md5).hexdigest()[:40]


def _times(line: HTTPConnection, token: str, kind: str, number: int) -> list[float]:
    """Milliseconds of each of many requests."""
    return [wall_ms(partial(_ask, line, token, kind, number, seed)) for seed in range(REPEATS)]


def _p95(spent: list[float]) -> float:
    return round(statistics.quantiles(spent, n=20)[-1], 3)
