"""The audit log page: who reads the log is in the log."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from workbench import access, audit, event_log
from workbench.event_log import Filters
from workbench.models import AuditLog, User
from workbench.requests import SignedRequest
from workbench.words import digits

LAST_READ = "log_read"  # in the session: what was told of the last page, and where its next one begins
SHOWN = ("case", "person", "verb", "day", "q")


class FilterForm(forms.Form):
    """Filters, all optional."""

    case = forms.CharField(max_length=60, required=False)
    person = forms.CharField(max_length=60, required=False)
    verb = forms.CharField(max_length=60, required=False)
    day = forms.DateField(required=False, input_formats=["%Y-%m-%d"])
    q = forms.CharField(max_length=100, required=False)
    before = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    entry = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    node = forms.BooleanField(required=False)


@require_GET
@transaction.atomic
def log_page(request: SignedRequest) -> HttpResponse:
    """Filtered, newest first. Opening the page or an entry is an event; going on to the next page is none."""
    user = request.user
    access.require(user, "audit.read")
    form = FilterForm(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    log = event_log.log_of(user, node=bool(chosen.get("node")))
    filters = Filters(**{name: chosen[name] for name in Filters.__slots__ if chosen.get(name)})
    page = event_log.page(log, filters, by=user)
    answer = render(request, "workbench/audit.html", _context(request, form, log, page, chosen.get("entry")))
    told = filters.told() | {name: str(chosen[name]) for name in ("entry", "node") if chosen.get(name)}
    if not _goes_on(request, told, chosen.get("before"), page.older):
        read = audit.Event(audit.LOG_READ, audit.subject_of(user.agency), details=told)
        audit.record_all([read], by=user)
    return answer


def _goes_on(request: SignedRequest, told: dict[str, str], before: int | None, older: int | None) -> bool:
    """Whether this is the page after the one that this session read last; remembers this one."""
    last = request.session.get(LAST_READ)
    request.session[LAST_READ] = {"told": told, "next": older}
    return before is not None and last == {"told": told, "next": before}


def _context(
    request: SignedRequest, form: FilterForm, log: AuditLog, page: event_log.Page, entry: int | None
) -> dict[str, Any]:
    shown = event_log.entry(log, entry, by=request.user) if entry else None
    names = User.objects.filter(agency=log.agency_id).order_by("username") if log.agency_id else User.objects.none()
    return {
        "here": "audit",
        "log_name": log.agency.name if log.agency else _("This node"),
        "filters": {name: request.GET.get(name, "") for name in SHOWN} | {"query": _query(request)},
        "form": form,
        "cases": event_log.cases(log, by=request.user),
        "people": list(names.values_list("username", "name")),
        "verbs": list(audit.verbs()),
        "rows": page.rows,
        "next_url": f"?{_query(request, before=page.older)}" if page.older else "",
        "chain": event_log.chain(log),
        "entry": {"seq": shown.seq, "body": shown.body, "url": _case_url(shown.case)} if shown else None,
        "may_verify": access.has(request.user, "audit.verify"),
    }


def _case_url(case: UUID | None) -> str:
    return reverse("cases:case", args=[case]) if case else ""


@require_POST
def verify(request: SignedRequest) -> HttpResponse:
    """Recompute the chain of the person's log; the result is a message and an event."""
    user = request.user
    access.require(user, "audit.verify")
    log = event_log.log_of(user, node=request.POST.get("node") == "on")
    verdict = audit.verify(log)
    event_log.note_verified(verdict, by=user)
    if verdict.ok:
        messages.success(
            request,
            _("The log is whole: %(events)s entries computed again; the latest is %(head)s.")
            % {"events": digits(verdict.events), "head": verdict.head[:12]},
        )
        return redirect("workbench:audit")
    bad = verdict.first_bad or {}
    messages.error(
        request,
        _("The log is not whole: entry %(seq)s, %(why)s. The %(events)s before it are proven.")
        % {"seq": bad["seq"], "why": bad["why"], "events": digits(verdict.events)},
    )
    return redirect(f"{reverse('workbench:audit')}?{urlencode({'entry': bad['seq']})}")


def _query(request: SignedRequest, **changed: object) -> str:
    """The query string of this page without entry and place, with some values changed."""
    query = {name: request.GET[name] for name in (*SHOWN, "node") if request.GET.get(name)}
    return urlencode(query | changed)
