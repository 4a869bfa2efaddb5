"""The near index: 100,000 PDQ against a million within 31 bits, its recall, skewed sets, and a delta to matchable.

Random hashes with neighbours planted at every distance from 0 to 32, so that recall is counted in the same run.
Skewed: hashes with half their bits set, as PDQ has them, half of them in crowds of near-equal ones. The yardstick
compares each with each by popcount, for a sample, and is extrapolated.
"""

import json
import tempfile
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from bench import ground
from bench.figures import Row, cpu_ms, median, wall_ms
from hashsets.near import NearFile, Snapshot, files, searching, tables
from hashsets.near.searching import Hits
from hashsets.near.tables import BYTES, Bytes
from workbench.perceptual import PDQ_MAX_DISTANCE

REPEATS = 3
FULL, SMALL = (1_000_000, 100_000), (100_000, 10_000)  # hashes, and those asked for
SAMPLE = 50  # hashes asked for by the yardstick
CHANGED = 1000  # entries of a delta
SET = UUID(int=1)
COPY = "COPY hashsets_entry (set_id, added_in, ident, md5, code, disposition, trust, raw) FROM STDIN"


def run(*, full: bool) -> list[Row]:
    """The search alone, then a set in the database."""
    number, asked = FULL if full else SMALL
    with tempfile.TemporaryDirectory() as folder:
        rows = _random(Path(folder), number, asked) + _skewed(number, asked)
    with ground.fresh():
        return rows + _in_database(number)


def _random(folder: Path, number: int, asked: int) -> list[Row]:
    random = np.random.default_rng(1)
    known = random.integers(0, 256, (number, BYTES), dtype=np.uint8)
    source, bits = random.integers(0, number, asked), random.integers(0, PDQ_MAX_DISTANCE + 2, asked)
    wanted = _changed(known[source], bits, random)
    made = cpu_ms(lambda: _write(folder, known))
    opened = [Snapshot(files.read(folder / "1.near", of=SET, generation=1))]
    again = median(lambda: cpu_ms(lambda: files.read(folder / "1.near", of=SET, generation=1)), REPEATS)
    hits: list[Hits] = []
    spent = median(lambda: cpu_ms(lambda: hits.append(opened[0].search(wanted))), REPEATS)
    least = cpu_ms(lambda: searching.scan(known, wanted[:SAMPLE])) * asked / SAMPLE
    missed, wrong = _recall(hits[0], source, bits)
    at_32 = int((bits > PDQ_MAX_DISTANCE).sum())
    size = (folder / "1.near").stat().st_size
    return [
        Row(f"{asked:,} against {number:,}, CPU s (yardstick: extrapolated)", spent / 1000, least / 1000, 60, 32),
        Row(f"the same, planted neighbours missed, of {asked - at_32:,}", missed, must=0),
        Row(f"the same, of {at_32:,} planted at 32 bits and all else, found", wrong, must=0),
        Row("turned and mirrored too (8 hashes each), of a tenth, CPU s",
            cpu_ms(lambda: opened[0].search(wanted[: asked // 10], turned=True)) / 1000),
        Row("radius 15, CPU s", cpu_ms(lambda: opened[0].search(wanted, radius=15)) / 1000),
        Row("16 at a time, as an ingest asks, ms CPU for 16",
            cpu_ms(lambda: [opened[0].search(wanted[n : n + 16]) for n in range(0, 1600, 16)]) / 100),
        Row("build and write, CPU s", made / 1000),
        Row("open and check, CPU s", again / 1000),
        Row("file, bytes a hash", size / number),
    ]  # fmt: skip


def _skewed(number: int, asked: int) -> list[Row]:
    """A quarter is one crowd, a quarter lies in a thousand crowds; asked for are members of all and strangers."""
    random = np.random.default_rng(2)
    loose, crowd = _balanced(number // 2, random), np.repeat(_balanced(1, random), number // 4, axis=0)
    many = np.repeat(_balanced(1000, random), number // 4000, axis=0)
    crowds = np.concatenate([crowd, many])
    known = np.concatenate([loose, _swapped(crowds, random.integers(0, 4, len(crowds)), random)])
    strangers = _balanced(asked, random)
    own = known[random.integers(len(loose) + len(crowd), len(known), asked // 10)]
    index = tables.build(known)
    most = 100
    rows = {
        "strangers": strangers,
        "members of a crowd of many": own,
        f"members of a crowd of {number // 4:,}": known[len(loose) : len(loose) + 100],
    }
    told = [
        Row(f"skewed, {what}, ms CPU each", cpu_ms(partial(searching.search, known, index, some, most=most))
            / len(some))
        for what, some in rows.items()
    ]  # fmt: skip
    each = cpu_ms(lambda: searching.scan(known, strangers[:SAMPLE])) / SAMPLE
    same = searching.search(known, index, own[:SAMPLE], most=most)
    brute = searching.scan(known, own[:SAMPLE], most=most)
    differ = sum(int((getattr(same, name) != getattr(brute, name)).sum()) for name in ("asked", "found", "distance"))
    return [
        *told,
        Row("skewed, comparing each with each, ms CPU each", each),
        Row("skewed, answers that differ from comparing each", differ, must=0),
    ]


def _in_database(number: int) -> list[Row]:
    from hashsets import near_held, near_index, scheme_tables, sets
    from workbench import people
    from workbench.models import Role

    agency = people.add_agency(slug="bench", name="Bench")
    by = people.add_person(username="bench", name="Bench", agency=agency, roles={Role.SUPERVISOR})
    made = sets.create(name="Bench", role="relevant", scheme=scheme_tables.latest("us-pvic"), owner=agency, by=by)
    random = np.random.default_rng(3)
    _fill(made, random.integers(0, 256, (number, BYTES), dtype=np.uint8), 1)
    base = wall_ms(lambda: near_index.build(made.pk))
    fresh = random.integers(0, 256, (CHANGED, BYTES), dtype=np.uint8)
    _fill(made, fresh, 2)
    found: list[Any] = []

    def matchable() -> None:
        near_index.build(made.pk)
        found.append(near_held.at(near_index.Place(made.pk, made.public_id, 2)).search(fresh))

    walls: list[float] = []
    spent = cpu_ms(lambda: walls.append(wall_ms(matchable)))
    return [
        Row(f"base of {number:,} from PostgreSQL, wall s", base / 1000),
        Row(f"delta of {CHANGED:,} to matchable (built and all asked for), wall s", walls[0] / 1000, must=2),
        Row("the same, CPU s of this process", spent / 1000),
        Row("the same, of the delta's hashes not found", CHANGED - len(found[0]), must=0),
    ]


def _fill(hash_set: Any, hashes: Bytes, generation: int) -> None:
    """Entries with these hashes as a version of the set, straight into the tables."""
    from django.db import connection

    from hashsets import entry_hashes
    from hashsets.models import HashSet

    with connection.cursor() as cursor:
        with cursor.copy(COPY) as copy:
            for number, row in enumerate(hashes):
                digest = f"\\\\x{generation:08x}{number:024x}"
                raw = json.dumps({"hashes": {"pdq": bytes(row).hex()}})
                copy.write(f"{hash_set.pk}\t{generation}\t{digest}\t{digest}\t1\trelevant\ttrusted\t{raw}\n")
        cursor.execute("SELECT hashsets_analyse(%s)", [hash_set.pk])
    entry_hashes.fill(hash_set, generation)
    entry_hashes.analyse()
    HashSet.objects.filter(pk=hash_set.pk).update(generation=generation)


def _write(folder: Path, known: Bytes) -> None:
    entries = np.arange(len(known))
    files.write(folder / "1.near", NearFile(SET, 1, 1, entries, known, entries[:0], tables.build(known)))


def _changed(hashes: Bytes, bits: NDArray[np.int64], random: np.random.Generator) -> Bytes:
    """Each with so many bits changed, anywhere."""
    found = np.unpackbits(hashes, axis=1)
    for row, number in zip(found, bits, strict=True):
        row[random.permutation(256)[:number]] ^= 1
    return np.packbits(found, axis=1)


def _balanced(number: int, random: np.random.Generator) -> Bytes:
    """Hashes with half their bits set, as a median makes them."""
    order = random.random((number, 256), dtype=np.float32).argsort(axis=1)
    return np.packbits(order < 128, axis=1)


def _swapped(hashes: Bytes, pairs: NDArray[np.int64], random: np.random.Generator) -> Bytes:
    """Each with so many pairs of bits changed: a set one and one that is not, so that half of them stay set."""
    found = np.unpackbits(hashes, axis=1)
    for row, number in zip(found, pairs, strict=True):
        for wanted in (0, 1):
            row[random.choice(np.flatnonzero(row == wanted), number, replace=False)] ^= 1
    return np.packbits(found, axis=1)


def _recall(hits: Hits, source: NDArray[np.int64], bits: NDArray[np.int64]) -> tuple[int, int]:
    """Planted neighbours within the distance that were not found, and pairs that nobody planted there."""
    found = set(zip(hits.asked.tolist(), hits.found.tolist(), hits.distance.tolist(), strict=True))
    planted = {
        (number, of, distance)
        for number, (of, distance) in enumerate(zip(source.tolist(), bits.tolist(), strict=True))
        if distance <= PDQ_MAX_DISTANCE
    }
    return len(planted - found), len(found - planted)
