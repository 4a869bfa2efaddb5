"""The rows of matches as statements: what equals what, and how strongly (model.md section 3).

Strong: SHA-256; or MD5 and SHA-1 with no other size, and no other SHA-256. Anything less is weak: a tag.
The empty file never matches.
"""

from hashsets.generations import in_force

# One row per (content, entry): the best kind. {contents} and {entries} narrow the two sides.
FOUND = """
SELECT DISTINCT ON (c.id, e.set_id, e.id) c.id AS content_id, e.set_id, e.id AS entry,
  CASE WHEN e.sha256 = c.sha256 THEN 'sha256'
       WHEN e.md5 = c.md5 AND e.sha1 = c.sha1 THEN 'md5+sha1'
       WHEN e.md5 = c.md5 THEN 'md5' ELSE 'sha1' END AS kind,
  coalesce(e.sha256 = c.sha256, e.md5 = c.md5 AND e.sha1 = c.sha1 AND coalesce(e.size = c.size, true), false) AS strong
FROM {entries} e JOIN cases_content c ON {join} WHERE {contents} AND c.size > 0
"""
IN_FORCE = in_force("%(g)s")
LEFT = "e.removed_in > %(since)s AND e.removed_in <= %(g)s"  # the index serves; what was matched was in force then
DIGESTS = ("sha256", "md5", "sha1")


def by_each_digest(entries: str, contents: str) -> str:
    """The three index look-ups, once each; a pair found twice comes out once."""
    joins = (f"e.{digest} = c.{digest}" for digest in DIGESTS)
    return " UNION ".join("(" + FOUND.format(entries=entries, join=join, contents=contents) + ")" for join in joins)


# New contents against every set the agency uses, as of the version it has synced.
NEW_CONTENTS = f"""
WITH sync AS MATERIALIZED (SELECT set_id, generation FROM cases_setsync WHERE agency_id = %(agency)s::bigint),
live AS (SELECT e.*, sync.generation FROM sync JOIN hashsets_entry e ON e.set_id = sync.set_id
         AND {in_force("sync.generation")}
         WHERE e.sha256 = ANY(%(sha256)s::bytea[]) OR e.md5 = ANY(%(md5)s::bytea[]) OR e.sha1 = ANY(%(sha1)s::bytea[]))
INSERT INTO cases_match (content_id, set_id, entry, kind, strong, distance, found_in)
SELECT f.content_id, f.set_id, f.entry, f.kind, f.strong, 0, sync.generation
FROM ({by_each_digest("live", "c.id = ANY(%(contents)s::bigint[])")}) f JOIN sync ON sync.set_id = f.set_id
ON CONFLICT DO NOTHING
"""  # noqa: S608 only constants of this module

# What a re-match is about: (content, entry) that may be new, and (content, null) to be looked at for another reason.
# It lies in the session, so that each group of contents is a transaction of its own.
TO_DO = """
DROP TABLE IF EXISTS pg_temp.cases_todo;
CREATE TEMPORARY TABLE cases_todo (content bigint NOT NULL, entry bigint)
"""
INDEX_TO_DO = "CREATE INDEX ON cases_todo (content); ANALYZE cases_todo"
FRESH = f"""(SELECT * FROM hashsets_entry e WHERE e.set_id = %(set)s AND e.added_in > %(since)s
  AND {IN_FORCE})"""  # noqa: S608 only constants of this module
AMONG = "c.agency_id = %(agency)s AND c.id > %(low)s AND c.id <= %(high)s"
# From the entries' side: cheap where few are fresh.
FIND_BY_ENTRIES = f"""
INSERT INTO cases_todo SELECT content_id, entry FROM ({by_each_digest(FRESH, AMONG)}) f
"""  # noqa: S608 only constants of this module
LOOK_AT_LOST = f"""
INSERT INTO cases_todo SELECT k.content_id, NULL FROM cases_match k
JOIN hashsets_entry e ON e.set_id = k.set_id AND e.id = k.entry JOIN cases_content c ON c.id = k.content_id
WHERE k.set_id = %(set)s AND k.lost_in IS NULL AND e.set_id = %(set)s AND {LEFT} AND {AMONG}
"""  # noqa: S608 only constants of this module
LOOK_AT_MATCHED = f"""
INSERT INTO cases_todo SELECT k.content_id, NULL FROM cases_match k JOIN cases_content c ON c.id = k.content_id
WHERE k.set_id = %(set)s AND k.lost_in IS NULL AND {AMONG}
"""  # noqa: S608 only constants of this module
NEXT_GROUP = "SELECT DISTINCT content FROM cases_todo WHERE content > %(after)s ORDER BY content LIMIT %(rows)s"

# A group of contents: what ended, what came. The whole digests are compared here, whoever found the pair.
LOSE = f"""
UPDATE cases_match k SET lost_in = e.removed_in FROM hashsets_entry e
WHERE k.content_id = ANY(%(contents)s::bigint[]) AND k.set_id = %(set)s AND k.lost_in IS NULL
  AND e.set_id = %(set)s AND e.id = k.entry AND {LEFT}
RETURNING k.content_id
"""  # noqa: S608 only constants of this module
PAIRS = f"""(SELECT e.*, t.content FROM cases_todo t JOIN hashsets_entry e ON e.set_id = %(set)s AND e.id = t.entry
  AND e.added_in > %(since)s AND {IN_FORCE} WHERE t.content = ANY(%(contents)s::bigint[]))"""  # noqa: S608
SAME = "c.id = e.content AND (" + " OR ".join(f"e.{digest} = c.{digest}" for digest in DIGESTS) + ")"
GAIN = f"""
INSERT INTO cases_match (content_id, set_id, entry, kind, strong, distance, found_in)
SELECT content_id, set_id, entry, kind, strong, 0, %(g)s
FROM ({FOUND.format(entries=PAIRS, join=SAME, contents="true")}) f
ON CONFLICT (content_id, set_id, entry, kind) DO UPDATE SET lost_in = NULL, found_in = excluded.found_in
  WHERE cases_match.lost_in IS NOT NULL
RETURNING content_id
"""  # noqa: S608 only constants of this module
