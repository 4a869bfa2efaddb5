"""Side trips as one binary answer, what is added to a batch by them, and how much waits behind it."""

from uuid import UUID

import msgspec
from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from cases import viewing
from cases.api.review import batch_of, body_as
from cases.models import Batch
from cases.queue import adding, asking, beside
from cases.queue.filters import read
from cases.queue.picking import Asked
from cases.veils import packed
from workbench.errors import BadInput, NotFound
from workbench.requests import SignedRequest


class AddIn(msgspec.Struct, forbid_unknown_fields=True):
    """The items whose stacks are wanted, the dearest first."""

    items: list[UUID]


def _first(request: SignedRequest, batch: UUID) -> Batch:
    """A batch of first decisions; a second view leads nowhere else, or it would not be blind. Raises NotFound."""
    found = batch_of(request, batch)
    if found.kind != Batch.Kind.FIRST:
        raise NotFound
    return found


@require_GET
def look(request: SignedRequest, batch: UUID) -> HttpResponse:
    """What stands beside an item: a big-endian length and JSON, then for each row of it a length and a veil."""
    found = _first(request, batch)
    try:
        asked, within = UUID(request.GET.get("item", "")), int(request.GET.get("within", "31"))
    except ValueError as error:
        raise BadInput("item must be an id, within a whole number.") from error
    item = viewing.item_for(request.user, "item.view", asked)
    if item.case_id != found.case_id:
        raise NotFound
    made = beside.look(batch=found, item=item, kind=request.GET.get("kind", ""), within=within)
    head = msgspec.json.encode({"about": made.about, "filter": made.filter, "rows": made.rows, "more": made.more})
    return HttpResponse(packed((head, *made.veils)), content_type="application/octet-stream")


@require_POST
def add(request: SignedRequest, batch: UUID) -> HttpResponse:
    """Add the stacks of some items to the batch."""
    found, sent = _first(request, batch), body_as(request, AddIn)
    added = adding.add(batch=found, by=request.user, items=sent.items)
    return JsonResponse({"stacks": added.stacks, "items": added.items, "behind": added.behind})


@require_GET
def waiting(request: SignedRequest, batch: UUID) -> HttpResponse:
    """How many items wait behind the batch by the same filter, in words."""
    found = _first(request, batch)
    asked = Asked(found.case, request.user, found.order, read(found.wanted))
    return JsonResponse({"waiting": asking.counted(asked)})
