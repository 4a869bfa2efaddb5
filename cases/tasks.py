"""Waking workers: tasks carry ids only, may run twice, and may be lost; the ledger and `sweep` make that harmless."""

from functools import partial

from celery import shared_task
from django.db import transaction

from cases import evidence, matching, review
from cases.ingest import pipeline, sweeping
from cases.models import Exhibit
from workbench import storage
from workbench.models import Agency


@shared_task
def list_files(exhibit_id: int) -> None:
    """Enter an exhibit's files into the ledger, waking workers batch by batch."""
    pipeline.list_files(exhibit_id, partial(_wake_hashing, exhibit_id))
    _wake_hashing(exhibit_id)


@shared_task
def hash_files(exhibit_id: int, slot: str) -> None:
    """Read, match and decode for a stint; then let others have a turn."""
    if pipeline.hash_files(exhibit_id, slot):
        hash_files.delay(exhibit_id, slot)


@shared_task
def make_previews(agency_id: int) -> None:
    """Make the previews that somebody waits for and nobody makes."""
    if pipeline.make_previews(Agency.objects.get(pk=agency_id)):
        make_previews.delay(agency_id)


@shared_task
def rematch(agency_id: int, set_id: int) -> None:
    """Bring an agency's matches of a set to the generation in force."""
    matching.rematch(agency_id, set_id)


@shared_task
def sweep() -> None:
    """Wake workers for whatever the tables show unfinished."""
    review.expire_batches()
    storage.sweep_incoming()
    work = sweeping.unfinished()
    for exhibit_id in work.to_list:
        list_files.delay(exhibit_id)
    for exhibit_id, slot in work.to_hash:
        hash_files.delay(exhibit_id, slot)
    for agency_id in work.to_decode:
        make_previews.delay(agency_id)
    _match_again()


def wake_matching() -> None:
    """Match again where a set or policy changed, once the present transaction is committed."""
    transaction.on_commit(_match_again)


def _match_again() -> None:
    for agency_id, set_id in matching.behind():
        rematch.delay(agency_id, set_id)


def wake(exhibit_id: int) -> None:
    """Start or resume an exhibit's ingest once the present transaction is committed."""
    transaction.on_commit(lambda: list_files.delay(exhibit_id))


def _wake_hashing(exhibit_id: int) -> None:
    for slot in evidence.slots(Exhibit.objects.get(pk=exhibit_id)):
        hash_files.delay(exhibit_id, slot)
