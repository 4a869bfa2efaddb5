"""The compact filter of a set: bytes, errors of both sides, building and asking; and the answer about a prefix.

The entries stand in the database, not by the road of an import. False negatives are looked for among all entries, whose
hashes are computed anew and not read from the set; false positives among hashes that no entry has. CPU of this process
and of the PostgreSQL backend that serves it.
"""

import gc
import random
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.figures import Row, median
from bench.ground import cpu_ms, fresh

REPEATS = 5
OTHERS = 2_000_000  # hashes that no entry has
BLOCK = 100_000
PREFIXES = 200


def run(*, full: bool) -> list[Row]:
    """10 million entries, and ranges over a million, with `full`; else 200,000 and 100,000."""
    with fresh():
        from bench.worker import case

        _made, lead = case("bench")
        return [*_filter(10_000_000 if full else 200_000, lead), *_ranges(1_000_000 if full else 100_000, lead)]


def _set(number: int, lead: Any) -> Any:
    from bench import known
    from hashsets import scheme_tables, sets

    scheme = scheme_tables.latest("us-pvic")
    made = sets.create(name=f"Bench {number}", role="relevant", scheme=scheme, owner=lead.agency, by=lead)
    known.fill(made, number, by=lead)
    return made


def _filter(number: int, lead: Any) -> list[Row]:
    from hashsets import filter_files
    from hashsets.compact import Filter

    hash_set = _set(number, lead)
    _warm()
    gc.collect()
    before, began = _memory_from_now(), time.perf_counter()
    built = cpu_ms(lambda: filter_files.made(hash_set, "md5")) / 1000
    wall, grown = time.perf_counter() - began, _memory("VmHWM") - before
    path, header = filter_files.made(hash_set, "md5")
    found = Filter(path)
    assert header.count == number
    return [
        Row(f"filter of {number:,} hashes, bytes", path.stat().st_size, must=13_000_000 * number / 10_000_000),
        Row("the same, bytes a hash", round(path.stat().st_size / number, 4)),
        Row(f"false negatives among all {number:,}", _missed(found, number), must=0),
        Row(f"false positives among {OTHERS:,} others, %", round(_wrong(found) * 100, 4), must=1),
        Row("building it, CPU s of this process and PostgreSQL", round(built, 2)),
        Row("the same, wall, s", round(wall, 2)),
        Row("the same, most memory beyond what it began with, MiB", round(grown, 1)),
        Row("asking 1,000 hashes, half of them known, CPU ms", _asked(found, number)),
        Row("the same from a text, as `hashset ask` does, CPU ms", _asked_text(found, number)),
    ]


def _warm() -> None:
    """A small filter, so that libraries are loaded before memory is measured."""
    from uuid import UUID

    from hashsets.compact import Facts, write

    with tempfile.TemporaryDirectory() as folder:
        digests = np.random.default_rng(1).bytes(16 * 50_000)
        write(Path(folder, "warm"), Facts("md5", UUID(int=1), 1, 50_000, 50_000), [digests])


def _missed(found: Any, number: int) -> int:
    from bench import known

    missed = 0
    for start in range(1, number + 1, BLOCK):
        asked = known.md5s(start, min(BLOCK, number + 1 - start))
        missed += len(asked) - int(found.may_hold(b"".join(asked)).sum())
    return missed


def _wrong(found: Any) -> float:
    noise = np.random.default_rng(6)
    return float(found.may_hold(noise.bytes(16 * OTHERS)).mean())


def _thousand(number: int) -> list[bytes]:
    from bench import known

    noise = np.random.default_rng(7)
    return known.md5s(int(noise.integers(1, number - 500)), 500) + [noise.bytes(16) for _ in range(500)]


def _asked(found: Any, number: int) -> float:
    asked = b"".join(_thousand(number))
    return median(lambda: cpu_ms(lambda: [found.may_hold(asked) for _ in range(100)]) / 100, REPEATS)


def _asked_text(found: Any, number: int) -> float:
    from hashsets.compact import asking

    text = "\n".join(one.hex() for one in _thousand(number))
    return median(lambda: cpu_ms(lambda: [asking.ask(found, text) for _ in range(10)]) / 10, REPEATS)


def _ranges(number: int, lead: Any) -> list[Row]:
    from hashsets import ranges

    hash_set, noise = _set(number, lead), random.Random(8)
    prefixes = [f"{noise.randrange(16**5):05x}" for _ in range(PREFIXES)]
    ranges.answer([hash_set], "md5", prefixes[0])
    sizes = {len(ranges.answer([hash_set], "md5", prefix).text()) for prefix in prefixes}

    def ask() -> None:
        for prefix in prefixes:
            ranges.answer([hash_set], "md5", prefix).text()

    return [
        Row(f"the answer about a prefix, {number:,} entries, CPU ms", median(lambda: cpu_ms(ask) / PREFIXES, REPEATS)),
        Row("the same, bytes", max(sizes)),
        Row("different sizes of 200 such answers", len(sizes), must=1),
    ]


def _memory_from_now() -> float:
    """What this process holds, MiB; the most it holds (VmHWM) is counted anew."""
    Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def _memory(name: str) -> float:
    """A figure of /proc/self/status in MiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024
