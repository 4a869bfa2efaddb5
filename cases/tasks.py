"""Waking workers: tasks carry ids only, may run twice, and may be lost; the ledger and `sweep` make that harmless."""

from functools import partial

from celery import shared_task

from cases import evidence
from cases.ingest import pipeline
from cases.models import Exhibit


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


def wake(exhibit_id: int) -> None:
    """Start or resume an exhibit's ingest once the present transaction is committed."""
    list_files.delay_on_commit(exhibit_id)


def _wake_hashing(exhibit_id: int) -> None:
    for slot in evidence.slots(Exhibit.objects.get(pk=exhibit_id)):
        hash_files.delay(exhibit_id, slot)
