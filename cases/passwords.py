"""Passwords of an exhibit: tried on every encrypted archive in it. Kept with the exhibit, never in the log."""

from collections.abc import Sequence

from django.db import connection, transaction
from django.utils.translation import gettext_noop as noop

from cases import closing, events, evidence
from cases.ingest import ledger
from cases.ingest.archive import LOCKED
from cases.models import Exhibit, FileInstance
from workbench import audit
from workbench.errors import BadInput
from workbench.models import User

MOST, LONGEST = 100, 200  # passwords, characters
S = Exhibit.State

AGAIN = """
WITH again AS (
  UPDATE cases_fileinstance SET state = 'pending', reason = '', lease_until = NULL, tries = 0
  WHERE exhibit_id = %s AND state = 'rejected' AND reason = 'encrypted' RETURNING exhibit_id, size)
SELECT exhibit_id, count(*), 0, 0, 0, -count(*), 0, 0, -count(*), coalesce(sum(size), 0) FROM again GROUP BY exhibit_id
"""

# Archives whose list of members is encrypted too.
UNLISTED = """
UPDATE cases_fileinstance SET members = 'unlisted', reason = 'archive', lease_until = NULL, tries = 0
WHERE exhibit_id = %s AND members = 'listed' AND reason = 'encrypted'
"""


def checked(passwords: Sequence[str], held: Sequence[str] = ()) -> list[str]:
    """The passwords, new ones first, each once, before those an exhibit has. Raises BadInput."""
    kept = list(dict.fromkeys([*passwords, *held]))
    if len(kept) > MOST or any(len(password) > LONGEST for password in kept):
        raise BadInput(
            noop("An exhibit takes at most %(most)s passwords of at most %(longest)s characters."),
            most=MOST,
            longest=LONGEST,
        )
    return kept


@transaction.atomic
def give(exhibit: Exhibit, *, passwords: Sequence[str], by: User) -> int:
    """Keep the passwords and have everything encrypted tried again; returns how many files and archives that are.

    Raises BadInput, CaseIsClosed, NotInThisState.
    """
    given = [password for password in passwords if password]
    if not given:
        raise BadInput(noop("Write at least one password, one a line."))
    closing.require_open(exhibit.case_id)
    held = Exhibit.objects.select_for_update().select_related("case").get(pk=exhibit.pk)
    if held.state in evidence.OVER:
        raise evidence.NotInThisState
    Exhibit.objects.filter(pk=held.pk).update(passwords=checked(given, held.passwords))
    again = _try_again(held)
    audit.record(
        events.PASSWORD_GIVEN, by=by, on=held, case=held.case.public_id, agency=held.case.agency_id, ref=held.ref,
        passwords=len(given), files=again,
    )  # fmt: skip
    return again


def _try_again(exhibit: Exhibit) -> int:
    """Files become pending, archives wait to be listed, an ingest that was over goes on."""
    counters = ledger.Counters()
    counters.add(AGAIN, [exhibit.pk])
    with connection.cursor() as cursor:
        cursor.execute(UNLISTED, [exhibit.pk])
        archives = int(cursor.rowcount)
    files = counters.pending
    counters.write()
    if exhibit.files.filter(parent=None, state=FileInstance.State.PENDING).exists():  # the source is read once more
        Exhibit.objects.filter(pk=exhibit.pk).update(sealed_at=None)
    if files or archives:
        Exhibit.objects.filter(pk=exhibit.pk, state=S.DONE).update(state=S.RUNNING, ended_at=None)
    locked = Exhibit.objects.filter(pk=exhibit.pk, state=S.STOPPED, state_reason=LOCKED)
    locked.update(state=S.LISTING, state_reason="")
    exhibit.refresh_from_db(fields=["state"])
    evidence.open_slots(exhibit)
    return files + archives
