"""What the sets do in cases that somebody should look into: files on which they disagree, hashes in many cases.

Only cases in the person's reach are looked at, so nothing is told of anybody else's.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from cases.models import Case
from hashsets.mapping import other_category
from hashsets.patience import PAGE as PATIENCE
from hashsets.patience import within
from workbench.models import User

MOST = 50
REACHED = "SELECT content_id FROM cases_item WHERE case_id = ANY(%(cases)s) AND state <> 'excluded'"

# Contents with several strong matches first; of each what may act, step by step along the indexes. OFFSET 0 keeps the
# planner to them: with no statistics yet, it would compare everything with everything. Categories of different
# schemes are compared once for all contents that have the same ones.
COMPARED = other_category("(x ->> 0)::bigint", "(x ->> 1)", "(y ->> 0)::bigint", "(y ->> 1)")
DISAGREE = f"""
WITH several AS (
  SELECT content_id, array_agg(set_id) AS sets, array_agg(entry) AS entries FROM cases_match
  WHERE strong AND lost_in IS NULL AND content_id IN ({REACHED}) GROUP BY 1 HAVING count(*) > 1),
said AS (
  SELECT s.content_id, m.set_id, h.name, jsonb_build_array(h.scheme_id, e.code) AS category, e.code, e.disposition
  FROM several s CROSS JOIN LATERAL unnest(s.sets, s.entries) AS m (set_id, entry)
  CROSS JOIN LATERAL (SELECT * FROM hashsets_entry WHERE set_id = m.set_id AND id = m.entry OFFSET 0) e
  CROSS JOIN LATERAL (SELECT * FROM hashsets_hashset WHERE id = m.set_id OFFSET 0) h
  CROSS JOIN LATERAL (
    SELECT * FROM hashsets_rule
    WHERE agency_id = %(agency)s AND set_id = m.set_id AND disposition = e.disposition OFFSET 0) r
  WHERE hashsets_effect_by(r.role, r.retired, r.action, r.min_trust, r.may_discard, e.code, e.disposition, e.trust,
    e.conflict, e.state) > 0),
each_one AS MATERIALIZED (
  SELECT content_id, count(DISTINCT set_id) AS sets, string_agg(code, ', ' ORDER BY code) AS codes,
    string_agg(DISTINCT name, ', ') AS names, string_agg(DISTINCT name || ': ' || code, ' · ') AS each,
    jsonb_agg(DISTINCT category) AS categories, min(disposition) <> max(disposition) AS means_other
  FROM said GROUP BY 1 HAVING min(disposition) <> max(disposition) OR count(DISTINCT category) > 1),
otherwise AS (
  SELECT categories FROM (SELECT DISTINCT categories FROM each_one WHERE NOT means_other) d
  WHERE EXISTS (SELECT FROM jsonb_array_elements(categories) x, jsonb_array_elements(categories) y
    WHERE {COMPARED}))
SELECT sets, codes, names, each, public_id, state, number, sha256, means_other FROM (
  SELECT t.*, i.*, encode(k.sha256, 'hex') AS sha256,
    row_number() OVER (PARTITION BY t.means_other ORDER BY i.state = 'decided', i.number, k.sha256) AS place
  FROM (SELECT * FROM each_one WHERE means_other OR categories IN (SELECT categories FROM otherwise)) t
  CROSS JOIN LATERAL (
    SELECT i.public_id, i.state, c.number FROM (SELECT * FROM cases_item WHERE content_id = t.content_id OFFSET 0) i
    JOIN cases_case c ON c.id = i.case_id
    WHERE i.case_id = ANY(%(cases)s) AND i.state <> 'excluded' ORDER BY i.id LIMIT 1) i
  CROSS JOIN LATERAL (SELECT sha256 FROM cases_content WHERE id = t.content_id OFFSET 0) k) placed
WHERE place <= %(most)s ORDER BY means_other DESC, place
"""  # noqa: S608 only constants of this module

HOT = """
WITH often AS (
  SELECT content_id, case_id FROM cases_item i WHERE case_id = ANY(%(cases)s) AND state <> 'excluded'
    AND EXISTS (SELECT FROM cases_match m WHERE m.content_id = i.content_id AND m.lost_in IS NULL))
SELECT h.name, h.public_id, encode(e.ident, 'hex'), count(DISTINCT o.case_id) AS cases, count(DISTINCT o.content_id)
FROM often o JOIN cases_match m ON m.content_id = o.content_id AND m.lost_in IS NULL
JOIN hashsets_entry e ON e.set_id = m.set_id AND e.id = m.entry JOIN hashsets_hashset h ON h.id = m.set_id
GROUP BY h.id, e.ident, e.twin HAVING count(DISTINCT o.case_id) > 1
ORDER BY 4 DESC, h.name, e.ident LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A content on which sets that may act do not agree, through one item in reach.

    `codes`: `1, 1, 2`; `each`: `A: 1 · B: 1 · C: 2`; `means_other`: not only the category differs, but what it means.
    """

    sets: int
    codes: str
    names: str
    each: str
    item: UUID
    state: str
    case: str
    sha256: str
    means_other: bool


@dataclass(frozen=True, slots=True)
class Hot:
    """A hash of a set that turns up in several of the person's cases. `files`: different contents."""

    set: str
    set_id: UUID
    hash: str
    cases: int
    files: int


def disagreements(user: User) -> list[Disagreement]:
    """Contents on which the agency's sets disagree: first in the meaning, then in the category alone.

    Of each the first 50, those that nobody decided before the others. Categories of different schemes are compared
    where one maps to the other. Two queries, with an end of patience. Raises TakesLonger.
    """
    return [Disagreement(*row) for row in _rows(DISAGREE, user)]


def hot(user: User) -> list[Hot]:
    """The hashes that turn up in most cases, of at least two.

    Two queries, with an end of patience. Raises TakesLonger.
    """
    return [Hot(*row) for row in _rows(HOT, user)]


def _rows(sql: str, user: User) -> list[tuple[Any, ...]]:
    reached = list(Case.objects.for_actor(user).filter(agency=user.agency_id).values_list("pk", flat=True))
    with within(PATIENCE), connection.cursor() as cursor:
        cursor.execute(sql, {"cases": reached, "agency": user.agency_id, "most": MOST})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
