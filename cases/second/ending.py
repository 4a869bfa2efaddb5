"""The end of a second-view batch: what was given counts, everything else goes back to the queue (decision 0013)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from cases import events, moments, publishing, standing, states
from cases.models import Batch, Why
from cases.second import opinions
from cases.second.opinions import Given
from cases.standing import Planned
from cases.units import LAST
from workbench import audit

GIVEN = """
SELECT v.id, v.content_id, v.decision_id, v.code, v.why, a.id, v.from_ms, v.until_ms
FROM cases_secondview v CROSS JOIN LATERAL (
  SELECT max(a.id) AS id FROM cases_act a WHERE a.view_id = v.id AND a.batch_id = v.batch_id AND a.code = v.code
    AND a.kind <> 'undo') a
WHERE v.batch_id = %s AND v.code IS NOT NULL ORDER BY v.id FOR UPDATE OF v
"""
# Of what was not given: unsure goes to somebody else, skipped to the end; of a decision that is over nothing is wanted.
GIVE_BACK = """
UPDATE cases_secondview v SET batch_id = NULL, position = 0, code = NULL, mark = '', from_ms = NULL, until_ms = NULL,
  version = v.version + 1,
  not_for = CASE WHEN v.mark = 'unsure' THEN v.not_for || %(by)s::bigint ELSE v.not_for END,
  sort_key = CASE WHEN v.mark = 'skipped' AND NOT starts_with(v.sort_key, %(last)s) THEN %(last)s || v.sort_key
    ELSE v.sort_key END,
  state = CASE WHEN v.id = ANY(%(done)s::bigint[]) THEN 'done' WHEN n.wanted THEN 'open' ELSE 'dropped' END,
  closed_at = CASE WHEN v.id = ANY(%(done)s::bigint[]) OR NOT n.wanted THEN now() END
FROM cases_secondview o CROSS JOIN LATERAL (SELECT CASE WHEN o.why = 'check' THEN false
    WHEN o.decision_id IS NULL THEN EXISTS (SELECT FROM cases_item i WHERE i.id = o.item_id AND i.unsure)
    ELSE EXISTS (SELECT FROM cases_standing st WHERE st.decision_id = o.decision_id) END AS wanted) n
WHERE o.id = v.id AND v.batch_id = %(batch)s
"""


class Row(NamedTuple):
    """What was given on a row: the code, and the act that gave it. `decision` None: somebody had been unsure."""

    view: int
    content: int
    decision: int | None
    code: str
    why: str
    act: int
    from_ms: int | None
    until_ms: int | None

    def given(self, why: str) -> tuple[int, str, str, int | None, int | None]:
        """What an opinion keeps of it, beside the decision that it is about."""
        return self.act, self.code, why, self.from_ms, self.until_ms


def settle(batch: Batch) -> list[audit.Event]:
    """Make opinions and decisions of what was given, and let go of the rows; returns the events, which are the giver's.

    Inside the transaction that ends the batch, before the batch's own events.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT content_id, decision_id FROM cases_secondview WHERE batch_id = %s AND code IS NOT NULL", [batch.pk]
        )
        given = cursor.fetchall()
    states.lock([content for content, _decision in given])  # nobody supersedes what is compared here
    with states.settling([content for content, decision in given if decision is None]):
        with connection.cursor() as cursor:
            cursor.execute(GIVEN, [batch.pk])
            rows = [Row(*row) for row in cursor.fetchall()]
        told = _decide(batch, [row for row in rows if row.decision is None])
        kept = [Given(row.decision, *row.given(row.why)) for row in rows if row.decision is not None]
        told += opinions.keep(kept, by=batch.user, case=batch.case.public_id, batch=batch.pk)
        _give_back(batch, [row.view for row in rows])
    return told


def _decide(batch: Batch, rows: Sequence[Row]) -> list[audit.Event]:
    """Decide what others were unsure of; where somebody decided it meanwhile, keep an opinion instead."""
    case, by = batch.case, batch.user
    stands = standing.held([row.content for row in rows], case.scheme.scheme_id)
    late = {content: held for content, held in stands.items() if held.code is not None}
    planned = [
        Planned(row.act, row.content, row.code, moment=moments.of(row.from_ms, row.until_ms))
        for row in rows
        if row.content not in late
    ]
    written = standing.write(planned, case=case, by=by)
    told = [standing.event(row, case, via="second") for row in written]
    told += publishing.offer(written, case=case, by=by)
    kept = [Given(late[row.content].decision, *row.given(Why.UNSURE)) for row in rows if row.content in late]
    return told + opinions.keep(kept, by=by, case=case.public_id, batch=batch.pk)


def _give_back(batch: Batch, done: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(GIVE_BACK, {"batch": batch.pk, "by": batch.user_id, "last": LAST, "done": done})


SEEN = """
SELECT count(DISTINCT content_id) FILTER (WHERE revealed_ms > 0), coalesce(sum(revealed_ms), 0),
  count(DISTINCT content_id) FROM cases_viewing WHERE batch_id = %s
"""
# Clear pictures that were sent and of which nothing was given: each of them is told of.
LOOKS = """
SELECT i.public_id, coalesce(sum(v.revealed_ms), 0) FROM cases_viewing v
JOIN cases_item i ON i.content_id = v.content_id AND i.case_id = v.case_id
WHERE v.batch_id = %(batch)s AND NOT EXISTS (SELECT FROM cases_secondview s
  WHERE s.batch_id = %(batch)s AND s.content_id = v.content_id AND s.code IS NOT NULL) GROUP BY 1
"""


def summary(batch: Batch, size: int, given: int) -> dict[str, Any]:
    """What a batch came to, in the shape of the first review's."""
    with connection.cursor() as cursor:
        cursor.execute(SEEN, [batch.pk])
        views, revealed, sent = cursor.fetchone()
    minutes = round((timezone.now() - batch.opened_at).total_seconds() / 60, 1)
    return {
        "items": size,
        "decided": given,
        "views": views,
        "sent": sent,
        "revealed_ms": int(revealed),
        "on_screen_ms": batch.on_screen_ms,
        "minutes": minutes,
    }


def looks_without_code(batch: Batch) -> list[audit.Event]:
    """One event per content whose clear picture was sent and of which nothing was given; before the rows are let go."""
    with connection.cursor() as cursor:
        cursor.execute(LOOKS, {"batch": batch.pk})
        rows = cursor.fetchall()
    details = {"batch": batch.number}
    return [
        audit.Event(events.REVEALED, f"item:{item}", batch.case.public_id, details | {"revealed_ms": int(ms)})
        for item, ms in rows
    ]
