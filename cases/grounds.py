"""Why a person gave a category or was unsure, and how sure he was: told after the key, kept with its act.

Read at the ruling, and what one was unsure of on the item's page too; by no second reviewer before he decided.

Optional, and append-only: of several on one act the last counts. A decision that is taken back leaves its own behind.
"""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import gettext_noop as noop

from cases import events, notes, review
from cases.errors import NoteRefused
from cases.models import Act, Batch, Grounds, Item, SecondView
from workbench import access, audit
from workbench.errors import BadInput, NotFound
from workbench.models import User
from workbench.visible import readable
from workbench.words import digits

LONGEST = 400  # characters

# Of the act itself, or of an earlier press that said the same of the same picture in the same batch: who takes back and
# does again need not explain twice.
SAID = """
SELECT g.confidence, g.text FROM cases_act a JOIN cases_act b ON b.batch_id = a.batch_id AND b.user_id = a.user_id
  AND b.code = a.code AND (b.view_id = a.view_id OR (b.stack_id = a.stack_id AND b.cover_id = a.cover_id))
JOIN cases_grounds g ON g.act_id = b.id
WHERE a.id = %s ORDER BY g.id DESC LIMIT 1
"""


# Who was unsure of an item, by the wish for a second view that came of it: a mark taken back dropped that wish. Of the
# acts behind it the one that says why, else the last.
UNSURE = """
SELECT DISTINCT ON (v.id, a.user_id) a.user_id, p.name, a.at, coalesce(g.confidence, ''), coalesce(g.text, '')
FROM cases_secondview v JOIN cases_act a ON a.kind IN ('unsure', 'redo') AND a.code IS NULL AND (a.view_id = v.id
  OR (a.batch_id = v.first_batch_id AND (a.cover_id = v.item_id OR a.stack_id = %(stack)s)))
JOIN workbench_user p ON p.id = a.user_id LEFT JOIN cases_grounds g ON g.act_id = a.id
WHERE v.item_id = %(item)s AND v.why = 'unsure' AND v.state <> 'dropped'
  AND (a.view_id IS NULL OR NOT EXISTS (SELECT FROM cases_act u WHERE u.undoes_id = a.id))
ORDER BY v.id, a.user_id, g.id DESC NULLS LAST, a.id DESC
"""
CONFIDENCE: dict[str, Any] = {
    Grounds.Confidence.SURE: lazy("sure"),
    Grounds.Confidence.RATHER: lazy("rather sure"),
    Grounds.Confidence.UNSURE: lazy("unsure"),
    "": "",
}


class Unsure(NamedTuple):
    """Somebody who was unsure of an item, when, and what he said of it; '' where he said nothing."""

    user: int
    name: str
    at: datetime
    confidence: str
    text: str

    @property
    def words(self) -> str:
        """How sure he was, in a word."""
        return str(CONFIDENCE[self.confidence])


@transaction.atomic
def give(*, batch: Batch, by: User, act: UUID, confidence: str, text: str) -> None:
    """Keep why the person's act of this batch, named by its key, gave a category or was unsure. One event.

    Raises BatchOver, BadInput, NoteRefused, NotFound.
    """
    review.open_codes(batch)
    text = " ".join(text.split())
    if confidence not in {"", *Grounds.Confidence} or len(text) > LONGEST or not (confidence or text):
        raise BadInput(noop("Say how sure you are, or why in at most %(most)s characters."), most=digits(LONGEST))
    if not readable(text):
        raise NoteRefused
    found = Act.objects.filter(batch=batch, user=by, idempotency_key=act, kind__in=["decide", "unsure", "redo"]).first()
    if found is None:
        raise NotFound
    Grounds.objects.create(act=found, confidence=confidence, text=text)
    audit.record(
        events.GROUNDS_GIVEN, by=by, on=found, case=batch.case.public_id, agency=batch.case.agency_id,
        confidence=confidence, **notes.proof(text),
    )  # fmt: skip


def of(act: int) -> tuple[str, str]:
    """Confidence and text of an act's category, '' where nothing was said. One query."""
    with connection.cursor() as cursor:
        cursor.execute(SAID, [act])
        return cursor.fetchone() or ("", "")


def unsure(item: Item) -> list[Unsure]:
    """Who was unsure of the item, first to last. One query."""
    with connection.cursor() as cursor:
        cursor.execute(UNSURE, {"item": item.pk, "stack": item.stack_id})
        return sorted((Unsure(*row) for row in cursor.fetchall()), key=lambda one: one.at)


def told(item: Item, by: User) -> list[Unsure]:
    """The same as far as a person may read it: while somebody is still to decide, whoever may be asked reads only his
    own. Two queries.
    """
    wished = SecondView.objects.filter(item=item, state=SecondView.State.OPEN, decision__isnull=True)
    is_closed_to = access.has(by, "batch.claim") and wished.exists()
    return [one for one in unsure(item) if one.user == by.pk or not is_closed_to]
