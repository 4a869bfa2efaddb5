"""Which decisions want a second view: drawn with them, in one statement, so that anybody may check the draw.

Bytes 1-3 of SHA-256 over a decision's random id are its lot, bytes 5-12 its place in the queue: neither tells the
other (decision 0013).
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from cases.models import Case
from hashsets.models import Disposition
from workbench import prepared

INHERITED = ""  # the share of what followed a look at another picture, in the place of a code
SHARED, OTHERS, FOLLOWED = 100, 3, 5  # percent, where the agency has said nothing (ux.md, Second view)
REACHED = 10  # a stack decision that reached so many has one at least
GRAVE = (Disposition.RELEVANT, Disposition.RESTRICTED)
EXEMPT = ["command", "ruling"]  # an operator answers for his procedure; a ruling is the third look

PLACE = "encode(substr({0}, 5, 8), 'hex')"
FREE = "v.state = 'open' AND v.batch_id IS NULL"  # what somebody holds he keeps
DRAW = f"""
WITH fresh AS (
  SELECT d.id, d.content_id, d.case_id, d.code, d.supersedes_id, d.by_id, d.basis = 'inherited' AS inherited,
    a.batch_id, a.via, n.digest, i.id AS item, i.flagged, count(*) OVER (PARTITION BY d.act_id) AS reached,
    row_number() OVER (PARTITION BY d.act_id, d.basis = 'inherited' ORDER BY n.digest) AS place
  FROM cases_decision d JOIN cases_act a ON a.id = d.act_id
  CROSS JOIN LATERAL (SELECT sha256(uuid_send(d.public_id)) AS digest) n
  LEFT JOIN cases_item i ON i.case_id = d.case_id AND i.content_id = d.content_id
  WHERE d.id = ANY(%(decisions)s::bigint[])),
ended AS (
  UPDATE cases_secondview v SET state = 'dropped', closed_at = now() FROM fresh f
  WHERE v.decision_id = f.supersedes_id AND {FREE}),
sure AS (
  UPDATE cases_secondview v SET state = 'dropped', closed_at = now() FROM fresh f
  WHERE v.item_id = f.item AND v.decision_id IS NULL AND f.code IS NOT NULL AND {FREE}),
settled AS (
  UPDATE cases_disagreement g SET closed_at = now() FROM fresh f
  WHERE g.decision_id = f.supersedes_id AND g.closed_at IS NULL),
rated AS (
  SELECT f.*, coalesce(s.percent, CASE WHEN f.inherited THEN %(followed)s
    WHEN g.publishable OR g.disposition = ANY(%(grave)s::text[]) THEN %(shared)s ELSE %(others)s END)::int AS percent
  FROM fresh f JOIN hashsets_category g ON g.scheme_id = %(scheme)s AND g.code = f.code
  LEFT JOIN cases_secondshare s ON s.agency_id = %(agency)s AND s.scheme_id = %(scheme_id)s
    AND s.code = CASE WHEN f.inherited THEN '' ELSE f.code END
  WHERE f.item IS NOT NULL AND f.via <> ALL(%(exempt)s::text[]))
INSERT INTO cases_secondview (public_id, case_id, item_id, content_id, decision_id, first_batch_id, why, not_for,
  sort_key, state, version, position, mark, at)
SELECT gen_random_uuid(), r.case_id, r.item, r.content_id, r.id, r.batch_id,
  CASE WHEN r.flagged THEN 'flag' ELSE 'sample' END, ARRAY[r.by_id], {PLACE.format("r.digest")}, 'open', 1, 0, '',
  now()
FROM rated r WHERE r.flagged
  OR (get_byte(r.digest, 0) * 65536 + get_byte(r.digest, 1) * 256 + get_byte(r.digest, 2)) * 100.0 < r.percent * 2^24
  OR (r.inherited AND r.percent > 0 AND r.reached >= %(most)s AND r.place = 1)
"""  # noqa: S608 only constants of this module

# F on what is decided wants one, too; F again takes back the wish, where it was the only reason and nobody began.
FLAGGED = f"""
WITH gone AS (
  UPDATE cases_secondview v SET state = 'dropped', closed_at = now() FROM cases_item i
  WHERE v.item_id = i.id AND i.id = ANY(%(items)s::bigint[]) AND NOT i.flagged AND v.why = 'flag' AND {FREE})
INSERT INTO cases_secondview (public_id, case_id, item_id, content_id, decision_id, first_batch_id, why, not_for,
  sort_key, state, version, position, mark, at)
SELECT gen_random_uuid(), i.case_id, i.id, i.content_id, d.id, a.batch_id, 'flag', ARRAY[d.by_id],
  {PLACE.format("sha256(uuid_send(d.public_id))")}, 'open', 1, 0, '', now()
FROM cases_item i JOIN cases_standing st ON st.content_id = i.content_id AND st.scheme_id = %(scheme_id)s
JOIN cases_decision d ON d.id = st.decision_id AND d.case_id = i.case_id AND d.code IS NOT NULL
JOIN cases_act a ON a.id = d.act_id
WHERE i.id = ANY(%(items)s::bigint[]) AND i.flagged
  AND NOT EXISTS (SELECT FROM cases_secondopinion o WHERE o.decision_id = d.id)
ON CONFLICT (decision_id) WHERE state = 'open' DO NOTHING
"""  # noqa: S608 only constants of this module

# Who is unsure has decided nothing: another person does. A mark that goes takes the wish along, unless somebody began.
UNSURE = f"""
WITH gone AS (
  UPDATE cases_secondview v SET state = 'dropped', closed_at = now() FROM cases_item i
  WHERE v.item_id = i.id AND v.decision_id IS NULL AND i.id = ANY(%(items)s::bigint[]) AND NOT i.unsure AND {FREE})
INSERT INTO cases_secondview (public_id, case_id, item_id, content_id, first_batch_id, why, not_for, sort_key, state,
  version, position, mark, at)
SELECT gen_random_uuid(), i.case_id, i.id, i.content_id, %(batch)s, 'unsure', ARRAY[%(by)s::bigint],
  {PLACE.format("sha256(uuid_send(gen_random_uuid()))")}, 'open', 1, 0, '', now()
FROM cases_item i WHERE i.id = ANY(%(items)s::bigint[]) AND i.unsure
ON CONFLICT (item_id) WHERE state = 'open' AND decision_id IS NULL DO NOTHING
"""  # noqa: S608 only constants of this module


def draw(decisions: Sequence[int], case: Case) -> None:
    """Draw second views of fresh decisions of a case, and end what was wanted of those they supersede. One statement.

    Inside the transaction of the decisions, whose contents are locked.
    """
    values: dict[str, Any] = {
        "decisions": list(decisions),
        "scheme": case.scheme.pk,
        "scheme_id": case.scheme.scheme_id,
        "agency": case.agency_id,
        "followed": FOLLOWED,
        "shared": SHARED,
        "others": OTHERS,
        "grave": list(GRAVE),
        "exempt": EXEMPT,
        "most": REACHED,
    }
    with prepared.cursor(rows=len(decisions)) as cursor:
        cursor.execute(DRAW, values)


def flagged(items: Sequence[int], case: Case) -> None:
    """Bring the wishes of items whose flag changed up to date. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(FLAGGED, {"items": list(items), "scheme_id": case.scheme.scheme_id})


def unsure(items: Sequence[int], *, batch: int, by: int) -> None:
    """Bring the wishes of items whose mark changed up to date: `by` was unsure in `batch`. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(UNSURE, {"items": list(items), "batch": batch, "by": by})
