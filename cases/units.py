"""What an act of a reviewer reaches: units of a batch, locked; the acts' rows and their answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from cases.models import Act, Batch, Case
from workbench import audit
from workbench.models import User

Answers = dict[UUID, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Wish:
    """One act as it was sent. `version` is the stack's version that was on the screen."""

    key: UUID
    kind: str
    stack: UUID
    version: int
    code: str | None = None
    whole_stack: bool = False
    undoes: UUID | None = None


@dataclass(slots=True)
class Unit:
    """A stack of the batch, locked, with what an act on it reaches."""

    id: int
    public_id: UUID
    version: int
    cover: int
    held: bool
    contents: list[int] = field(default_factory=list)
    cover_content: int = 0


@dataclass(slots=True)
class Round:
    """What one call gathers: who, where, and the events to write last."""

    batch: Batch
    case: Case
    by: User
    codes: frozenset[str]
    events: list[audit.Event] = field(default_factory=list)


UNIT_CONTENTS = """
SELECT s.public_id, array_agg(i.content_id ORDER BY i.id) FROM cases_stack s JOIN cases_item i ON i.stack_id = s.id
WHERE s.public_id = ANY(%s) AND s.case_id = %s GROUP BY 1
"""
LOCK_UNITS = """
SELECT s.id, s.public_id, s.version, s.cover_id, s.batch_id = %(batch)s AND s.lease_until > now(), i.content_id
FROM cases_stack s JOIN cases_item i ON i.id = s.cover_id
WHERE s.public_id = ANY(%(stacks)s) AND s.case_id = %(case)s ORDER BY s.id FOR UPDATE OF s
"""
INSERT_ACTS = """
INSERT INTO cases_act (public_id, user_id, idempotency_key, kind, case_id, batch_id, stack_id, seen_version, cover_id,
                       via, code, undoes_id, answer, at)
SELECT gen_random_uuid(), %(user)s, key, kind, %(case)s, %(batch)s, stack, version, cover, 'key', code, undoes, answer,
  now()
FROM unnest(%(key)s::uuid[], %(kind)s::text[], %(stack)s::bigint[], %(version)s::int[], %(cover)s::bigint[],
            %(code)s::text[], %(undoes)s::bigint[], %(answer)s::jsonb[])
  AS a(key, kind, stack, version, cover, code, undoes, answer)
ON CONFLICT (user_id, idempotency_key) DO NOTHING RETURNING idempotency_key, id
"""


def lock(now: Round, stacks: list[UUID]) -> dict[UUID, Unit]:
    with connection.cursor() as cursor:
        cursor.execute(LOCK_UNITS, {"batch": now.batch.pk, "stacks": stacks, "case": now.case.pk})
        return {
            row[1]: Unit(row[0], row[1], row[2], row[3], bool(row[4]), cover_content=row[5])
            for row in cursor.fetchall()
        }


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


def open_acts(
    now: Round,
    wishes: list[Wish],
    units: dict[UUID, Unit],
    answers: Answers,
    undoes: dict[UUID, int] | None = None,
) -> dict[UUID, int]:
    """Write the acts with their answers and move their stacks' versions; returns act ids by key.

    A key that another request wrote a moment ago is absent: its act stands, nothing is written twice.
    """
    rows: dict[str, Any] = {
        "key": [wish.key for wish in wishes],
        "kind": [wish.kind for wish in wishes],
        "stack": [units[wish.stack].id for wish in wishes],
        "version": [wish.version for wish in wishes],
        "cover": [units[wish.stack].cover for wish in wishes],
        "code": [wish.code for wish in wishes],
        "undoes": [(undoes or {}).get(wish.key) for wish in wishes],
        "answer": [audit.canonical(answers[wish.key]) for wish in wishes],
    }
    with connection.cursor() as cursor:
        frame = {"user": now.by.pk, "case": now.case.pk, "batch": now.batch.pk}
        cursor.execute(INSERT_ACTS, frame | rows)
        acts = dict(cursor.fetchall())
        moved = [units[wish.stack].id for wish in wishes if wish.key in acts]
        cursor.execute("UPDATE cases_stack SET version = version + 1 WHERE id = ANY(%s)", [moved])
    return acts


def saved(wishes: list[Wish], units: dict[UUID, Unit], **more: Any) -> Answers:
    """Answers of acts that will be written: the version after them, and how many files they reach."""
    files = _files({content for wish in wishes for content in reached(wish, units[wish.stack])})
    answers = {}
    for wish in wishes:
        unit = units[wish.stack]
        unit.version += 1
        count = sum(files.get(content, 0) for content in reached(wish, unit))
        answers[wish.key] = answer(wish, "saved", unit, files=count, **more)
    return answers


def reached(wish: Wish, unit: Unit) -> list[int]:
    """Contents an act covers: the cover's exact copies, or with Shift the whole stack."""
    return unit.contents if wish.whole_stack else [unit.cover_content]


def _files(content_ids: set[int]) -> dict[int, int]:
    """Files with these contents, over all exhibits of the agency."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT content_id, count(*) FROM cases_fileinstance WHERE content_id = ANY(%s) GROUP BY 1",
            [sorted(content_ids)],
        )
        return dict(cursor.fetchall())


def earlier_answers(by: User, wishes: Sequence[Wish]) -> Answers:
    keys = [wish.key for wish in wishes]
    known = Act.objects.filter(user=by, idempotency_key__in=keys).values_list("idempotency_key", "answer")
    return {key: answer | {"status": "repeat"} for key, answer in known}


def repeats(now: Round, wishes: list[Wish]) -> Answers:
    return earlier_answers(now.by, wishes) if wishes else {}
