"""What acts of a reviewer reach: units of a batch, locked, with their members."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.conf import settings

from cases import states
from cases.models import Batch, Case
from cases.moments import Moment
from workbench import audit, prepared
from workbench.models import User

SCOPES = ("item", "stack", "rest")
LAST = "~"  # sorts after every path: skipped stacks wait at the end of the queue


@dataclass(frozen=True, slots=True)
class Wish:
    """One act as it was sent. `version` is the stack's version that was on the screen, `item` the picture looked at.

    `scope`: "item" is that picture and its exact copies, "stack" also what is near it, "rest" also what the person
    opened in this batch. `items`: what "split" moves out, or what exactly is decided again. `joins`: stacks that come
    into this one, each with the version seen; None where they were joined before, and are again.
    `moment`: what of the film decides.
    """

    key: UUID
    kind: str
    stack: UUID
    version: int
    code: str | None = None
    scope: str = "item"
    undoes: UUID | None = None
    item: UUID | None = None
    items: tuple[UUID, ...] = ()
    joins: tuple[tuple[UUID, int | None], ...] = ()
    moment: Moment | None = None

    @property
    def touched(self) -> set[UUID]:
        """The stacks that it names."""
        return {self.stack, *(stack for stack, _version in self.joins)}


@dataclass(frozen=True, slots=True)
class Member:
    """An item of a stack. `distance`: bits between its hash and the cover's, as they lie; None without a hash."""

    item: int
    public_id: UUID
    content: int
    state: str
    distance: int | None
    files: int  # of its content, over all exhibits of the agency
    kind: str  # of its content


@dataclass(slots=True)
class Unit:
    """A stack of the batch, locked, with what an act on it reaches. `mark`: unsure, skipped or None, of the cover.

    `cover` is the picture that the act is about: the member that it names, or else the one shown `first`.
    """

    id: int
    public_id: UUID
    version: int
    cover: int
    held: bool
    cover_item: UUID
    cover_content: int
    mark: str | None
    first: int
    members: list[Member] = field(default_factory=list)

    @property
    def contents(self) -> list[int]:
        """Contents of all members."""
        return [member.content for member in self.members]

    @property
    def can_name_cover(self) -> bool:
        """Whether an act may be about the cover: what is shown first always, another member while people decide it."""
        states = {member.state for member in self.members if member.item == self.cover}
        return self.cover == self.first or not states.isdisjoint({"open", "decided", "unsure"})

    @property
    def is_over(self) -> bool:
        """Whether no member is open."""
        return all(member.state != "open" for member in self.members)


@dataclass(slots=True)
class Round:
    """What one call gathers: who, where, the units, and the events to write last. `others`: stacks beside those of its
    acts that these may touch.
    """

    batch: Batch
    case: Case
    by: User
    codes: frozenset[str]
    units: dict[UUID, Unit] = field(default_factory=dict)
    others: set[UUID] = field(default_factory=set)
    covers: dict[int, int] = field(default_factory=dict)  # items to be shown first again, by stack
    events: list[audit.Event] = field(default_factory=list)


REACHED = """
SELECT DISTINCT i.content_id FROM cases_stack s JOIN cases_item i ON i.stack_id = s.id
WHERE s.public_id = ANY(%s::uuid[]) AND s.case_id = %s
"""
# Stacks from which, and to which, acts moved items that are to be taken back, or done again.
MOVED = """
SELECT s.public_id FROM cases_act a JOIN cases_stackmove m ON m.act_id = a.id
JOIN cases_stack s ON s.id IN (m.left_id, m.to_id) WHERE a.user_id = %s AND a.idempotency_key = ANY(%s)
"""
LOCK_UNITS = """
SELECT s.id, s.public_id, s.version, i.id, coalesce(s.batch_id = %(batch)s AND s.lease_until > now(), false),
  i.public_id, i.content_id,
  CASE WHEN i.unsure THEN 'unsure' WHEN starts_with(s.sort_key, %(last)s) THEN 'skipped' END, s.cover_id
FROM unnest(%(stacks)s::uuid[], %(items)s::uuid[]) AS w(stack, item) JOIN cases_stack s ON s.public_id = w.stack
JOIN cases_item i ON i.id = coalesce(
  (SELECT n.id FROM cases_item n WHERE n.public_id = w.item AND n.stack_id = s.id), s.cover_id)
WHERE s.case_id = %(case)s ORDER BY s.id FOR UPDATE OF s
"""
MEMBERS = """
SELECT m.stack_id, m.id, m.public_id, m.content_id, m.state,
  cases_away(m, c, i, k),
  (SELECT count(*) FROM cases_fileinstance f WHERE f.content_id = m.content_id), c.kind
FROM unnest(%s::bigint[]) AS w(cover) JOIN cases_item i ON i.id = w.cover JOIN cases_content k ON k.id = i.content_id
JOIN cases_item m ON m.stack_id = i.stack_id JOIN cases_content c ON c.id = m.content_id
ORDER BY m.id
"""
# What a held stack's items would be if nobody held it: stored states wait until the batch is over.
STATES = f"SELECT n.id, n.state FROM ({states.COMPUTED} WHERE s.id = ANY(%(stacks)s::bigint[])) n"  # noqa: S608


def contents_of(now: Round, wishes: Sequence[Wish]) -> list[int]:
    """Ids of the contents that acts may change: of all stacks that they may touch, which the round notes."""
    named = [wish.undoes for wish in wishes if wish.undoes is not None]
    now.others = {stack for wish in wishes for stack, _version in wish.joins}
    with prepared.cursor(rows=len(wishes)) as cursor:
        if named:
            cursor.execute(MOVED, [now.by.pk, named])
            now.others |= {row[0] for row in cursor.fetchall()}
        cursor.execute(REACHED, [list({wish.stack for wish in wishes} | now.others), now.case.pk])
        return [row[0] for row in cursor.fetchall()]


def lock(now: Round, wishes: Sequence[Wish]) -> None:
    """Lock the units of the call, by id, each about the picture that its first act names. Their contents are locked
    already; stacks beside their own are about what they show first.
    """
    named = dict.fromkeys(now.others) | {wish.stack: wish.item for wish in reversed(wishes)}
    values: dict[str, Any] = {"batch": now.batch.pk, "case": now.case.pk, "last": LAST}
    values |= {"stacks": list(named), "items": list(named.values())}
    with prepared.cursor(rows=len(named)) as cursor:
        cursor.execute(LOCK_UNITS, values)
        now.units = {row[1]: Unit(*row) for row in cursor.fetchall()}
        by_id = {unit.id: unit for unit in now.units.values()}
        cursor.execute(MEMBERS, [[unit.cover for unit in by_id.values()]])
        for stack, *member in cursor.fetchall():
            by_id[stack].members.append(Member(*member))
        if several := [unit.id for unit in by_id.values() if len(unit.members) > 1]:
            cursor.execute(STATES, {"stacks": several})
            _bring_up(by_id, several, dict(cursor.fetchall()))


def _bring_up(by_id: dict[int, Unit], several: Sequence[int], now: dict[int, str]) -> None:
    """Give the members of some units the states that they have by now."""
    for stack in several:
        members = by_id[stack].members
        by_id[stack].members = [replace(member, state=now.get(member.item, member.state)) for member in members]


def reached(wish: Wish, unit: Unit, opened: Container[int] = ()) -> list[Member]:
    """What a decision covers: the cover, that is its exact copies; with Shift also whoever is open and near it.

    Once nobody in the stack is open, Shift decides anew what was decided. The rest of a stack leaves a cover that a key
    of its own decided. `opened`: contents that the person looked at in this batch; the rest includes them however far
    they are.
    """
    if wish.scope == "item" and not wish.items:
        return [member for member in unit.members if member.item == unit.cover]
    state = "decided" if unit.is_over else "open"

    def is_meant(member: Member) -> bool:
        is_cover, fits = member.item == unit.cover, member.state == state
        if wish.items:
            return member.public_id in wish.items and (is_cover or fits)
        if is_cover:
            return fits or wish.scope == "stack"
        return fits and (is_near(member.distance) or (wish.scope == "rest" and member.content in opened))

    return [member for member in unit.members if is_meant(member)]


def is_near(distance: int | None) -> bool:
    """Whether one look at a cover decides a picture so far from it; hashes of poor quality are none."""
    return distance is not None and distance <= settings.STACK_REACH


def marked(wish: Wish, unit: Unit) -> list[Member]:
    """What X, S and Backspace are about: the cover; on a stack in which nobody is open, all that was decided too."""
    all_too = unit.is_over and wish.scope != "item"
    return [member for member in unit.members if member.item == unit.cover or (all_too and member.state == "decided")]
