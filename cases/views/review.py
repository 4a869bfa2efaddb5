"""Claiming a batch, and the review page around it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_GET, require_POST

from cases import figures, listing, review
from cases.care import state
from cases.care.errors import NoMoreToday
from cases.errors import CaseIsClosed, NothingFits, NothingLeft
from cases.models import Batch, Case, Item
from cases.queue import asking
from cases.queue.filters import read
from cases.second import queue
from cases.views.queue import asked_for, case_for
from workbench import access
from workbench.requests import SignedRequest

LINKS = {Item.State.UNSURE: lazy("Show the unsure ones"), Item.State.CONFIRM: lazy("Show the proposed ones")}


@require_POST
def next_batch(request: SignedRequest, case: UUID) -> HttpResponse:
    """The person's open batch, or the next one of what is asked for."""
    found = case_for(request, case)
    asked = asked_for(request, found, request.POST)
    try:
        batch = review.claim(case=found, by=request.user, order=asked.order, wanted=asked.wanted)
    except NoMoreToday as stop:
        return _no_more(request, found, stop)
    except NothingFits as nothing:
        messages.info(request, str(nothing))
        address = listing.query(asking.fields(asked.order, asked.wanted))
        return redirect(f"{reverse('cases:queue', args=[found.public_id])}?{address}")
    except CaseIsClosed as closed:
        messages.info(request, str(closed))
        return redirect("cases:case", found.public_id)
    except NothingLeft as nothing:
        messages.info(request, _with_links(found, str(nothing)))
        return redirect("cases:case", found.public_id)
    return redirect("cases:batch", batch.public_id)


@require_POST
def next_second(request: SignedRequest, case: UUID) -> HttpResponse:
    """The person's open second-view batch, or the next one."""
    scoped = Case.objects.for_actor(request.user).select_related("agency")
    found: Case = access.get_from(request.user, "batch.claim", scoped, case)
    try:
        batch = queue.claim(case=found, by=request.user)
    except NoMoreToday as stop:
        return _no_more(request, found, stop)
    except (CaseIsClosed, NothingLeft) as nothing:
        messages.info(request, str(nothing))
        return redirect("cases:case", found.public_id)
    return redirect("cases:batch", batch.public_id)


def _no_more(request: SignedRequest, case: Case, stop: NoMoreToday) -> HttpResponse:
    return render(request, "cases/care/no_batch.html", {"here": "cases", "case": case, "why": str(stop)}, status=409)


def _with_links(case: Case, text: str) -> str:
    """The sentence, and where to see the items that no batch takes."""
    states = figures.by_state(case)
    offered = [(state, word) for state, word in LINKS.items() if state in states]
    address = reverse("cases:items", args=[case.public_id])
    links = format_html_join(" ", '<a href="{}?state={}">{}</a>', [(address, state, word) for state, word in offered])
    return format_html("{} {}", text, links)


@require_GET
def batch(request: SignedRequest, batch: UUID) -> HttpResponse:
    """The review page; what it shows comes through the JSON interface."""
    scoped = Batch.objects.for_actor(request.user).select_related("case")
    found: Batch = access.get_from(request.user, "batch.work", scoped, batch)
    if found.state != Batch.State.OPEN:
        messages.info(request, _("Batch %(number)s is closed. What was decided is kept.") % {"number": found.number})
        return redirect("cases:case", found.case.public_id)
    fields = asking.fields(found.order, read(found.wanted))
    context = {
        "here": "cases",
        "batch": found,
        "case": found.case,
        "second": found.kind == Batch.Kind.SECOND,
        "looks": state.of(request.user),
        "asked": asking.words(found.order, found.wanted, found.case),
        "fields": fields,
        "address": listing.query(fields),
    }
    return render(request, "cases/review.html", context)
