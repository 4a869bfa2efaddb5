"""What acts of a reviewer reach: units of a batch, locked; the acts' rows and their answers."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError

from cases import states
from cases.models import Act, Batch, Case
from workbench import audit, prepared
from workbench.errors import BadInput
from workbench.models import User

Answers = dict[UUID, dict[str, Any]]
MOST_ACTS = 200
SCOPES = ("item", "stack", "rest")
LAST = "~"  # sorts after every path: skipped stacks wait at the end of the queue


@dataclass(frozen=True, slots=True)
class Wish:
    """One act as it was sent. `version` is the stack's version that was on the screen, `item` the picture looked at.

    `scope`: "item" is that picture and its exact copies, "stack" also what is near it, "rest" also what the person
    opened in this batch. `items`: what "split" moves out, or what exactly is decided again.
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


@dataclass(frozen=True, slots=True)
class Member:
    """An item of a stack. `distance`: bits between its hash and the cover's, as they lie; None without a hash."""

    item: int
    public_id: UUID
    content: int
    state: str
    distance: int | None
    files: int  # of its content, over all exhibits of the agency


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
    """What one call gathers: who, where, the units, and the events to write last."""

    batch: Batch
    case: Case
    by: User
    codes: frozenset[str]
    units: dict[UUID, Unit] = field(default_factory=dict)
    covers: dict[int, int] = field(default_factory=dict)  # items to be shown first again, by stack
    events: list[audit.Event] = field(default_factory=list)


REACHED = """
SELECT DISTINCT i.content_id FROM cases_stack s JOIN cases_item i ON i.stack_id = s.id
WHERE s.public_id = ANY(%s::uuid[]) AND s.case_id = %s
"""
# Stacks that were made of others' members by acts that are to be taken back.
MADE = "SELECT answer ->> 'made' FROM cases_act WHERE user_id = %s AND idempotency_key = ANY(%s) AND kind = 'split'"
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
  (SELECT count(*) FROM cases_fileinstance f WHERE f.content_id = m.content_id)
FROM unnest(%s::bigint[]) AS w(cover) JOIN cases_item i ON i.id = w.cover JOIN cases_content k ON k.id = i.content_id
JOIN cases_item m ON m.stack_id = i.stack_id JOIN cases_content c ON c.id = m.content_id
ORDER BY m.id
"""
# What a held stack's items would be if nobody held it: stored states wait until the batch is over.
STATES = f"SELECT n.id, n.state FROM ({states.COMPUTED} WHERE s.id = ANY(%(stacks)s::bigint[])) n"  # noqa: S608
OPEN_ACTS = """
WITH opened AS (
  INSERT INTO cases_act (public_id, user_id, idempotency_key, kind, case_id, batch_id, stack_id, seen_version,
                         cover_id, via, code, undoes_id, answer, at)
  SELECT gen_random_uuid(), %(user)s, key, kind, %(case)s, %(batch)s, stack, version, cover, 'key', code, undoes,
    answer, now()
  FROM unnest(%(key)s::uuid[], %(kind)s::text[], %(stack)s::bigint[], %(version)s::int[], %(cover)s::bigint[],
              %(code)s::text[], %(undoes)s::bigint[], %(answer)s::jsonb[])
    AS a(key, kind, stack, version, cover, code, undoes, answer)
  RETURNING idempotency_key, id, stack_id),
moved AS (UPDATE cases_stack s SET version = s.version + 1 FROM opened o WHERE s.id = o.stack_id)
SELECT idempotency_key, id FROM opened
"""


def contents_of(case: Case, by: User, wishes: Sequence[Wish]) -> list[int]:
    """Ids of the contents that acts may change: of their stacks, and of those that a split to be taken back made."""
    stacks = {wish.stack for wish in wishes}
    undone = [wish.undoes for wish in wishes if wish.undoes is not None]
    with prepared.cursor(rows=len(stacks)) as cursor:
        if undone:
            cursor.execute(MADE, [by.pk, undone])
            stacks |= {UUID(row[0]) for row in cursor.fetchall()}
        cursor.execute(REACHED, [list(stacks), case.pk])
        return [row[0] for row in cursor.fetchall()]


def lock(now: Round, wishes: Sequence[Wish]) -> None:
    """Lock the units of the call, by id, each about the picture that its first act names. Their contents are locked
    already.
    """
    named = {wish.stack: wish.item for wish in reversed(wishes)}
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


def one_per_key(wishes: Sequence[Wish]) -> list[Wish]:
    """Each act once. Raises BadInput for more than MOST_ACTS, and where two came under one key: nobody could say which
    of them stands.
    """
    if len(wishes) > MOST_ACTS:
        raise BadInput(f"Send at most {MOST_ACTS} acts at once.")
    once = list(dict.fromkeys(wishes))
    if len({wish.key for wish in once}) < len(once):
        raise BadInput("Two acts came under one key. Nothing was written.")
    return once


def answer(wish: Wish, status: str, unit: Unit | None, **more: Any) -> dict[str, Any]:
    """The answer to one act, as the client reads it."""
    return {
        "key": str(wish.key),
        "status": status,
        "message": "",
        "stack": str(wish.stack),
        "version": unit.version if unit else wish.version,
        "code": None,
        "outcome": None,
        "files": 0,
    } | more


def earlier_answers(by: User, wishes: Sequence[Wish]) -> Answers:
    """The answers of those acts that were carried out before."""
    keys = [wish.key for wish in wishes]
    known = Act.objects.filter(user=by, idempotency_key__in=keys).values_list("idempotency_key", "answer")
    return {key: answer | {"status": "repeat"} for key, answer in known}


def open_acts(now: Round, wishes: Sequence[Wish], undoes: Sequence[int | None], answers: Answers) -> dict[UUID, int]:
    """Write acts on distinct units with their answers, and move the units' versions; returns act ids by key.

    `undoes`: the act each of them takes back, if any. Raises BadInput where one of the keys was used for another
    unit at this very moment.
    """
    units = [now.units[wish.stack] for wish in wishes]
    rows: dict[str, Any] = {
        "user": now.by.pk,
        "case": now.case.pk,
        "batch": now.batch.pk,
        "key": [wish.key for wish in wishes],
        "kind": [wish.kind for wish in wishes],
        "stack": [unit.id for unit in units],
        "version": [wish.version for wish in wishes],
        "cover": [unit.cover for unit in units],
        "code": [wish.code for wish in wishes],
        "undoes": list(undoes),
        "answer": [audit.canonical(answers[wish.key]) for wish in wishes],
    }
    with prepared.cursor(rows=len(units)) as cursor:
        try:
            cursor.execute(OPEN_ACTS, rows)
        except IntegrityError as error:
            raise BadInput("Two acts came under one key. Nothing was written.") from error
        return dict(cursor.fetchall())
