"""Acts of reviewers: one key press each, sent in groups, answered in order (model.md section 4, ux.md section 5).

A group of decisions costs little more than one: every step is one statement. Order of locks, the same
everywhere: contents, stacks, acts, decisions, items, tallies, the log's head last.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from cases import keys, review, states
from cases.errors import NotHeld, UnknownCategory
from cases.models import Batch
from cases.units import UNIT_CONTENTS, Answers, Round, Unit, Wish, answer, earlier_answers, lock, repeats
from workbench import audit
from workbench.errors import BadInput
from workbench.models import User

MOST_ACTS = 200


@transaction.atomic
def sent(
    *, batch: Batch, by: User, wishes: Sequence[Wish], viewings: Sequence[tuple[UUID, int]], on_screen_ms: int
) -> list[dict[str, Any]]:
    """What the outbox sends: how long pictures were unveiled, then the acts that followed from it."""
    note_viewings(batch=batch, by=by, viewings=viewings, on_screen_ms=on_screen_ms)
    return act(batch=batch, by=by, wishes=wishes)


@transaction.atomic
def act(*, batch: Batch, by: User, wishes: Sequence[Wish]) -> list[dict[str, Any]]:
    """Carry out acts on units of the batch, in order; one answer per act, in order.

    An act sent before gets its old answer. A stale one (the stack is not at the version seen, or not held
    any more) writes nothing. Where a colleague decided first, the act is kept as a second opinion.
    Raises BatchOver, BadInput. One transaction: acts, decisions, items, offers, events.
    """
    review.ensure_open(batch)
    if len(wishes) > MOST_ACTS:
        raise BadInput(f"Send at most {MOST_ACTS} acts at once.")
    case = batch.case
    codes = frozenset(case.scheme.categories.values_list("code", flat=True))
    now = Round(batch, case, by, codes)
    answers = earlier_answers(by, wishes)
    fresh = [wish for wish in _one_per_key(wishes) if wish.key not in answers]
    for _same, group in groupby(_numbered(fresh), key=lambda pair: pair[0]):
        answers |= _group(now, [wish for _number, wish in group])
    audit.record_all(now.events, by=by, agency=case.agency_id)
    return [answers[wish.key] for wish in wishes]


def _one_per_key(wishes: Sequence[Wish]) -> list[Wish]:
    """Each act once. Raises BadInput where two acts came under one key: nobody could say which of them stands."""
    once = list(dict.fromkeys(wishes))
    if len({wish.key for wish in once}) < len(once):
        raise BadInput("Two acts came under one key. Nothing was written.")
    return once


def _numbered(wishes: Sequence[Wish]) -> list[tuple[int, Wish]]:
    """Number the runs that may be carried out together: one kind, no stack twice."""
    numbered: list[tuple[int, Wish]] = []
    run, seen = 0, set[UUID]()
    for wish in wishes:
        if numbered and (wish.kind != numbered[-1][1].kind or wish.stack in seen):
            run, seen = run + 1, set()
        seen.add(wish.stack)
        numbered.append((run, wish))
    return numbered


def _group(now: Round, wishes: list[Wish]) -> Answers:
    """Carry out acts of one kind on distinct stacks."""
    stacks = [wish.stack for wish in wishes]
    with connection.cursor() as cursor:
        cursor.execute(UNIT_CONTENTS, [stacks, now.case.pk])
        contents = dict(cursor.fetchall())
    every = [content for members in contents.values() for content in members]
    with states.changing(every, batch=now.batch.pk):
        units = lock(now, stacks)
        for unit in units.values():
            unit.contents = contents[unit.public_id]
        answers = {wish.key: _refusal(now, wish, units.get(wish.stack)) for wish in wishes}
        good = [wish for wish in wishes if not answers[wish.key]]
        # Sent twice at once, the later one finds the unit moved on by its own twin: that is a repeat, not stale.
        answers |= repeats(now, [wish for wish in wishes if answers[wish.key]])
        answers |= keys.CARRY_OUT[wishes[0].kind](now, good, units) if good else {}
    return answers


def _refusal(now: Round, wish: Wish, unit: Unit | None) -> dict[str, Any]:
    """Why an act cannot be carried out; empty if it can."""
    if unit is None or not unit.held:
        return answer(wish, "stale", unit, message=str(NotHeld()))
    if unit.version != wish.version:
        return answer(wish, "stale", unit, message="This unit changed since you saw it. Look at it again.")
    if wish.kind == "decide" and wish.code not in now.codes:
        return answer(wish, "refused", unit, message=str(UnknownCategory()))
    return {}


def note_viewings(*, batch: Batch, by: User, viewings: Sequence[tuple[UUID, int]], on_screen_ms: int) -> None:
    """Keep how long pictures were unveiled (running totals, the greatest counts) and the time on screen.

    Both are clamped to the wall: nobody looks longer than the time since the picture was sent.
    """
    if viewings:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE cases_viewing v SET revealed_ms = greatest(coalesce(v.revealed_ms, 0), least(t.ms,"
                " (extract(epoch FROM clock_timestamp() - v.at) * 1000)::bigint))"
                " FROM unnest(%s::uuid[], %s::bigint[]) AS t(token, ms)"
                " WHERE v.token = t.token AND v.user_id = %s AND v.batch_id = %s",
                [[token for token, _ms in viewings], [ms for _token, ms in viewings], by.pk, batch.pk],
            )
    if on_screen_ms:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE cases_batch SET on_screen_ms = least(on_screen_ms + %s,"
                " (extract(epoch FROM clock_timestamp() - opened_at) * 1000)::bigint) WHERE id = %s",
                [on_screen_ms, batch.pk],
            )
