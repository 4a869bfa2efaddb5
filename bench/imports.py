"""A hash set import: CPU of our process against the least Python that reads the file, wall time, memory, look-ups.

The list is made here, in VICS 2.0 form: MD5, SHA-1, size, category, four flags on a third of the records.
"""

import json
import random
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import ground
from bench.figures import Row, cpu_ms, wall_ms

REPEATS = 1
FULL, SMALL = 500_000, 100_000
CHANGED = 100  # one record in so many differs in the second list
CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"


def run(*, full: bool) -> list[Row]:
    """Measure on an empty node."""
    with ground.fresh() as folder:
        return _measure(folder, FULL if full else SMALL)


def _measure(folder: Path, number: int) -> list[Row]:
    from hashsets import listing, lookups, scheme_tables, sets
    from hashsets.exchange import WriteOptions
    from workbench import people
    from workbench.models import Role

    agency = people.add_agency(slug="bench", name="Bench")
    by = people.add_person(username="bench", name="Bench", agency=agency, roles={Role.SUPERVISOR})
    hash_set = sets.create(name="Bench", role="relevant", scheme=scheme_tables.latest("us-pvic"), owner=agency, by=by)
    first, second = _write(folder / "first.json", number, 0), _write(folder / "second.json", number, 1)
    before = _peak_mb()
    walls: list[float] = []
    cpu = cpu_ms(lambda: walls.append(wall_ms(lambda: _import(hash_set, first, by))))
    memory = _peak_mb() - before
    again = wall_ms(lambda: _import(hash_set, second, by))
    hashes = [_md5(n, 0) for n in range(0, 2 * number, 2 * number // 10_000)][:10_000]
    asked = wall_ms(lambda: lookups.lookup(agency.pk, hashes))
    with (folder / "out.json").open("w+b") as out:
        saved = wall_ms(
            lambda: listing.export(hash_set, out, by=by, format_id="vics2.0", options=WriteOptions(region="US"))
        )
    least = cpu_ms(lambda: json.loads(first.read_bytes()))
    return [
        Row(f"import of {number:,}, our CPU, µs per entry", cpu * 1000 / number, least * 1000 / number),
        Row(f"import of {number:,}, wall, s", walls[0] / 1000),
        Row("import, growth of peak memory, MB", memory, must=150),
        Row("the next list, 1 % different, wall, s", again / 1000),
        Row("look-up of 10,000 hashes, wall, ms", asked),
        Row("export as VICS 2.0, wall, s", saved / 1000),
    ]


def _import(hash_set: Any, path: Path, by: Any) -> None:
    from hashsets import importing

    importing.import_file(hash_set, [importing.Part(path, path.name)], by=by)


def _write(path: Path, number: int, edition: int) -> Path:
    with path.open("w") as out:
        out.write(json.dumps({"@odata.context": CONTEXT})[:-1] + ', "value": [\n')
        for n, record in enumerate(_records(number, edition)):
            out.write((",\n" if n else "") + json.dumps(record))
        out.write("\n]}\n")
    return path


def _records(number: int, edition: int) -> Iterator[dict[str, Any]]:
    for n in range(number):
        record = {
            "MediaID": n,
            "Category": 1 + n % 3,
            "MD5": _md5(n, edition),
            "SHA1": random.Random(-n - 1).randbytes(20).hex().upper(),
            "MediaSize": 1000 + n,
        }
        yield record | ({"VictimIdentified": "true", "Series": "Synthetic series", "Tags": "a,b"} if n % 3 == 0 else {})


def _md5(n: int, edition: int) -> str:
    return random.Random(n if n % CHANGED else 10**9 + 2 * n + edition).randbytes(16).hex().upper()


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
