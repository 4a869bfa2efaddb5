"""Writing decisions: append-only rows, and the standing that follows from them (model.md sections 1.4, 2).

One statement, whatever their number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cases import events, moments
from cases.models import Case
from cases.moments import Moment
from cases.second import drawing
from workbench import audit, prepared
from workbench.models import User


@dataclass(frozen=True, slots=True)
class Planned:
    """A decision about to be written: whose act, which content, which code (None takes back)."""

    act: int
    content: int
    code: str | None
    distance: int = 0
    inherited: bool = False
    reason: str = ""
    moment: Moment | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A decision that was written, and the code it superseded, if any."""

    id: int
    public_id: UUID
    act: int
    content: int
    code: str | None
    basis: str
    superseded: str | None
    sha256: str
    distance: int = 0  # bits of 256 from the picture that was looked at
    from_ms: int | None = None  # of a film, as in Moment
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """The decision in force for a content."""

    decision: int
    code: str | None
    by: int
    case: int
    batch: int | None  # it was made in; None outside of any


# Decisions, and that they stand; whoever decides is sure. Basis `viewed` only where this person unveiled the picture,
# heard what has only sound, or at the command line says so; whoever saw another member of the stack inherits. `viewed`
# null: a script, which looks at nothing, whatever its person saw.
DECIDE = """
WITH planned AS (
  SELECT * FROM unnest(%(act)s::bigint[], %(content)s::bigint[], %(code)s::text[], %(distance)s::int[],
                       %(inherited)s::bool[], %(reason)s::text[], %(from_ms)s::int[], %(until_ms)s::int[])
    AS p(act, content, code, distance, inherited, reason, from_ms, until_ms)),
written AS (
  INSERT INTO cases_decision (public_id, act_id, content_id, case_id, agency_id, scheme_id, code, basis, distance,
                              reason, supersedes_id, by_id, by_name, at, from_ms, until_ms)
  SELECT gen_random_uuid(), p.act, p.content, %(case)s, %(agency)s, %(scheme)s, p.code,
    CASE WHEN p.inherited THEN 'inherited'
         WHEN %(viewed)s::bool IS NULL THEN 'veiled'
         WHEN %(viewed)s::bool OR EXISTS (SELECT FROM cases_viewing v WHERE v.content_id = p.content
              AND v.user_id = %(by)s AND v.revealed_ms > 0) THEN 'viewed'
         WHEN EXISTS (SELECT FROM cases_listening l JOIN cases_content c ON c.id = l.content_id AND c.kind = 'audio'
              WHERE l.content_id = p.content AND l.user_id = %(by)s AND l.heard_ms > 0) THEN 'viewed'
         ELSE 'veiled' END,
    p.distance, p.reason, st.decision_id, %(by)s, %(by_name)s, statement_timestamp(), p.from_ms, p.until_ms
  FROM planned p LEFT JOIN cases_standing st ON st.content_id = p.content AND st.scheme_id = %(scheme_id)s
  ORDER BY p.content
  RETURNING id, public_id, act_id, content_id, code, basis, supersedes_id, distance, from_ms, until_ms),
stand AS (
  INSERT INTO cases_standing (content_id, scheme_id, decision_id, code, version)
  SELECT content_id, %(scheme_id)s, id, code, 1 FROM written ORDER BY content_id
  ON CONFLICT (content_id, scheme_id) DO UPDATE SET decision_id = excluded.decision_id, code = excluded.code,
    version = cases_standing.version + 1),
sure AS (
  UPDATE cases_item i SET unsure = false FROM written w
  WHERE i.case_id = %(case)s AND i.content_id = w.content_id AND i.unsure)
SELECT w.id, w.public_id, w.act_id, w.content_id, w.code, w.basis, old.code, encode(c.sha256, 'hex'), w.distance,
  w.from_ms, w.until_ms
FROM written w JOIN cases_content c ON c.id = w.content_id
LEFT JOIN cases_decision old ON old.id = w.supersedes_id ORDER BY w.id
"""


def write(planned: Sequence[Planned], *, case: Case, by: User, viewed: bool | None = False) -> list[Written]:
    """Write decisions and make them stand, and draw second views of them. Inside `states.settling` of their contents;
    two statements. Ends `unsure`.

    `viewed`: the person states having looked (by command only); False: it follows from Viewing rows; None: a script
    decides, by token, and nothing is said of anybody's having looked.
    """
    if not planned:
        return []
    frame: dict[str, Any] = {
        "case": case.pk,
        "agency": case.agency_id,
        "scheme": case.scheme.pk,
        "scheme_id": case.scheme.scheme_id,
        "by": by.pk,
        "by_name": by.name,
        "viewed": viewed,
    }
    names = ("act", "content", "code", "distance", "inherited", "reason")
    rows: dict[str, Any] = {name: [getattr(plan, name) for plan in planned] for name in names}
    rows["from_ms"] = [plan.moment and plan.moment.from_ms for plan in planned]
    rows["until_ms"] = [plan.moment and plan.moment.until_ms for plan in planned]
    with prepared.cursor(rows=len(planned)) as cursor:
        cursor.execute(DECIDE, frame | rows)
        written = [Written(*row) for row in cursor.fetchall()]
    drawing.draw([row.id for row in written], case)
    return written


def event(row: Written, case: Case, *, reason: str = "", via: str = "") -> audit.Event:
    """The event of a decision: set, changed or taken back.

    `via` where it was not made in a batch; one that rests on the look at another picture of its stack says so, and how
    many bits lie between the two.
    """
    verb = events.TAKEN_BACK if row.code is None else events.SUPERSEDED if row.superseded else events.DECIDED
    details = {
        "code": row.code,
        "superseded": row.superseded,
        "basis": row.basis,
        "scheme": case.scheme.scheme_id,
        "sha256": row.sha256,
    } | ({"via": via} if via else {"via": "stack", "distance": row.distance} if row.basis == "inherited" else {})
    details |= moments.told(moments.of(row.from_ms, row.until_ms))
    return audit.Event(verb, f"decision:{row.public_id}", case.public_id, details, reason)


def held(content_ids: Sequence[int], scheme_id: str) -> dict[int, Held]:
    """The decisions in force for contents under a scheme; contents without one are absent."""
    with prepared.cursor(rows=len(content_ids)) as cursor:
        cursor.execute(
            "SELECT st.content_id, st.decision_id, st.code, d.by_id, d.case_id, a.batch_id"
            " FROM cases_standing st JOIN cases_decision d ON d.id = st.decision_id JOIN cases_act a ON a.id = d.act_id"
            " WHERE st.content_id = ANY(%s::bigint[]) AND st.scheme_id = %s",
            [list(content_ids), scheme_id],
        )
        return {row[0]: Held(*row[1:]) for row in cursor.fetchall()}
