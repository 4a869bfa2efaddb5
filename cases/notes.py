"""Notes on items: an act without a unit's version, for a note changes no decision (decision 0016).

Whoever holds an item for a second view reads his own notes only; what is written in a second view reaches others when
that batch is over.
"""

import hashlib
import re
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_noop as noop

from cases import answering, events, review
from cases.errors import NoteRefused, NotHeld
from cases.models import Batch, Item, Note
from cases.second import blind
from workbench import audit
from workbench.errors import BadInput
from workbench.models import User
from workbench.visible import readable
from workbench.words import digits

SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")  # that are none of the keyboard's
MOST = 50  # people whose notes are shown on one item

HELD = """
SELECT i.public_id, i.id FROM cases_item i WHERE i.public_id = ANY(%(items)s::uuid[]) AND i.case_id = %(case)s AND (
  EXISTS (SELECT FROM cases_stack s WHERE s.id = i.stack_id AND s.batch_id = %(batch)s AND s.lease_until > now())
  OR EXISTS (SELECT FROM cases_secondview v WHERE v.item_id = i.id AND v.batch_id = %(batch)s))
"""
KEEP = """
WITH wanted AS (
  SELECT * FROM unnest(%(key)s::uuid[], %(item)s::bigint[], %(text)s::text[], %(answer)s::jsonb[])
    WITH ORDINALITY AS w(key, item, text, answer, n)),
opened AS (
  INSERT INTO cases_act (public_id, user_id, idempotency_key, kind, case_id, batch_id, cover_id, via, answer, at)
  SELECT gen_random_uuid(), %(by)s, key, 'note', %(case)s, %(batch)s, item, 'key', answer, now() FROM wanted ORDER BY n
  RETURNING id, idempotency_key)
INSERT INTO cases_note (public_id, act_id, item_id, case_id, by_id, by_name, text, at)
SELECT gen_random_uuid(), o.id, w.item, %(case)s, %(by)s, %(by_name)s, w.text, now()
FROM wanted w JOIN opened o ON o.idempotency_key = w.key ORDER BY w.n
"""
OF_ITEM = """
SELECT text, by_name, mine, at FROM (
  SELECT DISTINCT ON (n.by_id) n.id, n.text, n.by_name, n.by_id = %(by)s AS mine, n.at
  FROM cases_note n JOIN cases_act a ON a.id = n.act_id JOIN cases_batch b ON b.id = a.batch_id
  WHERE n.item_id = %(item)s
    AND (n.by_id = %(by)s OR NOT %(blind)s AND NOT (b.kind = 'second' AND b.state = 'open'))
  ORDER BY n.by_id, n.id DESC LIMIT %(most)s) newest
WHERE text <> '' ORDER BY id DESC
"""


class Wanted(NamedTuple):
    """A note as it was sent: under which key, of which unit, on which item. Empty takes the earlier one back."""

    key: UUID
    unit: UUID
    item: UUID
    text: str


def checked(text: str) -> str:
    """The text without white space around it. Raises NoteRefused for what is too long, or cannot be seen."""
    text = SPACES.sub(" ", text.strip())
    if len(text) > Note.LONGEST:
        said = noop("A note has at most %(most)s characters; this one has %(now)s. Shorten it.")
        raise NoteRefused(said, most=digits(Note.LONGEST), now=digits(len(text)))
    if not all(readable(line) for line in text.split("\n")):
        raise NoteRefused
    return text


@transaction.atomic
def keep(*, batch: Batch, by: User, wanted: Sequence[Wanted]) -> list[dict[str, Any]]:
    """Keep notes on items that the batch holds; one answer each, in order, in the shape of `acts.act`.

    One sent before gets its old answer. Raises BatchOver, BadInput. One transaction: acts, notes, events; 4 queries.
    """
    if not wanted:
        return []
    review.open_codes(batch)
    if len(wanted) > answering.MOST_ACTS:
        raise BadInput(f"Send at most {answering.MOST_ACTS} acts at once.")
    if len({one.key for one in wanted}) < len(wanted):
        raise BadInput("Two acts came under one key. Nothing was written.")
    answers = answering.earlier(by, [one.key for one in wanted])
    held = _held(batch, [one.item for one in wanted])
    new = []
    for one in wanted:
        if one.key not in answers:
            answers[one.key] = _answer(one, held)
            new += [one] if answers[one.key]["status"] == "saved" else []
    _write(batch, by, new, held, answers)
    return [answers[one.key] for one in wanted]


def _held(batch: Batch, items: list[UUID]) -> dict[UUID, int]:
    with connection.cursor() as cursor:
        cursor.execute(HELD, {"items": items, "case": batch.case_id, "batch": batch.pk})
        return dict(cursor.fetchall())


def _answer(one: Wanted, held: dict[UUID, int]) -> dict[str, Any]:
    told = {"key": str(one.key), "status": "saved", "message": "", "stack": str(one.unit), "files": 0}
    if one.item not in held:
        return told | {"status": "stale", "message": str(NotHeld())}
    try:
        checked(one.text)
    except NoteRefused as error:
        return told | {"status": "refused", "message": str(error)}
    return told


def _write(
    batch: Batch, by: User, new: list[Wanted], held: dict[UUID, int], answers: dict[UUID, dict[str, Any]]
) -> None:
    if not new:
        return
    values: dict[str, Any] = {
        "by": by.pk,
        "by_name": by.name,
        "case": batch.case_id,
        "batch": batch.pk,
        "key": [one.key for one in new],
        "item": [held[one.item] for one in new],
        "text": [checked(one.text) for one in new],
        "answer": [audit.canonical(answers[one.key]) for one in new],
    }
    with connection.cursor() as cursor:
        try:
            cursor.execute(KEEP, values)
        except IntegrityError as error:
            raise BadInput("Two acts came under one key. Nothing was written.") from error
    case = batch.case
    told = [audit.Event(events.NOTED, f"item:{one.item}", case.public_id, proof(checked(one.text))) for one in new]
    audit.record_all(told, by=by, agency=case.agency_id)


def proof(text: str) -> dict[str, Any]:
    """What the log keeps of a note, or of grounds: enough to tell whether one was written so, and none of its words."""
    return {"characters": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}


def of(item: Item, by: User) -> list[dict[str, Any]]:
    """Notes in force on an item that this person may read, newest first: text, by, mine, at. Two queries."""
    values = {"item": item.pk, "by": by.pk, "blind": blind.holds(by, item.content_id), "most": MOST}
    with connection.cursor() as cursor:
        cursor.execute(OF_ITEM, values)
        return [dict(zip(("text", "by", "mine", "at"), row, strict=True)) for row in cursor.fetchall()]


def as_json(item: Item, by: User) -> list[dict[str, Any]]:
    """The same for pages that scripts make: times in ISO 8601."""
    return [note | {"at": note["at"].isoformat(timespec="minutes")} for note in of(item, by)]


def unnamed(item: Item, by: User) -> list[dict[str, Any]]:
    """The same for who rules: in the order of their words, for names and times would tell which code came first."""
    return sorted(({"text": note["text"], "mine": note["mine"]} for note in of(item, by)), key=itemgetter("text"))
