"""How far the ingests of a case are: asked for, or streamed as it changes."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_GET

from cases.ingest import progress as counts
from cases.models import Case
from workbench import access, streams
from workbench.errors import NotFound
from workbench.requests import SignedRequest


@require_GET
def progress(request: SignedRequest, case: UUID) -> HttpResponse:
    """From counters alone."""
    found: Case = access.get(request.user, "case.view", Case, case)
    return JsonResponse(counts.of(found))


@require_GET
def progress_stream(request: SignedRequest, case: UUID) -> HttpResponseBase:
    """The same as events, as it changes; whoever may no longer see the case, or signed out, gets no more of them."""
    session, person = request.session.session_key or "", request.user
    access.get(person, "case.view", Case, case)

    def read() -> dict[str, Any]:
        if not request.session.exists(session):
            raise NotFound
        found: Case = access.get(access.as_of_now(person), "case.view", Case, case)
        return counts.of(found)

    return streams.answer(read)
