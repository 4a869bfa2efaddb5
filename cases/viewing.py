"""Clear pictures: who may see one, and the row that says that somebody did (ux.md sections 2 and 5)."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from cases import budgets, events, scope, states
from cases.care import breaks, ledger
from cases.errors import NoPreview, NotHeld, PreviewPending
from cases.models import Batch, Content, Item, Keyframe, Stack, Viewing
from cases.second import queue
from workbench import access, audit, storage
from workbench.models import Role, User

# A picture may be told of several times, in one report or in many: the totals run, and the greatest counts.
UNVEILED = """
WITH t AS (
  SELECT token, max(ms) AS ms, max(large) AS large
  FROM unnest(%(tokens)s::uuid[], %(ms)s::bigint[], %(large)s::bigint[]) AS t(token, ms, large) GROUP BY token),
heard AS (
  UPDATE cases_listening v SET heard_ms = greatest(coalesce(v.heard_ms, 0),
    least(t.ms, (extract(epoch FROM clock_timestamp() - v.at) * 1000)::bigint))
  FROM t WHERE v.token = t.token AND v.user_id = %(by)s)
UPDATE cases_viewing v SET revealed_ms = greatest(coalesce(v.revealed_ms, 0),
    least(t.ms, (extract(epoch FROM clock_timestamp() - v.at) * 1000)::bigint)),
  enlarged_ms = nullif(greatest(coalesce(v.enlarged_ms, 0),
    least(t.large, t.ms, (extract(epoch FROM clock_timestamp() - v.at) * 1000)::bigint)), 0)
FROM t WHERE v.token = t.token AND v.user_id = %(by)s
"""


def clear(*, item: Item, by: User) -> tuple[bytes, Viewing]:
    """The clear preview of an item and its viewing row.

    An investigator needs an open batch that holds the item; a supervisor needs only the case in scope, and each
    look of his is an event at once: no batch will ever tell of it.
    Raises OnBreak, NotHeld, NoPreview, PreviewPending, BudgetSpent.
    """
    content, batch = item.content, batch_that_allows(item, by)
    if content.preview == Content.PreviewState.NONE:
        raise NoPreview
    picture = storage.preview(item.case.agency, bytes(content.sha256))
    if picture is None:
        _want(content)
        raise PreviewPending
    return picture, _noted(item, batch, by)


def clear_frame(*, item: Item, number: int, by: User) -> tuple[bytes, Viewing]:
    """One clear keyframe of an item and its viewing row, under the rules of `clear`; each frame is a look of its own.

    Raises OnBreak, NotHeld, NoPreview, PreviewPending, BudgetSpent.
    """
    content, batch = item.content, batch_that_allows(item, by)
    frame = Keyframe.objects.filter(content=content, number=number).first()
    if frame is None:
        raise NoPreview
    picture = storage.storyboard(item.case.agency, bytes(content.sha256), frame.offset, frame.length)
    if picture is None:
        _want(content)
        raise PreviewPending
    return picture, _noted(item, batch, by)


def batch_that_allows(item: Item, by: User) -> Batch | None:
    """The open batch through which somebody may look; None for a supervisor without one. Raises OnBreak, NotHeld."""
    ledger.keep_up(by)
    breaks.require_none(by)
    batch = _batch_of(item, by) or queue.batch_holding(item, by)
    if batch is None and not outside_batches(by):
        raise NotHeld
    return batch


def outside_batches(user: User) -> bool:
    """Whether the person may look at items that no batch of his holds."""
    return Role.SUPERVISOR in access.roles(user)


def _noted(item: Item, batch: Batch | None, by: User) -> Viewing:
    """The row of a picture that is sent now, and outside a batch its event. Raises BudgetSpent."""
    with transaction.atomic():
        refused = budgets.spend(by, spent_by(batch))
        if refused is None:
            row = Viewing.objects.create(user=by, content=item.content, case=item.case, batch=batch)
        if refused is None and batch is None:
            case = item.case
            audit.record(events.OPENED, by=by, on=item, case=case.public_id, agency=case.agency_id, viewing=row.token)
    if refused:
        raise refused  # what was counted stays counted
    return row


def spent_by(batch: Batch | None) -> list[str]:
    """The budgets that a look in this batch, or outside any, is of."""
    return [budgets.LOOKS] if batch else [budgets.LOOKS, budgets.OUTSIDE]


class Look(NamedTuple):
    """For how long the picture behind a token was unveiled, and for how long of it enlarged; totals in milliseconds."""

    token: UUID
    revealed_ms: int
    enlarged_ms: int = 0


def unveiled(*, by: User, looks: Sequence[Look]) -> None:
    """Keep for how long the person's pictures were unveiled and enlarged, and sounds heard.

    Clamped to the wall: nobody looks longer than the time since the picture was sent. Other people's tokens are
    passed over. A transaction of its own: what was seen stays seen, whatever becomes of the acts that follow.
    """
    if looks:
        with connection.cursor() as cursor:
            tokens, ms, large = ([look[part] for look in looks] for part in range(3))
            cursor.execute(UNVEILED, {"tokens": tokens, "ms": ms, "large": large, "by": by.pk})


def _batch_of(item: Item, by: User) -> Batch | None:
    stack = Stack.objects.filter(pk=item.stack_id, lease_until__gt=Now()).select_related("batch").first()
    batch = stack.batch if stack else None
    return batch if batch and batch.user_id == by.pk and batch.state == Batch.State.OPEN else None


@transaction.atomic
def _want(content: Content) -> None:
    """Ask for a preview nobody needed so far, or one that was lost. A transaction of its own: the wish must last."""
    with states.settling([content.pk]):
        Content.objects.filter(pk=content.pk).exclude(preview=Content.PreviewState.PENDING).update(
            preview=Content.PreviewState.PENDING, preview_tries=0, preview_lease=None
        )


def item_for(user: User, permission: str, public_id: UUID) -> Item:
    """An item through the person's scope, with what showing it needs. One query."""
    scoped = Item.objects.filter(scope.case_filter(user, "case__")).select_related("content", "case__agency")
    found: Item = access.get_from(user, permission, scoped, public_id)
    return found
