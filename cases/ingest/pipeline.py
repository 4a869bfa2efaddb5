"""An exhibit from its source to its outcomes: list, hash, decode, finish. Every step may be killed and run again.

The ledger is the truth. A step takes a job (leases.py), works for a stint, and says whether there is more to do;
tasks.py wakes workers, `drain` does it all in this process.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from itertools import islice

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from cases import events, evidence
from cases.ingest import (
    base,
    contents,
    finishing,
    holding,
    integrity,
    leases,
    ledger,
    members,
    originals,
    pacing,
    previews,
    reader,
    source_hash,
)
from cases.ingest.base import Found, Frame, Listed, Reading, Record, Spoiled
from cases.ingest.catching_up import match_first
from cases.ingest.contents import Hashed, ToDecode
from cases.ingest.decoding import decoder
from cases.ingest.leases import Held
from cases.ingest.passes import passes
from cases.ingest.relocating import relocate
from cases.ingest.vics_case import VicsCase
from cases.models import Exhibit
from workbench import audit, passing, prepared, storage, store_files
from workbench.jail import NoJail
from workbench.models import Agency, Job

LIST_ROWS, LIST_BYTES = 2000, 8 << 20  # a batch of the listing
LIST_TRIES = 3
CANNOT_LIST = "Something in this source cannot be listed ({}, three times). The worker's log says where; resume then."
GROUP_FILES, GROUP_SECONDS = 16, 1.0  # a commit; model.md section 3
STINT = 30.0  # seconds a task works before others get a turn; model.md section 3 allows 60
log = logging.getLogger(__name__)
S = Exhibit.State
PREVIEWS = "preview"  # kind of job, one an agency


def list_files(exhibit_id: int, listed: Callable[[], None] = lambda: None) -> None:
    """Enter every node of the source into the ledger; `listed` is called after each batch.

    Killed anywhere and run again, it begins anew and adds only what is missing.
    """
    exhibit = holding.get(exhibit_id)
    with leases.taking(evidence.LIST, str(exhibit.public_id)) as held:
        if held is None or not _begin(exhibit):
            return
        match_first(exhibit)
        try:
            if not _list(exhibit, listed):
                return
        except base.SourceGone:
            holding.hold(exhibit, evidence.NO_SOURCE)
        except NoJail:
            holding.hold(exhibit, evidence.NO_JAIL)
        except base.SourceUnusable as error:
            holding.hold(exhibit, str(error), evidence.stop)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # what evidence can provoke is not known: a few tries, never endless ones
            log.exception("the files of exhibit %s could not be listed", exhibit.public_id)
            _count_failure(exhibit, error)
        else:
            _all_listed(exhibit)


def _begin(exhibit: Exhibit) -> bool:
    """Note the start, once; False when the exhibit is held or over."""
    with transaction.atomic():
        if Exhibit.objects.filter(pk=exhibit.pk, started_at=None, state=S.LISTING).update(started_at=timezone.now()):
            audit.record(
                events.INGEST_STARTED, by=None, on=exhibit, case=exhibit.case.public_id,
                agency=exhibit.case.agency_id, ref=exhibit.ref,
            )  # fmt: skip
    return Exhibit.objects.filter(pk=exhibit.pk, state=S.LISTING).exists()


def _list(exhibit: Exhibit, listed: Callable[[], None]) -> bool:
    """Hash the source, enter its listing, verify a medium's own hashes; False when the ingest was held meanwhile."""
    goes_on = partial(holding.is_at_work, exhibit.pk)
    if not source_hash.noted(exhibit, goes_on):
        return False
    integrity.note_files(exhibit)
    for batch in _batches(reader(exhibit.reader, exhibit.passwords).find(bytes(exhibit.source))):
        _enter(exhibit, batch)
        listed()
        if not goes_on():
            return False
    return integrity.holds(exhibit, goes_on)


def _batches(listing: Iterator[Listed]) -> Iterator[list[Listed]]:
    batch: list[Listed] = []
    size = 0
    for one in listing:
        batch.append(one)
        size += len(one.raw_path if isinstance(one, Found) else one.raw)
        if len(batch) >= LIST_ROWS or size >= LIST_BYTES:
            yield batch
            batch, size = [], 0
    yield batch


@transaction.atomic
def _enter(exhibit: Exhibit, batch: list[Listed]) -> None:
    if records := [one for one in batch if isinstance(one, Record)]:
        ledger.add_records(exhibit.pk, records)
    for frame in (one for one in batch if isinstance(one, Frame)):
        Exhibit.objects.filter(pk=exhibit.pk).update(frame=frame.raw)
    if found := [one for one in batch if isinstance(one, Found)]:
        ledger.add(exhibit.pk, found)
        if exhibit.reader == VicsCase.id:
            relocate(exhibit.pk, found)


@transaction.atomic
def _count_failure(exhibit: Exhibit, error: Exception) -> None:
    """Let the sweeper try the listing again; the third time, stop the exhibit. Who resumes it has three tries anew."""
    job = Job.objects.get(kind=evidence.LIST, subject=str(exhibit.public_id), state__in=Job.LIVE)
    tries = job.cursor.get("tries", 0) + 1
    Job.objects.filter(pk=job.pk).update(cursor={"tries": tries % LIST_TRIES})
    if tries == LIST_TRIES:
        with suppress(evidence.NotInThisState):  # somebody has held or ended it meanwhile
            evidence.stop(exhibit, why=CANNOT_LIST.format(type(error).__name__))


@transaction.atomic
def _all_listed(exhibit: Exhibit) -> None:
    Exhibit.objects.filter(pk=exhibit.pk, state=S.LISTING).update(state=S.RUNNING)
    Job.objects.filter(kind=evidence.LIST, subject=str(exhibit.public_id), state__in=Job.LIVE).update(
        state=Job.State.DONE, lease_until=None
    )


def hash_files(exhibit_id: int, slot: str, seconds: float = STINT) -> bool:
    """Read, match and decode files for a stint; returns whether more may be waiting."""
    exhibit = holding.get(exhibit_id)
    deadline = time.monotonic() + seconds
    with leases.taking(evidence.HASH, slot) as held:
        if held is None:
            return False
        try:
            more = _work(exhibit, held, deadline)
        except storage.StoreFull:
            more = holding.hold(exhibit, evidence.NO_SPACE)
        except storage.StoreGone:
            more = holding.hold(exhibit, evidence.NO_STORE)
        except base.SourceGone:
            more = holding.hold(exhibit, evidence.NO_SOURCE)
        except NoJail:
            more = holding.hold(exhibit, evidence.NO_JAIL)
        except base.SourceUnusable as error:
            more = holding.hold(exhibit, str(error), evidence.stop)
        finally:
            passes().close()
    if not more:
        finishing.finish(exhibit_id)
    return more


def _work(exhibit: Exhibit, held: Held, deadline: float) -> bool:
    """Hash and decode until the deadline; False when nothing is left or the ingest is held."""
    while holding.is_at_work(exhibit.pk):
        if time.monotonic() > deadline:
            return True
        if not (
            _hash_claim(exhibit, held, deadline)
            or members.list_one(exhibit, held, partial(holding.is_at_work, exhibit.pk))
            or previews.make_left(exhibit.case.agency, held)
        ):
            return False
        pacing.note(exhibit.pk)
    return False


def _hash_claim(exhibit: Exhibit, held: Held, deadline: float) -> bool:
    """Work through one claim of rows; False when there was none. What was not read or decoded is given back."""
    prepared.replan()
    claim = ledger.claim(exhibit.pk)
    held.rows(row.id for row in claim.rows)
    ledger.reject(dict.fromkeys(claim.given_up, ledger.GIVEN_UP))
    readings = originals.read(exhibit, claim.rows)
    left = len(claim.rows)
    gathered = previews.Gathered(exhibit.case.agency, held)
    with ExitStack() as at_the_end:
        at_the_end.callback(held.rows, ())
        at_the_end.callback(ledger.give_back, [row.id for row in claim.rows])
        at_the_end.callback(gathered.give_back)
        while left and time.monotonic() < deadline:
            taken, to_decode = _group(exhibit, readings)
            left -= taken
            gathered.add(to_decode)
            gathered.make(rest=taken < GROUP_FILES)  # larger files come: nobody waits for the next group
            if not taken or (left and not holding.is_at_work(exhibit.pk)):
                break
        gathered.make(rest=True)
    return bool(claim.rows or claim.given_up)


def _group(exhibit: Exhibit, readings: Iterator[Reading]) -> tuple[int, list[ToDecode]]:
    """Read up to 16 files or for a second, and commit; returns how many files were taken, and what is to be decoded."""
    hashed, rejected = [], {}
    until = time.monotonic() + GROUP_SECONDS
    agency = exhibit.case.agency
    with store_files.naming(agency), storage.Batch(agency) as batch:
        receive = batch.receive if exhibit.keep == Exhibit.Keep.COPY else passing.digests
        for reading in islice(readings, GROUP_FILES):
            try:
                digests = None if reading.problem else receive(reading.chunks)
            except Spoiled as spoiled:
                digests, reading.problem = None, spoiled.reason
            if digests:
                hashed.append(Hashed(reading.row, digests))
            else:
                rejected[reading.row.id] = reading.problem
            if time.monotonic() > until:
                break
        batch.commit()
        to_decode = _committed(exhibit, hashed, rejected)
    return len(hashed) + len(rejected), to_decode


def _committed(exhibit: Exhibit, hashed: list[Hashed], rejected: dict[int, str]) -> list[ToDecode]:
    integrity.require_unchanged(exhibit)
    ledger.reject(rejected)
    return leases.retried(lambda: contents.take_in(exhibit, hashed)) if hashed else []


def make_previews(agency: Agency, seconds: float = STINT) -> bool:
    """Make the previews that somebody waits for and nobody makes; returns whether more may be waiting."""
    deadline = time.monotonic() + seconds
    subject = str(agency.public_id)
    leases.open_jobs(PREVIEWS, [subject])
    with leases.taking(PREVIEWS, subject) as held:
        while held and previews.make_left(agency, held):
            if time.monotonic() > deadline:
                return True
        passes().close()
    return False


def drain(exhibit_id: int, progress: Callable[[Exhibit], None] = lambda _exhibit: None) -> Exhibit:
    """Do the whole ingest in this process, beside any workers; returns the exhibit when nothing is left to do."""
    while True:
        list_files(exhibit_id)
        exhibit = holding.get(exhibit_id)
        evidence.open_slots(exhibit)
        for slot in evidence.slots(exhibit):
            hash_files(exhibit_id, slot)
        exhibit.refresh_from_db()
        progress(exhibit)
        if exhibit.state not in holding.AT_WORK or _waits_for_a_jail(exhibit):
            return exhibit
        time.sleep(PAUSE)


def _waits_for_a_jail(exhibit: Exhibit) -> bool:
    """Whether all that is left are previews, which nobody makes on this machine."""
    return exhibit.state == S.RUNNING and not exhibit.pending and not decoder().is_allowed


PAUSE = 0.5  # seconds between two looks at what a worker that died still holds
