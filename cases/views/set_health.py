"""The health of the hash sets: beside what the sets say of themselves, what they do in the person's cases."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from cases import contradictions, listing, set_health, shown
from cases.models import Item
from hashsets import health, reads
from hashsets.patience import TakesLonger
from workbench import access
from workbench.models import User
from workbench.requests import SignedRequest

Asked = TypeVar("Asked")


@require_GET
def page(request: SignedRequest) -> HttpResponse:
    """Doubts, disagreements, hot hashes, bad records: one event. Who reviews is not told the categories of others."""
    user = request.user
    access.require(user, "set.list")
    in_cases = access.has(user, "item.view")
    sets = health.of_sets(user)
    torn, torn_late = _patiently(set_health.disagreements, user) if in_cases else ([], "")
    hot, hot_late = _patiently(set_health.hot, user) if in_cases else ([], "")
    context: dict[str, Any] = {
        "here": "hashsets",
        "sets": [one for one in sets if not one.well],
        "well": sum(one.well for one in sets),
        "doubtful": health.doubtful(user),
        "in_cases": in_cases,
        "blind": access.has(user, "batch.work"),
        "disagreements": [_torn(one) for one in torn if one.means_other],
        "otherwise": [_torn(one) for one in torn if not one.means_other],
        "torn_late": torn_late,
        "decided": _decided(request) if contradictions.may_see(user) else None,
        "hot": hot,
        "hot_late": hot_late,
    }
    told = sum(len(context[part]) for part in ("doubtful", "disagreements", "otherwise", "hot"))
    reads.health(by=user, entries=told + len((context["decided"] or {}).get("rows", [])))
    return render(request, "hashsets/health.html", context)


def _patiently(ask: Callable[[User], list[Asked]], user: User) -> tuple[list[Asked], str]:
    """What was asked for; nothing, and why, where it takes longer than a page may wait."""
    try:
        return ask(user), ""
    except TakesLonger as late:
        return [], str(late)


def _torn(one: set_health.Disagreement) -> dict[str, Any]:
    return {"found": one, "state": _(shown.ITEM_WORDS[Item.State(one.state)]), "kind": shown.ITEM_KINDS[one.state]}


def _decided(request: SignedRequest) -> dict[str, Any]:
    """What people decided otherwise than sets say: how many by set, and a page of them."""
    after = listing.after_key(request.GET.get("decided"))
    try:
        page = contradictions.page(request.user, after=after)
    except TakesLonger as late:
        return {"late": str(late), "rows": []}
    told = {"rows": page.rows, "next": page.next, "from_start": bool(after)}
    try:
        counts, is_all = contradictions.counts(request.user)
    except TakesLonger:
        return told | {"uncounted": True}
    return told | {"counts": counts, "is_all": is_all}
