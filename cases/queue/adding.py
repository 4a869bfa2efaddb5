"""Adding to one's own batch what a side trip found: whole stacks that nobody holds, up to the batch's limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext_noop as noop

from cases import events
from cases.care import day, ledger
from cases.errors import BatchIsFull, BatchOver, NoneFree
from cases.models import Batch
from cases.queue.seeking import FREE
from workbench import audit
from workbench.errors import BadInput
from workbench.models import User

MOST = 200  # items named at once

# Whoever closes the batch or adds to it at the same moment waits here; acts on its units do not.
HOLD = "SELECT id FROM cases_batch WHERE id = %s AND state = 'open' AND lease_until > now() FOR NO KEY UPDATE"
ROOM = """
SELECT %(most)s - coalesce(sum(open_items), 0), coalesce(max(position), 0) FROM cases_stack WHERE batch_id = %(batch)s
"""
ADD = f"""
WITH wanted AS (
  SELECT i.stack_id, min(w.place) AS place FROM unnest(%(items)s::uuid[]) WITH ORDINALITY AS w(item, place)
  JOIN cases_item i ON i.public_id = w.item AND i.case_id = %(case)s AND i.state = 'open' GROUP BY 1),
pick AS MATERIALIZED (
  SELECT s.id, s.open_items, w.place FROM wanted w JOIN cases_stack s ON s.id = w.stack_id WHERE {FREE}
  ORDER BY s.id FOR UPDATE OF s SKIP LOCKED),
cut AS (SELECT id, sum(open_items) OVER w AS total, row_number() OVER w AS n FROM pick WINDOW w AS (ORDER BY place))
UPDATE cases_stack s SET batch_id = %(batch)s, position = %(behind)s + cut.n,
  lease_until = (SELECT lease_until FROM cases_batch WHERE id = %(batch)s)
FROM cut WHERE s.id = cut.id AND cut.total <= %(room)s RETURNING s.open_items
"""  # noqa: S608 only constants of this module


@dataclass(frozen=True, slots=True)
class Added:
    """How many stacks came in, with how many open items, and behind which position of the batch they stand."""

    stacks: int
    items: int
    behind: int


@transaction.atomic
def add(*, batch: Batch, by: User, items: Sequence[UUID]) -> Added:
    """Lease the stacks of these items to the batch, as far as they are free and it has room; the rest stays.

    Raises BatchOver, BatchIsFull, NoneFree, BadInput, NoMoreToday. One transaction, one event.
    """
    ledger.keep_up(by)
    day.require_more(by)
    if not 0 < len(items) <= MOST:
        raise BadInput(noop("Name 1 to %(most)s items."), most=MOST)
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [batch.pk])
        if not cursor.fetchone():
            raise BatchOver
        cursor.execute(ROOM, {"batch": batch.pk, "most": settings.BATCH_ITEMS})
        room, behind = cursor.fetchone()
        if room <= 0:
            raise BatchIsFull
        values = {"batch": batch.pk, "case": batch.case_id, "items": list(items), "room": room, "behind": behind}
        cursor.execute(ADD, values)
        taken = [row[0] for row in cursor.fetchall()]
    if not taken:
        raise NoneFree
    added = Added(len(taken), sum(taken), behind)
    Batch.objects.filter(pk=batch.pk).update(size=F("size") + added.items)
    case = batch.case
    audit.record(
        events.BATCH_EXTENDED, by=by, on=batch, case=case.public_id, agency=case.agency_id,
        stacks=added.stacks, items=added.items,
    )  # fmt: skip
    return added
