"""Looking hashes up: known or unknown, in which sets, under which category."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hashsets import lookups
from hashsets.lookups import Answer
from hashsets.models import Category
from workbench import access
from workbench.api import limits
from workbench.requests import SignedRequest
from workbench.views.errors import wants_json

MOST_ROWS = 1000  # a page of ten thousand rows takes a browser seconds; the command answers every line
LAST_PURPOSE = "lookup_purpose"  # in the session: people ask in rows, and mostly for one thing


@require_http_methods(["GET", "POST"])
def lookup(request: SignedRequest) -> HttpResponse:
    """Paste hashes, one a line; the page's script asks here too, for files that it hashed. Each look-up is an event."""
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
    if request.method == "POST" and not context["hashes"].split():
        context["errors"] = [_("Paste at least one hash.")]
    elif request.method == "POST":
        try:
            context |= _answer(_asked(request))
        except (lookups.TooMany, lookups.PurposeNeeded, limits.TooOften) as error:
            context["errors"] = [str(error)]
    return render(request, "hashsets/lookup.html", context)


def _asked(request: SignedRequest) -> list[Answer]:
    """Look up what was sent, and remember the purpose for the next time."""
    purpose, hashes = request.POST.get("purpose", ""), request.POST.get("hashes", "").split()
    limits.spend_by_person(request.user, "hashes", len(hashes), most=settings.PERSON_HASHES)
    answers = lookups.ask(hashes, by=request.user, purpose=purpose, turned=bool(request.POST.get("turned")))
    request.session[LAST_PURPOSE] = lookups.stated(purpose)
    return answers


def _answer(answers: list[Answer]) -> dict[str, Any]:
    known = sum(answer.known for answer in answers)
    notes = [f"{answer.hash}: {answer.problem}" for answer in answers if answer.problem][:20]
    if len(answers) > MOST_ROWS:
        answers.sort(key=lambda answer: not answer.known)
        text = _("Of %(all)d lines, %(shown)d are shown, the known ones first.")
        notes.append(text % {"all": len(answers), "shown": MOST_ROWS})
    return {
        "asked": True,
        "known": known,
        "unknown": len(answers) - known,
        "errors": notes,
        "rows": _rows(answers[:MOST_ROWS]),
    }


def _rows(answers: list[Answer]) -> list[dict[str, Any]]:
    """The answers with the categories as the scheme draws them. One query."""
    categories = Category.objects.in_bulk({hit.category_id for one in answers for hit in one.hits if hit.category_id})
    return [
        {
            "hash": answer.hash,
            "kind": answer.kind,
            "known": answer.known,
            "more": answer.more,
            "matches": [
                hit.as_json()
                | {
                    "set": f"{hit.set} v{hit.version}",
                    "code": hit.category,
                    "category": categories.get(hit.category_id),
                }
                for hit in answer.hits
            ],
        }
        for answer in answers
    ]


def _told(answers: list[Answer]) -> dict[str, Any]:
    """The same for the page's script: known hashes only, and of a category what is drawn."""
    rows = _rows(list({answer.hash: answer for answer in answers if answer.known}.values()))
    for match in (match for row in rows for match in row["matches"]):
        drawn = match["category"]
        match["category"] = drawn and {name: getattr(drawn, name) for name in ("code", "name", "colour", "glyph")}
    return {"asked": len(answers), "answers": rows}
