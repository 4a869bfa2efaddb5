"""The list of cases, and the filters of it that a person keeps."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cases import case_list, figures, listing, shown, stages
from cases.case_list import Asked
from cases.days import counts
from cases.models import Case, CaseFilter
from workbench import access
from workbench.requests import SignedRequest


@require_GET
def cases(request: SignedRequest) -> HttpResponse:
    """Cases in reach, newest first, a page at a time."""
    access.require(request.user, "case.list")
    asked, before = Asked.of(request.GET), listing.after_key(request.GET.get("after"))
    page = case_list.page(request.user, asked, before=before)
    context = {
        "here": "cases",
        "may_create": access.has(request.user, "case.create"),
        "asked": asked,
        "stages": [(name, _(word)) for name, (word, _kind) in stages.STAGES.items()],
        "dues": [(name, _(word)) for name, word in case_list.DUE_WORDS.items()],
        "kept": [_kept(one, asked) for one in case_list.kept(request.user)],
        "rows": _rows(page.rows),
        "next_url": listing.next_url(request.GET, page.next),
    }
    return render(request, "cases/list.html", context)


def _kept(one: CaseFilter, asked: Asked) -> dict[str, Any]:
    wanted = case_list.asked_by(one)
    return {"filter": one, "url": _address(wanted), "words": " · ".join(wanted.words), "on": wanted == asked}


def _address(asked: Asked) -> str:
    return f"{reverse('cases:list')}?{listing.query(asked.fields)}"


def _rows(found: list[Case]) -> list[dict[str, Any]]:
    """What the table shows of cases; three queries for all of them."""
    numbers, days = figures.of_each(found), counts.now(found)
    of_stage, today = stages.of_each(found, numbers, days), timezone.localdate()
    return [
        {
            "case": case,
            "stage": of_stage[case.pk][0],
            "stage_kind": of_stage[case.pk][1],
            "lead": case.lead.name,
            "views": days[case.pk].views_left,
            "known_percent": shown.percent_text(numbers[case.pk].known, numbers[case.pk].unique),
            "problems": numbers[case.pk].problems,
            "due_kind": shown.due(case, today)[1],
        }
        for case in found
    ]


@require_POST
def keep(request: SignedRequest) -> HttpResponse:
    """Keep what the list is asked for under a name."""
    access.require(request.user, "case.list")
    asked = Asked.of(request.POST)
    case_list.keep(asked, name=request.POST.get("name", ""), by=request.user)
    messages.success(request, _("The filter is kept."))
    return redirect(_address(asked))


@require_POST
def forget(request: SignedRequest, cases_kept: UUID) -> HttpResponse:
    """Remove a filter of one's own."""
    found: CaseFilter = access.get(request.user, "case.list", CaseFilter, cases_kept)
    case_list.forget(found, by=request.user)
    return redirect("cases:list")
