"""What an item's state is, and the one way to change what it follows from (model.md section 3).

`changing(content_ids)` wraps every change to file instances, items, stacks, matches and standings of
some contents: it locks the contents, lets the block write, then recomputes items, stacks and tallies.
`settling` is its cheaper form for decisions, marks, matches and leases.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cases import tallies
from cases.tallies import Moved
from workbench import prepared

# What the sets make of a content: the rule is in the database (migration 0018), its plan kept by the connection.
EFFECT = "CROSS JOIN LATERAL (SELECT cases_effect(i.content_id) AS effect OFFSET 0) m"
# The same rule for many contents, where one join costs less than as many calls.
EFFECTS = "LEFT JOIN cases_effects(%(contents)s::bigint[]) m ON m.content_id = i.content_id"

# The state of items as it follows from everything else. Parameters: contents, batch (whose lease is ours).
# OFFSET 0 keeps the planner to the index on content: while a table grows by millions its statistics lie.
COMPUTED = f"""
  SELECT i.id, i.stack_id, i.content_id, i.case_id, i.state AS old_state, i.known AS old_known,
    coalesce(m.effect = 2, false) AS known,
    CASE
      WHEN kept.one IS NULL THEN 'excluded'
      WHEN st.code IS NOT NULL AND g.id IS NOT NULL AND (NOT c.sealed OR d.case_id = c.id) THEN 'decided'
      WHEN i.unsure THEN 'unsure'
      WHEN m.effect = 2 THEN 'known'
      WHEN m.effect = 1 THEN 'confirm'
      WHEN ct.preview IN ('pending', 'deferred') THEN 'waiting'
      ELSE 'open'
    END AS state
  FROM cases_item i
  JOIN cases_content ct ON ct.id = i.content_id
  JOIN cases_case c ON c.id = i.case_id AND c.state = 'open'
  JOIN cases_stack s ON s.id = i.stack_id
  JOIN hashsets_scheme v ON v.id = c.scheme_id
  LEFT JOIN cases_standing st ON st.content_id = i.content_id AND st.scheme_id = v.scheme_id
  LEFT JOIN cases_decision d ON d.id = st.decision_id
  LEFT JOIN hashsets_category g ON g.scheme_id = c.scheme_id AND g.code = st.code
  LEFT JOIN LATERAL (
    SELECT 1 AS one FROM (SELECT exhibit_id FROM cases_fileinstance WHERE content_id = i.content_id OFFSET 0) f
    JOIN cases_exhibit x ON x.id = f.exhibit_id AND x.case_id = i.case_id AND x.removed_at IS NULL LIMIT 1) kept ON true
  {EFFECT}
"""  # noqa: S608 only constants of this module
NOT_LEASED = "(s.batch_id IS NULL OR s.lease_until IS NULL OR s.lease_until < now() OR s.batch_id = %(batch)s::bigint)"

# Items, and the stacks they lie in, locked by id. A stack moves by differences: two people may change two items of one
# at once.
REFRESH = f"""
WITH computed AS ({COMPUTED} WHERE i.content_id = ANY(%(contents)s::bigint[]) AND {NOT_LEASED}),
items AS (
  UPDATE cases_item i SET state = n.state, known = n.known FROM computed n
  WHERE i.id = n.id AND (n.state, n.known) IS DISTINCT FROM (n.old_state, n.old_known)
  RETURNING i.id, i.stack_id, i.case_id, i.content_id, n.old_state, n.old_known, i.state, i.known),
changed AS (
  SELECT stack_id, sum((state = 'open')::int - (old_state = 'open')::int) AS more,
    array_agg(id) FILTER (WHERE state = 'open') AS opened
  FROM items WHERE (state = 'open') <> (old_state = 'open') GROUP BY stack_id),
locked AS (
  SELECT s.id, o.more, o.opened FROM changed o JOIN cases_stack s ON s.id = o.stack_id ORDER BY s.id FOR UPDATE OF s),
stacks AS (
  UPDATE cases_stack s SET open_items = s.open_items + o.more,
    state = CASE WHEN s.open_items + o.more > 0 THEN 'open' ELSE 'done' END
  FROM locked o WHERE s.id = o.id
  RETURNING s.id, s.open_items > 0 AND (s.cover_id = ANY (o.opened)) IS NOT TRUE AS uncertain)
SELECT i.case_id, i.content_id, i.old_state, i.old_known, i.state, i.known, s.id
FROM items i LEFT JOIN stacks s ON s.id = i.stack_id AND s.uncertain
"""  # noqa: S608 only constants of this module
REFRESH_MANY = REFRESH.replace(EFFECT, EFFECTS)
# The picture that is shown first is one that is open, while any is: of those the one that most others follow, then the
# one most like the picture before. A statement of its own: with the stack's row held it sees what others closed.
SHOW_NEXT = """
UPDATE cases_stack s SET cover_id = coalesce((
  SELECT i.id FROM cases_item i JOIN cases_content c ON c.id = i.content_id
  LEFT JOIN cases_item was ON was.id = s.cover_id LEFT JOIN cases_content w ON w.id = was.content_id
  WHERE i.stack_id = s.id AND i.state = 'open'
  ORDER BY i.follows DESC, cases_away(i, c, was, w), i.id LIMIT 1),
  s.cover_id)
WHERE s.id = ANY(%s::bigint[])
  AND NOT EXISTS (SELECT FROM cases_item c WHERE c.id = s.cover_id AND c.state = 'open')
"""

# What nobody needed to see so far, and now somebody does.
WANT_PREVIEWS = """
UPDATE cases_content c SET preview = 'pending', preview_tries = 0, preview_lease = NULL
WHERE c.id = ANY(%(contents)s::bigint[]) AND c.preview = 'deferred'
  AND EXISTS (SELECT FROM cases_item i WHERE i.content_id = c.id AND i.state = 'waiting')
"""


@contextmanager
def changing(content_ids: Sequence[int], *, batch: int | None = None) -> Iterator[None]:
    """Change anything these contents' items follow from; states, stacks and tallies are right afterwards.

    Items in stacks under a live lease other than `batch` wait until that batch closes. Inside a transaction;
    6 queries for any number of contents. Locks contents by id, so two callers never wait for each other in a ring.
    Who moves an open item to another stack moves its count.
    """
    lock(content_ids)
    before = tallies.counts(content_ids)
    yield
    _refresh(content_ids, batch)
    tallies.add(before, tallies.counts(content_ids))


@contextmanager
def settling(content_ids: Sequence[int], *, batch: int | None = None) -> Iterator[list[Moved]]:
    """The same for what brings and takes no file and no item: decisions, marks, matches, leases. 4 queries.

    The list it hands out holds the items that changed, once the block is over.
    """
    lock(content_ids)
    moved: list[Moved] = []
    yield moved
    moved += _refresh(content_ids, batch)
    tallies.move(moved)


def lock(content_ids: Sequence[int]) -> None:
    """Lock contents by id, for a transaction that changes them in several steps and must not meet another halfway."""
    ids = sorted(set(content_ids))
    with prepared.cursor(rows=len(ids)) as cursor:
        cursor.execute("SELECT id FROM cases_content WHERE id = ANY(%s::bigint[]) ORDER BY id FOR UPDATE", [ids])


def _refresh(content_ids: Sequence[int], batch: int | None) -> list[Moved]:
    """Set items and stacks right; returns the items that changed."""
    contents = {"contents": sorted(set(content_ids)), "batch": batch}
    with prepared.cursor(rows=len(content_ids)) as cursor:
        cursor.execute(REFRESH if len(content_ids) <= prepared.FEW else REFRESH_MANY, contents)
        rows = cursor.fetchall()
        if uncertain := sorted({row[-1] for row in rows if row[-1] is not None}):
            cursor.execute(SHOW_NEXT, [uncertain])
        moved = [Moved(*row[:-1]) for row in rows]
        if any(item.state == "waiting" for item in moved):
            cursor.execute(WANT_PREVIEWS, contents)
    return moved
