"""Looking hashes up: known or unknown, in which sets, under which category."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hashsets import answers_csv, charges, lookups
from hashsets.lookups import Answer, Row
from hashsets.models import Category
from workbench import access
from workbench.api import limits
from workbench.requests import SignedRequest
from workbench.views.errors import wants_json
from workbench.visible import visible

MOST_FOUND = 200  # rows of a page, and as many unknown hashes; the file of the answer has all
MOST_PROBLEMS = 20
LAST_PURPOSE = "lookup_purpose"  # in the session: people ask in rows, and mostly for one thing


@require_http_methods(["GET", "POST"])
def lookup(request: SignedRequest) -> HttpResponse:
    """Paste hashes; the page's script asks here too, for files that it hashed. Each look-up is an event."""
    access.require(request.user, "set.lookup")
    if request.method == "POST" and wants_json(request):
        return JsonResponse(_told(_asked(request)))
    purpose = request.POST.get("purpose") or request.session.get(LAST_PURPOSE, "")
    context: dict[str, Any] = {
        "here": "lookup",
        "hashes": request.POST.get("hashes", ""),
        "purpose": purpose,
        "shortest": lookups.PURPOSE[0],
        "longest": lookups.PURPOSE[1],
        "turned": bool(request.POST.get("turned")),
        "errors": [],
        "asked": False,
    }
    if request.method == "POST" and not context["hashes"].strip():
        context["errors"] = [_("Paste at least one hash.")]
    elif request.method == "POST":
        try:
            rows = _asked(request)
        except (lookups.TooMany, lookups.PurposeNeeded, limits.TooOften) as error:
            context["errors"] = [str(error)]
        else:
            if request.POST.get("save"):
                return _saved(rows)
            context |= _answer(rows)
    return render(request, "hashsets/lookup.html", context)


def _asked(request: SignedRequest) -> list[Row]:
    """Look up what was sent, and remember the purpose for the next time."""
    purpose, found = request.POST.get("purpose", ""), lookups.read(request.POST.get("hashes", ""))
    limits.spend_by_person(request.user, "hashes", len(found), most=settings.PERSON_HASHES)
    charges.lookup(request.user)
    rows = lookups.ask_read(found, by=request.user, purpose=purpose, turned=bool(request.POST.get("turned")))
    request.session[LAST_PURPOSE] = lookups.stated(purpose)
    return rows


def _saved(rows: list[Row]) -> HttpResponse:
    """Every line of the answer, as a file. It was asked for anew, and is an event of its own."""
    answer = HttpResponse(answers_csv.written(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="look-up.csv"'
    return answer


def _answer(rows: list[Row]) -> dict[str, Any]:
    """What the page shows: hits first, then what nobody knows, then what is no hash; of each the first ones."""
    problems = [row for row in rows if row[1].problem]
    hits = sorted((row for row in rows if row[1].hits), key=lambda row: not row[1].known)
    unknown = [row for row in rows if not row[1].hits and not row[1].problem]
    return {
        "asked": True,
        "known": sum(answer.known for _one, answer in hits),
        "alike": sum(not answer.known for _one, answer in hits),
        "unknown": len(unknown),
        "no_hashes": len(problems),
        "rows": _rows(hits[:MOST_FOUND]),
        "more_rows": max(0, len(hits) - MOST_FOUND),
        "misses": _rows(unknown[:MOST_FOUND]),
        "more_misses": max(0, len(unknown) - MOST_FOUND),
        "problems": [
            {"line": one.line, "text": visible(one.text[:80]), "why": _(answer.problem)}
            for one, answer in problems[:MOST_PROBLEMS]
        ],
        "more_problems": max(0, len(problems) - MOST_PROBLEMS),
    }


def _rows(rows: list[Row]) -> list[dict[str, Any]]:
    """The answers with the categories as the scheme draws them. One query."""
    found = {hit.category_id for _one, answer in rows for hit in answer.hits if hit.category_id}
    categories = Category.objects.in_bulk(found) if found else {}
    return [
        {
            "line": one.line,
            "name": visible(one.name),
            "hash": answer.hash,
            "kind": answer.kind,
            "known": answer.known,
            "more": answer.more,
            "matches": _matches(answer, categories),
        }
        for one, answer in rows
    ]


def _matches(answer: Answer, categories: dict[int, Category]) -> list[dict[str, Any]]:
    return [
        hit.as_json()
        | {
            "set": f"{hit.set} v{hit.version}",
            "code": visible(hit.category),
            "category": categories.get(hit.category_id or 0),
        }
        for hit in answer.hits
    ]


def _told(rows: list[Row]) -> dict[str, Any]:
    """The same for the page's script: known hashes only, and of a category what is drawn."""
    known = {answer.hash: (one, answer) for one, answer in rows if answer.known}
    told = _rows(list(known.values()))
    for match in (match for row in told for match in row["matches"]):
        drawn = match["category"]
        match["category"] = drawn and {name: getattr(drawn, name) for name in ("code", "name", "colour", "glyph")}
    return {"asked": len(rows), "answers": told}
