"""What a match of a set does in the person's agency: what holds now, and what is to hold."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_http_methods

from hashsets import policies
from hashsets.forms import PolicyForm
from hashsets.models import Disposition, HashSet, Policy
from hashsets.policies import InForce
from workbench import access
from workbench.errors import BadInput
from workbench.requests import SignedRequest

CHOSEN = {
    "own": lazy("chosen by this agency"),
    "all": lazy("from the policy for all dispositions"),
    "default": lazy("the default; this agency chose nothing"),
}


@require_http_methods(["GET", "POST"])
def policy(request: SignedRequest, set_id: UUID) -> HttpResponse:
    """The form starts from what holds; what changes nothing is no event."""
    hash_set: HashSet = access.get(request.user, "set.policy", HashSet, set_id)
    disposition = _disposition(request)
    now = policies.in_force(hash_set, request.user.agency, disposition)
    form = PolicyForm(request.POST or None, initial=_start(disposition, now))
    if form.is_valid():
        try:
            _carry_out(request, hash_set, disposition, now, form.cleaned_data)
        except BadInput as error:
            form.add_error(None, str(error))
        else:
            return redirect("hashsets:set", hash_set.public_id)
    context = {
        "here": "hashsets",
        "set": hash_set,
        "form": form,
        "about": Disposition(disposition).label if disposition else "",
        "now": _told(now),
        "beneath": now.chosen == "own"
        and _told(policies.in_force(hash_set, request.user.agency, disposition, beneath=True)),
    }
    return render(request, "hashsets/policy.html", context, status=400 if form.errors else 200)


def _carry_out(
    request: SignedRequest, hash_set: HashSet, disposition: str | None, now: InForce, data: dict[str, Any]
) -> None:
    """Set the policy, or remove it, unless that is how it is; and say so."""
    who = {"agency": request.user.agency, "by": request.user, "disposition": disposition, "reason": data["reason"]}
    wanted = {name: data[name] for name in ("action", "min_trust", "may_discard")}
    if data["back"]:
        changed = policies.back_to_default(hash_set, **who)
    elif changed := wanted != {name: getattr(now, name) for name in wanted}:
        policies.set_policy(hash_set, **who, **wanted)
    if not changed:
        messages.info(request, _("Nothing changed: that is what holds already."))
    elif data["back"]:
        messages.success(request, _("The policy is removed. Open cases are being matched again."))
    else:
        messages.success(request, _("The policy is in force. Open cases are being matched again."))


def _disposition(request: SignedRequest) -> str | None:
    """The one that is asked about; None for all. Raises BadInput."""
    asked = (request.POST if request.method == "POST" else request.GET).get("disposition") or None
    if asked is not None and asked not in Disposition.values:
        raise BadInput(noop("There is no such disposition. Choose one on the page of the set."))
    return asked


def _start(disposition: str | None, now: InForce) -> dict[str, Any]:
    return {
        "disposition": disposition or "",
        "action": now.action,
        "min_trust": now.min_trust,
        "may_discard": now.may_discard,
    }


def _told(rule: InForce) -> dict[str, Any]:
    """A policy in words, and who chose it."""
    words = _("%(action)s, from %(trust)s on") % {
        "action": Policy.Action(rule.action).label,
        "trust": _(rule.min_trust),
    }
    discards = _(", harmless may be hidden") if rule.may_discard else ""
    return {"words": words + discards, "chosen": str(CHOSEN[rule.chosen]), "is_default": rule.chosen == "default"}
