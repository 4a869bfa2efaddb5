"""Swap: what the staged list changes in a set, and its rows as the next version (model.md section 4).

An entry is recognised by its ident and by digests that do not contradict it, in any earlier version: it
keeps its twin number and its public id.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from hashsets.entry_rows import RAW_OF
from hashsets.models import HashSet

# Staged rows whose entry is known. `same`: nothing about it changes.
KNOWN = """
DROP TABLE IF EXISTS hashsets_known;
CREATE TEMPORARY TABLE hashsets_known ON COMMIT DROP AS
WITH staged AS (
  SELECT ident, grp, md5, sha1, sha256, size, code, disposition, conflict, {trust}::text AS trust, flags,
    CASE WHEN photodna IS NULL THEN raw ELSE raw || jsonb_build_object('photodna', photodna) END AS raw
  FROM hashsets_staged),
nearest AS (
  SELECT DISTINCT ON (s.ident, s.grp) s.ident, s.grp, e.id, e.twin, e.public_id,
    e.removed_in IS NULL OR e.removed_in > {g} AS in_force,
    (e.md5, e.sha1, e.sha256, e.size, e.code, e.disposition, e.conflict, e.trust, e.flags, {raw}, e.state)
      IS NOT DISTINCT FROM (s.md5, s.sha1, s.sha256, s.size, s.code, s.disposition, s.conflict, s.trust, s.flags,
                            s.raw, 'published') AS same
  FROM staged s JOIN hashsets_entry e ON e.set_id = {set} AND e.ident = s.ident AND e.added_in <= {g}
    AND (e.sha1 = s.sha1) IS NOT FALSE AND (e.sha256 = s.sha256) IS NOT FALSE
  ORDER BY s.ident, s.grp, in_force DESC, e.added_in DESC, e.twin)
SELECT DISTINCT ON (ident, twin) ident, grp, id, twin, public_id, in_force, in_force AND same AS same
FROM nearest ORDER BY ident, twin, grp
"""
FIGURES = """
SELECT (SELECT count(*) FROM hashsets_staged), count(*) FILTER (WHERE in_force), count(*) FILTER (WHERE same)
FROM hashsets_known
"""
INSERT = """
WITH top AS (SELECT ident, max(twin) AS twin FROM hashsets_entry WHERE set_id = %(set)s GROUP BY ident),
fresh AS (
  SELECT s.*, k.public_id, coalesce(k.twin, coalesce(top.twin + 1, 0)
    + row_number() OVER (PARTITION BY s.ident, k.twin ORDER BY s.grp) - 1) AS twin
  FROM hashsets_staged s LEFT JOIN hashsets_known k ON k.ident = s.ident AND k.grp = s.grp
  LEFT JOIN top ON top.ident = s.ident
  WHERE k.same IS NOT TRUE)
INSERT INTO hashsets_entry (set_id, added_in, ident, twin, public_id, md5, sha1, sha256, size, code, disposition,
  conflict, trust, flags, raw)
SELECT %(set)s, %(g)s + 1, ident, twin, coalesce(public_id, gen_random_uuid()), md5, sha1, sha256, size, code,
  disposition, conflict, %(trust)s, flags,
  CASE WHEN photodna IS NULL THEN raw ELSE raw || jsonb_build_object('photodna', photodna) END
FROM fresh ORDER BY ident, twin
"""
END = """
UPDATE hashsets_entry e SET removed_in = %(g)s + 1
WHERE e.set_id = %(set)s AND e.added_in <= %(g)s AND (e.removed_in IS NULL OR e.removed_in > %(g)s)
  AND NOT EXISTS (SELECT FROM hashsets_known k WHERE k.id = e.id AND k.same)
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """What the staged list is against the version in force. `changed` entries stay, with other values."""

    added: int
    withdrawn: int
    changed: int
    unchanged: int


def difference(hash_set: HashSet, in_force: int) -> Difference:
    """Compare the staged list with a set that has `in_force` entries. Inside a transaction."""
    values: dict[str, Any] = {"set": hash_set.pk, "g": hash_set.generation, "trust": hash_set.trust}
    with connection.cursor() as cursor:
        cursor.execute(KNOWN.format(set="%(set)s", g="%(g)s", trust="%(trust)s", raw=RAW_OF.format(t="e")), values)
        cursor.execute("ANALYZE hashsets_known")
        cursor.execute(FIGURES)
        staged, known, same = cursor.fetchone()
    return Difference(added=staged - known, withdrawn=in_force - known, changed=known - same, unchanged=same)


def write(hash_set: HashSet) -> tuple[int, int]:
    """Store the staged list as the next version of a locked set, after `difference`; rows (added, ended)."""
    values: dict[str, Any] = {"set": hash_set.pk, "g": hash_set.generation, "trust": hash_set.trust}
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values)
        added = cursor.rowcount
        cursor.execute(END, values)
        return added, cursor.rowcount
