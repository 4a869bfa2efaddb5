"""Looking into a set: one hash with its history, and how much of it another set holds."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from hashsets import charges, comparisons, finding, reads, sets, tasks
from hashsets.comparisons import Overlap
from hashsets.models import HashSet
from workbench.api import limits
from workbench.errors import NotFound, WorkbenchError
from workbench.requests import SignedRequest
from workbench.waking import send
from workbench.words import digits


@require_http_methods(["GET", "POST"])
def find(request: SignedRequest, set_id: UUID) -> HttpResponse:
    """A hash in this set: what it is, since when, and what it was before."""
    hash_set = sets.reached(request.user, "set.lookup", set_id)
    text = request.POST.get("hash", "").strip()[:200]
    own = hash_set.owner_id == request.user.agency_id
    context: dict[str, Any] = {
        "here": "hashsets",
        "set": hash_set,
        "own": own,
        "hash": text,
        "error": "",
        "rows": None,
    }
    if request.method == "POST":
        charges.lookup(request.user)
        try:
            limits.spend_by_person(request.user, "hashes", 1, most=settings.PERSON_HASHES)
            context["rows"] = _rows(hash_set, finding.find(hash_set, text, by=request.user))
        except WorkbenchError as error:
            context["error"] = str(error)
    return render(request, "hashsets/find.html", context)


@require_GET
def overlap(request: SignedRequest, set_id: UUID) -> HttpResponse:
    """How much of this set another one holds, by category, and how much of that one this holds. One event.

    To ask what another agency's set holds is a look-up, however many hashes it is.
    """
    hash_set = sets.reached(request.user, "set.view", set_id)
    others = list(reads.comparable(hash_set, request.user)[:200])
    asked = request.GET.get("with", "")
    other = next((one for one in others if str(one.public_id) == asked), None)
    if asked and other is None:
        raise NotFound
    context: dict[str, Any] = {"here": "hashsets", "set": hash_set, "others": others, "other": other, "sides": []}
    if other:
        reads.overlap(hash_set, other, by=request.user)
        context["sides"] = [_side(hash_set, other), _side(other, hash_set)]
    return render(request, "hashsets/overlap.html", context)


def _rows(hash_set: HashSet, found: list[finding.Known]) -> list[dict[str, Any]]:
    known = {category.code: category for category in hash_set.scheme.categories.all()}
    return [{"entry": one, "category": known.get(one.code)} for one in found]


def _side(part: HashSet, whole: HashSet) -> dict[str, Any]:
    """One direction, as of the two versions in force; `counted` None: a worker is at it, or `error` says why not."""
    side: dict[str, Any] = {"part": part, "whole": whole, "counted": None, "error": ""}
    try:
        counted = comparisons.overlap(part, whole)
    except comparisons.GivenUp as error:
        return side | {"error": str(error)}
    if counted is None:
        send(tasks.compare, part.pk, part.generation, whole.pk, whole.generation)
    return side | {"counted": counted, **(_shown(part, counted) if counted else {})}


def _shown(part: HashSet, counted: Overlap) -> dict[str, Any]:
    known = {category.code: category for category in part.scheme.categories.all()}
    rows: dict[str, dict[str, Any]] = {}
    for code, there, number, differ in counted.rows:
        row = rows.setdefault(code, {"code": code, "category": known.get(code), "total": 0, "common": 0,
                                     "differ": 0, "there": []})  # fmt: skip
        row["total"] += number
        if there is not None:
            row["common"] += number
            row["differ"] += differ
            row["there"].append(_("%(number)s as %(code)s") % {"number": digits(number), "code": there or "–"})
    share = round(100 * counted.common / counted.total, 1) if counted.total else 0
    return {"rows": list(rows.values()), "share": share}
