"""Trying again what an exhibit could not give: files that were not read, previews that were not made.

For evidence that is readable by now, and for a Winnow that decodes more than it did. Trying twice does no harm.
"""

from dataclasses import dataclass

from django.db import connection, transaction

from cases import closing, events, evidence, states
from cases.ingest import base, leases, ledger, sources
from cases.models import Exhibit
from cases.models.evidence import FileInstance
from workbench.jail import results
from workbench.models import User

S = Exhibit.State
# Reasons that another day or a newer decoder may lift.
OF_FILES = (
    base.UNREADABLE, base.CHANGED, results.BAD_CRC, results.CORRUPT, results.UNSUPPORTED_COMPRESSION,
    results.OVER_LIMIT, base.LOST, base.DIFFERS, ledger.GIVEN_UP,
)  # fmt: skip
OF_PREVIEWS = (
    results.TRUNCATED, results.EMBEDDED_PREVIEW, results.UNDECODABLE, results.UNSUPPORTED, results.TOO_MANY_PIXELS,
    results.DECODER_LIMIT, results.DECODER_TIMEOUT, results.DECODER_KILLED, base.LOST, base.DIFFERS,
)  # fmt: skip

# Members of archives are read from the store, all others only where the source `is_there`. What the listing itself
# could not look at has no size.
FILES = """
WITH again AS (
  UPDATE cases_fileinstance SET state = 'pending', reason = '', lease_until = NULL, tries = 0
  WHERE exhibit_id = %s AND state = 'rejected' AND reason = ANY(%s)
    AND (parent_id IS NOT NULL OR (%s AND NOT (reason = 'unreadable' AND size IS NULL)))
  RETURNING exhibit_id, size)
SELECT exhibit_id, count(*), 0, 0, 0, -count(*), 0, 0, -count(*), coalesce(sum(size), 0) FROM again GROUP BY exhibit_id
"""

CONTENTS = """
SELECT DISTINCT c.id FROM cases_fileinstance f JOIN cases_content c ON c.id = f.content_id
WHERE f.exhibit_id = %s AND c.preview IN ('none', 'partial') AND c.preview_reason = ANY(%s)
"""

PREVIEWS = """
UPDATE cases_content SET preview = 'pending', preview_reason = '', preview_lease = NULL, preview_tries = 0
WHERE id = ANY(%s) AND preview IN ('none', 'partial') AND preview_reason = ANY(%s) RETURNING id
"""

# In every open case: the outcome of these files is open again. A reason of the file's own stays.
HASHED = """
WITH old AS (
  SELECT f.id, f.exhibit_id, f.state FROM cases_fileinstance f JOIN cases_exhibit x ON x.id = f.exhibit_id
  JOIN cases_case k ON k.id = x.case_id AND k.state = 'open'
  WHERE f.content_id = ANY(%s) AND f.state IN ('accepted', 'without_preview') ORDER BY f.id FOR UPDATE OF f),
lifted AS (
  UPDATE cases_fileinstance f SET state = 'hashed',
    reason = CASE WHEN f.reason = ANY(%s) THEN '' ELSE f.reason END
  FROM old WHERE f.id = old.id RETURNING old.exhibit_id, old.state, f.reason = '' AS cleared)
SELECT exhibit_id, 0, count(*), -count(*) FILTER (WHERE state = 'accepted'),
  -count(*) FILTER (WHERE state = 'without_preview'), -count(*) FILTER (WHERE cleared), 0
FROM lifted GROUP BY exhibit_id
"""


@dataclass(frozen=True, slots=True)
class Again:
    """What is tried again: files to read, previews to make, files of a case document to look for."""

    files: int
    previews: int
    missing: int

    def __bool__(self) -> bool:
        return bool(self.files or self.previews or self.missing)


@transaction.atomic
def try_again(exhibit: Exhibit, *, by: User) -> Again:
    """Have everything tried again that may come out otherwise; an exhibit that was done goes on.

    Where the source cannot be reached its files stay as they are. Raises CaseIsClosed, NotInThisState.
    """
    is_there = sources.is_reachable(exhibit)
    closing.require_open(exhibit.case_id)
    held = Exhibit.objects.filter(pk=exhibit.pk, state__in=(S.RUNNING, S.DONE)).select_related("case").first()
    if held is None:
        raise evidence.NotInThisState
    counters = ledger.Counters()
    previews = _previews(held, counters)
    counters.add(FILES, [held.pk, list(OF_FILES), is_there])
    again = Again(counters.pending, previews, _missing(held) if is_there else 0)
    counters.write()
    if again.files or again.missing:  # the source is read once more
        Exhibit.objects.filter(pk=held.pk).update(sealed_at=None)
    if again:
        _go_on(held, listing=bool(again.missing))
        evidence.record(events.TRIED_AGAIN, held, by, files=again.files, previews=again.previews, missing=again.missing)
    return again


def _previews(exhibit: Exhibit, counters: ledger.Counters) -> int:
    """Have previews made again; how many."""
    reasons = list(OF_PREVIEWS)
    with connection.cursor() as cursor:
        cursor.execute(CONTENTS, [exhibit.pk, reasons])
        wanted = [row[0] for row in cursor.fetchall()]
        if not wanted:
            return 0
        with states.settling(wanted):
            cursor.execute(PREVIEWS, [wanted, reasons])
            pending = [row[0] for row in cursor.fetchall()]
    counters.add(HASHED, [pending, reasons])
    return len(pending)


def _missing(exhibit: Exhibit) -> int:
    """Files that a case document names and that were not there: listing it again finds those that are by now."""
    rejected = FileInstance.objects.filter(exhibit=exhibit, state=FileInstance.State.REJECTED)
    return rejected.filter(reason=base.FILE_MISSING).count()


def _go_on(exhibit: Exhibit, *, listing: bool) -> None:
    after = S.LISTING if listing else S.RUNNING
    Exhibit.objects.filter(pk=exhibit.pk).update(state=after, ended_at=None)
    exhibit.refresh_from_db(fields=["state"])
    if listing:
        leases.open_jobs(evidence.LIST, [str(exhibit.public_id)])
    else:
        leases.open_jobs(evidence.COMPARE, [str(exhibit.public_id)])
    leases.open_jobs(evidence.HASH, evidence.slots(exhibit))
