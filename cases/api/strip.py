"""The context strip of an item as one binary answer; the same at either desk."""

from uuid import UUID

import msgspec
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from cases import strip as context
from cases import viewing
from cases.api.review import batch_of
from cases.veils import packed
from workbench.errors import BadInput, NotFound
from workbench.requests import SignedRequest


@require_GET
def strip(request: SignedRequest, batch: UUID) -> HttpResponse:
    """A big-endian length and JSON, then for each neighbour a length and a veil: those before, then those behind."""
    found = batch_of(request, batch)
    try:
        asked = UUID(request.GET.get("item", ""))
    except ValueError as error:
        raise BadInput("item must be the id of an item.") from error
    item = viewing.item_for(request.user, "item.view", asked)
    if item.case_id != found.case_id:
        raise NotFound
    made = context.of(item)
    beside = [*made.before, *made.behind]
    head = {
        "names": [one.name for one in beside],
        "before": len(made.before),
        "facts": made.facts,
        "map": f"{reverse('cases:map', args=[found.case.public_id])}?item={item.public_id}" if made.mapped else "",
    }
    parts = (msgspec.json.encode(head), *(one.veil for one in beside))
    return HttpResponse(packed(parts), content_type="application/octet-stream")
