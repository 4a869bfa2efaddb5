"""A VICS hash set import: all CPU against a bare typed parse of the same file, memory, and the next list.

The list is made by `gen_vics.py` and kept in the temporary folder for the next time. The import is the command, in a
process of its own.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from bench import ground, processes
from bench.figures import Row, cpu_ms, wall_ms
from bench.tools import TOOLS

REPEATS = 3
CHANGED = 100  # one record in so many differs in the next list
BUFFER = 4 << 20  # bytes
MUST, AIM = 8.0, 5.0  # times the bare parse
MUST_MIB, AIM_MIB, MUST_GROWTH = 200.0, 120.0, 1.1


@dataclass(frozen=True, slots=True)
class Cost:
    """One import: CPU seconds of the client and of PostgreSQL, seconds, the client's peak RSS in MiB."""

    client: float
    database: float
    wall: float
    mib: float


def run(*, full: bool) -> list[Row]:
    """10 million entries and 1 million with `full`, else 1 million and 100,000."""
    large, small = (10_000_000, 1_000_000) if full else (1_000_000, 100_000)
    with ground.fresh() as folder:
        by = _person()
        few = [_import(_set(f"few {n}", by), listed(small)) for n in range(REPEATS)]
        many = [_import(_set(f"many {n}", by), listed(large)) for n in range(REPEATS)]
        following = _import(f"many {REPEATS - 1}", _next(listed(large), folder / "next.json"))
        bare = median(cpu_ms(lambda: parse(listed(large))) for _ in range(REPEATS))
        asked = _ask(f"many {REPEATS - 1}", by)
    cost = median(one.client + one.database for one in many)
    peak, peak_few = (median(one.mib for one in costs) for costs in (many, few))
    return [
        Row(
            f"import of {large:,}, all CPU, µs an entry", cost * 1e6 / large, bare * 1000 / large,
            must=MUST, aim=AIM, of_ratio=True,
        ),
        Row("of that PostgreSQL", median(one.database for one in many) * 1e6 / large),
        Row("the same by the wall, s", median(one.wall for one in many)),
        Row("client, peak RSS, MiB", peak, must=MUST_MIB, aim=AIM_MIB),
        Row(f"client, peak RSS against {small:,} entries, MiB", peak, peak_few, must=MUST_GROWTH, of_ratio=True),
        Row("next list, 1 % different, all CPU, µs an entry", (following.client + following.database) * 1e6 / large),
        Row("next list, by the wall, s", following.wall),
        Row("look-up of 10,000 hashes, wall, ms", asked),
    ]  # fmt: skip


def listed(number: int) -> Path:
    """The list of so many entries."""
    path = Path(tempfile.gettempdir()) / f"winnow-bench-vics-{number}.json"
    if not path.exists():
        draft = path.with_suffix(".partial")
        words = [sys.executable, str(TOOLS / "gen_vics.py"), str(draft), "--n", str(number), "--full", "--no-list"]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        draft.rename(path)
    return path


class Media(msgspec.Struct):
    """What the yardstick makes of a record."""

    MediaID: int
    Category: int
    MD5: str
    SHA1: str
    MediaSize: int


def parse(path: Path) -> int:
    """The yardstick: every record as a typed object, from buffers cut at the end of an object; their number."""
    decoder, number = msgspec.json.Decoder(list[Media]), 0
    with path.open("rb", buffering=0) as file:
        rest = file.readline()[:0]
        while data := file.read(BUFFER):
            data = rest + data
            end = data.rfind(b"}", 0, data.rindex(b"}")) + 1  # the last one may be the document's
            number += len(decoder.decode(b"[" + data[:end] + b"]"))
            rest = data[end:].lstrip(b",\r\n ")
    return number


def _person() -> Any:
    from workbench import people
    from workbench.models import Role

    agency = people.add_agency(slug="bench", name="Bench")
    return people.add_person(username="bench", name="Bench", agency=agency, roles={Role.SUPERVISOR})


def _set(name: str, by: Any) -> str:
    from hashsets import scheme_tables, sets

    sets.create(name=name, role="relevant", scheme=scheme_tables.latest("us-pvic"), owner=by.agency, by=by)
    return name


def _import(name: str, path: Path) -> Cost:
    """`manage.py hashset import`."""
    from workbench.launcher import postgres

    server = postgres.running()
    assert server
    words = [sys.executable, "manage.py", "hashset", "import", name, str(path), "--as", "bench"]
    before, began = processes.cpu_seconds(server.pid), time.monotonic()
    client = subprocess.Popen(words, env=os.environ | {"WINNOW_ATTACHED": "1"}, stdout=subprocess.DEVNULL)
    _pid, status, used = os.wait4(client.pid, 0)
    client.returncode = os.waitstatus_to_exitcode(status)
    assert client.returncode == 0
    return Cost(
        client=used.ru_utime + used.ru_stime,
        database=processes.cpu_seconds(server.pid) - before,
        wall=time.monotonic() - began,
        mib=used.ru_maxrss / 1024,
    )


def _next(path: Path, target: Path) -> Path:
    """The same list with another MD5 in one record of a hundred."""
    with path.open() as lines, target.open("w") as out:
        for n, line in enumerate(lines):
            out.write(_other_md5(line) if n % CHANGED == 2 else line)
    return target


def _other_md5(line: str) -> str:
    at = line.index('"MD5":"') + 7
    return f"{line[:at]}{line[at : at + 32][::-1]}{line[at + 32 :]}"


def _ask(name: str, by: Any) -> float:
    """Milliseconds to look up 10,000 hashes, half of which the set has."""
    from hashsets import lookups
    from hashsets.models import Entry

    known = Entry.objects.filter(set__name=name, md5__isnull=False).values_list("md5", flat=True)[:5000]
    digests = [bytes(md5).hex() for md5 in known if md5 is not None]
    hashes = digests + [digest[::-1] for digest in digests]
    return wall_ms(lambda: lookups.lookup(by.agency_id, hashes))
