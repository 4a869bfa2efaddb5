"""Keeping second opinions: one row and one event each, and a disagreement where the code differs. One statement."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from cases import events, moments
from workbench import audit
from workbench.models import User

# What was viewed is told by Viewing rows, as with a decision. Whoever told what he thinks of a decision owes no view.
KEEP = """
WITH given AS (
  SELECT k.*, d.by_id AS decided_by, d.code AS first, d.case_id, d.content_id,
    EXISTS (SELECT FROM cases_standing st WHERE st.decision_id = d.id) AS stands
  FROM unnest(%(decision)s::bigint[], %(act)s::bigint[], %(code)s::text[], %(why)s::text[], %(from_ms)s::int[],
              %(until_ms)s::int[])
    AS k(decision, act, code, why, from_ms, until_ms)
  JOIN cases_decision d ON d.id = k.decision AND d.by_id <> %(by)s),
kept AS (
  INSERT INTO cases_secondopinion (public_id, decision_id, act_id, by_id, by_name, decided_by_id, code, reason, basis,
                                   at, from_ms, until_ms)
  SELECT gen_random_uuid(), decision, act, %(by)s, %(by_name)s, decided_by, code, why,
    CASE WHEN EXISTS (SELECT FROM cases_viewing v WHERE v.content_id = g.content_id AND v.user_id = %(by)s
         AND v.revealed_ms > 0) THEN 'viewed'
         WHEN EXISTS (SELECT FROM cases_listening l JOIN cases_content c ON c.id = l.content_id AND c.kind = 'audio'
         WHERE l.content_id = g.content_id AND l.user_id = %(by)s AND l.heard_ms > 0) THEN 'viewed'
         ELSE 'veiled' END, now(), g.from_ms, g.until_ms
  FROM given g ORDER BY decision
  ON CONFLICT (decision_id, by_id) DO NOTHING RETURNING id, public_id, decision_id, code, from_ms,
    until_ms),
differ AS (
  INSERT INTO cases_disagreement (public_id, decision_id, opinion_id, case_id, decided_by_id, given_by_id, at)
  SELECT gen_random_uuid(), g.decision, k.id, g.case_id, g.decided_by, %(by)s, now()
  FROM kept k JOIN given g ON g.decision = k.decision_id
  WHERE g.stands AND k.code <> g.first AND g.why <> 'check' RETURNING opinion_id),
done AS (
  UPDATE cases_secondview v SET state = 'done', closed_at = now(), batch_id = NULL, position = 0 FROM given g
  WHERE v.decision_id = g.decision AND v.state = 'open'
    AND (v.batch_id IS NULL OR v.batch_id = ANY(%(batches)s::bigint[])))
SELECT k.public_id, k.code, g.why, d.opinion_id IS NOT NULL, k.from_ms, k.until_ms
FROM kept k JOIN given g ON g.decision = k.decision_id LEFT JOIN differ d ON d.opinion_id = k.id ORDER BY k.id
"""


class Given(NamedTuple):
    """A code somebody gave beside another person's decision: of which act, asked for why."""

    decision: int
    act: int
    code: str
    why: str
    from_ms: int | None = None  # of a film, as in Moment
    until_ms: int | None = None


def keep(given: Sequence[Given], *, by: User, case: UUID, batch: int | None = None) -> list[audit.Event]:
    """Keep opinions; returns their events. Ends the wishes for a second view of these decisions.

    A wish that another person holds in a batch stays. One's own decisions, and those on which one gave an opinion
    before, are passed over. Inside a transaction.
    """
    if not given:
        return []
    columns: dict[str, Any] = dict(zip(Given._fields, map(list, zip(*given, strict=True)), strict=True))
    people = {"by": by.pk, "by_name": by.name, "batches": [] if batch is None else [batch]}
    with connection.cursor() as cursor:
        cursor.execute(KEEP, columns | people)
        return [
            audit.Event(
                events.SECOND_OPINION, f"secondopinion:{public_id}", case,
                {"code": code, "asked": why, "differs": differs} | moments.told(moments.of(start, end)),
            )
            for public_id, code, why, differs, start, end in cursor.fetchall()
        ]  # fmt: skip
