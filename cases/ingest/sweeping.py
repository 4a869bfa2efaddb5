"""What the tables show unfinished and nobody works on: the sweeper's list (security.md 1.1)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connection

from cases import comparing, evidence, removal
from cases.ingest import finishing
from cases.ingest.decoding import decoder
from cases.ingest.sources import is_reachable
from cases.models import Case, Exhibit
from workbench import storage

S = Exhibit.State

FREE_JOBS = """
SELECT j.kind, j.subject, x.id FROM cases_exhibit x JOIN workbench_job j
  ON j.kind = ANY(%s) AND split_part(j.subject, '/', 1) = x.public_id::text
WHERE x.state IN ('listing', 'running') AND j.state IN ('queued', 'running')
  AND (j.lease_until IS NULL OR j.lease_until < now())
  AND (j.kind <> 'hash' OR EXISTS (
    SELECT FROM cases_fileinstance f WHERE f.exhibit_id = x.id AND (f.state = 'pending' OR f.members = 'unlisted')
    AND (f.lease_until IS NULL OR f.lease_until < now())))
ORDER BY x.id, j.subject
"""

UNDECODED = """
SELECT DISTINCT agency_id FROM cases_content
WHERE preview = 'pending' AND (preview_lease IS NULL OR preview_lease < now())
"""


@dataclass(frozen=True, slots=True)
class Work:
    """Ids to wake workers for."""

    to_list: list[int] = field(default_factory=list)
    to_hash: list[tuple[int, str]] = field(default_factory=list)
    to_decode: list[int] = field(default_factory=list)
    to_remove: list[int] = field(default_factory=list)
    to_compare: list[int] = field(default_factory=list)


def unfinished() -> Work:
    """What to wake workers for; resumes what can go on and finishes what is complete."""
    _resume_held()
    for exhibit_id in Exhibit.objects.filter(state=S.RUNNING, pending=0, hashed=0).values_list("pk", flat=True):
        finishing.finish(exhibit_id)
    for exhibit in Exhibit.objects.filter(state=S.RUNNING, pending__gt=0):
        evidence.open_slots(exhibit)
    with connection.cursor() as cursor:
        cursor.execute(FREE_JOBS, [[evidence.LIST, evidence.HASH]])
        jobs = cursor.fetchall()
        cursor.execute(UNDECODED)
        agencies = [row[0] for row in cursor.fetchall()] if decoder().is_allowed else []
    return Work(
        [exhibit for kind, _, exhibit in jobs if kind == evidence.LIST],
        [(exhibit, subject) for kind, subject, exhibit in jobs if kind == evidence.HASH],
        agencies,
        removal.waiting(),
        comparing.waiting(),
    )


def _resume_held() -> None:
    """Ingests held for lack of space, of the store, of their source or of a jail go on by themselves."""
    able: dict[str, Callable[[Exhibit], bool]] = {
        evidence.NO_SPACE: lambda _exhibit: storage.has_room(),
        evidence.NO_STORE: lambda _exhibit: storage.is_there(),
        evidence.NO_SOURCE: is_reachable,
        evidence.NO_JAIL: lambda _exhibit: decoder().is_allowed,
    }
    held = Exhibit.objects.filter(state=S.PAUSED, state_reason__in=able, case__state=Case.State.OPEN)
    for exhibit in held.select_related("case"):
        if able[exhibit.state_reason](exhibit):
            evidence.resume(exhibit, by=None)
