"""Lists an exhibit: its source hashed, every node of it entered into the ledger. May be killed and run again."""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from cases import events, evidence
from cases.ingest import base, holding, integrity, leases, ledger, reader, source_hash
from cases.ingest.base import Found, Frame, Listed, Record
from cases.ingest.catching_up import match_first
from cases.ingest.relocating import relocate
from cases.ingest.vics_case import VicsCase
from cases.models import Exhibit
from workbench import audit
from workbench.jail import NoJail
from workbench.models import Job

LIST_ROWS, LIST_BYTES = 2000, 8 << 20  # a batch of the listing
LIST_TRIES = 3
CANNOT_LIST = noop(
    "Something in this source cannot be listed ({}, three times). The worker's log says where; resume then."
)
log = logging.getLogger(__name__)
S = Exhibit.State


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
            holding.hold(exhibit, error.english, evidence.stop)
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
