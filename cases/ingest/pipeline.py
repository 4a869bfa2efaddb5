"""An exhibit, once listed, to its outcomes: hash, decode, finish. Every step may be killed and run again.

The ledger is the truth. A step takes a job (leases.py), works for a stint, and says whether there is more to do;
tasks.py wakes workers, `drain` does it all in this process.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import islice

from cases import evidence
from cases.ingest import (
    base,
    contents,
    finishing,
    holding,
    integrity,
    leases,
    ledger,
    listing,
    members,
    originals,
    pacing,
    previews,
)
from cases.ingest.base import Reading, Spoiled
from cases.ingest.contents import Hashed, ToDecode
from cases.ingest.decoding import decoder
from cases.ingest.leases import Held
from cases.ingest.passes import passes
from cases.models import Exhibit
from workbench import passing, prepared, storage, store_files
from workbench.jail import NoJail
from workbench.models import Agency

GROUP_FILES, GROUP_SECONDS = 16, 1.0  # a commit; model.md section 3
STINT = 30.0  # seconds a task works before others get a turn; model.md section 3 allows 60
log = logging.getLogger(__name__)
S = Exhibit.State
PREVIEWS = "preview"  # kind of job, one an agency


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
            more = holding.hold(exhibit, error.english, evidence.stop)
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
        listing.list_files(exhibit_id)
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
