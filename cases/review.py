"""The queue: claiming batches of undecided stacks, and what becomes of a batch while somebody holds it.

A claim is one statement (model.md section 4, `queue/picking.py`); whoever holds a live lease is alone with the stack.
"""

from collections.abc import Sequence

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from cases import claiming, ending, events, nothing_left, states
from cases.errors import BatchOver, NothingFits, NothingLeft
from cases.models import Batch, Case, Item
from cases.queue import picking, unsure
from cases.queue.filters import Wanted
from cases.queue.orders import DEFAULT, ORDERS
from cases.queue.picking import Asked
from workbench import audit, prepared
from workbench.errors import BadInput
from workbench.models import User

# The scheme's codes, by the database's clock only while the batch is open.
OPEN_CODES = """
SELECT g.code FROM cases_batch b JOIN cases_case c ON c.id = b.case_id
JOIN hashsets_category g ON g.scheme_id = c.scheme_id
WHERE b.id = %s AND b.state = 'open' AND b.lease_until > now()
"""

# Units of a batch that need no decision any more, because a set or a colleague knows them by now.
LEFT_QUEUE = f"""
WITH computed AS ({states.COMPUTED} WHERE s.batch_id = %(batch)s)
SELECT s.public_id, n.state, n.content_id FROM computed n JOIN cases_stack s ON s.id = n.stack_id
WHERE n.id = s.cover_id AND n.old_state = 'open' AND n.state <> 'open'
  AND NOT EXISTS (SELECT FROM computed o WHERE o.stack_id = s.id AND o.state = 'open')
"""  # noqa: S608 only constants of this module

LEFT = {  # by its state, how a unit left the queue
    Item.State.DECIDED: noop("decided by a colleague"),
    Item.State.UNSURE: noop("marked unsure by a colleague"),
    Item.State.KNOWN: noop("known to a hash set by now"),
    Item.State.CONFIRM: noop("proposed by a hash set, to be confirmed"),
    Item.State.EXCLUDED: noop("its exhibit was removed"),
    Item.State.WAITING: noop("its picture is being made again"),
}


def claim(*, case: Case, by: User, order: str = DEFAULT, wanted: Wanted | None = None) -> Batch:
    """The person's open batch in this case, or a new one of up to 200 items, whole stacks only, of what is wanted.

    Raises NothingLeft, NothingFits, CaseIsClosed, BadInput, and NoMoreToday where only the batch he has may be ended.
    """
    if order not in ORDERS:
        raise BadInput(f"order must be one of {', '.join(ORDERS)}.")
    ending.expire_batches(case=case, user=by)
    asked = Asked(case, by, order, wanted or Wanted())
    return claiming.claim(case, by, Batch.Kind.FIRST, lambda: _claim_new(asked))


@transaction.atomic
def _claim_new(asked: Asked) -> Batch:
    case, by, order, wanted = asked
    batch = claiming.begin(case, by, Batch.Kind.FIRST, order=order, wanted=wanted.as_json())
    reopened, marks = unsure.take_up(asked, batch)
    batch.size = picking.take(asked, batch, among=reopened)
    if not batch.size:
        raise NothingFits if wanted else NothingLeft(nothing_left.why(case))
    batch.save(update_fields=["size"])
    claimed = audit.Event(
        events.BATCH_CLAIMED, audit.subject_of(batch), case.public_id, {"items": batch.size} | asked.told()
    )
    audit.record_all([*marks, claimed], by=by, agency=case.agency_id)
    return batch


def open_codes(batch: Batch) -> frozenset[str]:
    """The codes of the case's scheme. Raises BatchOver unless the batch is open and its lease alive."""
    with prepared.cursor() as cursor:
        cursor.execute(OPEN_CODES, [batch.pk])
        codes = frozenset(row[0] for row in cursor.fetchall())
    if not codes:
        raise BatchOver
    return codes


def left_queue(batch: Batch) -> list[dict[str, str]]:
    """Units of the batch that became known or were decided elsewhere since the claim, with the reason."""
    with connection.cursor() as cursor:
        cursor.execute(LEFT_QUEUE, {"batch": batch.pk})
        rows = cursor.fetchall()
        by_set = {Item.State.KNOWN, Item.State.CONFIRM}
        named = _reasons([content for _stack, state, content in rows if state in by_set])
    return [{"stack": str(stack), "reason": named.get(content) or _(LEFT[state])} for stack, state, content in rows]


def _reasons(content_ids: Sequence[int]) -> dict[int, str]:
    """`known in Shared set, version 3` per content, from its newest strong match."""
    if not content_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (m.content_id) m.content_id, h.name, m.found_in FROM cases_match m"
            " JOIN hashsets_hashset h ON h.id = m.set_id WHERE m.content_id = ANY(%s) AND m.strong"
            " AND m.lost_in IS NULL ORDER BY m.content_id, m.id DESC",
            [list(content_ids)],
        )
        return {
            content: _("known in %(name)s, version %(found)s") % {"name": name, "found": found}
            for content, name, found in cursor.fetchall()
        }


def on_screen(*, batch: Batch, ms: int) -> None:
    """Keep for how long the batch has been on screen so far: a running total, the greatest counts.

    Clamped to the wall: nobody looks longer than the batch is open.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_batch SET on_screen_ms = greatest(on_screen_ms, least(%s,"
            " (extract(epoch FROM clock_timestamp() - opened_at) * 1000)::bigint)) WHERE id = %s",
            [ms, batch.pk],
        )
