"""Claiming a batch, and the review page around it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from cases import review
from cases.errors import CaseIsClosed, NothingLeft
from cases.models import Batch, Case
from workbench import access
from workbench.requests import SignedRequest


@require_POST
def next_batch(request: SignedRequest, case: UUID) -> HttpResponse:
    """The person's open batch, or the next one."""
    scoped = Case.objects.for_actor(request.user).select_related("agency")
    found: Case = access.get_from(request.user, "batch.claim", scoped, case)
    try:
        batch = review.claim(case=found, by=request.user)
    except (NothingLeft, CaseIsClosed) as nothing:
        messages.info(request, str(nothing))
        return redirect("cases:case", found.public_id)
    return redirect("cases:batch", batch.public_id)


@require_GET
def batch(request: SignedRequest, batch: UUID) -> HttpResponse:
    """The review page; what it shows comes through the JSON interface."""
    scoped = Batch.objects.for_actor(request.user).select_related("case")
    found: Batch = access.get_from(request.user, "batch.work", scoped, batch)
    if found.state != Batch.State.OPEN:
        messages.info(request, f"Batch {found.number} is closed. What was decided is kept.")
        return redirect("cases:case", found.case.public_id)
    return render(request, "cases/review.html", {"here": "cases", "batch": found, "case": found.case})
