"""Offers: what waits for approval, and the steps a second person takes."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import gettext_noop as noop
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from cases import approvable, before_signing, contradictions, listing, publishing, reasons, shown
from cases.forms import OffersForm
from cases.models import Case, Offer
from cases.offers import Outcome
from cases.second import holding
from hashsets import mapping
from hashsets.models import Category
from workbench import access
from workbench.errors import BadInput
from workbench.requests import SignedRequest
from workbench.words import digits, either

S = Offer.State
TABS = {
    "waiting": (noop("Waiting"), Q(state__in=[S.DRAFT, S.WITHDRAWAL])),
    "mine": (noop("Mine"), Q(state__in=[S.DRAFT, S.WITHDRAWAL, S.RETURNED, S.HELD])),
    "published": (noop("Published"), Q(state=S.PUBLISHED)),
    "held": (noop("Held and withdrawn"), Q(state__in=[S.HELD, S.RETURNED, S.WITHDRAWN])),
}
DONE = {
    "approve": either("%(n)s hash signed.", "%(n)s hashes signed."),  # withdrawals, too
    "return": either("%(n)s offer returned.", "%(n)s offers returned."),
    "hold": either("%(n)s offer held.", "%(n)s offers held."),
    "withdraw": either("%(n)s withdrawal waits for a second person.", "%(n)s withdrawals wait for a second person."),
    "offer": either(
        "%(n)s item waits for a second person to publish it.", "%(n)s items wait for a second person to publish them."
    ),
}
OWN = {
    S.DRAFT: lazy("You decided or offered it: another person approves."),
    S.HELD: lazy("You decided or offered it: another person approves."),
    S.WITHDRAWAL: lazy("You asked for the withdrawal: another person confirms."),
}

HELD = {
    holding.AWAITED: lazy("Waits for a second view."),
    holding.DIFFERENT: lazy("Two people differ: waits for a ruling."),
}

REST = HELD | {
    approvable.OWN: lazy("You decided or offered it, or asked for it: another person approves."),
    reasons.SET_TAKES_NONE: lazy("Its set takes no decisions any more."),
}


@require_GET
def offers(request: SignedRequest) -> HttpResponse:
    """Offers of the cases in reach: those that wait, and what became of the others."""
    access.require(request.user, "offer.list")
    tab = request.GET.get("tab", "waiting")
    if tab not in TABS:
        raise BadInput(f"tab must be one of {', '.join(TABS)}.")
    case = _case(request)
    scoped = _scoped(request, case)
    page = listing.offers(_of_tab(scoped, tab, request), listing.after_key(request.GET.get("after")))
    waiting, rest = approvable.counted(scoped, request.user)
    schemes = {row.decision.scheme_id for row in page.rows} | {row["scheme"] for row in waiting}
    categories = {
        (row.scheme_id, row.code): row for row in Category.objects.filter(scheme__in=schemes).select_related("scheme")
    }
    decisions = [row.decision_id for row in page.rows]
    lists_say = contradictions.of_decisions(decisions if contradictions.may_see(request.user) else [])
    later = holding.back(decisions)
    ahead = before_signing.of(page.rows)
    context = {
        "here": "publish",
        "case": case,
        "tab": tab,
        "tabs": [(key, _(label), listing.up_to(_of_tab(scoped, key, request))) for key, (label, _q) in TABS.items()],
        "set": publishing.publishing_set(case) if case else None,
        "harmless": publishing.harmless_set(case) if case else None,
        "waiting": [_category(row, categories.get((row["scheme"], row["code"]))) for row in waiting],
        "rest": [(number, REST[why], _leads(why)) for why, number in rest.items()],
        "rows": [
            _row(request, offer, categories, later.get(offer.decision_id, ""))
            | {"lists_say": _otherwise(offer, lists_say[offer.decision_id])}
            | _ahead(offer, ahead.get(offer.pk))
            for offer in page.rows
        ],
        "next_url": listing.next_url(request.GET, page.next),
        "may_approve": access.has(request.user, "offer.make" if tab == "published" else "offer.approve"),
    }
    return render(request, "cases/publish.html", context)


def _category(row: dict[str, Any], category: Category | None) -> dict[str, Any]:
    """What waits in one category, and what that is in other schemes."""
    return row | {"category": category, "maps_to": mapping.elsewhere(category.scheme, row["code"]) if category else []}


def _case(request: SignedRequest) -> Case | None:
    """The case chosen in the address, if any. Raises NotFound, BadInput."""
    text = request.GET.get("case", "")
    try:
        chosen = UUID(text) if text else None
    except ValueError as error:
        raise BadInput(noop("case must be the id of a case.")) from error
    if chosen is None:
        return None
    scoped = Case.objects.for_actor(request.user).select_related("scheme")
    found: Case = access.get_from(request.user, "offer.list", scoped, chosen)
    return found


def _scoped(request: SignedRequest, case: Case | None) -> QuerySet[Offer]:
    found: QuerySet[Offer] = Offer.objects.for_actor(request.user).filter(agency=request.user.agency_id)
    return found.filter(case=case) if case else found


def _of_tab(scoped: QuerySet[Offer], tab: str, request: SignedRequest) -> QuerySet[Offer]:
    found = scoped.filter(TABS[tab][1])
    if tab == "mine":
        return found.filter(Q(offered_by=request.user) | Q(decided_by=request.user) | Q(withdrawn_by=request.user))
    return found


def _row(
    request: SignedRequest, offer: Offer, categories: dict[tuple[int, str], Category], later: str
) -> dict[str, Any]:
    """An offer with what this person may do about it, or why not."""
    me, decision = request.user.pk, offer.decision
    own = me in ({offer.withdrawn_by_id} if offer.state == S.WITHDRAWAL else {offer.offered_by_id, offer.decided_by_id})
    waits = offer.state in OWN
    later = later if offer.state in publishing.WAITING else ""
    text, kind = shown.offer_state(offer)
    return {
        "offer": offer,
        "sha256": bytes(decision.content.sha256).hex()[:16],
        "item": offer.item,  # type: ignore[attr-defined]
        "preview": decision.content.preview,
        "category": categories.get((decision.scheme_id, decision.code or "")),
        "case": offer.case,
        "decided_by": offer.decided_by.name,
        "offered_by": offer.offered_by.name,
        "reason": reasons.in_words(offer.reason),
        "state_text": text,
        "state_kind": kind,
        "may_approve": waits and not own and not later and access.has(request.user, "offer.approve"),
        "why_not": OWN[S(offer.state)] if waits and own else HELD.get(later, ""),
        "may_withdraw": offer.state == S.PUBLISHED and access.has(request.user, "offer.make"),
    }


def _ahead(offer: Offer, ahead: before_signing.Ahead | None) -> dict[str, Any]:
    """What would leave, and what would hold the offer, unless that is its reason already."""
    held = reasons.in_words(ahead.held) if ahead and ahead.held != offer.reason else ""
    return {"ahead": ahead, "would_hold": held}


def _otherwise(offer: Offer, lists_say: list[contradictions.Says]) -> list[str]:
    """What sets say against the decision, the set that it would go into first. It is for the approver to judge."""
    here = [_("%s: this very set") % one.text for one in lists_say if one.set_id == offer.set_id]
    return here + [one.text for one in lists_say if one.set_id != offer.set_id]


@require_POST
def act(request: SignedRequest) -> HttpResponse:
    """Take a step on the chosen offers."""
    form = OffersForm(request.POST, offers=request.POST.getlist("offer"))
    if not form.is_valid():
        raise BadInput(noop("Choose a step and at least one offer."))
    chosen, step, reason = form.cleaned_data["offer"], form.cleaned_data["act"], form.cleaned_data["reason"]
    if step == "offer":
        return _offer_case(request, form.cleaned_data["case"])
    access.require(request.user, "offer.make" if step == "withdraw" else "offer.approve")
    if not chosen:
        raise BadInput(noop("Choose at least one offer."))
    if step == "withdraw":
        outcome = publishing.ask_withdrawal(offers=chosen, by=request.user, reason=reason)
    else:
        outcome = publishing.settle(act=step, offers=chosen, by=request.user, reason=reason)
    tell(request, step, outcome)
    return redirect("cases:publish")


def _offer_case(request: SignedRequest, case: UUID | None) -> HttpResponse:
    scoped = Case.objects.for_actor(request.user).select_related("scheme")
    found: Case = access.get_from(request.user, "offer.make", scoped, case or UUID(int=0))
    tell(request, "offer", publishing.offer_case(case=found, by=request.user))
    return redirect(f"{reverse('cases:publish')}?case={found.public_id}")


def tell(request: SignedRequest, step: str, outcome: Outcome) -> None:
    """Say what a step did, and what it left."""
    messages.success(request, ngettext(*DONE[step], outcome.done) % {"n": digits(outcome.done)})
    for reason, number in outcome.held.items():
        messages.info(request, format_html("{}: {} {}", number, _(reason), _leads(reason)))


def _leads(reason: str) -> str:
    """A link to where what holds offers back is settled; empty for other reasons."""
    route = {holding.AWAITED: "cases:second", holding.DIFFERENT: "cases:rulings"}.get(reason)
    return format_html('<a href="{}">{}</a>', reverse(route), _("See what waits")) if route else ""
