"""What each key does to units of a batch (ux.md section 4): decide, mark, take back, do again.

Each takes acts of one kind on distinct stacks, inside `states.changing` of their contents, and returns the
answer to each. A step is one statement for the whole group.
"""

from collections.abc import Callable
from uuid import UUID

from django.db import connection

from cases import events, publishing, standing
from cases.models import Act
from cases.standing import Held, Planned
from cases.units import Answers, Round, Unit, Wish, answer, open_acts, reached, repeats, saved
from workbench import audit

NOTHING_HERE = "There is nothing to take back here."
LATER_STANDS = "A later decision stands here; it is not yours to take back."
LAST = "~"  # sorts after every path: skipped stacks wait at the end of the queue


def _decide(now: Round, wishes: list[Wish], units: dict[UUID, Unit]) -> Answers:
    """Digits: one decision per content reached; where a colleague was first, a second opinion."""
    held = standing.held([c for w in wishes for c in reached(w, units[w.stack])], now.case.scheme.scheme_id)
    answers = saved(wishes, units)
    late = {wish.key: other for wish in wishes if (other := _colleague(now, wish, units[wish.stack], held))}
    for wish in wishes:
        answers[wish.key]["code"] = wish.code
        if wish.key in late:
            answers[wish.key] |= {
                "status": "conflict",
                "code": late[wish.key].code,
                "message": "A colleague decided this first. Yours is kept as a second opinion.",
            }
    acts = open_acts(now, wishes, units, answers)
    mine = [wish for wish in wishes if wish.key in acts]
    planned = [
        Planned(acts[wish.key], content, wish.code, inherited=content != units[wish.stack].cover_content)
        for wish in mine
        if wish.key not in late
        for content in reached(wish, units[wish.stack])
    ]
    now.events += publishing.drop_drafts(_superseded(planned, held), case=now.case, by=now.by)
    _write(now, planned)
    _second_opinions(now, [(acts[wish.key], wish, late[wish.key]) for wish in mine if wish.key in late])
    return answers | repeats(now, [wish for wish in wishes if wish.key not in acts])


def _superseded(planned: list[Planned], held: dict[int, Held]) -> list[int]:
    """The person's own decisions that these replace: what was offered or published of them may not stand beside."""
    return [held[plan.content].decision for plan in planned if plan.content in held]


def _colleague(now: Round, wish: Wish, unit: Unit, held: dict[int, Held]) -> Held | None:
    """Another person's decision on what this act reaches: it came after the claim, or the unit had not been open."""
    for content in reached(wish, unit):
        other = held.get(content)
        if other and other.code is not None and other.by != now.by.pk:
            return other
    return None


def _write(now: Round, planned: list[Planned]) -> None:
    """Write decisions, offer them, and note one event each."""
    written = standing.write(planned, case=now.case, by=now.by)
    now.events += [standing.event(row, now.case) for row in written]
    now.events += publishing.offer(written, case=now.case, by=now.by)


def _second_opinions(now: Round, kept: list[tuple[int, Wish, Held]]) -> None:
    """Keep what was decided a moment too late as blind second opinions."""
    if not kept:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_secondopinion"
            " (public_id, decision_id, act_id, by_id, by_name, decided_by_id, code, reason, at)"
            " SELECT gen_random_uuid(), decision, act, %s, %s, decided_by, code, 'conflict', now()"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[]) AS k(decision, act, decided_by, code)"
            " ON CONFLICT (decision_id, by_id) DO NOTHING RETURNING public_id, code",
            [
                now.by.pk,
                now.by.name,
                [other.decision for _act, _wish, other in kept],
                [act_id for act_id, _wish, _other in kept],
                [other.by for _act, _wish, other in kept],
                [wish.code for _act, wish, _other in kept],
            ],
        )
        case = now.case.public_id
        now.events += [
            audit.Event(events.SECOND_OPINION, f"secondopinion:{public_id}", case, {"code": code})
            for public_id, code in cursor.fetchall()
        ]


def _mark(now: Round, wishes: list[Wish], units: dict[UUID, Unit]) -> Answers:
    """X, S and F: unsure, skip to the end, flag. Outcomes, not failures; each is logged."""
    kind = wishes[0].kind
    answers = saved(wishes, units, outcome={"unsure": "unsure", "skip": "skipped"}.get(kind))
    acts = open_acts(now, wishes, units, answers)
    done = [wish for wish in wishes if wish.key in acts]
    _set_mark(kind, [units[wish.stack].id for wish in done], on=True)
    now.events += [_mark_event(now, wish, kind) for wish in done]
    return answers | repeats(now, [wish for wish in wishes if wish.key not in acts])


def _mark_event(now: Round, wish: Wish, mark: str) -> audit.Event:
    return audit.Event(events.MARKED, f"stack:{wish.stack}", now.case.public_id, {"mark": mark})


def _set_mark(kind: str, stacks: list[int], *, on: bool) -> None:
    """Set or take back what X, S and F leave behind."""
    with connection.cursor() as cursor:
        if kind == "unsure":
            cursor.execute("UPDATE cases_item SET unsure = %s WHERE stack_id = ANY(%s)", [on, stacks])
        elif kind == "flag":
            cursor.execute("UPDATE cases_item SET flagged = NOT flagged WHERE stack_id = ANY(%s)", [stacks])
        elif on:
            cursor.execute(
                "UPDATE cases_stack SET sort_key = %s || left(sort_key, 239)"
                " WHERE id = ANY(%s) AND sort_key NOT LIKE %s",
                [LAST, stacks, LAST + "%"],
            )
        else:
            cursor.execute("UPDATE cases_stack SET sort_key = ltrim(sort_key, %s) WHERE id = ANY(%s)", [LAST, stacks])


def _take_back(now: Round, wishes: list[Wish], units: dict[UUID, Unit]) -> Answers:
    """Z and Backspace: a new entry that takes the named act (or the stack's last decision) back."""
    answers: Answers = {}
    for wish in wishes:
        undone = _act_to_undo(now, wish, units[wish.stack])
        if undone is None:
            answers[wish.key] = answer(wish, "refused", units[wish.stack], message=NOTHING_HERE)
        elif undone.kind == "decide":
            answers |= _undo_decision(now, wish, units[wish.stack], undone)
        else:
            answers |= _undo_mark(now, wish, units[wish.stack], undone)
    return answers


def _act_to_undo(now: Round, wish: Wish, unit: Unit) -> Act | None:
    """The act named, or for Backspace the last decision on the unit; only the person's own, in this batch."""
    acts = Act.objects.filter(user=now.by, batch=now.batch, stack_id=unit.id)
    if wish.undoes is not None:
        return acts.filter(idempotency_key=wish.undoes).first()
    return acts.filter(kind="decide").order_by("-pk").first()


def _undo_decision(now: Round, wish: Wish, unit: Unit, undone: Act) -> Answers:
    made = {row.content_id: row for row in undone.decisions.select_related("supersedes")}
    held = standing.held(list(made), now.case.scheme.scheme_id)
    still = [content for content, row in made.items() if content in held and held[content].decision == row.pk]
    if not still:
        return {wish.key: answer(wish, "refused", unit, message=LATER_STANDS)}
    if publishing.published([made[content].pk for content in still]):
        message = "This decision is published. Ask for its withdrawal on the Publish page."
        return {wish.key: answer(wish, "refused", unit, message=message)}
    before = {content: made[content].supersedes for content in still}
    codes = {content: earlier.code if earlier else None for content, earlier in before.items()}
    answers = saved([wish], {wish.stack: unit}, code=next(iter(codes.values())))
    acts = open_acts(now, [wish], {wish.stack: unit}, answers, {wish.key: undone.pk})
    if wish.key in acts:
        now.events += publishing.drop_drafts([made[content].pk for content in still], case=now.case)
        _write(now, [Planned(acts[wish.key], content, codes[content], reason="taken back") for content in still])
    return answers if acts else repeats(now, [wish])


def _undo_mark(now: Round, wish: Wish, unit: Unit, undone: Act) -> Answers:
    kind = undone.kind if undone.kind in {"unsure", "skip", "flag"} else ""
    if not kind:
        return {wish.key: answer(wish, "refused", unit, message=NOTHING_HERE)}
    answers = saved([wish], {wish.stack: unit})
    acts = open_acts(now, [wish], {wish.stack: unit}, answers, {wish.key: undone.pk})
    if wish.key in acts:
        _set_mark(kind, [unit.id], on=False)
        now.events.append(_mark_event(now, wish, f"{kind} taken back"))
    return answers if acts else repeats(now, [wish])


def _again(now: Round, wishes: list[Wish], units: dict[UUID, Unit]) -> Answers:
    """Shift+Z: carry the undone act out once more, under a key of its own."""
    answers: Answers = {}
    for wish in wishes:
        first = Act.objects.filter(user=now.by, batch=now.batch, idempotency_key=wish.undoes or wish.key).first()
        if first is None or first.kind not in {"decide", "unsure", "skip", "flag"}:
            answers[wish.key] = answer(wish, "refused", units[wish.stack], message="There is nothing to do again.")
            continue
        again = Wish(wish.key, first.kind, wish.stack, wish.version, first.code, first.decisions.count() > 1)
        answers |= CARRY_OUT[first.kind](now, [again], units)
    return answers


CARRY_OUT: dict[str, Callable[[Round, list[Wish], dict[UUID, Unit]], Answers]] = {
    "decide": _decide,
    "unsure": _mark,
    "skip": _mark,
    "flag": _mark,
    "clear": _take_back,
    "undo": _take_back,
    "redo": _again,
}
