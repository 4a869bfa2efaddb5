"""Publish in steps: the cases, what is ready in them and what leaves, the second signature, who has it."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from cases import to_sign
from cases.errors import ReadyChanged
from cases.models import Case
from cases.to_sign import InCase, InCategory, ToSign
from cases.views.publishing import tell
from hashsets import exchange_overview, mapping
from hashsets.models import HashSet
from workbench import access
from workbench.errors import BadInput
from workbench.requests import SignedRequest
from workbench.words import digits

HERE = {"here": "publish"}
FIRST, CHOOSE, CHECK, SECOND, SENT = range(5)


@require_http_methods(["GET", "POST"])
def sign(request: SignedRequest) -> HttpResponse:
    """Choose cases; check what is ready in them; sign it."""
    access.require(request.user, "offer.approve")
    cases = _chosen(request)
    if request.method == "POST":
        return _sign(request, cases)
    if not cases:
        rows = to_sign.choices(request.user)
        context = HERE | {"rows": rows, "steps": _steps(request, CHOOSE, rows=rows)}
        return render(request, "cases/sign/choose.html", context)
    shown = to_sign.look(request.user, cases)
    mapped = [(row, _maps_to(row)) for row in shown.rows]
    context = HERE | {
        "cases": cases,
        "shown": shown,
        "rows": mapped,
        "maps": any(maps_to for _row, maps_to in mapped),
        "held": to_sign.goes_nowhere(shown.held),
        "records": shown.sent[: to_sign.SHOWN],
        "readers": exchange_overview.readers(shown.sets),
        "here_too": any(row.reach == HashSet.Reach.NODE for row in shown.sets),
        "steps": _steps(request, CHECK, cases=cases, shown=shown),
    }
    return render(request, "cases/sign/check.html", context)


def _maps_to(row: InCategory) -> list[str]:
    return mapping.elsewhere(row.category.scheme, row.category.code) if row.category else []


def _sign(request: SignedRequest, cases: list[Case]) -> HttpResponse:
    try:
        outcome, sets = to_sign.sign(request.user, cases, seen=request.POST.get("seen", ""))
    except ReadyChanged as error:
        messages.error(request, str(error))
        return redirect(f"{reverse('cases:sign')}?{urlencode({'case': [row.public_id for row in cases]}, doseq=True)}")
    tell(request, "approve", outcome)
    return redirect(f"{reverse('cases:sent')}?{urlencode({'set': [row.public_id for row in sets]}, doseq=True)}")


@require_GET
def sent(request: SignedRequest) -> HttpResponse:
    """Who was told what was published, as it goes on."""
    access.require(request.user, "offer.approve")
    ids = _ids(request.GET.getlist("set"))
    sets = list(HashSet.objects.for_actor(request.user).filter(owner=request.user.agency_id, public_id__in=ids))
    readers = exchange_overview.readers(sets)
    context = HERE | {
        "sets": sets,
        "readers": readers,
        "waits": any(reader.peer.url and not reader.has_all for reader in readers),
        "again": f"?{urlencode({'set': ids}, doseq=True)}",
        "here_too": any(row.reach == HashSet.Reach.NODE for row in sets),
        "steps": _steps(request, SENT),
    }
    return render(request, "cases/sign/sent.html", context)


def _chosen(request: SignedRequest) -> list[Case]:
    """The cases named in the address or the form, of those in reach; others are as if not named."""
    asked = request.POST if request.method == "POST" else request.GET
    found = Case.objects.for_actor(request.user).filter(agency=request.user.agency_id)
    return list(found.filter(public_id__in=_ids(asked.getlist("case"))).order_by("number"))


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts]
    except ValueError as error:
        raise BadInput(noop("case must be the id of a case.")) from error


def _steps(
    request: SignedRequest,
    now: int,
    *,
    rows: list[InCase] | None = None,
    cases: list[Case] | None = None,
    shown: ToSign | None = None,
) -> list[dict[str, Any]]:
    """The bar of steps, each with a few words on how it stands."""
    new = sum(row.new + row.back for row in rows or [])
    told = [
        (_("First signature"), ", ".join(shown.first[:3]) if shown and shown.first else _("by who decided")),
        (_("Choose cases"), _cases(len(cases)) if cases else _("%(n)s wait") % {"n": digits(new)} if rows else ""),
        (_("Check"), _("%(n)s ready") % {"n": digits(len(shown.ready))} if shown else _("what leaves, and what stays")),
        (_("Second signature"), request.user.name),
        (_("Sent"), _("receipts from peers")),
    ]
    return [
        {"label": label, "small": small, "done": place < now, "now": place == now}
        for place, (label, small) in enumerate(told)
    ]


def _cases(number: int) -> str:
    return ngettext("%(n)s case", "%(n)s cases", number) % {"n": digits(number)}
