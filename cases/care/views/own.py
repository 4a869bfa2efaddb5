"""A person's own viewing page: the record, breaks, limits, settings, and who may read it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases import budgets, shown
from cases.care import breaks, day, record, rules, state, words
from cases.care.forms import OwnForm, ReasonForm
from cases.care.state import State
from workbench import access
from workbench.errors import BadInput
from workbench.models import User
from workbench.requests import SignedRequest


@require_GET
def viewing(request: SignedRequest) -> HttpResponse:
    """The page."""
    access.require(request.user, "care.own")
    return _page(request)


def _page(request: SignedRequest, form: OwnForm | None = None) -> HttpResponse:
    user, now = request.user, state.of(request.user)
    rule, choice = rules.of_agency(user.agency), rules.of_person(user)
    context = {
        "here": "viewing",
        "form": form or OwnForm(rule=rule, choice=choice),
        "rule": rule,
        "choice": choice,
        "shared": choice.shared,
        "readers": record.readers(user),
    } | of_record(user, now)
    return render(request, "cases/care/viewing.html", context, status=400 if form else 200)


def of_record(user: User, now: State) -> dict[str, Any]:
    """What the drawings and tables of a record show. Four queries."""
    days = record.days(user, now.zone)
    return {
        "now": now,
        "today": today_of(user, now),
        "bars": words.day_bars(days, now.day_minutes),
        "rows": words.day_rows(days),
        "kinds": words.kind_rows(record.kinds_of(user, now)),
        "limit": day.in_words(now.day_minutes),
        "last": {"looks": days[-1].looks, "breaks": days[-1].breaks, "skipped": days[-1].skipped},
    }


def today_of(user: User, now: State) -> dict[str, Any]:
    """What a panel about today shows. One query."""
    minutes = record.today(user, now.midnight)
    return {
        "line": words.day_line(minutes, now),
        "screen": shown.minutes(now.today_ms),
        "limit": day.in_words(now.limit),
        "unveiled": shown.minutes(sum(one.revealed_ms for one in minutes)),
        "next_break": words.next_break(now),
        "length": now.break_minutes,
        "on_break": bool(now.break_left_ms),
        "stopped": day.why_no_more(now),
    }


@require_POST
def settings(request: SignedRequest) -> HttpResponse:
    """Keep the person's own settings."""
    access.require(request.user, "care.own")
    user = request.user
    form = OwnForm(request.POST, rule=rules.of_agency(user.agency), choice=rules.of_person(user))
    if not form.is_valid():
        return _page(request, form)
    rules.choose(by=user, wanted=form.cleaned_data)
    messages.success(request, _("Your settings are kept."))
    return redirect("cases:viewing")


@require_POST
def rest(request: SignedRequest) -> HttpResponse:
    """Begin a break, or end one early."""
    access.require(request.user, "care.own")
    act = breaks.ACTS.get(request.POST.get("act", "start"))
    if act is None:
        raise BadInput(noop("A break can be started or skipped."))
    act(by=request.user)
    return redirect("cases:viewing")


@require_POST
def share(request: SignedRequest) -> HttpResponse:
    """Let the welfare officer read the record, or no longer."""
    access.require(request.user, "care.own")
    on = request.POST.get("on") == "1"
    rules.share(by=request.user, on=on)
    said = _("The welfare officer can read your record now.") if on else _("Your record is yours alone again.")
    messages.success(request, said)
    return redirect("cases:viewing")


@require_http_methods(["GET", "POST"])
def budget(request: SignedRequest) -> HttpResponse:
    """Why the person needs more than the budgets of an hour; then none binds him for an hour."""
    access.require(request.user, "budget.lift")
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        budgets.lift(by=request.user, reason=form.cleaned_data["reason"])
        messages.success(request, _("For an hour no budget binds you. Your reason is in the log."))
        return redirect("cases:home")
    return render(
        request, "cases/care/budget.html", {"here": "viewing", "form": form}, status=400 if form.errors else 200
    )
