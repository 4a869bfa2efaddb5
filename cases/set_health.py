"""What the sets do in cases that somebody should look into: files on which they disagree, hashes in many cases.

Only cases in the person's reach are looked at, so nothing is told of anybody else's.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from cases.models import Case
from hashsets.mapping import other_category
from workbench.models import User

MOST = 50
REACHED = "SELECT content_id FROM cases_item WHERE case_id = ANY(%(cases)s) AND state <> 'excluded'"

# Contents with several strong matches first: few, and only for them the rules are asked.
DISAGREE = f"""
WITH several AS (
  SELECT content_id FROM cases_match WHERE strong AND lost_in IS NULL AND content_id IN ({REACHED})
  GROUP BY 1 HAVING count(*) > 1),
said AS MATERIALIZED (
  SELECT m.content_id, m.set_id, m.entry, h.name, h.scheme_id AS scheme, v.code, v.disposition
  FROM several s JOIN cases_match m ON m.content_id = s.content_id AND m.strong AND m.lost_in IS NULL
  JOIN hashsets_verdict v ON v.agency_id = %(agency)s AND v.set_id = m.set_id AND v.entry_id = m.entry AND v.effect > 0
  JOIN hashsets_hashset h ON h.id = m.set_id),
otherwise AS (
  SELECT DISTINCT x.content_id FROM said x JOIN said y ON y.content_id = x.content_id
    AND (y.set_id, y.entry) > (x.set_id, x.entry) AND {other_category("x.scheme", "x.code", "y.scheme", "y.code")}),
torn AS (
  SELECT content_id, count(DISTINCT set_id) AS sets, string_agg(code, ', ' ORDER BY code) AS codes,
    string_agg(DISTINCT name, ', ') AS names, string_agg(DISTINCT name || ': ' || code, ' · ') AS each,
    min(disposition) <> max(disposition) AS means_other
  FROM said GROUP BY 1
  HAVING min(disposition) <> max(disposition) OR content_id IN (SELECT content_id FROM otherwise))
SELECT sets, codes, names, each, public_id, state, number, sha256, means_other FROM (
  SELECT *, row_number() OVER (PARTITION BY means_other ORDER BY state = 'decided', number, sha256) AS place FROM (
  SELECT DISTINCT ON (t.content_id) t.sets, t.codes, t.names, t.each, i.public_id, i.state, c.number,
    encode(k.sha256, 'hex') AS sha256, t.means_other
  FROM torn t JOIN cases_item i ON i.content_id = t.content_id AND i.case_id = ANY(%(cases)s) AND i.state <> 'excluded'
  JOIN cases_case c ON c.id = i.case_id JOIN cases_content k ON k.id = t.content_id
  ORDER BY t.content_id, i.id) x) y
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
    """Contents on which the agency's sets disagree: first in the meaning, then in the category alone. Two queries.

    Of each the first 50, those that nobody decided before the others. Categories of different schemes are compared
    where one maps to the other.
    """
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
