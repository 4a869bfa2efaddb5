"""A case: opening one, its overview, its team, closing it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases import (
    activity,
    drop,
    figures,
    held_moves,
    held_words,
    investigations,
    ladder,
    overview,
    seal_words,
    shown,
    stages,
    verify_jobs,
    verifying,
)
from cases.days import burndown, counts, known, words
from cases.forms import CaseForm, EditCaseForm
from cases.ingest import progress
from cases.models import Case, Exhibit
from cases.second import blind, holding
from cases.second import queue as second_queue
from cases.stacking import arrivals
from cases.views import queue
from workbench import access
from workbench.errors import BadInput, NotFound
from workbench.models import Job, User
from workbench.requests import SignedRequest

# What the page offers, by the permission each needs.
MAY = {
    "review": "batch.claim",
    "add_evidence": "evidence.add",
    "export": "export.build",
    "edit": "case.edit",
    "team": "case.team",
    "publish": "offer.list",
    "close": "case.close",
    "audit": "audit.read",
    "items": "item.view",
    "control": "evidence.control",
    "verify": "exhibit.verify",
}


@require_http_methods(["GET", "POST"])
def new(request: SignedRequest) -> HttpResponse:
    """Open a case."""
    access.require(request.user, "case.create")
    form = CaseForm(request.POST or None, by=request.user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            case = investigations.create(scheme_id=data.pop("scheme"), by=request.user, **data)
        except BadInput as error:
            form.add_error("number", str(error))
        else:
            return redirect("cases:case", case.public_id)
    return render(request, "cases/new.html", {"here": "cases", "form": form}, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def edit(request: SignedRequest, case: UUID) -> HttpResponse:
    """Change an open case's name, due date and legal reference."""
    found: Case = access.get(request.user, "case.edit", Case, case)
    values = {"name": found.name, "due": found.due, "legal_reference": found.legal_reference}
    form = EditCaseForm(request.POST or None, initial=values)
    if request.method == "POST" and form.is_valid():
        investigations.edit(case=found, by=request.user, **form.cleaned_data)
        return redirect("cases:case", found.public_id)
    context = {"here": "cases", "case": found, "form": form}
    return render(request, "cases/edit.html", context, status=400 if form.errors else 200)


@require_GET
def case(request: SignedRequest, case: UUID) -> HttpResponse:
    """From everything seized to what a person must see, and where each exhibit stands."""
    scoped = Case.objects.for_actor(request.user).select_related("lead", "scheme", "agency")
    found: Case = access.get_from(request.user, "case.view", scoped, case)
    numbers = figures.of(found)
    days = counts.of(found)
    rows = overview.exhibits(found)
    exhibits = [exhibit for exhibit, _unmatched in rows if exhibit.removed_at is None]
    orders = verify_jobs.latest(exhibits)
    states, owed = figures.by_state(found), found.public_id in blind.cases(request.user)
    context: dict[str, Any] = (
        {"here": "cases", "case": found, "figures": numbers}
        | _people(found, request.user)
        | _stage(found, numbers, days)
        | {
            "ladder": ladder.steps(numbers, states, exhibits, days),
            "unsure": states["unsure"].items if "unsure" in states else 0,
            "held": [text for held in held_moves.of_case(found) for text in held_words.of_items(held, request.user)],
            "arrived": _arrived(found),
            "exhibits": [_exhibit(row, unmatched, orders.get(str(row.public_id))) for row, unmatched in rows],
            "kept": len(exhibits),
            "dropped": shown.dropped(drop.refused(found)),
            "live": progress.is_live(exhibits, orders),
            "known": _known(known.where(found)),
            "burndown": _burndown(found, request.user),
            "owed": owed,
            "by_category": [] if owed else _by_category(found, days.by_key("code")),
            "activity": activity.latest(found, by=request.user),
            "second": _second(found, request.user),
            "offers": overview.offers_waiting(found, request.user),
        }
    )
    if context["may"]["review"]:
        offered = queue.rows(found, request)
        context |= {"filters": offered["kept"], "marked": offered["marked"]}
    return render(request, "cases/case.html", context)


def _second(case: Case, user: User) -> int:
    """How many second views the case could ask of the person now."""
    may = access.has(user, "batch.claim") and case.state == Case.State.OPEN
    return second_queue.waiting([case], user)[case.pk] if may else 0


def _arrived(case: Case) -> int:
    """How many pictures came to stacks of batches that were over, and are still open."""
    found = arrivals.still_open([case])
    return found[case.pk].number if found else 0


def _stage(case: Case, numbers: figures.Figures, days: counts.Counts) -> dict[str, str]:
    stage, kind = stages.of_each([case], {case.pk: numbers}, {case.pk: days})[case.pk]
    return {"stage": stage, "stage_kind": kind}


def _burndown(case: Case, user: User) -> dict[str, Any]:
    found = burndown.of([case.pk], agency=case.agency_id, by=user)
    return words.burndown(found, case.due if case.state == Case.State.OPEN else None)


def _people(case: Case, user: User) -> dict[str, Any]:
    """The team, who could join it, and what this person may do here."""
    may = {name: access.has(user, permission) for name, permission in MAY.items()}
    is_open = case.state == Case.State.OPEN
    may["edit"] = may["edit"] and investigations.may_edit(case, user)
    for act in ("review", "add_evidence", "control", "edit", "team", "close"):
        may[act] &= is_open
    return {
        "team": overview.team(case),
        "candidates": overview.candidates(case) if may["team"] else [],
        "may": may,
        "due": shown.due(case, timezone.localdate())[0],
    }


def _exhibit(exhibit: Exhibit, unmatched: int, order: Job | None) -> dict[str, Any]:
    seal, is_broken = seal_words.said(exhibit, order)
    return {
        "exhibit": exhibit,
        "source": " · ".join(filter(None, [exhibit.description, shown.read_as(exhibit)])),
        "integrity": shown.integrity(exhibit),
        "files": exhibit.seen,
        "percent": progress.share(exhibit),
        "phase": progress.phase(exhibit, timezone.now()),
        "why": progress.why(exhibit),
        "unmatched": unmatched,
        "problems": exhibit.problems,
        "state": Exhibit.State(exhibit.state).label,
        "removed": exhibit.removed_at is not None,
        "state_kind": shown.EXHIBIT_KINDS.get(exhibit.state, ""),
        "acts": shown.exhibit_acts(exhibit),
        "seal": seal,
        "is_broken": is_broken,
        "can_verify": verifying.can_be_verified(exhibit),
    }


def _known(found: known.Known) -> dict[str, Any]:
    """The sets that knew items, and as of when."""
    rows = found.rows or []
    most = max((row["items"] for row in rows), default=0)
    checked = _("Matched again on every set update")
    if found.at is not None:
        checked = _("Counted %(at)s, again on every set update") % {
            "at": date_format(found.at, "SHORT_DATETIME_FORMAT")
        }
    return {
        "waits": found.rows is None,
        "checked": checked,
        "sets": [
            {
                "name": row["name"],
                "kind": _("own") if row["own"] else _("shared"),
                "share": int(shown.percent(row["items"], most)),
                "files": row["items"],
                "version": f"v{row['generation']}",
                "date": date_format(row["at"], "MONTH_DAY_FORMAT") if row["at"] else "",
            }
            for row in rows
        ],
    }


def _by_category(case: Case, decided: dict[str, int]) -> list[dict[str, Any]]:
    most = max(decided.values(), default=0)
    return [
        {
            "category": row,
            "count": decided.get(row.code, 0),
            "log_percent": shown.log_percent(decided.get(row.code, 0), most),
        }
        for row in case.scheme.categories.all()
    ]


@require_POST
def members(request: SignedRequest, case: UUID) -> HttpResponse:
    """Put a person on the team, or take one off."""
    found: Case = access.get(request.user, "case.team", Case, case)
    person = overview.person_of(found, request.POST.get("user", ""))
    if person is None:
        raise NotFound(noop("There is no such person in this agency."))
    if request.POST.get("action") == "remove":
        investigations.remove_member(case=found, person=person, by=request.user)
    else:
        investigations.add_member(case=found, person=person, by=request.user)
    return redirect("cases:case", found.public_id)


@require_POST
def close(request: SignedRequest, case: UUID) -> HttpResponse:
    """Close the case."""
    found: Case = access.get(request.user, "case.close", Case, case)
    investigations.close(case=found, by=request.user, reason=request.POST.get("reason", ""))
    messages.success(request, _("The case is closed. Its decisions stay as they are."))
    if owed := holding.of_case(found):
        said = ngettext(
            "%d second view or ruling is still awaited. What waits for it cannot be published any more.",
            "%d second views or rulings are still awaited. What waits for them cannot be published any more.",
            owed,
        )
        messages.warning(request, said % owed)
    return redirect("cases:case", found.public_id)
