"""My work, the list of cases, and going to anything by its number or hash."""

from typing import Any

from django.db.models import F
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from cases import drop, figures, finding, listing, overview, shown
from cases.care import outcomes, rules, state
from cases.care.views import own
from cases.figures import Figures
from cases.models import Batch, Case
from cases.scope import CaseQuerySet
from cases.second import queue
from workbench import access
from workbench.requests import SignedRequest

MY_QUEUES = 8


@require_GET
def home(request: SignedRequest) -> HttpResponse:
    """Where the person stopped, the queues by due date, the cases followed; a fixed number of queries."""
    access.require(request.user, "case.list")
    by_due = _cases(request).filter(state=Case.State.OPEN).order_by(F("due").asc(nulls_last=True), "-pk")
    cases = list(by_due[:MY_QUEUES])
    counted = figures.of_each(cases)
    chosen = rules.of_person(request.user)
    stopped = overview.open_batch(request.user)
    may_claim = access.has(request.user, "batch.claim")
    context = {
        "here": "home",
        "today": timezone.localdate(),
        "continue_batch": _continue(stopped) if stopped else None,
        "queues": [_queue(case, counted[case.pk], may_claim) for case in cases if counted[case.pk].left],
        "second": _second(request, cases) if may_claim else [],
        "followed": [_followed(case, counted[case.pk]) for case in cases],
        "viewing": _viewing(request),
        "dropped": _dropped(request),
        "outcomes": outcomes.of(request.user) if chosen.outcomes else [],
        "shared": chosen.shared,
        "may_create": access.has(request.user, "case.create"),
    }
    return render(request, "cases/home.html", context)


def _second(request: SignedRequest, cases: list[Case]) -> list[dict[str, Any]]:
    """Cases that have second views for this person, with how many."""
    counted = queue.waiting(cases, request.user)
    return [{"case": case, "views": counted[case.pk]} for case in cases if counted[case.pk]]


def _dropped(request: SignedRequest) -> list[dict[str, str]]:
    """What lies in the drop folder for no case, for the supervisors of the agency it belongs to."""
    user = request.user
    if not (access.has(user, "drop.view") and drop.is_of(user)):
        return []
    return shown.dropped(drop.refused(None))


def _viewing(request: SignedRequest) -> dict[str, Any] | None:
    """The person's own viewing today, of those who review; nobody else's figures are on this page."""
    if not access.has(request.user, "care.own"):
        return None
    return own.today_of(request.user, state.of(request.user))


def _continue(stopped: overview.Continue) -> dict[str, Any]:
    batch = stopped.batch
    return {
        "url": reverse("cases:batch", args=[batch.public_id]),
        "case": batch.case,
        "number": batch.number,
        "second": batch.kind == Batch.Kind.SECOND,
        "place": stopped.place,
        "size": stopped.size,
        "left": stopped.left,
        "minutes": stopped.minutes,
        "veils": stopped.items,
    }


def _queue(case: Case, numbers: Figures, may_claim: bool) -> dict[str, Any]:
    text, kind = shown.due(case, timezone.localdate())
    return {
        "case": case,
        "left": numbers.left,
        "percent": shown.done_percent(numbers),
        "due_text": text,
        "due_kind": kind,
        "may_claim": may_claim,
    }


def _followed(case: Case, numbers: Figures) -> dict[str, Any]:
    return {
        "case": case,
        "stage": shown.stage(case, numbers)[0],
        "known_percent": shown.percent_text(numbers.known, numbers.unique),
        "files": numbers.files,
        "pending": numbers.pending,
    }


@require_GET
def cases(request: SignedRequest) -> HttpResponse:
    """Cases in reach, newest first, a page at a time."""
    access.require(request.user, "case.list")
    state, asked = request.GET.get("state", ""), request.GET.get("q", "").strip()[:200]
    mine, before = request.GET.get("mine") == "1", listing.after_key(request.GET.get("after"))
    page = listing.cases(request.user, state=state, mine=mine, asked=asked, before=before)
    counted = figures.of_each(page.rows)
    context = {
        "here": "cases",
        "may_create": access.has(request.user, "case.create"),
        "mine": mine,
        "state": state,
        "q": asked,
        "rows": [_row(case, counted[case.pk]) for case in page.rows],
        "next_url": listing.next_url(request.GET, page.next),
    }
    return render(request, "cases/list.html", context)


def _row(case: Case, numbers: Figures) -> dict[str, Any]:
    stage, kind = shown.stage(case, numbers)
    return {
        "case": case,
        "stage": stage,
        "stage_kind": kind,
        "lead": case.lead.name,
        "left": numbers.left,
        "known_percent": shown.percent_text(numbers.known, numbers.unique),
        "problems": numbers.problems,
        "due_kind": shown.due(case, timezone.localdate())[1],
    }


def _cases(request: SignedRequest) -> CaseQuerySet:
    return Case.objects.for_actor(request.user).select_related("lead", "scheme")


@require_GET
def goto(request: SignedRequest) -> HttpResponse:
    """Straight to what the text names where that is one thing; else all that it may mean."""
    access.require(request.user, "case.list")
    asked = request.GET.get("q", "").strip()[:200]
    found = finding.find(request.user, asked)
    exact = {one.url for one in found if one.is_exact}
    if len(exact) == 1:
        return redirect(exact.pop())
    return render(request, "cases/found.html", {"here": "cases", "q": asked, "rows": found})


@require_GET
def goto_list(request: SignedRequest) -> HttpResponse:
    """The same for the list below the field, as JSON."""
    access.require(request.user, "case.list")
    found = finding.find(request.user, request.GET.get("q", ""))
    return JsonResponse({"found": [one.as_json() for one in found]})
