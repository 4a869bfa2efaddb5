"""What came from peers and was not taken in: a person looks at it, and says so."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from hashsets import events, wire
from hashsets.models import Quarantined, Subscription
from workbench import audit
from workbench.models import User
from workbench.visible import visible_lines

LONGEST = 2_000  # characters of a record that is kept for a person to look at
MOST = 1_000  # unsettled ones of one subscription; who sends more has sent enough to be looked at


def put_aside(subscription: Subscription, odd: Iterable[wire.Odd]) -> None:
    """Keep what was not taken in for a person to look at."""
    rows = [
        Quarantined(
            subscription=subscription, reason=one.reason[:300], record=visible_lines(one.words[:LONGEST])[:LONGEST]
        )
        for one in odd
    ]
    if rows:
        open_ones = Quarantined.objects.filter(subscription=subscription, settled_at=None)
        Quarantined.objects.bulk_create(rows[: max(0, MOST - open_ones.count())])


@transaction.atomic
def settle(record: Quarantined, *, by: User) -> None:
    """Somebody looked at it; it stays on record. Again changes nothing."""
    held = Quarantined.objects.select_for_update(of=("self",)).select_related("subscription__peer", "subscription__set")
    found = held.get(pk=record.pk)
    if found.settled_at is not None:
        return
    found.settled_at, found.settled_by = timezone.now(), by
    found.save(update_fields=["settled_at", "settled_by"])
    subscription = found.subscription
    audit.record(
        events.QUARANTINE_SETTLED, by=by, on=found, agency=subscription.peer.agency_id,
        set=subscription.set.name, why=found.reason,
    )  # fmt: skip
