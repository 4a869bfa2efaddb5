"""Waking workers: tasks carry ids only, may run twice, and may be lost; the ledger and `sweep` make that harmless."""

import logging
from functools import partial

from celery import shared_task
from django.db import DatabaseError, InterfaceError, transaction

from cases import comparing, drop, ending, evidence, exports, matching, removal, resumable, verify_jobs
from cases.care import breaks
from cases.days import counts, known
from cases.exports import jobs
from cases.ingest import leases, listing, pipeline, sweeping
from cases.models import Exhibit
from cases.queue import promise
from cases.stacking import building, waiting
from workbench import storage
from workbench.errors import WorkbenchError
from workbench.jobs import alone
from workbench.models import Agency
from workbench.waking import after_commit, send

DROP_SPACE = 0x44524F50  # advisory lock of who looks at the drop folder
log = logging.getLogger(__name__)


@shared_task
def list_files(exhibit_id: int) -> None:
    """Enter an exhibit's files into the ledger, waking workers batch by batch."""
    listing.list_files(exhibit_id, partial(_wake_hashing, exhibit_id))
    _wake_hashing(exhibit_id)


@shared_task
def hash_files(exhibit_id: int, slot: str) -> None:
    """Read, match and decode for a stint; then let others have a turn."""
    if pipeline.hash_files(exhibit_id, slot):
        send(hash_files, exhibit_id, slot)


@shared_task
def make_previews(agency_id: int) -> None:
    """Make the previews that somebody waits for and nobody makes."""
    if pipeline.make_previews(Agency.objects.get(pk=agency_id)):
        send(make_previews, agency_id)


@shared_task
def remove_exhibit(exhibit_id: int) -> None:
    """Take an exhibit out of its case, as somebody asked for."""
    removal.carry_out(exhibit_id)


@shared_task
def compare_source(exhibit_id: int) -> None:
    """Tell what changed on the source of an exhibit that went on."""
    comparing.carry_out(exhibit_id)


@shared_task
def rematch(agency_id: int, set_id: int) -> None:
    """Bring an agency's matches of a set to the generation in force."""
    leases.retried(partial(matching.rematch, agency_id, set_id))


@shared_task
def match_again() -> None:
    """Wake workers for every set that moved on since an agency was matched against it."""
    for agency_id, set_id in matching.due():
        send(rematch, agency_id, set_id)


@shared_task
def build_stacks(case_id: int) -> None:
    """Put what looks alike in a case into stacks."""
    building.build(case_id)


@shared_task
def weigh_case(case_id: int) -> None:
    """Weigh what is open in a case for what it promises."""
    promise.weigh(case_id)


@shared_task
def count_known(case_id: int) -> None:
    """Count in which sets the known items of a large case are."""
    known.keep(case_id)


@shared_task
def build_export(job_id: int) -> None:
    """Build an export that was ordered."""
    jobs.build(job_id)


@shared_task
def verify_exhibit(job_id: int) -> None:
    """Do a verification that was ordered."""
    verify_jobs.run(job_id)


@shared_task
def watch_drop() -> None:
    """Take in what stands still in the drop folder; one worker at a time, since a folder may take long to look at."""
    with alone(DROP_SPACE, 0) as ours:
        for exhibit_id in drop.sweep() if ours else []:
            wake(exhibit_id)


@shared_task
def sweep() -> None:
    """Wake workers for whatever the tables show unfinished; a chore that fails does not keep the others."""
    for chore in CHORES:
        try:
            chore()
        except (DatabaseError, InterfaceError, OSError, WorkbenchError):
            log.exception("a chore of the sweeper failed; it is tried again in some seconds")


def _sweep_ingests() -> None:
    work = sweeping.unfinished()
    for exhibit_id in work.to_list:
        send(list_files, exhibit_id)
    for exhibit_id, slot in work.to_hash:
        send(hash_files, exhibit_id, slot)
    for agency_id in work.to_decode:
        send(make_previews, agency_id)
    for exhibit_id in work.to_remove:
        send(remove_exhibit, exhibit_id)
    for exhibit_id in work.to_compare:
        send(compare_source, exhibit_id)


def _sweep_exports() -> None:
    exports.sweep()
    for job_id in jobs.waiting():
        send(build_export, job_id)


def _sweep_verifications() -> None:
    for job_id in verify_jobs.waiting():
        send(verify_exhibit, job_id)


def _sweep_stacks() -> None:
    for case_id in waiting.due():
        send(build_stacks, case_id)


def _sweep_weighing() -> None:
    for case_id in promise.due():
        send(weigh_case, case_id)


def _sweep_known() -> None:
    for case_id in known.due():
        send(count_known, case_id)


def _sweep_drop() -> None:
    send(watch_drop)


CHORES = (
    _sweep_ingests,
    ending.expire_batches,
    breaks.sweep,
    match_again,
    _sweep_stacks,
    _sweep_weighing,
    counts.fold,
    _sweep_known,
    _sweep_exports,
    _sweep_verifications,
    storage.sweep_incoming,
    resumable.sweep,
    _sweep_drop,
)


def wake(exhibit_id: int) -> None:
    """Start or resume an exhibit's ingest once the present transaction is committed."""
    after_commit(list_files, exhibit_id)
    transaction.on_commit(partial(_wake_hashing, exhibit_id))


def wake_removal(exhibit_id: int) -> None:
    """An exhibit is to be removed: do so once the present transaction is committed."""
    after_commit(remove_exhibit, exhibit_id)


def wake_matching() -> None:
    """A set changed: match again once the present transaction is committed."""
    after_commit(match_again)


def wake_export(job_id: int) -> None:
    """An export was ordered: build it once the present transaction is committed."""
    after_commit(build_export, job_id)


def wake_verification(job_id: int) -> None:
    """A verification was ordered: do it once the present transaction is committed."""
    after_commit(verify_exhibit, job_id)


def _wake_hashing(exhibit_id: int) -> None:
    for slot in evidence.slots(Exhibit.objects.get(pk=exhibit_id)):
        send(hash_files, exhibit_id, slot)
