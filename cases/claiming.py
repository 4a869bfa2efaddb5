"""One open batch of each kind a person and case: the one held, or a new one while the person's day allows it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.db.models import F
from django.db.models.functions import Now

from cases.care import day, ledger
from cases.errors import CaseIsClosed
from cases.models import Batch, Case
from workbench.models import User


def claim(case: Case, by: User, kind: Batch.Kind, make: Callable[[], Batch]) -> Batch:
    """The person's open batch of this kind, or what `make` makes. Raises NoMoreToday, and what `make` raises."""
    held = _open_of(case, by, kind)
    if held is not None:
        return held
    ledger.keep_up(by)
    day.require_more(by)
    try:
        return make()
    except IntegrityError:  # one_open_batch: a second click of the same person came first
        first = _open_of(case, by, kind)
        if first is None:
            raise
        return first


def _open_of(case: Case, by: User, kind: Batch.Kind) -> Batch | None:
    return Batch.objects.filter(case=case, user=by, state=Batch.State.OPEN, kind=kind).first()


def begin(case: Case, by: User, kind: Batch.Kind, **asked: Any) -> Batch:
    """An empty batch with the case's next number. Inside the caller's transaction. Raises CaseIsClosed."""
    if not Case.objects.filter(pk=case.pk, state=Case.State.OPEN).update(batches=F("batches") + 1):
        raise CaseIsClosed
    case.refresh_from_db(fields=["batches"])
    until = Now() + timedelta(hours=settings.BATCH_HOURS)  # the database's clock, which judges it too
    return Batch.objects.create(number=case.batches, case=case, user=by, lease_until=until, kind=kind, **asked)
