"""The health of the hash sets: beside what the sets say of themselves, what they do in the person's cases."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from cases import set_health, shown
from cases.models import Item
from hashsets import health, reads
from workbench import access
from workbench.requests import SignedRequest


@require_GET
def page(request: SignedRequest) -> HttpResponse:
    """Doubts, disagreements, hot hashes, bad records: one event. Who reviews is not told the categories of others."""
    user = request.user
    access.require(user, "set.list")
    in_cases = access.has(user, "item.view")
    sets = health.of_sets(user)
    context: dict[str, Any] = {
        "here": "hashsets",
        "sets": [one for one in sets if not one.well],
        "well": sum(one.well for one in sets),
        "doubtful": health.doubtful(user),
        "in_cases": in_cases,
        "blind": access.has(user, "batch.work"),
        "disagreements": [
            {"found": one, "state": shown.ITEM_WORDS[Item.State(one.state)], "kind": shown.ITEM_KINDS[one.state]}
            for one in (set_health.disagreements(user) if in_cases else [])
        ],
        "hot": set_health.hot(user) if in_cases else [],
    }
    reads.health(by=user, entries=sum(len(context[part]) for part in ("doubtful", "disagreements", "hot")))
    return render(request, "hashsets/health.html", context)
