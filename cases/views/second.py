"""Second views for supervisors: what waits, how far people agree, and how many second views the agency asks for."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_noop as noop
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from cases import listing
from cases.models import Case
from cases.second import agreement, shares
from cases.second.kappa import LEAST_PAIRS
from hashsets.models import Scheme
from workbench import access
from workbench.errors import BadInput
from workbench.requests import SignedRequest


@require_GET
def second(request: SignedRequest) -> HttpResponse:
    """Agreement by category, the matrix, what waits, and the shares."""
    access.require(request.user, "second.agreement")
    offered = schemes(request)
    scheme, days = chosen(request, offered), _days(request)
    met = agreement.pairs(request.user, scheme, days) if scheme else {}
    context = {
        "here": "second",
        "schemes": offered,
        "scheme": scheme,
        "days": days,
        "periods": agreement.DAYS,
        "least": LEAST_PAIRS,
        "lines": agreement.by_category(scheme, met) if scheme else [],
        "matrix": matrix(scheme, met) if scheme else [],
        "categories": list(scheme.categories.all()) if scheme else [],
        "awaited": agreement.awaited(request.user),
        "shares": shares.of(request.user.agency, scheme) if scheme else [],
        "check_share": shares.of_checks(request.user.agency),
        "checks": agreement.checks(request.user, scheme, days) if scheme else (0, 0),
        "may_share": access.has(request.user, "second.share"),
    }
    return render(request, "cases/second.html", context)


@require_GET
def pairs(request: SignedRequest) -> HttpResponse:
    """The items of one cell of the matrix."""
    access.require(request.user, "second.agreement")
    scheme, days = chosen(request, schemes(request)), _days(request)
    by_code = {category.code: category for category in scheme.categories.all()} if scheme else {}
    first, other = (by_code.get(request.GET.get(name, "")) for name in ("first", "second"))
    if scheme is None or first is None or other is None:
        raise BadInput(noop("Choose a cell of the matrix."))
    before = listing.after_key(request.GET.get("after"))
    rows = agreement.items(request.user, scheme, days, (first.code, other.code), before)
    page, more = rows[: agreement.PAGE], len(rows) > agreement.PAGE
    context = {
        "here": "second",
        "scheme": scheme,
        "days": days,
        "first": first,
        "second": other,
        "rows": [(row, by_code.get(row.ruled or "")) for row in page],
        "next_url": listing.next_url(request.GET, page[-1].id if more else None),
    }
    return render(request, "cases/second_pairs.html", context)


@require_POST
def change_shares(request: SignedRequest) -> HttpResponse:
    """Set the shares of a scheme, with a reason."""
    access.require(request.user, "second.share")
    scheme = chosen(request, schemes(request))
    if scheme is None:
        raise BadInput(noop("No case of your agency has a scheme yet."))
    asked = {key.partition(":")[2]: _percent(value) for key, value in request.POST.items() if key.startswith("share:")}
    checks = _percent(request.POST["checks"]) if "checks" in request.POST else None
    reason = request.POST.get("reason", "")
    done = shares.change(scheme=scheme, percents=asked, by=request.user, reason=reason, checks=checks)
    messages.success(request, ngettext("%d share changed.", "%d shares changed.", done) % done)
    return redirect(f"{reverse('cases:second')}?scheme={scheme.scheme_id}")


def _percent(text: Any) -> int:
    if not (isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= 3):
        raise BadInput(noop("A share is a whole number from 0 to 100."))
    return int(text)


def schemes(request: SignedRequest) -> list[Scheme]:
    """The schemes of the cases in reach, of each the newest version that a case has."""
    used = Case.objects.for_actor(request.user).filter(agency=request.user.agency_id).values("scheme")
    found = Scheme.objects.filter(pk__in=used).order_by("scheme_id", "-version")
    newest: dict[str, Scheme] = {}
    for scheme in found:
        newest.setdefault(scheme.scheme_id, scheme)
    return sorted(newest.values(), key=lambda scheme: scheme.name)


def chosen(request: SignedRequest, offered: list[Scheme]) -> Scheme | None:
    """The scheme that is asked for, else the first."""
    wanted = (request.POST if request.method == "POST" else request.GET).get("scheme", "")
    return next((scheme for scheme in offered if scheme.scheme_id == wanted), offered[0] if offered else None)


def _days(request: SignedRequest) -> int:
    text = request.GET.get("days", "90")
    found = next((days for days in agreement.DAYS if str(days) == text), None)
    if found is None:
        raise BadInput(f"days must be one of {', '.join(map(str, agreement.DAYS))}.")
    return found


def matrix(scheme: Scheme, met: dict[tuple[str, str], int]) -> list[dict[str, Any]]:
    """A row for each first category, a cell for each second one."""
    every = list(scheme.categories.all())
    return [
        {
            "first": first,
            "cells": [
                {"second": other, "number": met.get((first.code, other.code), 0), "same": first == other}
                for other in every
            ],
        }
        for first in every
    ]
