"""Adding a list to what a set holds, instead of replacing it: what the list does not say of an entry stays as it is.

A plain list of hashes has neither categories nor second digests. Were its bare records to stand in the place of the
set's, files would come back to the queue without anybody having said so.
"""

from django.db import connection

from hashsets.entry_rows import RAW_OF
from hashsets.generations import in_force
from hashsets.models import HashSet

# Each staged row beside the entry in force that it is about, as `swapping` recognises it.
COMPLETE = f"""
WITH held AS (
  SELECT DISTINCT ON (s.ident, s.grp) s.ident, s.grp, e.md5, e.sha1, e.sha256, e.size, e.code, e.disposition,
    e.conflict, e.flags, {RAW_OF.format(t="e")} AS raw
  FROM hashsets_staged s JOIN hashsets_entry e ON e.set_id = %(set)s AND e.ident = s.ident AND {in_force("%(g)s")}
    AND (e.sha1 = s.sha1) IS NOT FALSE AND (e.sha256 = s.sha256) IS NOT FALSE
  ORDER BY s.ident, s.grp, e.added_in DESC, e.twin),
full_rows AS (
  SELECT s.ident, s.grp, coalesce(s.md5, h.md5) AS md5, coalesce(s.sha1, h.sha1) AS sha1,
    coalesce(s.sha256, h.sha256) AS sha256, coalesce(s.size, h.size) AS size,
    CASE WHEN s.disposition = 'no_verdict' THEN h.code ELSE s.code END AS code,
    CASE WHEN s.disposition = 'no_verdict' THEN h.disposition ELSE s.disposition END AS disposition,
    CASE WHEN s.disposition = 'no_verdict' THEN h.conflict ELSE s.conflict END AS conflict,
    h.flags || s.flags AS flags,
    ((CASE WHEN s.disposition = 'no_verdict' THEN h.raw ELSE h.raw - 'codes' END)
      - CASE WHEN s.raw ? 'date_updated' THEN 'date_updated_utc' ELSE '' END) || s.raw AS raw
  FROM hashsets_staged s JOIN held h ON h.ident = s.ident AND h.grp = s.grp)
UPDATE hashsets_staged s SET md5 = f.md5, sha1 = f.sha1, sha256 = f.sha256, size = f.size, code = f.code,
  disposition = f.disposition, conflict = f.conflict, flags = f.flags, raw = f.raw
FROM full_rows f WHERE f.ident = s.ident AND f.grp = s.grp
  AND (f.md5, f.sha1, f.sha256, f.size, f.code, f.disposition, f.conflict, f.flags, f.raw)
    IS DISTINCT FROM (s.md5, s.sha1, s.sha256, s.size, s.code, s.disposition, s.conflict, s.flags, s.raw)
"""  # noqa: S608 only constants of this module


def complete(hash_set: HashSet) -> int:
    """Give staged rows what they lack and the set's entries have; rows that got something. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(COMPLETE, {"set": hash_set.pk, "g": hash_set.generation})
        touched: int = cursor.rowcount
        cursor.execute("ANALYZE hashsets_staged")
        return touched
