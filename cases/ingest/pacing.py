"""Samples of how far an ingest is, kept with the exhibit so that every process tells the same time left."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from cases.ingest import pace
from cases.ingest.pace import Sample
from cases.models import Exhibit


def note(exhibit_id: int) -> None:
    """A worker has done something: keep a sample, unless the last one is younger than some seconds."""
    exhibit = Exhibit.objects.only("id", "seen", "pending", "hashed", "bytes_read", "pace").get(pk=exhibit_id)
    now, before = timezone.now(), exhibit.pace
    passed = (now - datetime.fromisoformat(before["at"])).total_seconds() if before else 0.0
    if before and passed < pace.EVERY:
        return
    kept = pace.after(samples(exhibit), passed, done(exhibit), exhibit.bytes_read)
    rows = [[one.seconds, one.files, one.bytes] for one in kept]
    unless_another_did = Exhibit.objects.filter(pk=exhibit_id, pace=before)
    unless_another_did.update(pace={"at": now.isoformat(), "samples": rows})


def samples(exhibit: Exhibit) -> list[Sample]:
    """What was kept so far, oldest first."""
    kept: list[list[Any]] = exhibit.pace.get("samples", [])
    return [Sample(*row) for row in kept]


def rate(exhibit: Exhibit, now: datetime) -> pace.Rate | None:
    """How fast it goes; None where nobody works on it, or it just began."""
    at = exhibit.pace.get("at")
    if at is None or (now - datetime.fromisoformat(at)).total_seconds() > pace.IDLE:
        return None
    return pace.rate(samples(exhibit))


def seconds_left(exhibit: Exhibit) -> float | None:
    """How long the rest takes, once everything is listed; None where that cannot be told."""
    size = max(0, exhibit.bytes_listed - exhibit.bytes_read)
    return pace.seconds_left(samples(exhibit), exhibit.pending + exhibit.hashed, size)


def done(exhibit: Exhibit) -> int:
    """Files that have their outcome."""
    return exhibit.seen - exhibit.pending - exhibit.hashed
