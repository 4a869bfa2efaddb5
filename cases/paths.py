"""PURE: SQL for where a file lies when it lies in others: the path of each, from the outermost inwards.

The statements speak of the file as `f`. A row that lies in nothing, as nearly all do, costs a look at one column.
"""

CHAIN = """(
  WITH RECURSIVE up AS (
    SELECT p.parent_id, p.raw_path AS path FROM cases_fileinstance p WHERE p.id = f.parent_id
    UNION ALL
    SELECT p.parent_id, p.raw_path || '{between}'::bytea || up.path FROM up
    JOIN cases_fileinstance p ON p.id = up.parent_id)
  SELECT path FROM up WHERE parent_id IS NULL)"""

# Of the files it lies in; null when it lies in none. For exports, as a path; for eyes, with an arrow.
PARENTS = f"CASE WHEN f.parent_id IS NOT NULL THEN {CHAIN.format(between='/')} END"
PARENTS_SHOWN = f"CASE WHEN f.parent_id IS NOT NULL THEN {CHAIN.format(between=' > ')} END"
# The same with its own path.
WHOLE = f"CASE WHEN f.parent_id IS NULL THEN f.raw_path ELSE {CHAIN.format(between='/')} || '/' || f.raw_path END"
WHOLE_SHOWN = (
    f"CASE WHEN f.parent_id IS NULL THEN f.raw_path ELSE {CHAIN.format(between=' > ')} || ' > ' || f.raw_path END"
)
