"""One entry: who says what of it since when, and what a supervisor says: an opinion, or how a dispute ends."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_GET, require_POST

from hashsets import entry_rows, histories, opinions, sets
from hashsets.forms import OpinionForm, ResolutionForm
from hashsets.histories import History
from hashsets.models import HashSet
from workbench import access
from workbench.errors import BadInput
from workbench.requests import SignedRequest


@require_GET
def one(request: SignedRequest, set_id: UUID, entry_id: UUID, row: int) -> HttpResponse:
    """The history, with the forms that the person may use. One event."""
    hash_set = sets.reached(request.user, "entry.read", set_id)
    found = histories.read(hash_set, entry_id, row, by=request.user)
    context = {
        "here": "hashsets",
        "set": hash_set,
        "entry": found.latest,
        "history": found,
        **_words(hash_set, found),
        **_forms(request, hash_set, found),
    }
    return render(request, "hashsets/entry.html", context)


def _words(hash_set: HashSet, found: History) -> dict[str, Any]:
    """The rows of the page, each with its category in the set's scheme."""
    known = {category.code: category for category in hash_set.scheme.categories.all()}
    return {
        "category": known.get(found.latest.code),
        "stands": [{"it": one, "category": known.get(one.vote.code)} for one in found.stands],
        "resolutions": [{"it": one, "category": known.get(one.code)} for one in found.resolutions],
        "versions": [{"it": one, "category": known.get(one.code)} for one in found.versions],
    }


def _forms(request: SignedRequest, hash_set: HashSet, found: History) -> dict[str, Any]:
    """What the person may say; None where he may not, with the reason where it is worth telling."""
    usable = found.now is not None and hash_set.retired_at is None
    ours = found.ours
    decided = ours is not None and ours.origin == ours.Origin.DECISION
    may_vote = usable and access.has(request.user, "entry.vote")
    may_resolve = usable and found.disputed and found.own and access.has(request.user, "entry.resolve")
    return {
        "ours": ours,
        "decided": may_vote and decided,
        "opinion": OpinionForm(hash_set=hash_set, kinds=found.kinds) if may_vote and not decided else None,
        "may_take_back": may_vote and ours is not None and not decided,
        "resolution": ResolutionForm(hash_set=hash_set) if may_resolve else None,
        "waits_for_owner": found.disputed and not may_resolve,
    }


@require_POST
def vote(request: SignedRequest, set_id: UUID, entry_id: UUID, row: int) -> HttpResponse:
    """Confirm or dispute, in the name of the person's agency."""
    hash_set = sets.reached(request.user, "entry.vote", set_id)
    version = entry_rows.named(hash_set, entry_id, row)
    form = OpinionForm(request.POST, hash_set=hash_set, kinds=opinions.kinds_of(version))
    if not form.is_valid():
        raise BadInput(noop("Choose a category of the list."))
    said = form.cleaned_data
    opinions.say(
        hash_set, row, code=said["code"], looked=said["looked"], kind=said["kind"], reason=said["reason"],
        by=request.user,
    )  # fmt: skip
    sent = _("It goes to the owner of the set; what follows comes back with the set.")
    messages.success(request, _("Your agency's opinion is kept.") if hash_set.owner.is_local else sent)
    return redirect("hashsets:entry", set_id, entry_id, row)


@require_POST
def take_back(request: SignedRequest, set_id: UUID, entry_id: UUID, row: int) -> HttpResponse:
    """Take the agency's opinion back; it stays on record."""
    hash_set = sets.reached(request.user, "entry.vote", set_id)
    entry_rows.named(hash_set, entry_id, row)
    opinions.take_back(hash_set, row, by=request.user, reason=request.POST.get("reason", ""))
    messages.success(request, _("Your agency's opinion is taken back; it stays on record."))
    if hash_set.owner_id == request.user.agency_id:
        return redirect("hashsets:entry", set_id, entry_id, row)
    return redirect("hashsets:set", set_id)  # the entry may have left, and only its owner reads on


@require_POST
def resolve(request: SignedRequest, set_id: UUID, entry_id: UUID, row: int) -> HttpResponse:
    """Settle the dispute, for the owner."""
    hash_set = sets.own(request.user, "entry.resolve", set_id)
    entry_rows.named(hash_set, entry_id, row)
    form = ResolutionForm(request.POST, hash_set=hash_set)
    if not form.is_valid():
        raise BadInput(noop("Choose a category, and say why."))
    opinions.resolve(hash_set, row, code=form.cleaned_data["code"], reason=form.cleaned_data["reason"], by=request.user)
    messages.success(request, _("The dispute is resolved. Opinions against it stay on record and count no more."))
    if request.POST.get("back") == "disputes":
        return redirect("exchange:disputes")
    return redirect("hashsets:entry", set_id, entry_id, row)
