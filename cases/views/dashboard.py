"""The dashboard: where the agency's cases stand, for supervisors. Of teams and days, never of one person's pace."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from cases import budgets, shown, waits
from cases.care import oversight
from cases.days import dashboard, report, words
from cases.days.dashboard import PERIODS, Dashboard
from cases.models import Case
from cases.second import agreement
from cases.second.agreement import OfCategory
from cases.second.kappa import LEAST_PAIRS
from cases.views.second import chosen, matrix, schemes
from hashsets.models import Scheme
from workbench import access
from workbench.errors import BadInput
from workbench.requests import SignedRequest
from workbench.words import digits

USUAL = 14  # days
OPEN_CASES = 50  # that are looked through for what waits in them, the earliest due first
SHADES = 4  # of a cell of the matrix in which two people differ


@require_GET
def page(request: SignedRequest) -> HttpResponse:
    """Figures, days, backlog, what waits, agreement, limits crossed today."""
    access.require(request.user, "dashboard.view")
    user, days = request.user, _days(request)
    offered = schemes(request)
    scheme = chosen(request, offered)
    found, met = dashboard.of(user, days), _pairs(request, scheme, days)
    lines = agreement.by_category(scheme, met) if scheme else []
    context = {
        "here": "dashboard",
        "days": days,
        "periods": PERIODS,
        "found": found,
        "none": found.cases == 0,
        "decided": words.decided(found.period),
        "backlog": words.burndown(found.backlog, None),
        "hours": _hours(found),
        "took": _took(found),
        "age": shown.age(found.oldest.since, timezone.now()) if found.oldest else "",
        "waiting": waits.of(user, _cases(request)) + waits.second_views(user),
        "schemes": offered,
        "scheme": scheme,
        "least": LEAST_PAIRS,
        "lines": lines,
        "all_of_it": lines[-1] if lines else None,
        "matrix": _shaded(matrix(scheme, met)) if scheme and met else [],
        "categories": list(scheme.categories.all()) if scheme else [],
        "people": [one for one in oversight.today(user.agency) if one.reached or one.extra or one.skipped],
        "may_override": access.has(user, "care.override"),
    }
    return render(request, "cases/dashboard.html", context)


@require_GET
def report_file(request: SignedRequest) -> HttpResponse:
    """The same figures as CSV; an event."""
    access.require(request.user, "dashboard.view")
    budgets.charge(request.user, budgets.DOWNLOADS)
    days, scheme = _days(request), chosen(request, schemes(request))
    met = _pairs(request, scheme, days)
    lines: list[OfCategory] = agreement.by_category(scheme, met) if scheme else []
    found, name = dashboard.of(request.user, days), scheme.scheme_id if scheme else ""
    content = report.write(found, lines, met, by=request.user, days=days, scheme=name)
    answer = HttpResponse(content, content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="figures-{found.backlog.today.isoformat()}.csv"'
    return answer


def _days(request: SignedRequest) -> int:
    text = request.GET.get("days", str(USUAL))
    found = next((days for days in PERIODS if str(days) == text), None)
    if found is None:
        raise BadInput(f"days must be one of {', '.join(map(str, PERIODS))}.")
    return found


def _cases(request: SignedRequest) -> list[Case]:
    found = Case.objects.for_actor(request.user).filter(agency=request.user.agency, state=Case.State.OPEN)
    return list(found.order_by("due", "pk")[:OPEN_CASES])


def _pairs(request: SignedRequest, scheme: Scheme | None, days: int) -> dict[tuple[str, str], int]:
    return agreement.pairs(request.user, scheme, days) if scheme else {}


def _hours(found: Dashboard) -> str:
    """`12 h`: what is left at the pace of the last weeks."""
    if found.hours is None:
        return ""
    if found.hours < 1:
        return _("%(n)s min") % {"n": digits(60 * found.hours, 0)}
    return _("%(n)s h") % {"n": digits(found.hours, 0)}


def _took(found: Dashboard) -> str:
    """From decision to published, in words; empty where nothing was published."""
    median = found.published.median
    return shown.age(timezone.now() - median, timezone.now()) if median is not None else ""


def _shaded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """How dark each cell is in which two people differ: 0 to SHADES, the largest darkest."""
    most = max((cell["number"] for row in rows for cell in row["cells"] if not cell["same"]), default=0)
    for row in rows:
        for cell in row["cells"]:
            cell["shade"] = -(-SHADES * cell["number"] // most) if most and not cell["same"] else 0
    return rows
