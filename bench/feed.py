"""Another organisation reads a set: baseline and delta over loopback, from the product's own web server.

The set is filled straight in the database and numbered as a first sharing numbers it. The reader asks one page after
the other over one connection, as a mirror does, and only counts the entries. CPU is that of the web server's processes
and of PostgreSQL's, by the system's own clocks (10 ms).
"""

import gzip
import json
import os
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from bench import ground, processes
from bench.figures import Row
from bench.request import web

REPEATS = 1
FULL, SMALL = 1_000_000, 20_000  # entries
PAGE, CHANGES = 5_000, 1_000
ROOMY = {"WINNOW_PEER_REQUESTS": "1000000"}


def run(*, full: bool) -> list[Row]:
    """Measure with a set of 1,000,000 (or 20,000) entries."""
    os.environ |= ROOMY
    with ground.fresh() as folder:
        return _measure(FULL if full else SMALL, folder)


def _measure(number: int, folder: Path) -> list[Row]:
    hash_set, by, token = _filled(number)
    rows: list[Row] = []
    with web() as (port, process):
        served = process, processes.postmaster(folder)
        reader = Reader(port, token, hash_set.public_id)
        for _worker in range(20):  # what a process does once: imports, connections, plans
            next(reader.pages("", packed=True))
            reader.line.close()
        for packed in (False, True):
            used, began, held = processes.cpu_seconds(*served), time.perf_counter(), list[float]()
            link = ""
            entries = 0
            for page in reader.pages("", packed=packed):
                entries += len(page["value"])
                held.append(processes.memory(process))
                link = page.get("@odata.deltaLink", "")
            if entries != number:
                raise SystemExit(f"{entries:,} entries came, not {number:,}")
            how = "gzip" if packed else "plain"
            spent = (processes.cpu_seconds(*served) - used) * 1000 / (number / 1000)
            rows.append(Row(f"server CPU per 1,000 entries of a baseline, {how}, ms", round(spent, 2), must=60, aim=25))
            rows.append(Row(f"baseline of {number:,}, {how}, s", round(time.perf_counter() - began, 2), must=300))
        rows.append(Row("web memory at the end over that after a tenth", _growth(held), must=1.1))
        _change(hash_set, by=by)
        reader.line.close()  # the server lets go of a connection that waits; the next request opens one
        began = time.perf_counter()
        changed = sum(len(page["value"]) for page in reader.pages(link, packed=True))
        if changed != CHANGES:
            raise SystemExit(f"{changed} changes came, not {CHANGES}")
        rows.append(Row(f"delta of {CHANGES:,} changes, s", round(time.perf_counter() - began, 3), must=2))
    return rows


class Reader:
    """A client with a token, over one connection."""

    def __init__(self, port: int, token: str, of: object) -> None:
        self.line = HTTPConnection("127.0.0.1", port, timeout=120)
        self.token, self.first = token, f"/odata/v1/HashSets({of})/Media"

    def pages(self, link: str, *, packed: bool) -> Iterator[dict[str, Any]]:
        """Every page from a link on, by default from the first of a baseline."""
        place = link or self.first
        while place:
            self.line.request("GET", place.removeprefix("http://localhost"), headers={
                "Host": "localhost", "Authorization": f"Bearer {self.token}",
                "Prefer": f"odata.track-changes, odata.maxpagesize={PAGE}",
                "Accept-Encoding": "gzip" if packed else "identity",
            })  # fmt: skip
            answer = self.line.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise SystemExit(f"{answer.status}: {body[:300]!r}")
            page: dict[str, Any] = json.loads(gzip.decompress(body) if answer.getheader("Content-Encoding") else body)
            yield page
            place = page.get("@odata.nextLink", "")


def _filled(number: int) -> tuple[Any, Any, str]:
    """A node with one set of so many entries, shared with a paired organisation: the set, who shared it, a token."""
    from bench import known
    from hashsets import scheme_tables, sets
    from tests.hashsets.odata import partner
    from workbench import people
    from workbench.models import Role

    agency = people.add_agency(slug="bench", name="Bench")
    by, other = (
        people.add_person(username=name, name=name.title(), agency=agency, roles={Role.SUPERVISOR})
        for name in ("bench", "second")
    )
    made = sets.create(name="Bench", role="relevant", scheme=scheme_tables.latest("us-pvic"), owner=agency, by=by)
    known.fill(made, number, by=by)
    peer = partner.peer(agency, by=by, confirmed_by=other)
    partner.share(made, peer, by=by)
    ground.analyze()
    return made, by, partner.token(peer)


def _change(hash_set: Any, *, by: Any) -> None:
    """1,000 entries more, published and numbered."""
    from hashsets import feed
    from tests.hashsets import makers

    makers.publish(hash_set, *(makers.picture(f"change {n}") for n in range(CHANGES)), by=by)
    feed.number(hash_set.pk)


def _growth(held: list[float]) -> float:
    return round(max(held[len(held) // 2 :]) / held[len(held) // 10], 3)
