"""Decoding: each content once per agency, in the jail; the second of an ingest's two transactions for a group.

A decoder that dies or refuses is an answer. Only the death of this very process leaves a content pending: after
three such deaths over one content it gets no preview.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from cases import states
from cases.ingest import ledger, slices
from cases.ingest.contents import ToDecode
from cases.ingest.decoding import decoder
from cases.ingest.leases import Held, retried
from workbench import storage
from workbench.jail import DecoderDied, Preview
from workbench.models import Agency

AT_ONCE = 16
LOST = "bytes-lost"  # the store no longer has them

STORE = """
UPDATE cases_content c SET preview = n.state, preview_reason = n.reason, veil = n.veil, width = n.width,
  height = n.height, duration_ms = n.duration, preview_lease = NULL
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bytea[], %s::int[], %s::int[], %s::bigint[])
  AS n(id, state, reason, veil, width, height, duration) WHERE c.id = n.id AND c.preview IN ('pending', 'deferred')
"""

GIVE_BACK = """
UPDATE cases_content SET preview_lease = NULL, preview_tries = 0 WHERE id = ANY(%s) AND preview = 'pending'
"""

CLAIM = f"""
WITH pick AS (
  SELECT id FROM cases_content WHERE agency_id = %s AND preview = 'pending' AND {{which}}
  ORDER BY id LIMIT {{limit}} FOR UPDATE SKIP LOCKED)
UPDATE cases_content c SET preview_lease = now() + '{ledger.LEASE}', preview_tries = c.preview_tries + {{deaths}}
FROM pick WHERE c.id = pick.id RETURNING c.id, c.sha256, c.size, c.preview_tries
"""  # noqa: S608 only constants of this module
CLAIM_FRESH = CLAIM.format(which="preview_lease IS NULL", limit=AT_ONCE, deaths=0)
CLAIM_SUSPECT = CLAIM.format(which="preview_lease < now()", limit=1, deaths=1)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A content and what the decoder made of it."""

    content: ToDecode
    preview: Preview


def make(agency: Agency, contents: Sequence[ToDecode]) -> None:
    """Decode contents, keep their previews, give their files the outcome and let waiting items open."""
    if not contents:
        return
    try:
        with storage.Batch(agency) as batch:
            decoded = [Decoded(content, _decoded(agency, content)) for content in contents]
            for one in decoded:
                if one.preview.clear:
                    batch.put_preview(one.content.sha256, one.preview.clear)
            batch.commit()
    except (DecoderDied, storage.StoreFull):  # no fault of these contents: nobody died over them
        _give_back(contents)
        raise
    retried(lambda: _store(decoded))


def _give_back(contents: Sequence[ToDecode]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(GIVE_BACK, [[content.id for content in contents]])


def make_left(agency: Agency, held: Held) -> bool:
    """Make previews that nobody is making: newly wanted ones, or those a dead worker left. False: there are none."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM_FRESH, [agency.pk])
        taken = cursor.fetchall()
        if not taken:
            cursor.execute(CLAIM_SUSPECT, [agency.pk])
            taken = cursor.fetchall()
    held.previews(row[0] for row in taken)
    _store(
        [
            Decoded(ToDecode(row[0], bytes(row[1]), row[2]), Preview("other", "", reason=ledger.GIVEN_UP))
            for row in taken
            if row[3] >= ledger.DEATHS
        ]
    )
    make(agency, [ToDecode(row[0], bytes(row[1]), row[2]) for row in taken if row[3] < ledger.DEATHS])
    held.previews(())
    return bool(taken)


def _decoded(agency: Agency, content: ToDecode) -> Preview:
    try:
        with storage.open_blob(agency, content.sha256) as blob:
            return decoder().preview(blob.fileno(), size=content.size)
    except FileNotFoundError:
        return Preview("other", "", reason=LOST)


@transaction.atomic
def _store(decoded: Sequence[Decoded]) -> None:
    if not decoded:
        return
    columns = zip(
        *(
            (one.content.id, p.state, p.reason, p.veil or None, p.width, p.height, p.duration_ms)
            for one in decoded
            for p in (one.preview,)
        ),
        strict=True,
    )
    ids = [one.content.id for one in decoded]
    with states.changing(ids), connection.cursor() as cursor:
        cursor.execute(STORE, [list(column) for column in columns])
    counters = ledger.Counters()
    ledger.settle(ids, counters)
    slices.enter(ids, counters)
    slices.record(counters.write())
