"""What supervisors, administrators, welfare officers and auditors see and set."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases import budgets
from cases.care import day, oversight, rules, state
from cases.care.forms import MINUTES, OverrideForm, ReasonForm, RulesForm
from cases.care.views.own import of_record
from cases.errors import ReasonNeeded
from workbench import access
from workbench.errors import BadInput
from workbench.models import Role, User
from workbench.requests import SignedRequest


@require_GET
def today(request: SignedRequest) -> HttpResponse:
    """Limits and breaks of today, by name."""
    access.require(request.user, "care.today")
    rule, me = rules.of_agency(request.user.agency), request.user.public_id
    context = {
        "here": "limits",
        "rows": [{"person": row, "own": row.public_id == me} for row in oversight.today(request.user.agency)],
        "rule": rule,
        "limit": day.in_words(rule.day_minutes),
        "choices": MINUTES,
        "alarms": budgets.shown(budgets.alarms(request.user.agency)),
    }
    return render(request, "cases/care/today.html", context)


@require_POST
def override(request: SignedRequest, person: UUID) -> HttpResponse:
    """More time for one person today."""
    found: User = access.get_from(request.user, "care.override", oversight.people(request.user), person)
    form = OverrideForm(request.POST)
    if not form.is_valid():
        raise ReasonNeeded if "reason" in form.errors else BadInput(noop("Give 15, 30, 45 or 60 minutes."))
    made = day.override(person=found, by=request.user, **form.cleaned_data)
    text = _("%(name)s has %(n)d minutes more today.") % {"name": found.name, "n": made.minutes}
    messages.success(request, text)
    return redirect("cases:limits")


@require_http_methods(["GET", "POST"])
def care_rules(request: SignedRequest) -> HttpResponse:
    """The agency's limits and breaks."""
    user = request.user
    access.require(user, "care.rules")
    form = RulesForm.of(rules.of_agency(user.agency), request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _kept(request, form):
        messages.success(request, _("The agency's limits and breaks are kept."))
        return redirect("cases:limits" if access.has(user, "care.today") else "cases:care_rules")
    back = reverse("cases:limits" if access.has(user, "care.today") else "cases:home")
    context = {"here": "limits", "form": form, "back": back}
    return render(request, "cases/care/rules.html", context, status=400 if form.errors else 200)


def _kept(request: SignedRequest, form: RulesForm) -> bool:
    try:
        reason = form.cleaned_data["reason"]
        rules.set_rules(agency=request.user.agency, by=request.user, wanted=form.wanted(), reason=reason)
    except BadInput as error:
        form.add_error("zone", str(error))
        return False
    return True


@require_GET
def welfare(request: SignedRequest) -> HttpResponse:
    """Limits crossed in thirty days and the records that people share; for an auditor, whose record to ask for."""
    access.require(request.user, "care.record")
    agency, held = request.user.agency, access.roles(request.user)
    context: dict[str, Any] = {"here": "wellness"}
    if Role.WELFARE in held:
        crossed = [{"row": row, "limit": day.in_words(row.minutes)} for row in oversight.crossed(agency)]
        context |= {"officer": True, "crossed": crossed, "most": oversight.MOST, "sharing": oversight.sharing(agency)}
    if Role.AUDITOR in held:
        context["reviewers"] = oversight.reviewers(agency)
    return render(request, "cases/care/welfare.html", context)


@require_http_methods(["GET", "POST"])
def person_record(request: SignedRequest, person: UUID) -> HttpResponse:
    """One person's record: what is shared for a welfare officer, after a reason for an auditor."""
    found: User = access.get_from(request.user, "care.record", oversight.people(request.user), person)
    form = ReasonForm(request.POST or None)
    given = request.method == "POST" and form.is_valid()
    context: dict[str, Any] = {"here": "wellness", "person": found, "form": form}
    try:
        oversight.read(person=found, by=request.user, reason=form.cleaned_data["reason"] if given else "")
    except ReasonNeeded:
        return render(request, "cases/care/record.html", context, status=400 if request.method == "POST" else 200)
    return render(request, "cases/care/record.html", context | of_record(found, state.of(found)) | {"shown": True})
