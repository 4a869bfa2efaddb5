"""What may leave a case for a shared set, and why the rest stays (sharing.md section 5).

Each rule is a line of `RULES`, with its reason; the first that holds is told. That a decision is final (no second view
or ruling is awaited, nothing superseded it) is asked in `second.holding` and `approving`, since that changes.
"""

from collections.abc import Collection

from django.db import connection

from cases import reasons
from hashsets.models import HashSet

# Decisions beside the sets they would go into. Hashed by us: a kept file of an exhibit that was read whole, so that no
# digest out of somebody's list is passed on as ours. Harmless: a list in use says so; our own decisions are no list.
RULES = """
SELECT d.id, CASE
  WHEN d.basis <> 'viewed' THEN %(not_viewed)s
  WHEN c.size = 0 THEN %(empty)s
  WHEN NOT EXISTS (
    SELECT FROM cases_fileinstance f JOIN cases_exhibit x ON x.id = f.exhibit_id
    WHERE f.content_id = c.id AND f.state IN ('accepted', 'without_preview') AND x.removed_at IS NULL)
    THEN %(not_hashed)s
  WHEN NOT EXISTS (
    SELECT FROM hashsets_category g JOIN hashsets_hashset h ON h.scheme_id = g.scheme_id
    WHERE h.id = o.set_id AND g.code = d.code AND g.publishable) THEN %(unmapped)s
  WHEN g.disposition <> 'not_relevant' AND EXISTS (
    SELECT FROM cases_match m JOIN hashsets_hashset h ON h.id = m.set_id
    JOIN hashsets_entry e ON e.set_id = m.set_id AND e.id = m.entry
    WHERE m.content_id = c.id AND m.strong AND m.lost_in IS NULL AND h.role = 'known-good' AND h.retired_at IS NULL
      AND NOT (h.receives_offers AND h.owner_id = d.agency_id)
      AND e.disposition = 'not_relevant' AND e.state = 'published' AND NOT e.conflict) THEN %(known_good)s
  ELSE '' END
FROM unnest(%(decisions)s::bigint[], %(sets)s::bigint[]) AS o (decision_id, set_id)
JOIN cases_decision d ON d.id = o.decision_id JOIN cases_content c ON c.id = d.content_id
JOIN hashsets_category g ON g.scheme_id = d.scheme_id AND g.code = d.code
"""
WHY = {
    "not_viewed": reasons.NOT_VIEWED,
    "empty": reasons.EMPTY,
    "not_hashed": reasons.NOT_HASHED,
    "unmapped": reasons.UNMAPPED,
    "known_good": reasons.KNOWN_GOOD,
}


def why_not(offered: Collection[tuple[int, int]]) -> dict[int, str]:
    """Why decisions may not go into a set, of pairs (decision, set), by decision; absent: they may. One query."""
    if not offered:
        return {}
    decisions, sets = zip(*offered, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(RULES, WHY | {"decisions": list(decisions), "sets": list(sets)})
        return {decision: why for decision, why in cursor.fetchall() if why}


def receives(target: HashSet, *, agency: int, scheme_id: str) -> bool:
    """Whether a set takes decisions of the agency under a scheme: its own, in use, and made for that."""
    theirs = target.owner_id == agency and target.receives_offers and target.retired_at is None
    return theirs and target.scheme.scheme_id == scheme_id
