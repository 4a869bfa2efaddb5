"""Whether a source is still what was listed: names, sizes and times against the ledger, without reading a file.

What came or changed since is told, never taken in by itself: that would be other evidence under the same number.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import islice

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from cases import events, evidence
from cases.ingest import leases, reader
from cases.ingest.base import Found
from cases.ingest.upload import Upload
from cases.ingest.vics_case import VicsCase
from cases.models import Exhibit, FileInstance
from workbench.errors import WorkbenchError
from workbench.models import Job, User

ROWS = 2000  # nodes compared per statement
log = logging.getLogger(__name__)

# OFFSET 0 keeps the planner to the index on names, however few files its statistics tell of.
SAME = """
SELECT count(f.id), count(*) FILTER (WHERE f.size <> n.size OR f.modified <> n.modified)
FROM unnest(%s::bytea[], %s::int[], %s::bigint[], %s::text[]) AS n(name_key, ordinal, size, modified)
LEFT JOIN LATERAL (
  SELECT f.id, f.size, f.modified FROM cases_fileinstance f
  WHERE f.exhibit_id = %s AND f.parent_id IS NULL AND f.name_key = n.name_key AND f.ordinal = n.ordinal OFFSET 0
) f ON true
"""


@dataclass(frozen=True, slots=True)
class Changes:
    """Files that came, went and changed on the source since it was listed."""

    added: int
    removed: int
    changed: int

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def compare(exhibit: Exhibit, *, by: User | None) -> Changes:
    """List the source again, keep with the exhibit what differs, and return it.

    Raises NotInThisState where it is not listed yet or over, and what the reader says of the source.
    """
    if exhibit.state in evidence.OVER or exhibit.reader == Upload.id or not evidence.is_listed(exhibit):
        raise evidence.NotInThisState
    changes = _changes(exhibit)
    with transaction.atomic():
        told = {"at": timezone.now().isoformat(timespec="seconds"), **asdict(changes)}
        Exhibit.objects.filter(pk=exhibit.pk).update(source_changes=told)
        evidence.record(events.SOURCE_COMPARED, exhibit, by, **asdict(changes))
    return changes


def waiting() -> list[int]:
    """Ids of exhibits whose source is to be compared and that nobody compares."""
    free = Job.objects.filter(kind=evidence.COMPARE, state__in=Job.LIVE).exclude(lease_until__gt=Now())
    return list(
        Exhibit.objects.filter(public_id__in=list(free.values_list("subject", flat=True))).values_list("pk", flat=True)
    )


def carry_out(exhibit_id: int) -> None:
    """Compare a source that went on; where that is not possible now, leave it at that."""
    exhibit = Exhibit.objects.select_related("case__agency").get(pk=exhibit_id)
    with leases.taking(evidence.COMPARE, str(exhibit.public_id)) as held:
        if held is None:
            return
        try:
            compare(exhibit, by=None)
        except (OperationalError, InterfaceError):
            raise
        except WorkbenchError as error:
            log.info("the source of exhibit %s was not compared: %s", exhibit.public_id, error)
        except Exception:  # what evidence can provoke is not known; it is no reason to try for ever
            log.exception("the source of exhibit %s could not be compared", exhibit.public_id)
        leases.end_jobs([evidence.COMPARE], exhibit.public_id)


def _changes(exhibit: Exhibit) -> Changes:
    seen = present = changed = 0
    for batch in _batches(exhibit):
        seen += len(batch)
        with connection.cursor() as cursor:
            cursor.execute(SAME, [*_columns(batch, exhibit), exhibit.pk])
            found, differing = cursor.fetchone()
        present, changed = present + found, changed + differing
    listed = FileInstance.objects.filter(exhibit=exhibit, parent=None).count()
    return Changes(added=seen - present, removed=listed - present, changed=changed)


def _batches(exhibit: Exhibit) -> Iterator[list[Found]]:
    listing = reader(exhibit.reader, exhibit.passwords).find(bytes(exhibit.source))
    nodes = (node for node in listing if isinstance(node, Found))
    while batch := list(islice(nodes, ROWS)):
        yield batch


def _columns(nodes: Sequence[Found], exhibit: Exhibit) -> list[list[object]]:
    """Sizes and times that a case document claims are no facts of the disk: there the names alone are compared."""
    facts = exhibit.reader != VicsCase.id
    return [
        [sha256(node.raw_path).digest() for node in nodes],
        [node.ordinal for node in nodes],
        [node.size if facts else None for node in nodes],
        [(node.modified or None) if facts else None for node in nodes],
    ]
