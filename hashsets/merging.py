"""Merge: one row of each identity out of the staged records, and what that came to (vics.md section 8)."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import connection

PLACEHOLDER_AT = 20  # different files under one PhotoDNA; vics.md section 7

# Records of one identity whose digests contradict each other are told apart by `grp`, in file order.
# What one of them lacks is taken from another it agrees with.
CONTRADICTIONS = """
WITH contested AS (
  SELECT ident FROM hashsets_staged JOIN (
    SELECT ident FROM hashsets_staged GROUP BY ident HAVING count(*) > 1) twice USING (ident)
  GROUP BY ident HAVING count(DISTINCT sha1) > 1 OR count(DISTINCT sha256) > 1),
rows AS (
  SELECT s.position, s.ident,
    coalesce(encode(s.sha1, 'hex'), CASE WHEN s.sha256 IS NOT NULL
      THEN min(encode(s.sha1, 'hex')) OVER (PARTITION BY s.ident, s.sha256) END) AS one,
    coalesce(encode(s.sha256, 'hex'), CASE WHEN s.sha1 IS NOT NULL
      THEN min(encode(s.sha256, 'hex')) OVER (PARTITION BY s.ident, s.sha1) END) AS two
  FROM hashsets_staged s JOIN contested USING (ident)),
groups AS (
  SELECT ident, one, two, row_number() OVER (PARTITION BY ident ORDER BY min(position)) - 1 AS grp
  FROM rows WHERE one IS NOT NULL OR two IS NOT NULL GROUP BY ident, one, two)
UPDATE hashsets_staged s SET grp = g.grp
FROM rows r JOIN groups g ON g.ident = r.ident AND g.one IS NOT DISTINCT FROM r.one AND g.two IS NOT DISTINCT FROM r.two
WHERE s.position = r.position AND g.grp > 0
"""

# One row per identity: the first record's, with the digests it lacks. The strongest disposition stands; two
# different ones are a conflict, and all categories that were seen are kept. `said`: where several say something, the
# first record of each category.
STRENGTH = (
    "array_position(ARRAY['relevant', 'relevant_restricted', 'comparison', 'unmapped', 'not_relevant', 'no_verdict'],"
    " disposition)"
)
MERGE = f"""
WITH twice AS (SELECT ident, grp FROM hashsets_staged GROUP BY ident, grp HAVING count(*) > 1),
gone AS (DELETE FROM hashsets_staged s USING twice t WHERE t.ident = s.ident AND t.grp = s.grp RETURNING s.*)
INSERT INTO hashsets_staged
SELECT min(position), ident, grp,
  (array_agg(md5 ORDER BY position) FILTER (WHERE md5 IS NOT NULL))[1],
  (array_agg(sha1 ORDER BY position) FILTER (WHERE sha1 IS NOT NULL))[1],
  (array_agg(sha256 ORDER BY position) FILTER (WHERE sha256 IS NOT NULL))[1],
  (array_agg(size ORDER BY position) FILTER (WHERE size IS NOT NULL))[1],
  (array_agg(code ORDER BY {STRENGTH}, position))[1],
  (array_agg(disposition ORDER BY {STRENGTH}, position))[1],
  count(DISTINCT disposition) FILTER (WHERE disposition <> 'no_verdict') > 1,
  (array_agg(flags ORDER BY position))[1],
  (array_agg(photodna ORDER BY position) FILTER (WHERE photodna IS NOT NULL))[1],
  (array_agg(raw ORDER BY position))[1] || coalesce((
    array_agg(jsonb_build_object('hashes', raw -> 'hashes') ORDER BY position)
    FILTER (WHERE raw -> 'hashes' IS NOT NULL))[1], '{{}}') || CASE WHEN count(DISTINCT code) > 1
    THEN jsonb_build_object('codes', to_jsonb(array_agg(DISTINCT code))) ELSE '{{}}' END,
  CASE WHEN count(DISTINCT code) FILTER (WHERE disposition <> 'no_verdict') > 1
    THEN jsonb_object_agg(code, position ORDER BY position DESC) FILTER (WHERE disposition <> 'no_verdict') END
FROM gone GROUP BY ident, grp
"""  # noqa: S608 only constants of this module

PLACEHOLDERS = """
UPDATE hashsets_staged SET photodna = NULL
WHERE photodna = ANY(%s::text[]) OR photodna IN (
  SELECT photodna FROM hashsets_staged WHERE photodna IS NOT NULL GROUP BY photodna HAVING count(DISTINCT ident) >= %s)
"""

MOST_CONFLICTS = 200  # of a kind named one by one; all are counted
MOST_CODES = 20  # of one hash; a list may be made to give it any number, each of any length
CONFLICTS = """
SELECT position, encode(ident, 'hex'), (
    SELECT jsonb_object_agg(left(key, 80), value)
    FROM (SELECT key, value FROM jsonb_each(said) ORDER BY value LIMIT %s) c)::text,
  (SELECT count(*) FROM jsonb_object_keys(said))
FROM hashsets_staged WHERE said IS NOT NULL AND conflict = %s ORDER BY position LIMIT %s
"""


def merge(placeholders: list[str]) -> int:
    """Make one row per identity and drop PhotoDNA shared by many files; the number of values dropped."""
    _run("ANALYZE hashsets_staged")
    dropped = _run(PLACEHOLDERS, [placeholders, PLACEHOLDER_AT])
    _run(CONTRADICTIONS)
    _run(MERGE)
    _run("ANALYZE hashsets_staged")
    return dropped


def counts(alone: Mapping[str, int], dispositions: Mapping[str, str]) -> dict[str, Any]:
    """Rows; how many of them hold conflicting dispositions, or several categories of one; the rows by category.

    `alone`: entries by category that are not in the table.
    """
    codes = {code: (dispositions.get(code, "unmapped"), rows) for code, rows in alone.items()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE conflict), count(*) FILTER (WHERE said IS NOT NULL AND NOT conflict)"
            " FROM hashsets_staged"
        )
        conflicts, several = cursor.fetchone()
        cursor.execute("SELECT code, min(disposition), count(*) FROM hashsets_staged GROUP BY code")
        for code, disposition, rows in cursor.fetchall():
            codes[code] = disposition, rows + alone.get(code, 0)
    stored = sum(rows for _disposition, rows in codes.values())
    return {
        "stored": stored,
        "conflicts": conflicts,
        "two_categories": several,
        "codes": dict(sorted(codes.items())),
    }


class Contradiction(NamedTuple):
    """A hash that the list gives several categories, with the first record of each of the first 20."""

    position: int
    ident: str
    records: dict[str, int]
    codes: int  # all of them

    @property
    def detail(self) -> str:
        """`0f31...: 1, 2`."""
        more = f" and {self.codes - len(self.records):,} more" if self.codes > len(self.records) else ""
        return f"{self.ident}: {', '.join(sorted(self.records))}{more}"


def contradictions(*, conflict: bool) -> list[Contradiction]:
    """The first hashes under categories that mean different things, or under several that mean the same."""
    with connection.cursor() as cursor:
        cursor.execute(CONFLICTS, [MOST_CODES, conflict, MOST_CONFLICTS])
        return [Contradiction(place, ident, json.loads(said), codes) for place, ident, said, codes in cursor.fetchall()]


def _run(statement: str, values: list[Any] | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        touched: int = cursor.rowcount
        return touched
