"""My work, and going to anything by its number or hash."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from cases import budgets, finding
from cases.views import panels
from workbench import access
from workbench.errors import NotFound
from workbench.requests import SignedRequest


@require_GET
def home(request: SignedRequest) -> HttpResponse:
    """Where the person stopped, the queues by due date, what waits, the cases followed; each panel for itself."""
    access.require(request.user, "case.list")
    main, side = ([panels.panel(request, name) for name in where] for where in (panels.MAIN, panels.SIDE))
    context = {
        "here": "home",
        "today": timezone.localdate(),
        "may_create": access.has(request.user, "case.create"),
        "main": main,
        "side": side,
        "is_empty": not any(panel.strip() for panel in [*main, *side]),
        "may_audit": access.has(request.user, "audit.read"),
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
def goto(request: SignedRequest) -> HttpResponse:
    """Straight to what the text names where that is one thing; else all that it may mean."""
    access.require(request.user, "case.list")
    asked = request.GET.get("q", "").strip()[:200]
    budgets.search(request.user)
    found = finding.find(request.user, asked)
    exact = {one.url for one in found if one.is_exact}
    if len(exact) == 1:
        return redirect(exact.pop())
    return render(request, "cases/found.html", {"here": "cases", "q": asked, "rows": found})


@require_GET
def goto_list(request: SignedRequest) -> HttpResponse:
    """The same for the list below the field, as JSON."""
    access.require(request.user, "case.list")
    budgets.search(request.user)
    found = finding.find(request.user, request.GET.get("q", ""))
    return JsonResponse({"found": [one.as_json() for one in found]})
