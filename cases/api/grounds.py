"""Why, and how sure: told of one key press of the person's own batch."""

from uuid import UUID

import msgspec
from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from cases import grounds
from cases.api.review import batch_of, body_as
from workbench.requests import SignedRequest


class GroundsIn(msgspec.Struct, forbid_unknown_fields=True):
    """`act`: the key of the press; `confidence`: sure, rather, unsure or nothing."""

    act: UUID
    confidence: str = ""
    text: str = ""


@require_POST
def give(request: SignedRequest, batch: UUID) -> HttpResponse:
    """Keep the grounds of one act."""
    found, sent = batch_of(request, batch), body_as(request, GroundsIn)
    grounds.give(batch=found, by=request.user, act=sent.act, confidence=sent.confidence, text=sent.text)
    return JsonResponse({})
