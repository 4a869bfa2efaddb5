"""A look-up request of 1,000 hashes by token: what a script waits for, over HTTP, at the product's own web server.

A person's token asks the API, another organisation's asks the exchange. A set of so many entries is filled straight in
the database. 95 of 100 hashes are unknown, as with evidence; no hash is asked twice. The client sends one request after
the other over one connection, so that nothing waits for anything else. CPU is that of web server and PostgreSQL.
"""

import hashlib
import itertools
import json
import os
import random
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench import ground, processes
from bench.figures import Row, wall_ms
from tests import product
from workbench.launcher import children

REPEATS = 200
WARM = 10
FULL, SMALL = 10_000_000, 100_000  # entries
HASHES, KNOWN = 1000, 50  # of a request; known ones among them
HMA = 16.0  # ms of CPU that Meta's hasher-matcher-actioner says it takes for one look-up, of one hash


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: for whom, at which address, with which token, and where the answer says how many are known."""

    name: str
    address: str
    token: str
    known: Callable[[dict[str, Any]], int]


def run(*, full: bool) -> list[Row]:
    """Measure with a set of 10,000,000 (or 100,000) entries."""
    os.environ |= product.ROOMY
    with ground.fresh() as folder:
        return _measure(FULL if full else SMALL, folder)


def _measure(number: int, folder: Path) -> list[Row]:
    askers = _filled(number)
    rows: list[Row] = []
    with web() as (port, process):
        served = process, processes.postmaster(folder)
        line = HTTPConnection("127.0.0.1", port, timeout=60)
        for asker, kind in itertools.product(askers, ("md5", "sha1")):
            for seed in range(-WARM, 0):  # the plans, connections and pages that every later request finds
                _ask(line, asker, kind, number, seed)
            used = processes.cpu_seconds(*served)
            spent = [wall_ms(partial(_ask, line, asker, kind, number, seed)) for seed in range(REPEATS)]
            cpu = (processes.cpu_seconds(*served) - used) * 1000 / REPEATS
            what = f"{asker.name}: 1,000 {kind} in a set of {number:,}"
            rows += [
                Row(f"{what}, p95, ms", _p95(spent), must=60, aim=25),
                Row(f"{what}, median, ms", round(statistics.median(spent), 3)),
                Row(f"{what}, server CPU, ms; HMA says 16 for one hash", round(cpu, 2), yardstick=HMA),
            ]
    return rows


def _filled(number: int) -> tuple[Asker, Asker]:
    """A node with one set of so many entries, and two who may look hashes up in it."""
    from bench import known
    from hashsets import scheme_tables, sets
    from hashsets.index import building
    from hashsets.models import Share
    from tests.hashsets.odata import partner
    from workbench import people, tokens
    from workbench.models import Role

    agency = people.add_agency(slug="bench", name="Bench")
    roles = {Role.INVESTIGATOR, Role.SUPERVISOR}
    by, other = (
        people.add_person(username=name, name=name.title(), agency=agency, roles=roles) for name in ("bench", "second")
    )
    made = sets.create(name="Bench", role="relevant", scheme=scheme_tables.latest("us-pvic"), owner=agency, by=by)
    known.fill(made, number, by=by)
    peer = partner.peer(agency, by=by, confirmed_by=other, scopes=["lookup"])
    Share.objects.create(peer=peer, set=made, by=by, by_name=by.name)  # not numbered: nobody reads its changes
    ground.analyze()
    building.build(made.pk)
    own = tokens.make(name="bench", days=1, scope="read", by=by)[1]
    return (
        Asker("API", "/api/v1/lookup", own, lambda told: int(told["known"])),
        Asker(
            "OData", "/odata/v1/Lookup", partner.token(peer), lambda told: len({hit["Hash"] for hit in told["hits"]})
        ),
    )


@contextmanager
def web() -> Iterator[tuple[int, int]]:
    """The web server as `manage.py up` starts it: its free port, its process."""
    port = product.free_port()
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


def _ask(line: HTTPConnection, asker: Asker, kind: str, number: int, seed: int) -> None:
    """One request; its answer must know what the set has."""
    headers = {"Host": "localhost", "Authorization": f"Bearer {asker.token}", "Content-Type": "application/json"}
    headers["Idempotency-Key"] = str(uuid4())
    line.request("POST", asker.address, json.dumps(_question(kind, number, seed)), headers)
    answer = line.getresponse()
    told: dict[str, Any] = json.loads(answer.read())
    if answer.status != 200 or (told["asked"], asker.known(told)) != (HASHES, KNOWN):
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


def _p95(spent: list[float]) -> float:
    return round(statistics.quantiles(spent, n=20)[-1], 3)
