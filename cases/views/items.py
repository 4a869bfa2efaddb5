"""Items as a list, and one item: why it is where it is, who decided, and superseding a decision."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import gettext_noop as noop
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from cases import (
    contradictions,
    decisions,
    figures,
    grounds,
    inspector,
    listing,
    marks,
    moments,
    notes,
    problems,
    reasons,
    shown,
    viewing,
    why_here,
)
from cases.forms import SupersedeForm, WantedForm
from cases.models import Case, Content, Decision, Exhibit, Item, Offer, Stack, Standing
from cases.second import blind, waiving
from hashsets.models import Category
from workbench import access
from workbench.errors import BadInput
from workbench.models import User
from workbench.requests import SignedRequest

OWED = lazy("You owe a second view of this. What was decided is told when it is given, by you or by somebody else.")


@require_GET
def items(request: SignedRequest, case: UUID) -> HttpResponse:
    """Items of a case by state, category or exhibit; always veiled."""
    scoped = Case.objects.for_actor(request.user).select_related("scheme")
    found: Case = access.get_from(request.user, "item.view", scoped, case)
    form = WantedForm(request.GET)
    if not form.is_valid():
        raise BadInput(noop("A filter of this page is damaged. Choose again."))
    wanted, after = listing.Wanted(**form.cleaned_data), listing.after_key(request.GET.get("after"))
    page = listing.items(found, wanted, by=request.user, after=after)
    exhibits = list(Exhibit.objects.filter(case=found, removed_at__isnull=True).order_by("ref"))
    categories = _categories(found)
    owed = found.public_id in blind.cases(request.user)
    context = {
        "here": "cases",
        "case": found,
        "wanted": wanted,
        "exhibits": exhibits,
        "owed": owed,
        "marks": [(mark, _(shown.MARK_WORDS[mark])) for mark in listing.MARKS],
        "total": None if owed else _total(found, wanted, exhibits),  # it counts what is not listed
        "from_start": listing.from_start(request.GET) if after else "",
        "categories": categories.values(),
        "states": [(str(value), _(word)) for value, word in shown.ITEM_WORDS.items()],
        "rows": [_row(row, categories) for row in page.rows],
        "next_url": listing.next_url(request.GET, page.next),
        "may_confirm": wanted.state == Item.State.CONFIRM and access.has(request.user, "item.confirm"),
    }
    return render(request, "cases/items.html", context)


def _total(case: Case, wanted: listing.Wanted, exhibits: list[Exhibit]) -> int | None:
    """How many items the filter lets through, where the kept counts tell."""
    if wanted != listing.Wanted(state=wanted.state, exhibit=wanted.exhibit):
        return None
    chosen = next((one for one in exhibits if one.public_id == wanted.exhibit), None)
    states = figures.by_state(case, chosen)
    return sum(one.items for state, one in states.items() if wanted.state in ("", state))


@require_POST
def confirm(request: SignedRequest, case: UUID) -> HttpResponse:
    """Decide the chosen items as a set proposes."""
    scoped = Case.objects.for_actor(request.user).select_related("scheme")
    found: Case = access.get_from(request.user, "item.confirm", scoped, case)
    chosen = [_uuid(text) for text in request.POST.getlist("item")[: listing.PAGE]]
    done = decisions.confirm(case=found, items=chosen, by=request.user)
    messages.success(request, ngettext("%d item confirmed.", "%d items confirmed.", done) % done)
    if done < len(chosen):
        messages.info(request, _("The others have no single category in this case's scheme: decide them one by one."))
    return redirect(f"{reverse('cases:items', args=[found.public_id])}?state=confirm")


def _row(row: dict[str, Any], categories: dict[str, Category]) -> dict[str, Any]:
    return {
        "item": row,
        "preview": row["preview"],
        "name": row["name"],
        "kind": row["kind"],
        "files": row["files"],
        "state_text": _(shown.ITEM_WORDS[row["state"]]),
        "state_kind": shown.ITEM_KINDS[row["state"]],
        "category": categories.get(row["code"]),
        "proposed": categories.get(row["proposed"]) if row["state"] == Item.State.CONFIRM else None,
        "known_in": row["known_in"],
        "decided_by": row["by"] if row["code"] is not None else "",
    }


def _categories(case: Case) -> dict[str, Category]:
    return {row.code: row for row in case.scheme.categories.all()}


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise BadInput(noop("An id in this request is damaged. Load the page again.")) from error


@require_GET
def item(request: SignedRequest, item: UUID) -> HttpResponse:
    """One item."""
    found = viewing.item_for(request.user, "item.view", item)
    case, content = found.case, found.content
    categories, places = _categories(case), inspector.found_in(found, 200)
    frames = inspector.storyboard(content, listing.after_key(request.GET.get("frame")))
    is_blind = blind.holds(request.user, content.pk)
    stands = Standing.objects.filter(content=content, scheme_id=case.scheme.scheme_id)
    standing = None if is_blind else stands.first()
    state = Item.State(found.state)
    may_unveil = _may_unveil(request.user, content)
    context = {
        "here": "cases",
        "case": case,
        "item": found,
        "name": places[0]["name"] if places else "",
        "preview": content.preview,
        "state_text": _("In your second view") if is_blind else _(shown.ITEM_WORDS[state]),
        "state_kind": "acc" if is_blind else shown.ITEM_KINDS[state],
        "standing": categories.get(standing.code or "") if standing else None,
        "why": why_here.lines(found, request.user),
        "may_look_up": access.has(request.user, "set.lookup"),
        "file": inspector.facts(content),
        "says": inspector.says(content),
        "frames": frames,
        "is_film": may_unveil and content.kind in moments.FILMS,
        "preview_reason": problems.words(content.preview_reason),
        "next_frame": frames[-1]["number"] + 1 if len(frames) == inspector.FRAMES else None,
        "found_in": places,
        "notes": notes.of(found, request.user),
        "marks": [] if is_blind else marks.of(found, request.user),
        "unsure": [] if is_blind else grounds.told(found, request.user),
        "undecided": OWED if is_blind else _(shown.UNDECIDED[state]) if shown.UNDECIDED[state] else "",
        "may_correct": "" if is_blind else _may_correct(request, found),
        "lists_say": [] if is_blind else contradictions.of_item(found, request.user),
        "decisions": [] if is_blind else _decisions(found, categories, standing, request.user),
        "offers": _offers(found, request.user),
        "categories": categories.values(),
        "may": {
            "supersede": access.has(request.user, "decision.supersede")
            and case.state == Case.State.OPEN
            and not is_blind,
            "waive": is_blind and access.has(request.user, "second.waive"),
            "withdraw": access.has(request.user, "offer.make"),
            "unveil": may_unveil,
        },
    }
    return render(request, "cases/item.html", context)


def _may_unveil(user: User, content: Content) -> bool:
    """Whether the page shows it at all; of a film without a picture its sound can be heard."""
    is_there = content.preview != Content.PreviewState.NONE or content.kind in moments.FILMS
    return viewing.outside_batches(user) and is_there


def _may_correct(request: SignedRequest, item: Item) -> str:
    """Who may change the decision now, in a sentence; empty for those who find the form on the page."""
    if item.state != Item.State.DECIDED or access.has(request.user, "decision.supersede"):
        return ""
    if Stack.objects.filter(pk=item.stack_id, batch__user=request.user, lease_until__gt=timezone.now()).exists():
        return _("It is in your open batch: decide it again there, or take it back with Z.")
    return _("The batch is closed: a supervisor of your agency can supersede the decision here, with a reason.")


def _decisions(
    item: Item, categories: dict[str, Category], standing: Standing | None, by: User
) -> list[dict[str, Any]]:
    """What people decided about the content under this scheme, newest first.

    Of a case outside the person's scope only category and basis: who works on it, when and why is its own affair.
    """
    made = Decision.objects.filter(content=item.content_id, scheme__scheme_id=item.case.scheme.scheme_id)
    reached = Case.objects.for_actor(by).filter(pk=OuterRef("case"))
    rows = made.annotate(in_scope=Exists(reached)).order_by("-pk")[:50]
    return [
        {
            "at": row.at if row.in_scope else None,
            "by": row.by_name if row.in_scope else _("in another case"),
            "category": categories.get(row.code or ""),
            "basis": row.get_basis_display(),
            "moment": moments.words(moments.of(row.from_ms, row.until_ms)),
            "reason": reasons.in_words(row.reason) if row.in_scope else "",
            "in_force": bool(standing and standing.decision_id == row.pk),
        }
        for row in rows
    ]


def _offers(item: Item, by: User) -> list[dict[str, Any]]:
    reached = Offer.objects.for_actor(by).filter(agency=item.case.agency_id)
    offers = reached.filter(decision__content=item.content_id).select_related("set").order_by("pk")
    return [
        dict(zip(("state_text", "state_kind"), shown.offer_state(offer), strict=True))
        | {"offer": offer, "set": offer.set.name}
        for offer in offers[:50]
    ]


@require_POST
def supersede(request: SignedRequest, item: UUID) -> HttpResponse:
    """A supervisor's other category, with a reason; the earlier decision stays in the record."""
    found = viewing.item_for(request.user, "decision.supersede", item)
    form = SupersedeForm(request.POST, case=found.case)
    if not form.is_valid():
        raise BadInput(noop("Choose a category and say why."))
    decisions.decide_content(case=found.case, content=found.content, by=request.user, via="page", **form.cleaned_data)
    messages.success(request, _("Decided. What was decided before stays in the record."))
    return redirect("cases:item", found.public_id)


@require_POST
def waive(request: SignedRequest, item: UUID) -> HttpResponse:
    """A supervisor reads what was decided, and is not asked for the second view any more."""
    found = viewing.item_for(request.user, "second.waive", item)
    waiving.waive(item=found, by=request.user)
    return redirect("cases:item", found.public_id)
