"""What people do to a stack itself: moving pictures out into a stack of their own, taking that back, another cover.

The new stack is a unit of the same batch, behind all others: nothing on screen moves. Detection never brings together
what a person parted (`StackRule`); who takes that back says that it belongs together.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from cases import events, states
from cases.answering import Answers
from cases.keys import Plan
from cases.units import Round
from workbench import audit

PLACES = 0x53504C54  # advisory locks: who gives places in a batch; with the batch
# Counts follow stored states: those are brought up to date once the act is written. Where the cover goes, the stack
# shows what most others follow.
COUNT = "(SELECT count(*) FROM cases_item WHERE id = ANY(%(items)s::bigint[]) AND state = 'open')"
LEAVE = f"""
UPDATE cases_stack s SET open_items = s.open_items - n.number,
  state = CASE WHEN s.open_items > n.number THEN 'open' ELSE 'done' END,
  cover_id = CASE WHEN s.cover_id <> ALL(%(items)s::bigint[]) THEN s.cover_id ELSE (
    SELECT i.id FROM cases_item i WHERE i.stack_id = s.id AND i.id <> ALL(%(items)s::bigint[])
    ORDER BY i.state = 'open' DESC, i.follows DESC, i.id LIMIT 1) END
FROM {COUNT} n(number) WHERE s.id = %(stack)s RETURNING s.cover_id
"""  # noqa: S608 only constants of this module
MAKE = f"""
WITH made AS (
  INSERT INTO cases_stack (public_id, case_id, sort_key, state, version, open_items, cover_id, batch_id, lease_until,
                           position)
  SELECT gen_random_uuid(), s.case_id, s.sort_key, CASE WHEN n.number > 0 THEN 'open' ELSE 'done' END, 2, n.number,
    %(cover)s, s.batch_id, s.lease_until, (SELECT max(position) + 1 FROM cases_stack WHERE batch_id = s.batch_id)
  FROM {COUNT} n(number), cases_stack s WHERE s.id = %(stack)s RETURNING id, public_id),
noted AS (
  INSERT INTO cases_stackmove (act_id, item_id, left_id, to_id, place, first, joined, turned, aligned, apart)
  SELECT %(act)s, i.id, %(stack)s, made.id, 0, false, i.joined, i.turned, i.aligned, i.apart
  FROM made, cases_item i WHERE i.id = ANY(%(items)s::bigint[])),
moved AS (UPDATE cases_item i SET stack_id = made.id FROM made WHERE i.id = ANY(%(items)s::bigint[])),
apart AS (
  INSERT INTO cases_stackrule (case_id, one_id, other_id, kind, act_id)
  SELECT %(case)s, least(i, %(left)s), greatest(i, %(left)s), 'apart', %(act)s FROM unnest(%(items)s::bigint[]) i
  ON CONFLICT (one_id, other_id) DO UPDATE SET kind = 'apart', act_id = excluded.act_id),
told AS (
  UPDATE cases_act a SET answer = a.answer || jsonb_build_object('made', made.public_id) FROM made WHERE a.id = %(act)s)
SELECT public_id FROM made
"""  # noqa: S608 only constants of this module
# What was said to belong together and lies in two stacks now.
UNSAY = """
UPDATE cases_stackrule r SET kind = 'apart', act_id = %(act)s FROM cases_item one, cases_item other
WHERE r.kind = 'together' AND one.id = r.one_id AND other.id = r.other_id
  AND one.stack_id = %(stack)s AND other.stack_id = %(stack)s
  AND (one.id = ANY(%(items)s::bigint[])) <> (other.id = ANY(%(items)s::bigint[]))
"""
REJOIN = """
WITH gone AS (
  UPDATE cases_stack s SET open_items = 0, state = 'done', cover_id = NULL, batch_id = NULL, lease_until = NULL,
    position = 0, version = s.version + 1
  FROM (SELECT id, open_items FROM cases_stack WHERE public_id = %(made)s FOR UPDATE) o
  WHERE s.id = o.id RETURNING s.id, o.open_items),
back AS (UPDATE cases_item i SET stack_id = %(stack)s FROM gone WHERE i.stack_id = gone.id),
ruled AS (UPDATE cases_stackrule SET kind = 'together' WHERE act_id = %(act)s)
UPDATE cases_stack s SET open_items = s.open_items + gone.open_items,
  state = CASE WHEN s.open_items + gone.open_items > 0 THEN 'open' ELSE 'done' END
FROM gone WHERE s.id = %(stack)s RETURNING gone.open_items
"""


def carry_out(now: Round, acts: dict[UUID, int], plans: Sequence[Plan], answers: Answers) -> list[audit.Event]:
    """Carry out splits, those that are taken back, and new covers; the answer to a split names the stack that came.

    Returns the events to record. Inside the caller's transaction, units and contents locked.
    """
    told = [_covered(now, plan) for plan in plans if plan.wish.kind == "cover"]
    told += [_part(now, acts[plan.wish.key], plan, answers) for plan in plans if plan.parted]
    return told + [_rejoin(now, plan) for plan in plans if plan.rejoined]


def _part(now: Round, act: int, plan: Plan, answers: Answers) -> audit.Event:
    unit, items = now.units[plan.wish.stack], list(plan.parted)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [PLACES, now.batch.pk])
        cursor.execute(LEAVE, {"items": items, "stack": unit.id})
        [left] = cursor.fetchone()
        frame = {"items": items, "cover": items[0], "stack": unit.id, "left": left, "act": act, "case": now.case.pk}
        cursor.execute(UNSAY, frame)
        cursor.execute(MAKE, frame)
        [made] = cursor.fetchone()
    answers[plan.wish.key]["made"] = str(made)
    return _event(events.SPLIT, now, plan, {"items": len(items), "made": str(made)})


def _rejoin(now: Round, plan: Plan) -> audit.Event:
    stack = now.units[plan.wish.stack].id
    with connection.cursor() as cursor:
        cursor.execute(REJOIN, {"made": plan.rejoined, "stack": stack, "act": plan.undoes})
        [items] = cursor.fetchone()
        cursor.execute(states.SHOW_NEXT, [[stack]])  # nobody else may be open there by now
    return _event(events.REJOINED, now, plan, {"items": items, "gone": str(plan.rejoined)})


def _covered(now: Round, plan: Plan) -> audit.Event:
    return _event(events.COVERED, now, plan, {"item": str(plan.wish.item)})


def _event(verb: str, now: Round, plan: Plan, details: dict[str, object]) -> audit.Event:
    return audit.Event(verb, f"stack:{plan.wish.stack}", now.case.public_id, details)
