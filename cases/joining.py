"""Putting stacks together by hand, and taking that back (decision 0020).

Only what lies in the person's own batch moves. Each item that moves is kept with where it lay and how, so taking back
puts it there again. A join is no look: how far the items lie from what is shown is measured as for all others.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from cases import events, states
from cases.keys import Plan
from cases.parting import PLACES
from cases.stacking import lying
from cases.units import Round, Unit
from workbench import audit

HASHES = """
SELECT i.id, CASE WHEN c.kind <> 'still' THEN NULL WHEN i.id = %(cover)s THEN coalesce(i.aligned, c.pdq) ELSE c.pdq END
FROM cases_item i JOIN cases_content c ON c.id = i.content_id WHERE i.id = ANY(%(items)s::bigint[]) OR i.id = %(cover)s
"""
# What people said of pairs of which one moves to the other: they belong together now.
RULE = """
WITH flipped AS (
  UPDATE cases_stackrule r SET kind = 'together', act_id = %(act)s FROM cases_item one, cases_item other
  WHERE r.kind = 'apart' AND one.id = r.one_id AND other.id = r.other_id
    AND ((one.stack_id = %(stack)s AND other.id = ANY(%(items)s::bigint[]))
      OR (other.stack_id = %(stack)s AND one.id = ANY(%(items)s::bigint[])))
  RETURNING r.one_id, r.other_id)
INSERT INTO cases_stackrule (case_id, one_id, other_id, kind, act_id)
SELECT %(case)s, least(n.item, %(cover)s), greatest(n.item, %(cover)s), 'together', %(act)s
FROM (SELECT min(id) AS item FROM cases_item WHERE id = ANY(%(items)s::bigint[]) GROUP BY stack_id) n
WHERE NOT EXISTS (SELECT FROM flipped f
  WHERE (f.one_id, f.other_id) = (least(n.item, %(cover)s), greatest(n.item, %(cover)s)))
ON CONFLICT (one_id, other_id) DO UPDATE SET kind = 'together', act_id = excluded.act_id
"""
# A stack that loses its last item leaves the batch; one with others stays, and is over.
JOIN = """
WITH moving AS MATERIALIZED (
  SELECT i.id, i.stack_id, i.state, i.joined, i.turned, i.aligned, i.apart, s.position, s.cover_id = i.id AS first
  FROM cases_item i JOIN cases_stack s ON s.id = i.stack_id WHERE i.id = ANY(%(items)s::bigint[])),
noted AS (
  INSERT INTO cases_stackmove (act_id, item_id, left_id, to_id, place, first, joined, turned, aligned, apart)
  SELECT %(act)s, id, stack_id, %(stack)s, position, first, joined, turned, aligned, apart FROM moving),
moved AS (
  UPDATE cases_item i SET stack_id = %(stack)s, joined = 'person', turned = l.turned, aligned = l.aligned, apart = NULL
  FROM unnest(%(items)s::bigint[], %(turned)s::smallint[], %(aligned)s::bytea[]) AS l(item, turned, aligned)
  WHERE i.id = l.item),
gone AS (
  SELECT stack_id AS id, count(*) FILTER (WHERE state = 'open') AS opens FROM moving GROUP BY 1),
stays AS (
  SELECT g.id, g.opens, (SELECT i.id FROM cases_item i WHERE i.stack_id = g.id AND i.id <> ALL(%(items)s::bigint[])
    ORDER BY i.state = 'open' DESC, i.state = 'decided' DESC, i.follows DESC, i.id LIMIT 1) AS cover FROM gone g),
shrunk AS (
  UPDATE cases_stack s SET open_items = s.open_items - t.opens, version = s.version + 1, cover_id = t.cover,
    state = CASE WHEN s.open_items > t.opens THEN 'open' ELSE 'done' END,
    batch_id = CASE WHEN t.cover IS NOT NULL THEN s.batch_id END,
    lease_until = CASE WHEN t.cover IS NOT NULL THEN s.lease_until END,
    position = CASE WHEN t.cover IS NOT NULL THEN s.position ELSE 0 END
  FROM stays t WHERE s.id = t.id)
UPDATE cases_stack s SET open_items = s.open_items + n.opens, state = CASE WHEN s.open_items + n.opens > 0 THEN 'open'
  ELSE 'done' END
FROM (SELECT sum(opens) AS opens FROM gone) n WHERE s.id = %(stack)s
"""
# Back to where they lay: to the old place in the batch, if nobody came there meanwhile, else behind all others.
BACK = """
WITH back AS MATERIALIZED (
  SELECT m.*, i.state FROM cases_stackmove m JOIN cases_item i ON i.id = m.item_id AND i.stack_id = m.to_id
  WHERE m.act_id = %(act)s),
moved AS (
  UPDATE cases_item i SET stack_id = b.left_id, joined = b.joined, turned = b.turned, aligned = b.aligned,
    apart = b.apart FROM back b WHERE i.id = b.item_id),
sums AS (
  SELECT left_id AS id, min(place) AS place, count(*) FILTER (WHERE state = 'open') AS opens,
    (array_agg(item_id ORDER BY first DESC, item_id))[1] AS cover FROM back GROUP BY 1),
placed AS (
  SELECT n.*, CASE
    WHEN s.batch_id = t.batch_id THEN s.position
    WHEN EXISTS (SELECT FROM cases_stack o WHERE o.batch_id = t.batch_id AND o.position = n.place)
      THEN (SELECT max(position) FROM cases_stack WHERE batch_id = t.batch_id) + row_number() OVER (ORDER BY n.id)
    ELSE n.place END AS at
  FROM sums n JOIN cases_stack s ON s.id = n.id JOIN cases_stack t ON t.id = %(stack)s),
grown AS (
  UPDATE cases_stack s SET open_items = s.open_items + p.opens, version = s.version + 1, cover_id = p.cover,
    state = CASE WHEN s.open_items + p.opens > 0 THEN 'open' ELSE 'done' END,
    batch_id = t.batch_id, lease_until = t.lease_until, position = p.at
  FROM placed p, cases_stack t WHERE s.id = p.id AND t.id = %(stack)s),
ruled AS (UPDATE cases_stackrule SET kind = 'apart' WHERE act_id = %(act)s AND kind = 'together')
UPDATE cases_stack s SET open_items = s.open_items - n.opens,
  state = CASE WHEN s.open_items > n.opens THEN 'open' ELSE 'done' END,
  cover_id = CASE WHEN s.cover_id = ANY(n.items) THEN (
    SELECT i.id FROM cases_item i WHERE i.stack_id = s.id AND i.id <> ALL(n.items)
    ORDER BY i.state = 'open' DESC, i.follows DESC, i.id LIMIT 1) ELSE s.cover_id END
FROM (SELECT count(*) FILTER (WHERE state = 'open') AS opens, array_agg(item_id) AS items, array_agg(left_id) AS stacks
  FROM back) n
WHERE s.id = %(stack)s RETURNING n.items, n.stacks
"""


def carry_out(now: Round, acts: dict[UUID, int], plans: Sequence[Plan]) -> list[audit.Event]:
    """Carry out joins, and those that are taken back; returns the events to record.

    Inside the caller's transaction, units and contents locked. Four statements a join, three to take one back.
    """
    told = [_join(now, acts[plan.wish.key], plan) for plan in plans if plan.united]
    return told + [_part_again(now, plan) for plan in plans if plan.disunited]


def _join(now: Round, act: int, plan: Plan) -> audit.Event:
    unit = now.units[plan.wish.stack]
    others = [now.units[stack] for stack in plan.united]
    items = [one.item for other in others for one in other.members if one.state == "open"]
    values: dict[str, Any] = {"act": act, "stack": unit.id, "cover": unit.cover, "case": now.case.pk, "items": items}
    with connection.cursor() as cursor:
        cursor.execute(HASHES, values)
        hashes = dict(cursor.fetchall())
        cursor.execute(RULE, values)
        cursor.execute(JOIN, values | _lies(hashes, unit, items))
    return _event(events.JOINED, now, plan, {"items": len(items), "stacks": [str(stack) for stack in plan.united]})


def _lies(hashes: dict[int, bytes | None], unit: Unit, items: list[int]) -> dict[str, Any]:
    """How each item lies beside the picture that is shown, as columns."""
    plain = {item: bytes(value) if value else None for item, value in hashes.items()}
    lies = lying.beside(plain[unit.cover], [plain[item] for item in items])
    return {"turned": [turned for turned, _hash in lies], "aligned": [value for _turned, value in lies]}


def _part_again(now: Round, plan: Plan) -> audit.Event:
    stack = now.units[plan.wish.stack].id
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [PLACES, now.batch.pk])
        cursor.execute(BACK, {"stack": stack, "act": plan.undoes})
        items, stacks = cursor.fetchone()
        cursor.execute(states.SHOW_NEXT, [[stack, *set(stacks)]])
    return _event(events.DISJOINED, now, plan, {"items": len(items), "stacks": [str(one) for one in plan.disunited]})


def _event(verb: str, now: Round, plan: Plan, details: dict[str, object]) -> audit.Event:
    return audit.Event(verb, f"stack:{plan.wish.stack}", now.case.public_id, details)
