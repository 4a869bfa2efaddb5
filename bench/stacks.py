"""Stacks of a case of a million pictures: 40 % copies are no items at all, 30 % are look-alikes of others.

CPU of this process and of the database. Items, contents and stacks are made inside PostgreSQL (bench/known.py), their
hashes are drawn: motifs, each with some look-alikes 0 to 14 bits off, a tenth of these turned or mirrored. The planted
optimum is one look for each motif. Nothing is looked at: what is decided wrongly is what lies within one look of a
picture of another motif.
"""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import processes
from bench.figures import Row, cpu_seconds
from bench.ground import fresh

REPEATS = 1
LIKE = 3  # look-alikes of every sixth motif and more: three tenths of all
ALIKE = 0.3
TURNED = 0.1


def run(*, full: bool) -> list[Row]:
    """A million pictures with `full`, else 20,000."""
    with fresh():
        return _measure(1_000_000 if full else 20_000)


def _measure(number: int) -> list[Row]:
    from bench import known
    from bench.worker import case
    from cases.models import Stack
    from cases.stacking import building
    from workbench.launcher import postgres

    database = postgres.running()
    assert database
    made, _lead = case("bench")
    known.evidence(made, number, known=0, step=1)
    motif, hashes = _planted(number)
    _give(made, hashes)
    before, began = cpu_seconds() + processes.cpu_seconds(database.pid), time.perf_counter()
    building.build(made.pk)
    spent, wall = cpu_seconds() + processes.cpu_seconds(database.pid) - before, time.perf_counter() - began
    stacks = Stack.objects.filter(case=made, state="open").count()
    optimum = len(np.unique(motif))
    return [
        Row(f"stacks of {number:,} pictures, CPU s", round(spent, 1), must=600, aim=180),
        Row("the same, wall, s", round(wall, 1)),
        Row("looks against the planted optimum", round(_looks(made) / optimum, 4), must=1.1, aim=1.05),
        Row("stacks against motifs", round(stacks / optimum, 4)),
        Row("pictures one look would decide with another motif", _wrong(made, motif), must=0),
    ]


def _planted(number: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Of each picture its motif and its hash, in an order that tells nothing."""
    from hashsets.near import dihedral

    draw = np.random.default_rng(7)
    like = int(number * ALIKE)
    motifs = draw.integers(0, 256, (number - like, 32), dtype=np.uint8)
    of = np.repeat(np.arange(like // LIKE), LIKE)
    of = np.concatenate([of, np.arange(like - len(of))])
    alike = np.unpackbits(motifs[of], axis=1)
    for row, bits in zip(alike, draw.integers(0, 15, len(alike)), strict=True):
        row[draw.choice(256, bits, replace=False)] ^= 1
    packed = np.packbits(alike, axis=1)
    turned = np.flatnonzero(draw.random(len(packed)) < TURNED)
    variants = dihedral.variants(packed[turned])
    packed[turned] = variants[np.arange(len(turned)), draw.integers(1, dihedral.VARIANTS, len(turned))]
    order = draw.permutation(number)
    return np.concatenate([np.arange(len(motifs)), of])[order], np.concatenate([motifs, packed])[order]


def _give(case: Any, hashes: NDArray[np.uint8]) -> None:
    """The contents of the case get these hashes, in order of their ids, and wait to be compared."""
    import psycopg

    from workbench.launcher import addresses

    with psycopg.connect(addresses.superuser_url(addresses.DATABASE)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("CREATE TEMP TABLE given (n bigint PRIMARY KEY, pdq bytea)")
        with connection.cursor().copy("COPY given FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int8", "bytea"])
            for number, row in enumerate(hashes):
                copy.write_row((number + 1, row.tobytes()))
        connection.execute(
            "UPDATE cases_content c SET pdq = g.pdq, pdq_quality = 80 FROM given g, (SELECT i.content_id,"
            " row_number() OVER (ORDER BY i.content_id) AS n FROM cases_item i WHERE i.case_id = %s) o"
            " WHERE o.content_id = c.id AND g.n = o.n",
            [case.pk],
        )
        connection.execute(
            "INSERT INTO cases_uncompared (item_id, case_id) SELECT id, case_id FROM cases_item WHERE case_id = %s",
            [case.pk],
        )
    with psycopg.connect(addresses.superuser_url(addresses.DATABASE), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


# A stack is one look, and one more for everybody beyond the reach of a look that came before: his own leader's.
LOOKS = """
SELECT count(*) FROM cases_item i JOIN cases_stack s ON s.id = i.stack_id JOIN cases_content c ON c.id = i.content_id
JOIN cases_item o ON o.id = s.cover_id JOIN cases_content k ON k.id = o.content_id
WHERE i.case_id = %s AND (i.id = s.cover_id OR (i.follows > 0 AND
  cases_bits(coalesce(i.aligned, c.pdq), coalesce(o.aligned, k.pdq)) > %s))
"""
REACHED = """
SELECT i.content_id, s.cover_content FROM cases_item i JOIN (
  SELECT s.id, o.content_id AS cover_content, coalesce(o.aligned, k.pdq) AS hash FROM cases_stack s
  JOIN cases_item o ON o.id = s.cover_id JOIN cases_content k ON k.id = o.content_id WHERE s.case_id = %s) s
  ON s.id = i.stack_id JOIN cases_content c ON c.id = i.content_id
WHERE i.content_id <> s.cover_content AND cases_bits(coalesce(i.aligned, c.pdq), s.hash) <= %s
"""


def _looks(case: Any) -> int:
    from django.conf import settings
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(LOOKS, [case.pk, settings.STACK_REACH])
        return int(cursor.fetchone()[0])


def _wrong(case: Any, motif: NDArray[np.int64]) -> int:
    from django.conf import settings
    from django.db import connection

    from cases.models import Item

    first = Item.objects.filter(case=case).order_by("content_id").values_list("content_id", flat=True)[0]
    with connection.cursor() as cursor:
        cursor.execute(REACHED, [case.pk, settings.STACK_REACH])
        pairs = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 2) - first
    return int((motif[pairs[:, 0]] != motif[pairs[:, 1]]).sum())
