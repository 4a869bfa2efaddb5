"""Acts as they come and what they are answered: each once, under its key, kept with its answer."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from cases.models import Act
from cases.moments import as_json
from cases.units import Round, Unit, Wish
from workbench import audit, prepared
from workbench.errors import BadInput
from workbench.models import User

Answers = dict[UUID, dict[str, Any]]
MOST_ACTS = 200

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
        "moment": as_json(wish.moment),
    } | more


def earlier_answers(by: User, wishes: Sequence[Wish]) -> Answers:
    """The answers of those acts that were carried out before."""
    return earlier(by, [wish.key for wish in wishes])


def earlier(by: User, keys: Sequence[UUID]) -> Answers:
    """The same by the keys of acts."""
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
