"""Ruling: the disagreements that wait, one of them to read, and the category that settles it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_GET, require_http_methods

from cases import contradictions, listing, notes, problems, strip
from cases.errors import AnotherPersonNeeded
from cases.forms import SupersedeForm
from cases.grounds import CONFIDENCE
from cases.models import Disagreement
from cases.second import blind, ruling
from hashsets.models import Category
from workbench import access
from workbench.errors import BadInput
from workbench.requests import SignedRequest
from workbench.words import digits


@require_GET
def rulings(request: SignedRequest) -> HttpResponse:
    """The list, with the first one open beside it."""
    access.require(request.user, "ruling.view")
    rows = _rows(request)
    first = _found(request, rows[0].public_id) if rows else None
    return _page(request, rows, first)


@require_http_methods(["GET", "POST"])
def one(request: SignedRequest, disagreement: UUID) -> HttpResponse:
    """One disagreement; POST rules on it."""
    found = _found(request, disagreement)
    if request.method == "POST":
        return _rule(request, found)
    if found.closed_at is not None:
        messages.info(request, _("This disagreement is settled."))
        return redirect(_address(request))
    if ruling.is_party(found, request.user):
        raise AnotherPersonNeeded(noop("You gave one of the two codes: another supervisor rules."))
    return _page(request, _rows(request), found)


def _found(request: SignedRequest, disagreement: UUID) -> Disagreement:
    scoped = Disagreement.objects.for_actor(request.user).filter(case__agency=request.user.agency_id)
    scoped = scoped.exclude(decision__content__in=blind.contents(request.user))
    related = scoped.select_related("decision", "opinion", "case__scheme", "case__agency")
    permission = "ruling.set" if request.method == "POST" else "ruling.view"
    found: Disagreement = access.get_from(request.user, permission, related, disagreement)
    return found


def _rule(request: SignedRequest, found: Disagreement) -> HttpResponse:
    form = SupersedeForm(request.POST, case=found.case)
    if not form.is_valid():
        raise BadInput(noop("Choose a category and say why."))
    following = _after(request, found)
    ruling.rule(disagreement=found, by=request.user, **form.cleaned_data)
    messages.success(request, _("Ruled. Both codes and your reason stay in the record."))
    return redirect(following)


def _after(request: SignedRequest, found: Disagreement) -> str:
    """Where to go on: the next one behind this, then the list."""
    rows = ruling.waiting(request.user, blocks=_blocks(request), after=found.pk, limit=1)
    return _address(request, rows[0].public_id if rows else None)


def _blocks(request: SignedRequest) -> bool:
    return request.GET.get("blocks") == "1"


def _address(request: SignedRequest, one: UUID | None = None) -> str:
    """The address of one, or of the list, with the same filter."""
    path = reverse("cases:ruling", args=[one]) if one else reverse("cases:rulings")
    return f"{path}?blocks=1" if _blocks(request) else path


def _rows(request: SignedRequest) -> list[ruling.Row]:
    return ruling.waiting(
        request.user,
        blocks=_blocks(request),
        after=listing.after_key(request.GET.get("after")),
        limit=ruling.PAGE + 1,
    )


def _page(request: SignedRequest, rows: list[ruling.Row], found: Disagreement | None) -> HttpResponse:
    schemes = {row.scheme for row in rows} | ({found.case.scheme_id} if found else set())
    categories = {(row.scheme_id, row.code): row for row in Category.objects.filter(scheme__in=schemes)}
    page, more = rows[: ruling.PAGE], len(rows) > ruling.PAGE
    context: dict[str, Any] = {
        "here": "ruling",
        "blocks": _blocks(request),
        "rows": [_row(request, row, categories, found) for row in page],
        "next_url": listing.next_url(request.GET, page[-1].id if more else None),
        "open": _open(request, found, categories) if found else None,
    }
    return render(request, "cases/ruling.html", context)


def _row(
    request: SignedRequest, row: ruling.Row, categories: dict[tuple[int, str], Category], found: Disagreement | None
) -> dict[str, Any]:
    return {
        "row": row,
        "url": _address(request, row.public_id),
        "one": categories.get((row.scheme, row.one)),
        "other": categories.get((row.scheme, row.other)),
        "here": bool(found and found.pk == row.id),
    }


def _open(request: SignedRequest, found: Disagreement, by_code: dict[tuple[int, str], Category]) -> dict[str, Any]:
    told, case = ruling.show(found), found.case
    of = {code: category for (scheme, code), category in by_code.items() if scheme == case.scheme_id}
    refs = sorted({place["exhibit"] for place in told.places})
    lists = contradictions.of_decisions([found.decision_id]) if contradictions.may_see(request.user) else {}
    return {
        "disagreement": found,
        "case": case,
        "item": told.item,
        "name": told.places[0]["name"] if told.places else "",
        "preview_reason": problems.words(told.item.content.preview_reason),
        "strip": strip.of(told.item),
        "notes": notes.unnamed(told.item, request.user),
        "sides": [
            {
                "category": of.get(side.code),
                "reason": side.reason,
                "confidence": CONFIDENCE[side.confidence],
                "moment": side.moment,
                "looked": side.looked,
                "unveiled": _("%(n)s s") % {"n": digits(side.unveiled_ms / 1000, 1)},
            }
            for side in told.sides
        ],
        "unsure": told.unsure,
        "files": len(told.places),
        "exhibits": ", ".join(refs),
        "alike": [(of.get(code), number) for code, number in told.alike],
        "precedent": [(of.get(code), number) for code, number in told.precedent],
        "precedents": sum(number for _code, number in told.precedent),
        "waits": told.waits,
        "lists_say": [one.text for one in lists.get(found.decision_id, [])],
        "dispositions": [(side, side.get_disposition_display()) for side in _both(told, of)],
        "categories": list(case.scheme.categories.all()),
        "later": _after(request, found),
        "act": _address(request, found.public_id),
    }


def _both(told: ruling.Shown, of: dict[str, Category]) -> list[Category]:
    return [of[side.code] for side in told.sides if side.code in of]
