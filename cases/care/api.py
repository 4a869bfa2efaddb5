"""What pages that show pictures tell and ask: time on screen, and breaks."""

from uuid import UUID

import msgspec
from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from cases.api.deciding import LONGEST_LOOK_MS
from cases.api.review import body_as
from cases.care import breaks, ledger, words
from workbench import access
from workbench.errors import BadInput
from workbench.requests import SignedRequest


class ScreenTimeIn(msgspec.Struct, forbid_unknown_fields=True):
    """For how long a page was looked at since it was opened: a running total, in milliseconds."""

    visit: UUID
    on_screen_ms: int


class BreakIn(msgspec.Struct, forbid_unknown_fields=True):
    """start or skip."""

    act: str


@require_POST
def screen_time(request: SignedRequest) -> HttpResponse:
    """Count time on screen; answers where the person stands, for the meter and for a break that is due."""
    access.require(request.user, "care.own")
    sent = body_as(request, ScreenTimeIn)
    now = ledger.note(by=request.user, visit=sent.visit, ms=max(0, min(sent.on_screen_ms, LONGEST_LOOK_MS)))
    return JsonResponse(words.meter(now))


@require_POST
def rest(request: SignedRequest) -> HttpResponse:
    """Begin a break, or end one early."""
    access.require(request.user, "care.own")
    act = breaks.ACTS.get(body_as(request, BreakIn).act)
    if act is None:
        raise BadInput("act must be start or skip.")
    return JsonResponse(words.meter(act(by=request.user)))
