"""Clear pictures: who may see one, and the row that says that somebody did (ux.md sections 2 and 5)."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from cases import scope, states
from cases.errors import NoPreview, NotHeld, PreviewPending
from cases.models import Batch, Content, Item, Stack, Viewing
from workbench import access, storage
from workbench.models import Role, User


@transaction.atomic
def clear(*, item: Item, by: User) -> tuple[bytes, Viewing]:
    """The clear preview of an item and its viewing row.

    An investigator needs an open batch that holds the item; a supervisor needs only the case in scope.
    Raises NotHeld, NoPreview, PreviewPending.
    """
    content, batch = item.content, _batch_of(item, by)
    if batch is None and Role.SUPERVISOR not in access.roles(by):
        raise NotHeld
    if content.preview == Content.PreviewState.NONE:
        raise NoPreview
    picture = storage.preview(item.case.agency, bytes(content.sha256))
    if picture is None:
        raise _want(content)
    return picture, Viewing.objects.create(user=by, content=content, case=item.case, batch=batch)


def _batch_of(item: Item, by: User) -> Batch | None:
    stack = Stack.objects.filter(pk=item.stack_id, lease_until__gt=timezone.now()).select_related("batch").first()
    batch = stack.batch if stack else None
    return batch if batch and batch.user_id == by.pk and batch.state == Batch.State.OPEN else None


def _want(content: Content) -> PreviewPending:
    """A preview nobody needed so far, or one that was lost: ask for it."""
    with states.changing([content.pk]):
        Content.objects.filter(pk=content.pk).exclude(preview=Content.PreviewState.PENDING).update(
            preview=Content.PreviewState.PENDING, preview_tries=0, preview_lease=None
        )
    return PreviewPending()


def item_for(user: User, permission: str, public_id: UUID) -> Item:
    """An item through the person's scope, with what showing it needs. One query."""
    scoped = Item.objects.filter(scope.case_filter(user, "case__")).select_related("content", "case__agency")
    found: Item = access.get_from(user, permission, scoped, public_id)
    return found
