"""Looking hashes up: known or unknown, in which sets, under which category."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hashsets import lookups
from hashsets.lookups import Answer
from hashsets.models import Category
from workbench import access
from workbench.requests import SignedRequest

MOST_ROWS = 1000  # a page of ten thousand rows takes a browser seconds; the command answers every line


@require_http_methods(["GET", "POST"])
def lookup(request: SignedRequest) -> HttpResponse:
    """Paste hashes, one a line. Each look-up is an event."""
    access.require(request.user, "set.lookup")
    text = request.POST.get("hashes", "")
    context: dict[str, Any] = {"here": "lookup", "hashes": text, "errors": [], "asked": False}
    if lines := text.split():
        try:
            context |= _answer(lookups.ask(lines, by=request.user))
        except lookups.TooMany as error:
            context["errors"] = [str(error)]
    elif request.method == "POST":
        context["errors"] = [_("Paste at least one hash.")]
    return render(request, "hashsets/lookup.html", context)


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
    wanted = {hit.category_id for answer in answers for hit in answer.hits if hit.category_id}
    categories = Category.objects.in_bulk(wanted)
    return [
        {
            "hash": answer.hash,
            "kind": answer.kind,
            "known": answer.known,
            "matches": [
                {
                    "set": f"{hit.set} v{hit.version}",
                    "category": categories.get(hit.category_id),
                    "code": hit.category,
                    "kind": hit.kind,
                    "strength": hit.strength,
                    "distance": hit.distance,
                    "trust": hit.trust,
                }
                for hit in answer.hits
            ],
        }
        for answer in answers
    ]
