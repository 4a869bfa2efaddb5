"""What of films was played and heard in a batch, as the end of it tells the log (decision 0017)."""

from django.db import connection

from cases import events
from cases.models import Batch
from workbench import audit

# Pieces that were sent, whatever the browser says of playing them: it is not ours.
PLAYED = """
SELECT i.public_id, count(*), coalesce(sum(v.revealed_ms), 0), min(v.from_ms), max(v.until_ms) FROM cases_viewing v
JOIN cases_item i ON i.content_id = v.content_id AND i.case_id = v.case_id
WHERE v.batch_id = %s AND v.from_ms IS NOT NULL GROUP BY 1
"""
HEARD = """
SELECT i.public_id, count(*), coalesce(sum(v.heard_ms), 0), min(v.from_ms), max(v.until_ms) FROM cases_listening v
JOIN cases_item i ON i.content_id = v.content_id AND i.case_id = v.case_id
WHERE v.batch_id = %s GROUP BY 1
"""


def facts(batch: Batch) -> list[audit.Event]:
    """One event for each item that was played, one for each that was heard; milliseconds at the wall, and the span of
    film. Two queries.
    """
    return [*_told(batch, events.PLAYED, PLAYED), *_told(batch, events.HEARD, HEARD)]


def _told(batch: Batch, verb: str, query: str) -> list[audit.Event]:
    with connection.cursor() as cursor:
        cursor.execute(query, [batch.pk])
        rows = cursor.fetchall()
    case = batch.case.public_id
    return [
        audit.Event(
            verb, f"item:{item}", case,
            {"ms": int(ms), "pieces": pieces, "from_ms": first, "until_ms": last, "batch": batch.number},
        )
        for item, pieces, ms, first, last in rows
    ]  # fmt: skip
