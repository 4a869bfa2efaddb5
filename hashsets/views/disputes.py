"""What organisations differ on: for a supervisor of the owner to work through, one after the other."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_GET

from hashsets import disputes
from hashsets.disputes import Dispute, Place
from hashsets.forms import ResolutionForm
from hashsets.models import Category
from hashsets.views.exchange import HERE, decided_url
from workbench import access
from workbench.errors import BadInput
from workbench.requests import SignedRequest


@require_GET
def index(request: SignedRequest) -> HttpResponse:
    """Who says what, since when, and how it ends; below, what waits for others."""
    access.require(request.user, "entry.disputes")
    found, place = disputes.of_ours(request.user, _after(request.GET.get("after", "")))
    may = access.has(request.user, "entry.resolve")
    others = disputes.of_others(request.user)
    known = _categories([*found, *others])
    context = HERE | {
        "rows": [
            {"it": one, "category": known.get((one.set.scheme_id, one.code)), "said": _said(one, known)}
            | {"form": ResolutionForm(hash_set=one.set, auto_id=f"r{one.id}_%s") if may else None}
            for one in found
        ],
        "others": [
            {"it": one, "category": known.get((one.set.scheme_id, one.code)), "said": _said(one, known)}
            for one in others
        ],
        "next_url": f"?after={place.set}-{place.entry}" if place else "",
        "decided_url": decided_url(),
    }
    return render(request, "hashsets/exchange/disputes.html", context)


Known = dict[tuple[int, str], Category]


def _categories(found: list[Dispute]) -> Known:
    rows = Category.objects.filter(scheme__in={one.set.scheme_id for one in found})
    return {(row.scheme_id, row.code): row for row in rows}


def _said(one: Dispute, known: Known) -> list[dict[str, object]]:
    return [
        {"organisation": name, "vote": vote, "category": known.get((one.set.scheme_id, vote.code))}
        for name, vote in one.said
    ]


def _after(text: str) -> Place:
    """Where a page begins, from its address. Raises BadInput."""
    of_set, _, entry = text.partition("-")
    if not text:
        return Place()
    if not (of_set.isascii() and of_set.isdecimal() and entry.isascii() and entry.isdecimal() and len(text) < 38):
        raise BadInput(noop("This page address is damaged. Start from the first page."))
    return Place(int(of_set), int(entry))
