"""A list import killed at random points: the version in force stays and answers, the next one works, nothing is left.

`python -m tests.programmes imports [ENTRIES [KILLS [SEED]]]`. Every other kill meets the first list of an empty set,
the others a set with a version in force; every fifth kill is PostgreSQL's.
"""

import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests import product
from tests.product import Product
from tests.programmes import kills
from workbench.launcher import postgres
from workbench.launcher.addresses import CHECKOUT

DEFAULTS = (200_000, 20, 1)  # entries, kills, seed
SHORT = 500  # entries of the list in force
CHANGED = 10  # one record in so many of the long list differs from the short one's
ENDING = 180.0  # seconds: after a crash autovacuum takes a minute or two to drop temporary tables
CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"
IN_FORCE = """
SELECT s.generation, (SELECT count(*) FROM hashsets_entry e WHERE e.set_id = s.id AND e.added_in <= s.generation
  AND (e.removed_in IS NULL OR e.removed_in > s.generation)),
  (SELECT count(*) FROM hashsets_entry e WHERE e.set_id = s.id
    AND (e.added_in > s.generation OR e.removed_in > s.generation))
FROM hashsets_hashset s WHERE s.name = '{name}'
"""
SOURCES = (
    "SELECT g.source FROM hashsets_generation g JOIN hashsets_hashset s ON s.id = g.set_id WHERE s.name = '{name}'"
)
JOBS = """
SELECT j.state FROM workbench_job j JOIN hashsets_hashset s ON j.subject = 'hashset:' || s.public_id
WHERE s.name = '{name}' ORDER BY 1
"""
LEFT_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^hashsets_(fresh|staged|gone)'"
OF_NO_TABLE = """
SELECT name FROM unnest('{{{names}}}'::text[]) AS name
WHERE pg_filenode_relation(0, split_part(name, '.', 1)::oid) IS NULL
"""
SESSIONS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 4803920"


@dataclass(slots=True)
class Outcome:
    """What the kills came to; `wrong` in words."""

    kills: int = 0
    too_late: int = 0
    wrong: list[str] = field(default_factory=list)


def main(arguments: list[str]) -> int:
    """Print what was wrong after any kill; 0 when nothing was."""
    numbers = [int(word) for word in arguments]
    entries, number, seed = (*numbers, *DEFAULTS[len(numbers) :])
    outcome = run(entries, number, seed)
    for line in outcome.wrong:
        print(line)
    print(
        f"seed {seed}: {outcome.kills} kills of an import of {entries:,} entries ({outcome.too_late} came too late and"
        f" do not count): {len(outcome.wrong)} faults."
    )
    return 1 if outcome.wrong or outcome.kills < number else 0


def run(entries: int, number: int, seed: int) -> Outcome:
    """Kill so many imports, each at a random moment of its course."""
    dice, outcome = random.Random(seed), Outcome()
    with product.running() as winnow, tempfile.TemporaryDirectory(prefix="winnow-imports-") as folder:
        short, long = (written(Path(folder) / f"{size}.json", size) for size in (SHORT, entries))
        lasts = _undisturbed(winnow, long)
        while outcome.kills < number:
            name = f"Set {outcome.kills}.{outcome.too_late}"
            made(winnow, name)
            if outcome.kills % 2:
                winnow.manage("hashset", "import", name, str(short))
            of_database = outcome.kills % 5 == 4
            if killed(winnow, name, long, dice.uniform(0.0, 0.9) * lasts, of_database=of_database):
                outcome.kills += 1
                outcome.wrong += faults(winnow, name, short, long, entries=entries)
            else:
                outcome.too_late += 1
                lasts *= 0.95
    return outcome


def written(path: Path, number: int) -> Path:
    """A list of so many harmless entries. Lists of any length begin alike, but for a few records."""
    rich = {"Series": "Synthetic", "VictimIdentified": "false"}
    with path.open("w") as out:
        out.write(f'{{"@odata.context": "{CONTEXT}", "value": [\n')
        for n in range(number):
            size = 1000 + n + (number if n % CHANGED == 0 else 0)
            media = {"MediaID": n, "Category": n % 3, "MD5": digest(n), "SHA1": digest(-n - 1, 20), "MediaSize": size}
            out.write((",\n" if n else "") + json.dumps(media | (rich if n % 50 == 0 else {})))
        out.write("\n]}\n")
    return path


def digest(number: int, length: int = 16) -> str:
    """A made-up hash."""
    return random.Random(number).randbytes(length).hex()


def made(winnow: Product, name: str) -> None:
    """An empty set."""
    winnow.manage("hashset", "create", name, "--role", "relevant", "--scheme", "us-pvic")


def killed(winnow: Product, name: str, path: Path, after: float, *, of_database: bool) -> bool:
    """Kill an import, or the database below it, so many seconds after its start; False if it was over by then."""
    with importing(winnow, name, path) as client:
        kills.until(lambda: "running" in _jobs(winnow, name), "the import to begin")
        time.sleep(after)
        if client.poll() is not None:
            return False
        if of_database:
            kills.signalled(winnow, postgres.running, signal.SIGQUIT)
            client.wait(60)
        else:
            client.kill()
            client.wait()
    kills.until(lambda: kills.ask(winnow, SESSIONS)[0][0] == 0, "the database to notice")
    return (path.name,) not in kills.ask(winnow, SOURCES.format(name=name))


@contextmanager
def importing(winnow: Product, name: str, path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`manage.py hashset import` in a process of its own."""
    words = [sys.executable, str(CHECKOUT / "manage.py"), "hashset", "import", name, str(path)]
    with subprocess.Popen(
        words, env=winnow.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as client:
        try:
            yield client
        finally:
            client.kill()


def faults(winnow: Product, name: str, short: Path, long: Path, *, entries: int) -> list[str]:
    """In words, what is not as it was before the killed import, or does not work after it."""
    had = SHORT if _in_force(winnow, name)[0] else 0
    found = [_unless(_in_force(winnow, name), (1 if had else 0, had, 0), "in force after the kill")]
    found.append(_unless(_known(winnow, name, digest(1)), bool(had), "the look-up after the kill"))
    winnow.manage("hashset", "import", name, str(long))
    generation, rows, above = _in_force(winnow, name)
    found.append(_unless((generation, rows, above), (2 if had else 1, entries, 0), "in force after the next import"))
    found.append(_unless(_known(winnow, name, digest(entries - 1)), expected=True, what="the look-up of a new entry"))
    found.append(_unless(_left_tables(winnow), [], "tables left behind"))
    found.append(_unless(_left_files(winnow.data), [], "files left behind"))
    found.append(_unless(_left_by_database(winnow), [], "files of tables that are none"))
    found.append(_unless(_jobs(winnow, name), ["done", *(["done"] if had else []), "failed"], "the imports on record"))
    return [f"{name}: {line}" for line in found if line]


def _left_tables(winnow: Product) -> list[str]:
    """Tables of imports, once those that are temporary are gone: with their session, or by autovacuum after a crash."""
    until = time.monotonic() + ENDING
    while (left := [row[0] for row in kills.ask(winnow, LEFT_TABLES)]) and time.monotonic() < until:
        time.sleep(0.1)
    return left


def _undisturbed(winnow: Product, path: Path) -> float:
    """Seconds from the beginning of the import to its end when nobody disturbs it."""
    made(winnow, "Undisturbed")
    with importing(winnow, "Undisturbed", path) as client:
        kills.until(lambda: "running" in _jobs(winnow, "Undisturbed"), "the import to begin")
        began = time.monotonic()
        client.wait()
        return time.monotonic() - began


def _jobs(winnow: Product, name: str) -> list[str]:
    """The states of the set's imports."""
    return [state for (state,) in kills.ask(winnow, JOBS.format(name=name))]


def _in_force(winnow: Product, name: str) -> tuple[int, int, int]:
    """Generation, its entries, and rows that no version shows yet."""
    generation, rows, above = kills.ask(winnow, IN_FORCE.format(name=name))[0]
    return int(generation), int(rows), int(above)


def _known(winnow: Product, name: str, text: str) -> bool:
    """Whether a look-up finds the hash in the set."""
    path = winnow.data / "asked.txt"
    path.write_text(text)
    answer = json.loads(winnow.manage("hashset", "lookup", str(path)).splitlines()[0])
    return any(match["set"] == name for match in answer["matches"])


def _left_files(data: Path) -> list[str]:
    """What lies in the folder of uploads."""
    return [str(path.relative_to(data)) for path in (data / "uploads").rglob("*") if path.is_file()]


def _left_by_database(winnow: Product) -> list[str]:
    """Files with something in them that belong to no table or index."""
    (number,) = kills.ask(winnow, "SELECT oid::int FROM pg_database WHERE datname = current_database()")[0]
    folder = winnow.data / "postgres" / "data" / "base" / str(number)
    names = [path.name for path in folder.iterdir() if re.fullmatch(r"\d+(\.\d+)?", path.name) and path.stat().st_size]
    return [name for (name,) in kills.ask(winnow, OF_NO_TABLE.format(names=",".join(names)))]


def _unless(found: object, expected: object, what: str) -> str:
    return "" if found == expected else f"{what}: {found} instead of {expected}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
