"""What came from peers and was not taken in: a person looks at it, and says so."""

from django.db import transaction
from django.utils import timezone

from hashsets import events
from hashsets.models import Quarantined
from workbench import audit
from workbench.models import User


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
