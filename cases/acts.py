"""Acts of reviewers: one key press each, sent in groups, answered in order (model.md section 4, ux.md section 5).

A group of acts costs little more than one: every step is one statement. Order of locks, the same
everywhere: contents, stacks, acts, decisions, offers, items, tallies, the log's head last.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_noop as noop

from cases import (
    answering,
    events,
    facts,
    held_moves,
    joining,
    keys,
    moments,
    parting,
    publishing,
    review,
    standing,
    states,
    units,
)
from cases.answering import Answers, answer
from cases.errors import NotHeld
from cases.facts import Facts
from cases.keys import KEEP, Plan
from cases.models import Batch, Why
from cases.second import drawing, opinions
from cases.second.opinions import Given
from cases.standing import Planned
from cases.tallies import Moved
from cases.units import LAST, Member, Round, Wish
from workbench import audit
from workbench.models import User

CHANGED = noop("This unit changed since you saw it. Look at it again.")
OTHER_CHANGED = noop("One of those to be joined changed since you saw it, or is not in your batch. Look at it again.")
LATE = noop("A colleague decided this first. Yours is kept as a second opinion.")

SET_UNSURE = """
UPDATE cases_item i SET unsure = m.unsure FROM unnest(%s::bigint[], %s::bool[]) AS m(item, unsure)
WHERE i.id = m.item AND i.unsure <> m.unsure
"""
SET_LAST = """
UPDATE cases_stack s SET sort_key = CASE WHEN m.last THEN %s || left(s.sort_key, 239) ELSE ltrim(s.sort_key, %s) END
FROM unnest(%s::bigint[], %s::bool[]) AS m(stack, last)
WHERE s.id = m.stack AND starts_with(s.sort_key, %s) <> m.last
"""
# Once the items are right: a picture that somebody or something else closed meanwhile is not shown again.
SHOW_AGAIN = """
UPDATE cases_stack s SET cover_id = m.cover FROM unnest(%s::bigint[], %s::bigint[]) AS m(stack, cover)
WHERE s.id = m.stack AND s.cover_id <> m.cover
  AND (s.state = 'done' OR EXISTS (SELECT FROM cases_item i WHERE i.id = m.cover AND i.state = 'open'))
"""


@transaction.atomic
def act(*, batch: Batch, by: User, wishes: Sequence[Wish]) -> list[dict[str, Any]]:
    """Carry out acts on units of the batch, in order; one answer per act, in order.

    An act sent before gets its old answer. A stale one (the stack is not at the version seen, or not held
    any more) writes nothing. Where a colleague decided first, the act is kept as a second opinion.
    Raises BatchOver, BadInput. One transaction: acts, decisions, items, offers, events.
    """
    codes = review.open_codes(batch)
    once = answering.one_per_key(wishes)
    if not once:
        return []
    now = Round(batch, batch.case, by, codes)
    answers: Answers = {}
    moved, left = list[Moved](), once
    contents = units.contents_of(now, once)
    while left:
        with states.settling(contents, batch=batch.pk) as changed:
            left = _in_turn(now, left, answers)
        _show_again(now)
        moved += changed
    audit.record_all(now.events, by=by, agency=now.case.agency_id)
    if moved:
        audit.record_all(held_moves.facts(moved, batch), by=None, agency=now.case.agency_id)
    return [answers[wish.key] for wish in wishes]


def _in_turn(now: Round, wishes: Sequence[Wish], answers: Answers) -> list[Wish]:
    """Carry out acts until one is on a stack that may show another picture by then; returns those that are left."""
    units.lock(now, wishes)
    # Under the lock: of an act sent twice at once the later is a repeat.
    answers |= answering.earlier_answers(now.by, wishes)
    runs = _runs([wish for wish in wishes if wish.key not in answers])
    for number, run in enumerate(runs):
        several = any(len(now.units[wish.stack].members) > 1 for wish in run if wish.stack in now.units)
        if number and (several or any(wish.joins for wish in runs[number - 1])):
            return [wish for later in runs[number:] for wish in later]
        answers |= _carry_out(now, run)
    return []


def _runs(wishes: Sequence[Wish]) -> list[list[Wish]]:
    """Cut into runs that may be carried out together: no stack twice."""
    runs: list[list[Wish]] = []
    for wish in wishes:
        if not runs or any(wish.touched & other.touched for other in runs[-1]):
            runs.append([])
        runs[-1].append(wish)
    return runs


def _carry_out(now: Round, wishes: list[Wish]) -> Answers:
    """Carry out acts on distinct stacks."""
    answers = {wish.key: refusal for wish in wishes if (refusal := _stale(now, wish))}
    good = [wish for wish in wishes if wish.key not in answers]
    if not good:
        return answers
    known, plans = facts.read(now, good), list[Plan]()
    for wish in good:
        planned = keys.plan(now, known, wish)
        if isinstance(planned, str):
            answers[wish.key] = answer(wish, "refused", now.units[wish.stack], message=planned)
        else:
            plans.append(planned)
    return answers | _write(now, known, plans) if plans else answers


def _stale(now: Round, wish: Wish) -> dict[str, Any]:
    """Why an act cannot be looked at; empty if it can."""
    unit = now.units.get(wish.stack)
    if unit is None or not unit.held:
        return answer(wish, "stale", unit, message=str(NotHeld()))
    if unit.version != wish.version or wish.item not in {None, unit.cover_item} or not unit.can_name_cover:
        return answer(wish, "stale", unit, message=CHANGED)
    others = [(now.units.get(stack), version) for stack, version in wish.joins]
    if any(other is None or not other.held or other.version != version for other, version in others):
        return answer(wish, "stale", unit, message=OTHER_CHANGED)
    return {}


def _write(now: Round, known: Facts, plans: list[Plan]) -> Answers:
    """Write acts, decisions, what follows for offers, second opinions and marks; note their events."""
    answers = {plan.wish.key: _saved(now, plan) for plan in plans}
    acts = answering.open_acts(now, [plan.wish for plan in plans], [plan.undoes for plan in plans], answers)
    planned = [
        Planned(
            acts[plan.wish.key],
            change.content,
            change.code,
            change.distance,
            inherited=change.inherited,
            reason=change.reason,
            moment=change.moment,
        )
        for plan in plans
        for change in plan.changes
    ]
    superseded = [known.held[one.content].decision for one in planned if one.content in known.held]
    now.events += publishing.drop_drafts(superseded, by=now.by)
    written = standing.write(planned, case=now.case, by=now.by)
    now.events += [standing.event(row, now.case) for row in written]
    now.events += publishing.offer(written, case=now.case, by=now.by)
    _keep_second_opinions(now, acts, [plan for plan in plans if plan.late])
    _set_marks(now, plans)
    now.events += parting.carry_out(now, acts, plans, answers)
    now.events += joining.carry_out(now, acts, plans)
    return answers


def _saved(now: Round, plan: Plan) -> dict[str, Any]:
    """The answer to an act that is being written: the version after it, and how many files it reaches."""
    unit = now.units[plan.wish.stack]
    unit.version += 1
    status, files = "conflict" if plan.late else "saved", sum(member.files for member in _reached(now, plan))
    marked = next((one.moment for one in plan.changes if one.content == unit.cover_content), plan.wish.moment)
    told = {"code": plan.code, "outcome": plan.outcome, "moment": moments.as_json(marked)}
    return answer(plan.wish, status, unit, files=files, **told, **_beside(plan))


def _reached(now: Round, plan: Plan) -> list[Member]:
    """The items that an act moves or decides; what it is about, where it does neither."""
    unit = now.units[plan.wish.stack]
    if plan.united:
        return [one for stack in plan.united for one in now.units[stack].members if one.state == "open"]
    if plan.parted:
        return [one for one in unit.members if one.item in plan.parted]
    contents = {change.content for change in plan.changes} or {unit.cover_content}
    return [one for one in unit.members if one.content in contents]


def _beside(plan: Plan) -> dict[str, Any]:
    """What the answer tells beside: of a late act why, of others which units went or came back."""
    if plan.late:
        return {"message": LATE}
    if plan.rejoined:
        return {"gone": str(plan.rejoined)}
    if plan.united:
        return {"took": [str(stack) for stack in plan.united]}
    return {"back": [str(stack) for stack in plan.disunited]} if plan.disunited else {}


def _keep_second_opinions(now: Round, acts: dict[UUID, int], plans: list[Plan]) -> None:
    """Keep what was decided a moment too late as blind second opinions."""
    kept = [
        Given(plan.late.decision, acts[plan.wish.key], plan.wish.code, Why.CONFLICT, *(plan.wish.moment or ()))
        for plan in plans
        if plan.late and plan.wish.code
    ]
    now.events += opinions.keep(kept, by=now.by, case=now.case.public_id)


def _set_marks(now: Round, plans: list[Plan]) -> None:
    """Set or end what X, S and F leave behind: a mark ends the other one."""
    marked = [(now.units[plan.wish.stack], plan.mark) for plan in plans if plan.mark != KEEP]
    unsure = [(item, plan.mark == "unsure") for plan in plans if plan.mark != KEEP for item in plan.items]
    flagged = [item for plan in plans if plan.flag for item in plan.items]
    now.covers |= {now.units[plan.wish.stack].id: plan.cover for plan in plans if plan.cover is not None}
    with connection.cursor() as cursor:
        if marked:
            stacks = [unit.id for unit, _mark in marked]
            cursor.execute(SET_UNSURE, [[item for item, _ in unsure], [mark for _, mark in unsure]])
            cursor.execute(SET_LAST, [LAST, LAST, stacks, [mark == "skipped" for _unit, mark in marked], LAST])
        if flagged:
            cursor.execute("UPDATE cases_item SET flagged = NOT flagged WHERE id = ANY(%s)", [flagged])
    if unsure:
        drawing.unsure([item for item, _ in unsure], batch=now.batch.pk, by=now.by.pk)
    if flagged:
        drawing.flagged(flagged, now.case)
    for unit, mark in marked:
        unit.mark = mark
    now.events += [
        audit.Event(events.MARKED, f"stack:{plan.wish.stack}", now.case.public_id, {"mark": plan.told})
        for plan in plans
        if plan.told
    ]


def _show_again(now: Round) -> None:
    """Show the pictures of acts that were taken back, where others were shown since."""
    shown = {unit.id: unit.first for unit in now.units.values()}
    covers = [(stack, cover) for stack, cover in now.covers.items() if cover != shown[stack]]
    now.covers.clear()
    if covers:
        with connection.cursor() as cursor:
            cursor.execute(SHOW_AGAIN, [list(column) for column in zip(*covers, strict=True)])
