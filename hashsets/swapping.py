"""Swap: what the staged list changes in a set, and its rows as the next version (model.md section 4).

An entry is recognised by its ident and by digests that do not contradict it, in any earlier version: it
keeps its twin number and its public id. Its number in the file says nothing of it, nor does the form of a date.
A list none of whose records has a field without a place (another's, a comment), as those that Winnow saves, says
nothing of such fields: what the entries have of them stays. Where the list knows any, a field that is gone is a change.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db import connection

from hashsets.entry_rows import MOMENT_OF, SAID_OF
from hashsets.models import HashSet

# Fields without a place, but for the names as they were written, which have one.
MORE = "(coalesce({t}.raw -> 'more', '{{}}') - ARRAY['Series', 'series', 'Tags', 'tags'])"

# Staged rows whose entry is known. `same`: nothing about it changes. `more`: what the list says nothing of.
KNOWN = f"""
DROP TABLE IF EXISTS hashsets_known;
CREATE TEMPORARY TABLE hashsets_known ON COMMIT DROP AS
WITH staged AS (
  SELECT ident, grp, md5, sha1, sha256, size, code, disposition, conflict, %(trust)s::text AS trust, flags,
    CASE WHEN photodna IS NULL THEN raw ELSE raw || jsonb_build_object('photodna', photodna) END AS raw
  FROM hashsets_staged),
nearest AS (
  SELECT DISTINCT ON (s.ident, s.grp) s.ident, s.grp, e.id, e.twin, e.public_id,
    e.removed_in IS NULL OR e.removed_in > %(g)s AS in_force,
    (e.md5, e.sha1, e.sha256, e.size, e.code, e.disposition, e.conflict, e.trust, e.flags, e.state)
      IS NOT DISTINCT FROM (s.md5, s.sha1, s.sha256, s.size, s.code, s.disposition, s.conflict, s.trust, s.flags,
                            'published')
    AND {SAID_OF.format(t="e")} - 'more' = {SAID_OF.format(t="s")} - 'more'
    AND CASE WHEN (e.raw ->> 'date_updated') IS NOT DISTINCT FROM (s.raw ->> 'date_updated') THEN true
        ELSE {MOMENT_OF.format(t="e")} IS NOT DISTINCT FROM {MOMENT_OF.format(t="s")} END
    AND (NOT %(says_more)s OR {MORE.format(t="e")} = {MORE.format(t="s")}) AS same,
    CASE WHEN NOT %(says_more)s THEN nullif({MORE.format(t="e")}, '{{}}') END AS more
  FROM staged s JOIN hashsets_entry e ON e.set_id = %(set)s AND e.ident = s.ident AND e.added_in <= %(g)s
    AND (e.sha1 = s.sha1) IS NOT FALSE AND (e.sha256 = s.sha256) IS NOT FALSE
  ORDER BY s.ident, s.grp, in_force DESC, e.added_in DESC, e.twin)
SELECT DISTINCT ON (ident, twin) ident, grp, id, twin, public_id, in_force, in_force AND same AS same,
  CASE WHEN in_force AND NOT same THEN more END AS more
FROM nearest ORDER BY ident, twin, grp
"""  # noqa: S608 only constants
FIGURES = """
SELECT (SELECT count(*) FROM hashsets_staged), count(*) FILTER (WHERE in_force), count(*) FILTER (WHERE same)
FROM hashsets_known
"""
INSERT = """
WITH fresh AS (
  SELECT s.*, k.public_id, k.more, coalesce(k.twin, coalesce(top.twin + 1, 0)
    + row_number() OVER (PARTITION BY s.ident, k.twin ORDER BY s.grp) - 1) AS twin
  FROM hashsets_staged s LEFT JOIN hashsets_known k ON k.ident = s.ident AND k.grp = s.grp
  LEFT JOIN LATERAL (SELECT max(e.twin) AS twin FROM hashsets_entry e
    WHERE e.set_id = %(set)s AND e.ident = s.ident AND k.twin IS NULL) top ON true
  WHERE k.same IS NOT TRUE)
INSERT INTO hashsets_entry (set_id, added_in, ident, twin, public_id, md5, sha1, sha256, size, code, disposition,
  conflict, trust, flags, raw)
SELECT %(set)s, %(g)s + 1, ident, twin, coalesce(public_id, gen_random_uuid()), md5, sha1, sha256, size, code,
  disposition, conflict, %(trust)s, flags,
  raw || CASE WHEN photodna IS NULL THEN '{}' ELSE jsonb_build_object('photodna', photodna) END
    || CASE WHEN more IS NULL THEN '{}' ELSE jsonb_build_object('more', more || coalesce(raw -> 'more', '{}')) END
FROM fresh ORDER BY ident, twin
"""
# What the list does not hold stays when it is added to the set, and ends when it becomes the set.
ENDS = {
    False: "NOT EXISTS (SELECT FROM hashsets_known k WHERE k.id = e.id AND k.same)",
    True: "EXISTS (SELECT FROM hashsets_known k WHERE k.id = e.id AND NOT k.same)",
}
END = """
UPDATE hashsets_entry e SET removed_in = %(g)s + 1
WHERE e.set_id = %(set)s AND e.added_in <= %(g)s AND (e.removed_in IS NULL OR e.removed_in > %(g)s)
  AND {ends}
"""
MOVED = """
SELECT code, sum(number)::bigint FROM (
  SELECT code, count(*) AS number FROM hashsets_entry WHERE set_id = %(set)s AND added_in = %(g)s + 1 GROUP BY code
  UNION ALL
  SELECT code, -count(*) FROM hashsets_entry WHERE set_id = %(set)s AND removed_in = %(g)s + 1 GROUP BY code) moved
GROUP BY code
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """What the staged list is against the version in force. `changed` entries stay, with other values.

    `unchanged` ones stay as they are; those that a list which is added does not hold, too.
    """

    added: int
    withdrawn: int
    changed: int
    unchanged: int


def difference(hash_set: HashSet, in_force: int, *, says_more: bool, add: bool = False) -> Difference:
    """Compare the staged list with a set that has `in_force` entries; `add`: it is added. Inside a transaction.

    `says_more`: some record of the list has fields without a place.
    """
    values: dict[str, Any] = {"set": hash_set.pk, "g": hash_set.generation, "trust": hash_set.trust}
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, values | {"says_more": says_more})
        cursor.execute("ANALYZE hashsets_known")
        cursor.execute(FIGURES)
        staged, known, same = cursor.fetchone()
    withdrawn, changed = 0 if add else in_force - known, known - same
    unchanged = in_force - withdrawn - changed
    return Difference(added=staged - known, withdrawn=withdrawn, changed=changed, unchanged=unchanged)


def write(hash_set: HashSet, *, add: bool = False) -> tuple[int, int]:
    """Store the staged list as the next version of a locked set, or add it to what is there; rows (added, ended).

    After `difference`.
    """
    values: dict[str, Any] = {"set": hash_set.pk, "g": hash_set.generation, "trust": hash_set.trust}
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values)
        added = cursor.rowcount
        cursor.execute(END.format(ends=ENDS[add]), values)
        return added, cursor.rowcount


def moved(hash_set: HashSet) -> Counter[str]:
    """By how much each category's number of entries changes in the version that `write` stored."""
    with connection.cursor() as cursor:
        cursor.execute(MOVED, {"set": hash_set.pk, "g": hash_set.generation})
        return Counter({code: number for code, number in cursor.fetchall() if number})
