"""Why a person gave a category, and how sure he was: told after the key, kept with its act, read at the ruling.

Optional, and append-only: of several on one act the last counts. A decision that is taken back leaves its own behind.
"""

from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_noop as noop

from cases import events, notes, review
from cases.errors import NoteRefused
from cases.models import Act, Batch, Grounds
from workbench import audit
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
