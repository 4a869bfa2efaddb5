"""Decoding: each content once per agency, in the jail; the second of an ingest's two kinds of transaction.

A decoder that dies or refuses is an answer. Only the death of this very process leaves a content pending: after
three such deaths over one content it gets no preview. Where decoding is off (security.md 3.3) contents stay pending,
and the sweeper takes them up once the jail is complete.
"""

from collections.abc import Sequence

from django.db import connection, transaction

from cases import matching, near_matching, states
from cases.ingest import findings, ledger, originals, slices
from cases.ingest.base import SourceGone, Spoiled
from cases.ingest.contents import DEFER, ToDecode
from cases.ingest.decoding import decoder
from cases.ingest.findings import Finding
from cases.ingest.leases import Held, retried
from cases.stacking import waiting
from workbench import prepared, storage
from workbench.jail import DecoderDied, Preview
from workbench.models import Agency

AT_ONCE = 16  # contents a transaction; model.md section 3

GIVE_BACK = """
UPDATE cases_content SET preview_lease = NULL, preview_tries = 0 WHERE id = ANY(%s) AND preview = 'pending'
"""

CLAIM = f"""
WITH pick AS (
  SELECT id FROM cases_content WHERE agency_id = %s::bigint AND preview = 'pending' AND {{which}}
  ORDER BY id LIMIT {{limit}} FOR UPDATE SKIP LOCKED)
UPDATE cases_content c SET preview_lease = now() + '{ledger.LEASE}', preview_tries = c.preview_tries + {{deaths}}
FROM pick WHERE c.id = pick.id RETURNING c.id, c.sha256, c.size, c.preview_tries
"""  # noqa: S608 only constants of this module
CLAIM_FRESH = CLAIM.format(which="preview_lease IS NULL", limit=AT_ONCE, deaths=0)
CLAIM_SUSPECT = CLAIM.format(which="preview_lease < now()", limit=1, deaths=1)


class Gathered:
    """Contents of several groups of files, decoded sixteen at a time: where much is known, a group brings few."""

    def __init__(self, agency: Agency, held: Held) -> None:
        self._agency = agency
        self._held = held
        self._contents: list[ToDecode] = []

    def add(self, contents: Sequence[ToDecode]) -> None:
        """Take contents whose leases are this worker's."""
        self._contents += contents
        self._held.previews(content.id for content in self._contents)

    def make(self, *, rest: bool) -> None:
        """Decode what fills a transaction; the `rest` too, or it waits for more."""
        while len(self._contents) >= AT_ONCE or (rest and self._contents):
            taken, self._contents = self._contents[:AT_ONCE], self._contents[AT_ONCE:]
            make(self._agency, taken)
            self._held.previews(content.id for content in self._contents)

    def give_back(self) -> None:
        """Let others decode what is still here."""
        contents, self._contents = self._contents, []
        self._held.previews(())
        if contents:
            _give_back(contents)


def make(agency: Agency, contents: Sequence[ToDecode]) -> None:
    """Decode contents, keep their previews, give their files the outcome and let waiting items open."""
    if not contents:
        return
    if not decoder().is_allowed:
        _give_back(contents)
        return
    try:
        with storage.Batch(agency) as batch:  # the contents have their rows: no file of this batch is without a name
            found = [_found(agency, content, batch) for content in contents]
            batch.commit()
    except (DecoderDied, SourceGone, storage.StoreUnusable):  # no fault of these contents: nobody died over them
        _give_back(contents)
        raise
    retried(lambda: _store(agency, found))


def _give_back(contents: Sequence[ToDecode]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(GIVE_BACK, [[content.id for content in contents]])


def make_left(agency: Agency, held: Held) -> bool:
    """Make previews that nobody is making: newly wanted ones, or those a dead worker left. False: there are none."""
    if not decoder().is_allowed:
        return False
    prepared.replan()
    with prepared.cursor() as cursor:
        cursor.execute(CLAIM_FRESH, [agency.pk])
        taken = cursor.fetchall()
        if not taken:
            cursor.execute(CLAIM_SUSPECT, [agency.pk])
            taken = cursor.fetchall()
    held.previews(row[0] for row in taken)
    _store(
        agency,
        [Finding.of(row[0], Preview("other", "", reason=ledger.GIVEN_UP)) for row in taken if row[3] >= ledger.DEATHS],
    )
    left = [ToDecode(row[0], bytes(row[1]), row[2]) for row in taken if row[3] < ledger.DEATHS]
    try:
        make(agency, left)
    except SourceGone:  # what was left in place waits until it can be reached, or is wanted once more
        _put_off(left)
        return False
    finally:
        held.previews(())
    return bool(taken)


def _put_off(contents: Sequence[ToDecode]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(DEFER, [[content.id for content in contents]])


def _found(agency: Agency, content: ToDecode, batch: storage.Batch) -> Finding:
    """Decode one content and put its clear pictures into the batch."""
    preview = _decoded(agency, content)
    if preview.clear:
        batch.put_preview(content.sha256, preview.clear)
    if preview.keyframes:
        batch.put_storyboard(content.sha256, [frame.clear for frame in preview.keyframes])
    return Finding.of(content.id, preview)


def _decoded(agency: Agency, content: ToDecode) -> Preview:
    try:
        with originals.opened(agency, content.sha256) as file:
            return decoder().preview(file.fileno(), size=content.size)
    except Spoiled as spoiled:
        return Preview("other", "", reason=spoiled.reason)


@transaction.atomic
def _store(agency: Agency, found: Sequence[Finding]) -> None:
    if not found:
        return
    ids = [one.content for one in found]
    matching.hold(agency.pk)
    with states.changing(ids):
        findings.store(found)
        near_matching.match(agency.pk, ids)
    waiting.note(ids)
    counters = ledger.Counters()
    ledger.settle(ids, counters)
    slices.enter(ids, counters)
    slices.record(counters.write())
