"""My work, the list of cases, and going to anything by its number or hash."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from cases import budgets, figures, finding, listing, shown, stages
from cases.days import counts
from cases.models import Case
from cases.views import panels
from workbench import access
from workbench.errors import NotFound
from workbench.requests import SignedRequest


@require_GET
def home(request: SignedRequest) -> HttpResponse:
    """Where the person stopped, the queues by due date, what waits, the cases followed; each panel for itself."""
    access.require(request.user, "case.list")
    context = {
        "here": "home",
        "today": timezone.localdate(),
        "may_create": access.has(request.user, "case.create"),
        "main": [panels.panel(request, name) for name in panels.MAIN],
        "side": [panels.panel(request, name) for name in panels.SIDE],
    }
    return render(request, "cases/home.html", context)


@require_GET
def panel(request: SignedRequest, name: str) -> HttpResponse:
    """One panel again."""
    access.require(request.user, "case.list")
    if name not in panels.MAIN | panels.SIDE:
        raise NotFound
    return HttpResponse(panels.panel(request, name))


@require_GET
def cases(request: SignedRequest) -> HttpResponse:
    """Cases in reach, newest first, a page at a time."""
    access.require(request.user, "case.list")
    state, asked = request.GET.get("state", ""), request.GET.get("q", "").strip()[:200]
    mine, due = request.GET.get("mine") == "1", request.GET.get("due", "")
    before = listing.after_key(request.GET.get("after"))
    page = listing.cases(request.user, state=state, mine=mine, due=due, asked=asked, before=before)
    context = {
        "here": "cases",
        "may_create": access.has(request.user, "case.create"),
        "mine": mine,
        "state": state,
        "due": due,
        "q": asked,
        "rows": _rows(page.rows),
        "next_url": listing.next_url(request.GET, page.next),
    }
    return render(request, "cases/list.html", context)


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


@require_GET
def goto(request: SignedRequest) -> HttpResponse:
    """Straight to what the text names where that is one thing; else all that it may mean."""
    access.require(request.user, "case.list")
    asked = request.GET.get("q", "").strip()[:200]
    budgets.charge(request.user, budgets.SEARCHES)
    found = finding.find(request.user, asked)
    exact = {one.url for one in found if one.is_exact}
    if len(exact) == 1:
        return redirect(exact.pop())
    return render(request, "cases/found.html", {"here": "cases", "q": asked, "rows": found})


@require_GET
def goto_list(request: SignedRequest) -> HttpResponse:
    """The same for the list below the field, as JSON."""
    access.require(request.user, "case.list")
    budgets.charge(request.user, budgets.SEARCHES)
    found = finding.find(request.user, request.GET.get("q", ""))
    return JsonResponse({"found": [one.as_json() for one in found]})
