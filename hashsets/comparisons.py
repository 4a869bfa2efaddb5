"""Counts over two versions that are made once and kept: what changed in a set, how much of a set another one holds.

Versions never change, so a count is right for ever. What takes longer than a page may wait is left to a worker, and
what takes longer than half an hour there (lists made of one digest are pairs without end) is given up for good.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.db import connection

from hashsets.generations import in_force
from hashsets.models import Comparison, HashSet
from hashsets.patience import PAGE, WORKER, TakesLonger, within
from hashsets.versions import Delta
from hashsets.versions import diff as count_diff
from workbench import jobs
from workbench.errors import WorkbenchError

COUNT_SPACE = 0x434F4D50  # advisory locks of counting; with the comparison's number

# Entries of one set, and the one of the other that is the same file: a common digest, and none that contradicts.
OVERLAP = f"""
WITH part AS (SELECT id, md5, sha1, sha256, code, disposition FROM hashsets_entry
  WHERE set_id = %(part)s AND {in_force("%(part_g)s", "hashsets_entry")}),
whole AS (SELECT md5, sha1, sha256, code, disposition FROM hashsets_entry
  WHERE set_id = %(whole)s AND {in_force("%(whole_g)s", "hashsets_entry")}),
pair AS (
  SELECT p.id, w.code, w.disposition FROM part p JOIN whole w ON w.sha256 = p.sha256
  UNION ALL SELECT p.id, w.code, w.disposition FROM part p JOIN whole w ON w.md5 = p.md5
    WHERE (w.sha256 = p.sha256) IS NULL AND (w.sha1 = p.sha1) IS NOT FALSE
  UNION ALL SELECT p.id, w.code, w.disposition FROM part p JOIN whole w ON w.sha1 = p.sha1
    WHERE (w.sha256 = p.sha256) IS NULL AND (w.md5 = p.md5) IS NULL),
one AS (SELECT DISTINCT ON (id) id, code, disposition FROM pair ORDER BY id, code)
SELECT p.code, o.code, count(*), count(*) FILTER (WHERE o.disposition <> p.disposition)
FROM part p LEFT JOIN one o USING (id) GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 only constants


class GivenUp(WorkbenchError):
    """Comparing these two took more than half an hour and was given up. Compare smaller sets, or other versions."""

    code = "comparison-given-up"
    status = HTTPStatus.CONFLICT


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of one version another holds: (code, code there or None, entries, of them with another disposition)."""

    rows: list[tuple[str, str | None, int, int]]

    @property
    def total(self) -> int:
        """Entries of the part."""
        return sum(number for _code, _there, number, _differ in self.rows)

    @property
    def common(self) -> int:
        """Those the other holds too."""
        return sum(number for _code, there, number, _differ in self.rows if there is not None)

    @property
    def differ(self) -> int:
        """Common ones on whose disposition the two do not agree."""
        return sum(differ for *_codes, _number, differ in self.rows)


def diff(hash_set: HashSet, old: int, new: int, *, patience: int = PAGE) -> Delta | None:
    """What version `new` has otherwise than `old`; None when it takes longer, then `count` it. Raises GivenUp."""
    found = _kept(_key(hash_set, old, hash_set, new), patience)
    return None if found is None else Delta([(a, b, number) for a, b, number in found])


def overlap(part: HashSet, whole: HashSet, *, patience: int = PAGE) -> Overlap | None:
    """How much of `part` is in `whole`, as of the versions the two name; None when it takes longer. Raises GivenUp."""
    found = _kept(_key(part, part.generation, whole, whole.generation), patience)
    return None if found is None else Overlap([(a, b, number, differ) for a, b, number, differ in found])


def count(set_id: int, generation: int, other_id: int, other_generation: int) -> None:
    """Count with the patience of a worker, or give up for good; nothing to do when somebody counts it already."""
    key = {"set_id": set_id, "generation": generation, "other_id": other_id, "other_generation": other_generation}
    with jobs.alone(COUNT_SPACE, hash(tuple(key.values())) % 2**31) as ours:
        if ours and not Comparison.objects.filter(**key).exists() and _kept(key, WORKER) is None:
            Comparison.objects.bulk_create([Comparison(**key, rows=None)], ignore_conflicts=True)


def _key(left: HashSet, generation: int, right: HashSet, other_generation: int) -> dict[str, int]:
    return {"set_id": left.pk, "generation": generation, "other_id": right.pk, "other_generation": other_generation}


def _kept(key: dict[str, int], patience: int) -> list[Any] | None:
    """The rows of a comparison, counted now if nobody has; None when it takes longer. Raises GivenUp."""
    if (found := Comparison.objects.filter(**key).first()) is not None:
        if found.rows is None:
            raise GivenUp
        return list(found.rows)
    try:
        with within(patience):
            rows = _counted(key)
            Comparison.objects.bulk_create([Comparison(**key, rows=rows)], ignore_conflicts=True)
    except TakesLonger:
        return None
    return rows


def _counted(key: dict[str, int]) -> list[Any]:
    if key["set_id"] == key["other_id"]:
        return count_diff(HashSet(pk=key["set_id"]), key["generation"], key["other_generation"]).moves
    with connection.cursor() as cursor:
        values = {"part": key["set_id"], "part_g": key["generation"], "whole": key["other_id"],
                  "whole_g": key["other_generation"]}  # fmt: skip
        cursor.execute(OVERLAP, values)
        rows: list[Any] = cursor.fetchall()
        return rows
