"""A person's own keys: each can be changed, and all that type a character switched off (WCAG 2.1.4)."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_http_methods, require_POST

from workbench import keyboard
from workbench.errors import BadInput
from workbench.keyboard import CHANGEABLE, GROUPS, KeyNotFree, KeyTaken
from workbench.requests import SignedRequest

LONGEST = 40  # characters of a key's name


@require_http_methods(["GET", "POST"])
def keys(request: SignedRequest) -> HttpResponse:
    """The page; a POST keeps all of it, or with `act` = "default" goes back to how keys came."""
    if request.method != "POST":
        return _page(request, keyboard.own_keys(request.user))
    if request.POST.get("act") == "default":
        keyboard.choose(by=request.user, keys={}, single=keyboard.single_on(request.user))
        messages.success(request, _("All keys are as they came."))
        return redirect("workbench:keys")
    wanted = _wanted(request)
    try:
        keyboard.choose(by=request.user, keys=wanted, single=request.POST.get("single") == "1")
    except (KeyTaken, KeyNotFree) as error:
        return _page(request, wanted, error)
    messages.success(request, _("Your keys are kept. They hold on every desk from now on."))
    return redirect("workbench:keys")


def _wanted(request: HttpRequest) -> dict[str, str]:
    """Keys as they were typed into the form, by command. Raises BadInput for what no form sends."""
    sent = {name: request.POST[name] for name in CHANGEABLE if name in request.POST}
    if any(len(key) > LONGEST for key in sent.values()):
        raise BadInput(noop("No key has so long a name. Load the page again."))
    return sent


def _page(request: SignedRequest, wanted: dict[str, str], error: KeyTaken | KeyNotFree | None = None) -> HttpResponse:
    decide, *others = [
        {"id": group, "name": name, "rows": [_row(one, wanted) for one in CHANGEABLE.values() if one.group == group]}
        for group, name in GROUPS.items()
    ]
    context: dict[str, Any] = {
        "here": "account",
        "columns": [[decide], others],
        "single": keyboard.single_on(request.user) if not error else request.POST.get("single") == "1",
        "error": str(error) if error else "",
        "clash": error.details if error else [],
        "changed": bool(keyboard.own_keys(request.user)),
    }
    return render(request, "workbench/keys.html", context, status=error.status if error else 200)


def _row(command: keyboard.Command, wanted: dict[str, str]) -> dict[str, Any]:
    came = command.keys[0]
    return {"id": command.id, "text": command.text, "key": wanted.get(command.id) or came, "came": came,
            "is_category": bool(command.category)}  # fmt: skip


@require_POST
def single(request: SignedRequest) -> HttpResponse:
    """Switch keys that type a character off or on, from the sheet of keys."""
    if request.POST.get("on") not in {"0", "1"}:
        raise BadInput("on must be 0 or 1.")
    keyboard.switch(by=request.user, single=request.POST["on"] == "1")
    return JsonResponse({})
