"""Where a list says something else than a person decided: nothing follows by itself, somebody should look.

What is told is the decision in force, and strong matches that may act by the agency's policies (model.md section 3),
compared through the mappings of their schemes. It would tell the first decision to whoever gives a second view, so it
is for those only who give none, and for the one who decided (workflows.md section 3).
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from cases.models import Case, Item, Standing
from hashsets.mapping import other_category
from hashsets.patience import PAGE as PATIENCE
from hashsets.patience import within
from workbench import access
from workbench.models import User

PAGE = 50  # contents
COUNTED = 10_000  # contradictions; beyond, only that there are more

# Decisions beside the entries that equal their contents, where the two say something else; the digests are compared
# already, the rules are asked only of these few. Step by step along the indexes, in the order of {decisions}: OFFSET 0
# keeps the planner to them, since it knows nothing of how few differ, and a page reads no further than it needs.
DIFFER = f"""
  SELECT d.id AS decision, {{content}} AS content, d.code AS decided, d.scheme_id AS scheme, d.agency_id AS agency,
    m.set_id, m.entry, e.code, e.disposition <> d.disposition AS means_other
  FROM {{decisions}}
  CROSS JOIN LATERAL (
    SELECT x.*, (
      SELECT disposition FROM hashsets_category WHERE scheme_id = x.scheme_id AND code = x.code) AS disposition
    FROM cases_decision x WHERE x.id = st.decision_id AND x.code IS NOT NULL {{whose}} OFFSET 0) d
  CROSS JOIN LATERAL (
    SELECT k.set_id, k.entry, (SELECT scheme_id FROM hashsets_hashset WHERE id = k.set_id) AS scheme
    FROM (SELECT * FROM cases_match WHERE content_id = d.content_id OFFSET 0) k
    WHERE k.strong AND k.lost_in IS NULL OFFSET 0) m
  CROSS JOIN LATERAL (
    SELECT y.code, y.disposition FROM hashsets_entry y WHERE y.set_id = m.set_id AND y.id = m.entry OFFSET 0) e
  WHERE e.disposition <> d.disposition OR {other_category("d.scheme_id", "d.code", "m.scheme", "e.code")}
  {{order}} OFFSET 0
"""  # noqa: S608 only constants of this module
MAY_ACT = """
  CROSS JOIN LATERAL (
    SELECT h.* FROM hashsets_verdict v JOIN hashsets_hashset h ON h.id = v.set_id
    WHERE v.agency_id = f.agency AND v.set_id = f.set_id AND v.entry_id = f.entry AND v.effect > 0 OFFSET 0) h
"""
CHOSEN = "unnest(%(decisions)s::bigint[]) AS st(decision_id)"
OF_DECISIONS = f"""
SELECT DISTINCT f.decision, h.id, h.name, h.public_id, h.generation, f.code, coalesce(w.name, ''), f.means_other
FROM ({DIFFER.format(decisions=CHOSEN, content="d.content_id", whose="", order="")}) f {MAY_ACT}
LEFT JOIN hashsets_category w ON w.scheme_id = h.scheme_id AND w.code = f.code ORDER BY h.name, h.id, f.code
"""  # noqa: S608 only constants of this module

STANDING = """(
  SELECT content_id, decision_id FROM cases_standing WHERE code IS NOT NULL AND content_id > %(after)s
  ORDER BY content_id OFFSET 0) st"""
OURS, ORDER = "AND x.agency_id = %(agency)s", "ORDER BY st.content_id"
ALL = f"""
  SELECT f.content, f.decided, h.name, h.public_id AS set, h.generation, f.code, f.means_other, i.item, i.number
  FROM ({DIFFER.format(decisions=STANDING, content="st.content_id", whose=OURS, order=ORDER)}) f {MAY_ACT}
  CROSS JOIN LATERAL (
    SELECT i.public_id AS item, c.number FROM (SELECT * FROM cases_item WHERE content_id = f.content OFFSET 0) i
    JOIN cases_case c ON c.id = i.case_id JOIN hashsets_scheme s ON s.id = c.scheme_id
    WHERE i.case_id = ANY(%(cases)s) AND i.state = 'decided'
      AND s.scheme_id = (SELECT scheme_id FROM hashsets_scheme WHERE id = f.scheme) ORDER BY i.id LIMIT 1) i
  ORDER BY f.content
"""  # noqa: S608 only constants of this module
ROWS = f"""
SELECT f.content, encode(k.sha256, 'hex'), f.item, f.number, f.decided, f.says, f.means_other
FROM (SELECT content, string_agg(DISTINCT decided, ', ') AS decided, bool_or(means_other) AS means_other,
    (array_agg(item ORDER BY number, item))[1] AS item, min(number) AS number,
    string_agg(DISTINCT format('%%s v%%s: %%s', name, generation, code), ' · ') AS says
  FROM ({ALL}) f GROUP BY content ORDER BY content LIMIT %(limit)s) f
JOIN cases_content k ON k.id = f.content ORDER BY f.content
"""  # noqa: S608 only constants of this module
COUNTS = f"""
SELECT name, set, count(DISTINCT content), count(DISTINCT content) FILTER (WHERE means_other), sum(count(*)) OVER ()
FROM ({ALL} LIMIT %(limit)s) f GROUP BY name, set ORDER BY 3 DESC, name, set
"""  # noqa: S608 only constants of this module


@dataclass(frozen=True, slots=True)
class Says:
    """What a set says of a content that a person decided otherwise."""

    set_id: int
    set: str
    public_id: UUID
    generation: int
    code: str
    category: str
    means_other: bool  # it means something else for the queue, too

    @property
    def text(self) -> str:
        """`Reference v3 says 2 Coastal`."""
        told = {"set": self.set, "n": self.generation, "category": f"{self.code} {self.category}".strip()}
        return _("%(set)s v%(n)s says %(category)s") % told


@dataclass(frozen=True, slots=True)
class Contradicted:
    """A content decided otherwise than sets say, through one item in reach. `says`: `Reference v3: 2 · Other v1: 5`."""

    content: int
    sha256: str
    item: UUID
    case: str
    decided: str
    says: str
    means_other: bool


@dataclass(frozen=True, slots=True)
class OfSet:
    """How many contents were decided otherwise than one set says, and of how many it says another meaning."""

    set: str
    set_id: UUID
    contents: int
    means_other: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page by content; `next` is the key behind which the following one starts, None on the last."""

    rows: list[Contradicted]
    next: int | None


def may_see(by: User) -> bool:
    """Whether the person gives no views, first or second, and so may be told of anybody's decision beside the lists."""
    return access.has(by, "item.view") and not access.has(by, "batch.work")


def of_item(item: Item, by: User) -> list[Says]:
    """What sets say otherwise than the decision in force on an item; for whoever made it, or gives no views."""
    if item.state != Item.State.DECIDED:
        return []
    stands = Standing.objects.filter(content=item.content_id, scheme_id=item.case.scheme.scheme_id, code__isnull=False)
    if not may_see(by):
        stands = stands.filter(decision__by=by)
    decision = stands.values_list("decision", flat=True).first()
    return of_decisions([decision])[decision] if decision else []


def of_decisions(decisions: Collection[int]) -> defaultdict[int, list[Says]]:
    """What sets in force say otherwise, by decision. One query, none where there are none."""
    told = defaultdict[int, list[Says]](list)
    if decisions:
        with connection.cursor() as cursor:
            cursor.execute(OF_DECISIONS, {"decisions": list(decisions)})
            for decision, *says in cursor.fetchall():
                told[decision].append(Says(*says))
    return told


def page(user: User, *, after: int = 0) -> Page:
    """Contents in the person's reach that are decided otherwise than sets say, by key. Raises TakesLonger."""
    rows = [Contradicted(*row) for row in _asked(ROWS, user, after, PAGE + 1)]
    return Page(rows[:PAGE], rows[PAGE - 1].content if len(rows) > PAGE else None)


def counts(user: User) -> tuple[list[OfSet], bool]:
    """How many by set, and whether that is all: beyond 10,000 nobody counts on. Raises TakesLonger."""
    rows = _asked(COUNTS, user, 0, COUNTED)
    return [OfSet(*row[:-1]) for row in rows], not rows or rows[0][-1] < COUNTED


def _asked(sql: str, user: User, after: int, limit: int) -> Sequence[tuple[Any, ...]]:
    reached = list(Case.objects.for_actor(user).filter(agency=user.agency_id).values_list("pk", flat=True))
    values: dict[str, Any] = {"agency": user.agency_id, "cases": reached, "after": after, "limit": limit}
    with within(PATIENCE), connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
