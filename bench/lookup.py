"""A million evidence hashes against a set: the mapped index, sleuthkit's `hfind` and PostgreSQL's join; and a request.

CPU of this process, of the database and of hfind; one in twenty hashes is known. The set of 10 million stands in the
database, not by the road of an import; those of the plot, 100 million included, come from a generator straight into an
index file. `hfind` is asked with its own binary index of the same MD5 list; without it (Debian: sleuthkit) its row is
left out.
"""

import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from bench import plot, processes
from bench.figures import Row, cpu_seconds
from bench.ground import fresh

REPEATS = 5
PROBES, KNOWN = 1_000_000, 50_000
REQUESTS = 200
LARGE = 10_000_000  # entries; of a small set PostgreSQL's join reads all, and that is no yardstick
SECRET = b"a measurement"


def run(*, full: bool) -> list[Row]:
    """10 million with `full`, else 200,000; the plot up to 100 million, else to a million."""
    sizes = [100_000, 1_000_000, 10_000_000, 100_000_000] if full else [100_000, 1_000_000]
    with tempfile.TemporaryDirectory() as folder:
        curve = {size: _generated(Path(folder), size) for size in sizes}
    if full:
        plot.lookup(curve)
    with fresh() as data:
        rows = _in_database(data, 10_000_000 if full else 200_000)
    largest = max(curve)
    return [
        *rows,
        *(Row(f"a hash against {size:,} from a generator, µs", cost) for size, cost in curve.items()),
        Row(
            f"{largest:,} against 1,000,000, µs a hash",
            curve[largest], curve[1_000_000], must=4, aim=2.5, of_ratio=True,
        ),
    ]  # fmt: skip


def _generated(folder: Path, number: int) -> float:
    """Microseconds a hash against a file of so many random MD5."""
    from hashsets.index.searching import Index, IndexFile
    from hashsets.index.writing import Draft

    noise, taken = np.random.default_rng(1), list[bytes]()
    with Draft(folder) as draft:
        for start in range(0, number, 1 << 20):
            rows = np.empty((min(1 << 20, number - start), 24), np.uint8)
            rows[:, :16] = np.frombuffer(noise.bytes(16 * len(rows)), np.uint8).reshape(-1, 16)
            rows[:, 16:] = np.arange(start, start + len(rows)).astype(">u8").view(np.uint8).reshape(-1, 8)
            taken += [row.tobytes() for row in rows[:: max(1, number // KNOWN), :16]]
            draft.add("md5", rows.tobytes())
        draft.write(of_set=UUID(int=1), base=1, generation=1, secret=SECRET)
        draft.place(folder / "1.base")
    index = Index(IndexFile(folder / "1.base", SECRET))
    (folder / "1.base").unlink()
    probes = _probes(taken)
    index.search("md5", probes)
    return _per_probe(lambda: index.search("md5", probes))


def _probes(known: list[bytes]) -> bytes:
    """A million MD5 in no order, those of `known` among them."""
    noise = np.random.default_rng(2)
    rows = np.frombuffer(b"".join(known) + noise.bytes(16 * (PROBES - len(known))), np.uint8).reshape(-1, 16).copy()
    noise.shuffle(rows)
    return rows.tobytes()


def _per_probe(act: Callable[[], object], used: Callable[[], float] = cpu_seconds) -> float:
    """The median CPU of an act about all probes, in microseconds a probe."""
    costs = []
    for _ in range(REPEATS):
        before = used()
        act()
        costs.append(used() - before)
    return round(statistics.median(costs) / PROBES * 1e6, 4)


def _in_database(data: Path, number: int) -> list[Row]:
    from bench import known
    from hashsets import scheme_tables, sets
    from hashsets.index import building, shelf
    from workbench import people
    from workbench.launcher import postgres
    from workbench.models import Role

    database = postgres.running()
    assert database
    agency = people.add_agency(slug="bench", name="Bench")
    by = people.add_person(username="bench", name="Bench", agency=agency, roles={Role.SUPERVISOR})
    hash_set = sets.create(name="Bench", role="relevant", scheme=scheme_tables.latest("us-pvic"), owner=agency, by=by)
    known.fill(hash_set, number, by=by)

    def used() -> float:
        return cpu_seconds() + processes.cpu_seconds(database.pid)

    before, memory = used(), _peak_mib()
    building.build(hash_set.pk)
    built, memory = used() - before, _peak_mib() - memory
    index = shelf.index(hash_set.public_id, hash_set.generation)
    assert index
    probes = _probes(known.md5s(1, KNOWN))
    found, _entries = index.search("md5", probes)
    assert len(found) == KNOWN
    ours = _per_probe(lambda: index.search("md5", probes), used)
    join = _sql(probes, hash_set.pk, lambda: processes.cpu_seconds(database.pid))
    requests = _requests(agency.pk, number)
    return [
        Row(f"1,000,000 hashes against {number:,}, µs a hash", ours, must=1.5, aim=0.6),
        Row(
            "the same against PostgreSQL's join, µs a hash",
            ours,
            join,
            must=1 / 8 if number >= LARGE else None,
            aim=1 / 20,
            of_ratio=True,
        ),
        *_hfind(data, probes, number, ours),
        Row("a request of 1,000 hashes, half of them known, ms, median", round(statistics.median(requests), 2)),
        Row("the same, p95", round(sorted(requests)[int(len(requests) * 0.95)], 2), must=60, aim=25),
        Row("building the index from PostgreSQL, CPU µs an entry", round(built / number * 1e6, 3)),
        Row("the same, growth of peak memory, MiB", round(memory, 1)),
    ]


def _sql(probes: bytes, set_id: int, used: Callable[[], float]) -> float:
    """PostgreSQL's own join of the hashes with the set, once they are in a table of theirs."""
    from django.db import connection

    digests = [probes[place : place + 16] for place in range(0, len(probes), 16)]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE probe (md5 bytea)")
        with cursor.copy("COPY probe FROM STDIN") as copy:
            copy.write("".join(f"\\\\x{digest.hex()}\n" for digest in digests))
        cursor.execute("ANALYZE probe")

        def join() -> None:
            cursor.execute(
                "SELECT count(e.id) FROM probe p JOIN hashsets_entry e ON e.md5 = p.md5 AND e.set_id = %s"
                " AND e.added_in <= 1 AND (e.removed_in IS NULL OR e.removed_in > 1)",
                [set_id],
            )
            assert cursor.fetchone()[0] == KNOWN

        join()
        cost = _per_probe(join, used)
        cursor.execute("DROP TABLE probe")
    return cost


def _hfind(data: Path, probes: bytes, number: int, ours: float) -> list[Row]:
    """hfind with the binary index it makes of an MD5 list; nothing where it is not installed."""
    from bench import known

    tool = shutil.which("hfind")
    if tool is None:
        print("hfind is not installed (Debian: sleuthkit): its row is left out", file=sys.stderr)
        return []
    listed, asked = data / "list.md5", data / "asked.txt"
    with listed.open("w") as out:
        for start in range(1, number + 1, 100_000):
            lines = known.md5s(start, min(100_000, number + 1 - start))
            out.write("".join(f"{digest.hex()}  {start + n}\n" for n, digest in enumerate(lines)))
    asked.write_text("".join(f"{probes[place : place + 16].hex()}\n" for place in range(0, len(probes), 16)))
    subprocess.run([tool, "-i", "md5sum", str(listed)], check=True, stdout=subprocess.DEVNULL)

    def ask() -> None:
        with (data / "answers").open("w") as out:
            subprocess.run([tool, "-f", str(asked), str(listed)], check=True, stdout=out)

    ask()
    cost = _per_probe(ask, _children)
    with (data / "answers").open() as answers:
        assert sum("Hash Not Found" not in line for line in answers) == KNOWN
    return [Row("the same against hfind, µs a hash", ours, cost, must=1 / 8, aim=1 / 20, of_ratio=True)]


def _requests(agency_id: int, number: int) -> list[float]:
    """Milliseconds by the wall of look-ups as a page or a program asks: 1,000 lines, answers with their rows."""
    from bench import known
    from hashsets import lookups

    noise, walls = np.random.default_rng(3), list[float]()
    for _ in range(REQUESTS):
        first = int(noise.integers(1, number - 500))
        lines = [digest.hex() for digest in known.md5s(first, 500)] + [noise.bytes(16).hex() for _ in range(500)]
        began = time.perf_counter()
        answers = lookups.lookup(agency_id, lines)
        walls.append((time.perf_counter() - began) * 1000)
        assert sum(answer.known for answer in answers) == 500
    return walls


def _children() -> float:
    used: Any = resource.getrusage(resource.RUSAGE_CHILDREN)
    return float(used.ru_utime + used.ru_stime)


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
