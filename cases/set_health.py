"""What the sets do in cases that somebody should look into: files on which they disagree, hashes in many cases.

Only cases in the person's reach are looked at, so nothing is told of anybody else's.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from cases.models import Case
from workbench.models import User

MOST = 50
REACHED = "SELECT content_id FROM cases_item WHERE case_id = ANY(%(cases)s) AND state <> 'excluded'"

# Contents with several strong matches first: few, and only for them the rules are asked.
DISAGREE = f"""
WITH several AS (
  SELECT content_id FROM cases_match WHERE strong AND lost_in IS NULL AND content_id IN ({REACHED})
  GROUP BY 1 HAVING count(*) > 1),
torn AS (
  SELECT m.content_id, count(DISTINCT m.set_id) AS sets, string_agg(v.code, ', ' ORDER BY v.code) AS codes,
    string_agg(DISTINCT h.name, ', ') AS names,
    string_agg(DISTINCT h.name || ': ' || v.code, ' · ') AS each
  FROM several s JOIN cases_match m ON m.content_id = s.content_id AND m.strong AND m.lost_in IS NULL
  JOIN hashsets_verdict v ON v.agency_id = %(agency)s AND v.set_id = m.set_id AND v.entry_id = m.entry AND v.effect > 0
  JOIN hashsets_hashset h ON h.id = m.set_id
  GROUP BY 1 HAVING min(v.disposition) <> max(v.disposition))
SELECT * FROM (
  SELECT DISTINCT ON (t.content_id) t.sets, t.codes, t.names, t.each, i.public_id, i.state, c.number,
    encode(k.sha256, 'hex')
  FROM torn t JOIN cases_item i ON i.content_id = t.content_id AND i.case_id = ANY(%(cases)s) AND i.state <> 'excluded'
  JOIN cases_case c ON c.id = i.case_id JOIN cases_content k ON k.id = t.content_id
  ORDER BY t.content_id, i.id) x
ORDER BY x.state = 'decided', x.number, 8 LIMIT %(most)s
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

    `codes`: `1, 1, 2`; `each`: `A: 1 · B: 1 · C: 2`.
    """

    sets: int
    codes: str
    names: str
    each: str
    item: UUID
    state: str
    case: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Hot:
    """A hash of a set that turns up in several of the person's cases. `files`: different contents."""

    set: str
    set_id: UUID
    hash: str
    cases: int
    files: int


def disagreements(user: User) -> list[Disagreement]:
    """Contents on which the agency's sets disagree, those nobody decided first. Two queries."""
    return [Disagreement(*row) for row in _rows(DISAGREE, user)]


def hot(user: User) -> list[Hot]:
    """The hashes that turn up in most cases, of at least two. Two queries."""
    return [Hot(*row) for row in _rows(HOT, user)]


def _rows(sql: str, user: User) -> list[tuple[Any, ...]]:
    reached = list(Case.objects.for_actor(user).filter(agency=user.agency_id).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(sql, {"cases": reached, "agency": user.agency_id, "most": MOST})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
