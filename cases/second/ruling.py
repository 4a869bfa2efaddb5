"""Settling where two people differ: a supervisor rules, and his decision supersedes the first (decision 0013).

Who gave which code, and which came first, is never told to who rules: the two sides stand in an order of their own.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_noop as noop

from cases import closing, events, grounds, inspector, moments, publishing, standing, states
from cases.errors import AlreadyRuled, AnotherPersonNeeded, ReasonNeeded, UnknownCategory
from cases.models import Act, Case, Decision, Disagreement, Item, SecondOpinion
from cases.second import blind
from cases.standing import Planned, Written
from workbench import audit
from workbench.models import User

PAGE = 60
VIEWED = Decision.Basis.VIEWED

# In the person's reach, not about his own code, nor about what he owes a view of. The codes in the order of the sides.
OPEN = """
SELECT g.id, g.public_id, i.public_id, c.preview, k.number, k.scheme_id, g.at,
  CASE WHEN s.turned THEN o.code ELSE d.code END, CASE WHEN s.turned THEN d.code ELSE o.code END, w.waits
FROM cases_disagreement g JOIN cases_decision d ON d.id = g.decision_id
JOIN cases_secondopinion o ON o.id = g.opinion_id
JOIN cases_case k ON k.id = g.case_id JOIN cases_content c ON c.id = d.content_id
JOIN cases_item i ON i.case_id = g.case_id AND i.content_id = d.content_id
CROSS JOIN LATERAL (SELECT get_byte(sha256(uuid_send(g.public_id)), 0) %% 2 = 1 AS turned) s
CROSS JOIN LATERAL (SELECT EXISTS (
  SELECT FROM cases_offer f WHERE f.decision_id = d.id AND f.state IN ('draft', 'held')) AS waits) w
WHERE g.closed_at IS NULL AND k.state = 'open' AND g.case_id = ANY(%(cases)s)
  AND d.content_id <> ALL(%(blind)s::bigint[])
  AND NOT EXISTS (SELECT FROM cases_decision m WHERE m.id = g.decision_id AND m.by_id = %(by)s)
  AND NOT EXISTS (SELECT FROM cases_secondopinion m WHERE m.decision_id = g.decision_id AND m.by_id = %(by)s)
  AND (NOT %(blocks)s OR w.waits) AND g.id > %(after)s ORDER BY g.id LIMIT %(limit)s
"""
# Earlier rulings of the agency between the same two codes, in whichever order, by what was ruled.
PRECEDENT = """
SELECT r.code, count(DISTINCT r.id) FROM cases_disagreement g JOIN cases_decision d ON d.id = g.decision_id
JOIN cases_secondopinion o ON o.id = g.opinion_id JOIN cases_decision r ON r.id = g.ruling_id
JOIN hashsets_scheme v ON v.id = d.scheme_id AND v.scheme_id = %(scheme)s
WHERE d.agency_id = %(agency)s AND least(d.code, o.code) = least(%(one)s, %(other)s)
  AND greatest(d.code, o.code) = greatest(%(one)s, %(other)s) GROUP BY 1 ORDER BY 2 DESC, 1
"""
ALIKE = """
SELECT st.code, count(*) FROM cases_item i JOIN cases_standing st ON st.content_id = i.content_id
  AND st.scheme_id = %s AND st.code IS NOT NULL
WHERE i.stack_id = %s AND i.id <> %s AND i.state = 'decided' GROUP BY 1 ORDER BY 2 DESC, 1
"""
UNVEILED = "SELECT coalesce(sum(revealed_ms), 0) FROM cases_viewing WHERE user_id = %s AND content_id = %s"
WAITS = """
SELECT h.name, count(*) FROM cases_offer f JOIN hashsets_hashset h ON h.id = f.set_id
WHERE f.decision_id = %s AND f.state IN ('draft', 'held') GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A disagreement in the list. `one`, `other`: codes in the order of the sides; `waits`: it blocks publishing."""

    id: int
    public_id: UUID
    item: UUID
    preview: str
    case: str
    scheme: int
    at: datetime
    one: str
    other: str
    waits: bool


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the two gave: code, the reason he wrote and how sure he was, if he said so; whether he looked and for
    how many milliseconds.

    That a decision was inherited is not told: only the first can be. `moment`: what of a film he marked, or "".
    """

    code: str
    reason: str
    confidence: str
    looked: bool
    unveiled_ms: int
    moment: str


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything that is told of one disagreement. `alike`, `precedent`: counts by code; `waits`: by set.

    `unsure`: what people said who could not decide before.
    """

    disagreement: Disagreement
    item: Item
    sides: tuple[Side, Side]
    unsure: list[grounds.Unsure]
    places: list[dict[str, str]]
    alike: list[tuple[str, int]]
    precedent: list[tuple[str, int]]
    waits: list[tuple[str, int]]


def waiting(by: User, *, blocks: bool = False, after: int = 0, limit: int = PAGE) -> list[Row]:
    """Disagreements that the person may rule on, oldest first, at most `limit`. Three queries."""
    reached = list(Case.objects.for_actor(by).filter(agency=by.agency_id).values_list("pk", flat=True))
    values: dict[str, Any] = {
        "cases": reached,
        "by": by.pk,
        "blind": blind.contents(by),
        "blocks": blocks,
        "after": after,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(OPEN, values)
        return [Row(*row) for row in cursor.fetchall()]


def show(disagreement: Disagreement) -> Shown:
    """What there is to read before ruling. Eleven queries."""
    decision, opinion, case = disagreement.decision, disagreement.opinion, disagreement.case
    item = Item.objects.select_related("content", "case").get(case=case, content=decision.content_id)
    first, second = _side(decision, item), _side(opinion, item)
    with connection.cursor() as cursor:
        pair = {"one": decision.code, "other": opinion.code, "agency": case.agency_id, "scheme": case.scheme.scheme_id}
        cursor.execute(PRECEDENT, pair)
        precedent = cursor.fetchall()
        cursor.execute(ALIKE, [case.scheme.scheme_id, item.stack_id, item.pk])
        alike = cursor.fetchall()
        cursor.execute(WAITS, [decision.pk])
        waits = cursor.fetchall()
    sides = (second, first) if _turned(disagreement) else (first, second)
    return Shown(disagreement, item, sides, grounds.unsure(item), inspector.found_in(item), alike, precedent, waits)


def _side(given: Decision | SecondOpinion, item: Item) -> Side:
    confidence, text = grounds.of(given.act_id)
    reason = text or (given.reason if isinstance(given, Decision) else "")  # an opinion's says why it was asked for
    marked = moments.words(moments.of(given.from_ms, given.until_ms))
    return Side(str(given.code), reason, confidence, given.basis == VIEWED, _unveiled(given.by_id, item), marked)


def _turned(disagreement: Disagreement) -> bool:
    """Whether the second stands first; as in OPEN, from the row's random id."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT get_byte(sha256(uuid_send(%s::uuid)), 0) %% 2 = 1", [disagreement.public_id])
        return bool(cursor.fetchone()[0])


def _unveiled(person: int, item: Item) -> int:
    with connection.cursor() as cursor:
        cursor.execute(UNVEILED, [person, item.content_id])
        return int(cursor.fetchone()[0])


def is_party(disagreement: Disagreement, by: User) -> bool:
    """Whether the person gave one of the codes on this decision; then another one rules."""
    opinions = SecondOpinion.objects.filter(decision=disagreement.decision_id, by=by)
    return by.pk == disagreement.decided_by_id or opinions.exists()


def open_for(item: Item, by: User) -> UUID | None:
    """The oldest open disagreement about the item's content that this person may rule on. Two queries at most."""
    about = Disagreement.objects.for_actor(by).filter(
        decision__content=item.content_id, decision__scheme__scheme_id=item.case.scheme.scheme_id,
        case__agency=by.agency_id, case__state=Case.State.OPEN, closed_at__isnull=True,
    ).exclude(decision__content__in=blind.contents(by))  # fmt: skip
    given = SecondOpinion.objects.filter(decision=OuterRef("decision"), by=by)
    open_ones = about.exclude(Exists(given)).exclude(decided_by=by)
    return open_ones.order_by("pk").values_list("public_id", flat=True).first()


@transaction.atomic
def rule(*, disagreement: Disagreement, code: str, reason: str, by: User) -> Written:
    """Decide what two people differ on; every open disagreement about that decision is closed by it.

    Raises ReasonNeeded, UnknownCategory, CaseIsClosed, AnotherPersonNeeded, AlreadyRuled, SecondViewOwed. One
    transaction: the decision, what follows for offers, the disagreements, their events.
    """
    case, decision = disagreement.case, disagreement.decision
    closing.require_open(case.pk)
    if not reason.strip():
        raise ReasonNeeded
    if not case.scheme.categories.filter(code=code).exists():
        raise UnknownCategory
    with states.settling([decision.content_id]):
        rows = Disagreement.objects.select_for_update(of=("self",)).filter(decision=decision, closed_at__isnull=True)
        differing = list(rows.select_related("opinion").order_by("pk"))
        if not differing:
            raise AlreadyRuled
        if is_party(disagreement, by):
            raise AnotherPersonNeeded(noop("You gave one of the two codes: another supervisor rules."))
        blind.require_sight(by, case)
        act = Act.objects.create(user=by, idempotency_key=uuid4(), kind="decide", case=case, via="ruling", code=code)
        facts = publishing.drop_drafts([decision.pk], by=by)
        planned = [Planned(act.pk, decision.content_id, code, reason=reason.strip()[:400])]
        [written] = standing.write(planned, case=case, by=by)
        Disagreement.objects.filter(pk__in=[one.pk for one in differing]).update(ruling=written.id, ruled_by=by)
        facts += [standing.event(written, case, reason=reason.strip(), via="ruling")]
        facts += publishing.offer([written], case=case, by=by)
    facts += [_event(one, written, reason) for one in differing]
    audit.record_all(facts, by=by, agency=case.agency_id)
    return written


def _event(one: Disagreement, written: Written, reason: str) -> audit.Event:
    details = {"code": written.code, "first": one.decision.code, "second": one.opinion.code, "sha256": written.sha256}
    return audit.Event(events.RULED, audit.subject_of(one), one.case.public_id, details, reason.strip())
