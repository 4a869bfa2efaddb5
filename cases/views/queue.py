"""What comes next in a case: its order and filter, how many items that holds, filters kept under a name."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_GET, require_POST

from cases import listing
from cases.models import Batch, Case, SavedFilter
from cases.queue import asking, saved, unsure
from cases.queue.filters import read
from cases.queue.forms import AskForm
from cases.queue.picking import Asked
from workbench import access
from workbench.errors import BadInput
from workbench.requests import SignedRequest


def case_for(request: SignedRequest, case: UUID) -> Case:
    """The case, for somebody who may claim in it."""
    scoped = Case.objects.for_actor(request.user).select_related("agency")
    found: Case = access.get_from(request.user, "batch.claim", scoped, case)
    return found


def asked_for(request: SignedRequest, case: Case, data: QueryDict) -> Asked:
    """What a form or an address asks for: the fields of `AskForm`, or a filter that was saved."""
    if asked := data.get("saved"):
        kept = _saved(request, case, str(asked))
        return Asked(case, request.user, kept.order, read(kept.wanted))
    return AskForm(data, case=case).asked(case, request.user)


def _saved(request: SignedRequest, case: Case, text: str) -> SavedFilter:
    try:
        public_id = UUID(text)
    except ValueError as error:
        raise BadInput(noop("This filter's id is damaged. Choose it again.")) from error
    scoped = SavedFilter.objects.for_actor(request.user).filter(case=case)
    kept: SavedFilter = access.get_from(request.user, "batch.claim", scoped, public_id)
    return kept


@require_GET
def queue(request: SignedRequest, case: UUID) -> HttpResponse:
    """Order and filter of the next batch; nothing is claimed here."""
    found = case_for(request, case)
    form = AskForm(request.GET or {}, case=found)
    context = {
        "here": "cases",
        "case": found,
        "form": form,
        "cameras": asking.cameras(found),
        "held": Batch.objects.for_actor(request.user).filter(case=found, state=Batch.State.OPEN).first(),
    } | rows(found, request)
    if form.is_valid():
        asked = form.asked(found, request.user)
        found_items = asking.holding(asked)
        context |= {
            "asked": asking.words(asked.order, asked.wanted.as_json(), found),
            "holds": asking.in_words(found_items),
            "empty": not found_items,
            "filtered": bool(asked.wanted),
            "fields": asking.fields(asked.order, asked.wanted),
        }
    return render(request, "cases/queue.html", context, status=200 if form.is_valid() else 400)


def rows(case: Case, request: SignedRequest) -> dict[str, Any]:
    """What both the queue's page and the case's offer: filters that were saved, and the person's own marks."""
    marked, skipped = unsure.mine(case, request.user)
    return {
        "kept": [_row(kept, request) for kept in saved.usable(case, request.user)],
        "marked": [("my-unsure", _("Unsure, marked by me"), marked), ("my-skipped", _("Skipped by me"), skipped)],
    }


def _row(kept: SavedFilter, request: SignedRequest) -> dict[str, Any]:
    values = asking.fields(kept.order, read(kept.wanted))
    return {
        "filter": kept,
        "is_mine": kept.owner_id == request.user.pk,
        "asked": asking.words(kept.order, kept.wanted, kept.case),
        "url": f"{reverse('cases:queue', args=[kept.case.public_id])}?{listing.query(values)}",
    }


@require_GET
def count(request: SignedRequest, case: UUID) -> HttpResponse:
    """How many items a filter holds, as text for a place on a page."""
    found = case_for(request, case)
    return HttpResponse(
        asking.counted(asked_for(request, found, request.GET)), content_type="text/plain; charset=utf-8"
    )


@require_POST
def save(request: SignedRequest, case: UUID) -> HttpResponse:
    """Keep an order and filter under a name."""
    found = case_for(request, case)
    asked = AskForm(request.POST, case=found).asked(found, request.user)
    made = saved.save(asked, name=request.POST.get("name", ""), shared=request.POST.get("shared") == "1")
    messages.success(request, _("The filter is kept."))
    return redirect(
        f"{reverse('cases:queue', args=[found.public_id])}?{listing.query(asking.fields(made.order, asked.wanted))}"
    )


@require_POST
def change(request: SignedRequest, kept: UUID) -> HttpResponse:
    """Share one's own filter, stop sharing it, or remove it."""
    scoped = SavedFilter.objects.for_actor(request.user).filter(owner=request.user).select_related("case")
    found: SavedFilter = access.get_from(request.user, "batch.claim", scoped, kept)
    act = request.POST.get("act", "")
    if act == "remove":
        saved.remove(found, by=request.user)
    elif act in {"share", "keep"}:
        saved.share(found, shared=act == "share", by=request.user)
    else:
        raise BadInput("act must be share, keep or remove.")
    return redirect("cases:queue", found.case.public_id)
