"""What acts on units follow from, read under the lock of their contents: what stands, what was done before."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from cases import moments, publishing, standing
from cases.moments import Moment
from cases.standing import Held
from cases.units import Round, Wish

# Every act's answer says what was on the unit after it, so the act before tells what an undo goes back to.
NAMED = """
SELECT a.idempotency_key, a.id, a.kind, a.stack_id, a.cover_id, a.code,
  EXISTS (SELECT FROM cases_act u WHERE u.undoes_id = a.id),
  EXISTS (SELECT FROM cases_act n WHERE n.stack_id = a.stack_id AND n.batch_id = a.batch_id AND n.id > a.id
          AND n.kind NOT IN ('undo', 'flag', 'cover')
          AND NOT EXISTS (SELECT FROM cases_act u WHERE u.undoes_id = n.id)),
  (SELECT p.answer ->> 'outcome' FROM cases_act p
   WHERE p.stack_id = a.stack_id AND p.cover_id = a.cover_id AND p.batch_id = a.batch_id AND p.id < a.id
     AND p.kind <> 'flag'
   ORDER BY p.id DESC LIMIT 1),
  (SELECT m.public_id FROM cases_stack m WHERE m.public_id = (a.answer ->> 'made')::uuid AND m.batch_id = a.batch_id
     AND NOT EXISTS (SELECT FROM cases_act n WHERE n.stack_id = m.id AND n.batch_id = a.batch_id
                     AND n.kind NOT IN ('undo', 'flag', 'cover')
                     AND NOT EXISTS (SELECT FROM cases_act u WHERE u.undoes_id = n.id))),
  a.answer -> 'moment', d.content_id, b.code, coalesce(b.basis, ''), coalesce(b.distance, 0), b.from_ms, b.until_ms
FROM cases_act a LEFT JOIN cases_decision d ON d.act_id = a.id LEFT JOIN cases_decision b ON b.id = d.supersedes_id
WHERE a.user_id = %s AND a.batch_id = %s AND a.idempotency_key = ANY(%s)
"""
# What splits and joins moved, from which stack, in the order of their items.
MOVES = """
SELECT a.idempotency_key, i.public_id, s.public_id FROM cases_act a JOIN cases_stackmove m ON m.act_id = a.id
JOIN cases_item i ON i.id = m.item_id JOIN cases_stack s ON s.id = m.left_id
WHERE a.user_id = %s AND a.batch_id = %s AND a.idempotency_key = ANY(%s) ORDER BY i.id
"""
# Clear pictures that the person had before him in this batch.
OPENED = """
SELECT DISTINCT content_id FROM cases_viewing
WHERE batch_id = %s AND user_id = %s AND content_id = ANY(%s) AND revealed_ms > 0
"""
GIVEN = "SELECT decision_id FROM cases_secondopinion WHERE by_id = %s AND decision_id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Before:
    """What the decision said that an act's own superseded; None, '' and 0 where there was none."""

    code: str | None
    basis: str
    distance: int
    moment: Moment | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """An act of the person in this batch that another act names, to take it back or to repeat it.

    `followed`: a later act on the unit is in effect. `outcome`: the cover's mark before it. `made`: the stack that it
    split off, if nothing was done in that one. `before`: what stood before it, for each content that it decided.
    `moved`: items that it moved, each with the stack it left.
    """

    id: int
    kind: str
    stack: int
    cover: int
    code: str | None
    taken_back: bool
    followed: bool
    outcome: str | None
    made: UUID | None
    moment: Moment | None
    before: dict[int, Before] = field(default_factory=dict)
    moved: list[tuple[UUID, UUID]] = field(default_factory=list)

    @property
    def left(self) -> tuple[UUID, ...]:
        """The stacks from which it moved something."""
        return tuple(dict.fromkeys(stack for _item, stack in self.moved))


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands by content, and the acts that are named by their keys. `out`: decisions that are published;
    `given`: decisions of others on which the person gave a second opinion already; `opened`: contents of the units
    that the person unveiled in this batch, read only where an act decides the rest of a stack, or anything again.
    """

    held: dict[int, Held]
    named: dict[UUID, Named]
    out: set[int]
    given: set[int]
    opened: set[int]

    def closing(self, now: Round, content: int) -> Held | None:
        """The decision that closes the content in this case; None where it is still to be decided."""
        found = self.held.get(content)
        if found is None or found.code not in now.codes or (now.case.sealed and found.case != now.case.pk):
            return None
        return found


def read(now: Round, wishes: Sequence[Wish]) -> Facts:
    """Read what acts on distinct units follow from. One query; one more each where acts name others, take
    decisions back, or meet a colleague's.
    """
    contents = sorted({content for wish in wishes for content in now.units[wish.stack].contents})
    held = standing.held(contents, now.case.scheme.scheme_id)
    back = {c for wish in wishes if wish.kind not in {"decide", "flag"} for c in now.units[wish.stack].contents}
    own = [held[content].decision for content in held.keys() & back if held[content].by == now.by.pk]
    others = [one.decision for one in held.values() if one.by != now.by.pk and one.code is not None]
    return Facts(
        held=held,
        named=_named(now, [wish.undoes for wish in wishes if wish.undoes is not None]),
        out=publishing.published(own),
        given=_given(now, others),
        opened=_opened(now, contents) if any(wish.scope == "rest" or wish.kind == "redo" for wish in wishes) else set(),
    )


def _named(now: Round, keys: list[UUID]) -> dict[UUID, Named]:
    found: dict[UUID, Named] = {}
    if not keys:
        return found
    with connection.cursor() as cursor:
        cursor.execute(NAMED, [now.by.pk, now.batch.pk, keys])
        for key, *act, marked, content, code, basis, distance, start, end in cursor.fetchall():
            moment = moments.from_answer(json.loads(marked)) if marked else None
            named = found.setdefault(key, Named(*[*act, moment]))
            if content is not None:
                named.before[content] = Before(code, basis, distance, moments.of(start, end))
        if any(named.kind in {"split", "join"} for named in found.values()):
            cursor.execute(MOVES, [now.by.pk, now.batch.pk, keys])
            for key, item, stack in cursor.fetchall():
                found[key].moved.append((item, stack))
    return found


def _opened(now: Round, contents: list[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(OPENED, [now.batch.pk, now.by.pk, contents])
        return {row[0] for row in cursor.fetchall()}


def _given(now: Round, decisions: list[int]) -> set[int]:
    if not decisions:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(GIVEN, [now.by.pk, decisions])
        return {row[0] for row in cursor.fetchall()}
