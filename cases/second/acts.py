"""Keys on a second-view batch: what is given is written on the row at once, and counts when the batch ends.

Decision 0013.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_noop as noop

from cases import answering, events, moments, resuming, review
from cases.answering import Answers, answer
from cases.errors import NotHeld, UnknownCategory
from cases.keys import GIVEN, NO_FILM, NOTHING_AGAIN, NOTHING_HERE, OUTCOMES
from cases.models import Batch
from cases.moments import Moment
from cases.units import Wish
from workbench import audit
from workbench.errors import BadInput
from workbench.models import User

NO_FLAG = noop("In a second view there is no flag: others would see it before you are done.")
NO_STACK = noop("A second view is of one picture; there is no stack here.")
CHANGED = noop("This unit changed since you saw it. Look at it again.")

LOCK = """
SELECT v.id, v.public_id, v.version, v.code, v.mark, v.batch_id = %(batch)s AND v.state = 'open', i.public_id,
  (SELECT count(*) FROM cases_fileinstance f WHERE f.content_id = v.content_id),
  EXISTS (SELECT FROM cases_secondopinion o WHERE o.decision_id = v.decision_id AND o.by_id = %(by)s), c.kind,
  v.from_ms, v.until_ms
FROM cases_secondview v JOIN cases_item i ON i.id = v.item_id JOIN cases_content c ON c.id = v.content_id
WHERE v.public_id = ANY(%(views)s::uuid[]) AND v.case_id = %(case)s ORDER BY v.id FOR UPDATE OF v
"""
BEFORE = """
SELECT view_id, id, idempotency_key, kind, code, answer ->> 'outcome', undoes_id, answer -> 'moment' FROM cases_act
WHERE batch_id = %s AND view_id = ANY(%s) ORDER BY id
"""
OPEN = """
INSERT INTO cases_act (public_id, user_id, idempotency_key, kind, case_id, batch_id, view_id, seen_version, via, code,
  undoes_id, answer, at)
SELECT gen_random_uuid(), %(user)s, key, kind, %(case)s, %(batch)s, view, version, 'second', code, undoes, answer,
  now()
FROM unnest(%(key)s::uuid[], %(kind)s::text[], %(view)s::bigint[], %(version)s::int[], %(code)s::text[],
            %(undoes)s::bigint[], %(answer)s::jsonb[])
  WITH ORDINALITY AS a(key, kind, view, version, code, undoes, answer, n)
ORDER BY n
"""
SET = """
UPDATE cases_secondview v SET code = n.code, mark = n.mark, version = n.version, from_ms = n.from_ms,
  until_ms = n.until_ms
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::int[], %s::int[], %s::int[])
  AS n(id, code, mark, version, from_ms, until_ms) WHERE v.id = n.id
"""
STEPS = """
SELECT a.idempotency_key, a.kind, v.public_id, a.answer ->> 'code', a.answer ->> 'outcome'
FROM cases_act a JOIN cases_secondview v ON v.id = a.view_id AND v.batch_id = a.batch_id
WHERE a.batch_id = %s AND a.kind <> 'undo' AND NOT EXISTS (SELECT FROM cases_act u WHERE u.undoes_id = a.id)
ORDER BY a.id
"""


class Shown(NamedTuple):
    """What a row shows of a person's opinion."""

    code: str | None = None
    mark: str = ""
    moment: Moment | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """An act on a row, with what the row showed after and before it. `id` 0: it is being written in this call."""

    id: int
    key: UUID
    shown: Shown
    before: Shown


@dataclass(slots=True)
class View:
    """A row of the batch, locked. `steps`: what Z can take back, the last one first to go; `named`: all by key."""

    id: int
    public_id: UUID
    version: int
    code: str | None
    mark: str
    held: bool
    item: UUID
    files: int
    given: bool  # the person has told his opinion of the decision elsewhere
    kind: str  # of the content
    from_ms: int | None
    until_ms: int | None
    steps: list[Step] = field(default_factory=list)
    named: dict[UUID, Step] = field(default_factory=dict)

    @property
    def shown(self) -> Shown:
        """What the row shows now."""
        return Shown(self.code, self.mark, moments.of(self.from_ms, self.until_ms))

    def show(self, shown: Shown) -> None:
        """Let the row show this."""
        self.code, self.mark = shown.code, shown.mark
        self.from_ms, self.until_ms = shown.moment or (None, None)


@dataclass(slots=True)
class Round:
    """What one call gathers: the rows of its acts, and their events."""

    batch: Batch
    by: User
    codes: frozenset[str]
    views: dict[UUID, View]
    rows: list[dict[str, Any]] = field(default_factory=list)
    events: list[audit.Event] = field(default_factory=list)


@transaction.atomic
def act(*, batch: Batch, by: User, wishes: Sequence[Wish]) -> list[dict[str, Any]]:
    """Carry out acts on rows of a second-view batch, in order; one answer per act, in the shape of `acts.act`.

    Raises BatchOver, BadInput. One transaction: acts, rows, events; at most 6 queries.
    """
    codes = review.open_codes(batch)
    once = answering.one_per_key(wishes)
    now = Round(batch, by, codes, _lock(batch, by, [wish.stack for wish in once]))
    answers: Answers = answering.earlier_answers(by, once)
    for wish in once:
        if wish.key not in answers:
            answers[wish.key] = _carry_out(now, wish)
    _write(now)
    return [answers[wish.key] for wish in once]


def steps(batch: Batch) -> list[dict[str, Any]]:
    """The acts that Z can take back, in the shape of `resuming.steps`. One query."""
    with connection.cursor() as cursor:
        cursor.execute(STEPS, [batch.pk])
        return resuming.told(cursor.fetchall())


def _lock(batch: Batch, by: User, views: list[UUID]) -> dict[UUID, View]:
    """Lock the rows, by id, and read what was done on them in this batch."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, {"batch": batch.pk, "by": by.pk, "views": views, "case": batch.case_id})
        found = {row[0]: View(*row) for row in cursor.fetchall()}
        cursor.execute(BEFORE, [batch.pk, list(found)])
        earlier = cursor.fetchall()
    shown = dict.fromkeys(found, Shown())
    taken_back = {undoes for *_act, undoes, _moment in earlier if undoes}
    for view, pk, key, kind, code, outcome, _undoes, marked in earlier:
        now = Shown(code, outcome or "", moments.from_answer(json.loads(marked)) if marked else None)
        step = Step(pk, key, now, shown[view])
        shown[view] = now
        if kind != "undo":
            found[view].named[key] = step
            if pk not in taken_back:
                found[view].steps.append(step)
    return {view.public_id: view for view in found.values()}


def _carry_out(now: Round, wish: Wish) -> dict[str, Any]:
    """One act: what it changes on its row, or why nothing is written."""
    view = now.views.get(wish.stack)
    if view is None or not view.held:
        return _answer(wish, "stale", view, message=str(NotHeld()))
    if view.version != wish.version or wish.item not in {None, view.item}:
        return _answer(wish, "stale", view, message=CHANGED)
    meant = _meant(now, view, wish)
    if isinstance(meant, str):
        return _answer(wish, "refused", view, message=meant)
    shown, undoes = meant
    before, view.version = view.shown, view.version + 1
    view.show(shown)
    _remember(view, wish, before)
    said = {"code": shown.code, "outcome": shown.mark or None, "moment": moments.as_json(shown.moment)}
    told = _answer(wish, "saved", view, files=view.files, **said)
    now.rows.append({"wish": wish, "view": view, "code": shown.code, "undoes": undoes, "answer": audit.canonical(told)})
    now.events.append(_event(now, view))
    return told


Meant = tuple[Shown, int | None]  # what the row is to show, and the act that is taken back


def _meant(now: Round, view: View, wish: Wish) -> Meant | str:
    """What an act makes of its row, or the sentence that refuses it."""
    return GIVEN if view.given else MEANINGS[wish.kind](now, view, wish)


def _decide(now: Round, view: View, wish: Wish) -> Meant | str:
    if wish.moment and view.kind not in moments.FILMS:
        return NO_FILM
    return (Shown(wish.code, "", wish.moment), None) if wish.code in now.codes else str(UnknownCategory())


def _mark(_now: Round, view: View, wish: Wish) -> Meant | str:
    if wish.kind == "clear" and view.code is None and not view.mark:
        return NOTHING_HERE
    return Shown(None, OUTCOMES[wish.kind] or ""), None


def _flag(_now: Round, _view: View, _wish: Wish) -> Meant | str:
    return NO_FLAG


def _stack(_now: Round, _view: View, _wish: Wish) -> Meant | str:
    return NO_STACK


def _undo(_now: Round, view: View, wish: Wish) -> Meant | str:
    last = view.steps[-1] if view.steps else None
    if last is None or last.key != wish.undoes or not last.id:
        return NOTHING_HERE
    return last.before, last.id


def _redo(_now: Round, view: View, wish: Wish) -> Meant | str:
    again = view.named.get(wish.undoes) if wish.undoes else None
    return (again.shown, None) if again else NOTHING_AGAIN


MEANINGS: dict[str, Callable[[Round, View, Wish], Meant | str]] = {
    "decide": _decide,
    "unsure": _mark,
    "skip": _mark,
    "clear": _mark,
    "flag": _flag,
    "split": _stack,
    "join": _stack,
    "cover": _stack,
    "undo": _undo,
    "redo": _redo,
}


def _remember(view: View, wish: Wish, before: Shown) -> None:
    """Keep the act for those that follow in the same call."""
    if wish.kind == "undo":
        view.steps.pop()
        return
    step = Step(0, wish.key, view.shown, before)
    view.steps.append(step)
    view.named[wish.key] = step


def _answer(wish: Wish, status: str, view: View | None, **more: Any) -> dict[str, Any]:
    return answer(wish, status, None, **({"version": view.version} if view else {}), **more)


def _event(now: Round, view: View) -> audit.Event:
    """What somebody gave, or that he took it back; the opinion itself has its event when the batch ends."""
    details = {"code": view.code} if view.code is not None else {"mark": view.mark or "cleared"}
    details |= moments.told(view.shown.moment)
    return audit.Event(events.SECOND_GIVEN, f"secondview:{view.public_id}", now.batch.case.public_id, details)


def _write(now: Round) -> None:
    """Write acts, rows and events."""
    if not now.rows:
        return
    acts: dict[str, Any] = {
        "user": now.by.pk,
        "case": now.batch.case_id,
        "batch": now.batch.pk,
        "key": [row["wish"].key for row in now.rows],
        "kind": [row["wish"].kind for row in now.rows],
        "view": [row["view"].id for row in now.rows],
        "version": [row["wish"].version for row in now.rows],
        "code": [row["code"] for row in now.rows],
        "undoes": [row["undoes"] for row in now.rows],
        "answer": [row["answer"] for row in now.rows],
    }
    changed = list({row["view"].id: row["view"] for row in now.rows}.values())
    columns = [
        [getattr(view, name) for view in changed] for name in ("id", "code", "mark", "version", "from_ms", "until_ms")
    ]
    with connection.cursor() as cursor:
        try:
            cursor.execute(OPEN, acts)
        except IntegrityError as error:
            raise BadInput("Two acts came under one key. Nothing was written.") from error
        cursor.execute(SET, columns)
    audit.record_all(now.events, by=now.by, agency=now.batch.case.agency_id)
