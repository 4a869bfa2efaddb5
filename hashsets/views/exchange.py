"""The exchange: peers and who has what; pairing."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hashsets import disputes, exchange_overview
from hashsets.models import Peer
from hashsets.odata import callers
from hashsets.peers import node, pairing, status, terms
from hashsets.views.exchange_forms import ConfirmForm, CourierForm, CredentialForm, PairForm, ScopesForm, ShareForm
from workbench import access, signing
from workbench.errors import WorkbenchError
from workbench.requests import SignedRequest

HERE = {"here": "exchange"}
MOST_DISPUTES = 1_000  # counted


def peer_of(request: SignedRequest, permission: str, peer_id: UUID) -> Peer:
    """A peer of the person's agencies. Raises NotFound, NotAllowed."""
    rows = Peer.objects.for_actor(request.user).select_related("organisation", "agency")
    return cast("Peer", access.get_from(request.user, permission, rows, peer_id))


@require_GET
def index(request: SignedRequest) -> HttpResponse:
    """All peers, who has which set how far, and who this node is."""
    access.require(request.user, "peer.view")
    context = HERE | {
        "rows": status.every(request.user),
        "held": exchange_overview.who_has_what(request.user),
        "address": request.build_absolute_uri("/").rstrip("/"),
        "fingerprint": signing.fingerprint(signing.public_key()),
        "key": signing.public_key().hex(),
        "agency": request.user.agency,
        "disputes": disputes.waiting(request.user, MOST_DISPUTES)[0],
        "may": {"pair": access.has(request.user, "peer.pair"), "receive": access.has(request.user, "exchange.receive")},
    }
    return render(request, "hashsets/exchange/list.html", context)


@require_http_methods(["GET", "POST"])
def pair(request: SignedRequest) -> HttpResponse:
    """Propose a peer: by its address, or what its page says of a node without a network."""
    access.require(request.user, "peer.pair")
    by_courier = "key" in request.POST
    url_form = PairForm(request.POST if request.method == "POST" and not by_courier else None)
    courier_form = CourierForm(request.POST if by_courier else None, auto_id="courier_%s")
    form = courier_form if by_courier else url_form
    if form.is_valid():
        try:
            peer = _proposed(request, form.cleaned_data, by_courier=by_courier)
        except WorkbenchError as error:
            form.add_error(None, str(error))
        else:
            return redirect("exchange:peer", peer.public_id)
    context = HERE | {"url_form": url_form, "courier_form": courier_form}
    failed = bool(url_form.errors or courier_form.errors)
    return render(request, "hashsets/exchange/pair.html", context, status=400 if failed else 200)


def _proposed(request: SignedRequest, data: dict[str, object], *, by_courier: bool) -> Peer:
    if by_courier:
        return pairing.propose(**data, url="", by=request.user)  # type: ignore[arg-type] # as the form made them
    root = node.root_of(str(data["url"]))
    stated = node.ask(root, data["organisation"])  # type: ignore[arg-type] # as the form made it
    return pairing.propose(
        organisation=stated.organisation, name=stated.name, key=stated.key, url=root, by=request.user
    )


@require_GET
def peer(request: SignedRequest, peer_id: UUID) -> HttpResponse:
    """One peer: keys to compare, what comes and goes, what waits, what was put aside."""
    return show(request, peer_of(request, "peer.view", peer_id))


def show(
    request: SignedRequest, found: Peer, *, confirm: ConfirmForm | None = None, given: tuple[str, str] | None = None
) -> HttpResponse:
    """The page of a peer. `confirm`: the form as it failed; `given`: a new client id and secret, shown this once."""
    shown = exchange_overview.page(request.user, found)
    policy = shown["may"]["policy"] and found.state == Peer.State.PAIRED
    context = HERE | shown | {
        "confirm_form": confirm or ConfirmForm(),
        "credential_form": CredentialForm(),
        "scopes_form": ScopesForm(initial={"scopes": found.scopes or ([] if found.application_id else ["read"])}),
        "share_form": ShareForm(by=request.user, peer=found) if policy else None,
        "given": given,
    }  # fmt: skip
    return render(request, "hashsets/exchange/peer.html", context, status=400 if confirm else 200)


@require_POST
def confirm(request: SignedRequest, peer_id: UUID) -> HttpResponse:
    """Pair, by a second person who compared the fingerprints."""
    found = peer_of(request, "peer.pair", peer_id)
    form = ConfirmForm(request.POST)
    if form.is_valid():
        try:
            read, shown = form.cleaned_data["fingerprint"], request.POST.get("url")
            pairing.confirm(peer=found, fingerprint=read, by=request.user, url=shown)
        except WorkbenchError as error:
            form.add_error(None, str(error))
        else:
            moved = found.state != Peer.State.PROPOSED
            by_line = _("Paired. Next, sign in to each other; then choose what goes out and what comes in.")
            paired = by_line if found.url else _("Paired. Choose what goes out and what comes in.")
            messages.success(request, _("The peer has its new address.") if moved else paired)
            return redirect("exchange:peer", found.public_id)
    return show(request, found, confirm=form)


@require_POST
def suspend(request: SignedRequest, peer_id: UUID) -> HttpResponse:
    """Exchange nothing until it is released."""
    found = peer_of(request, "peer.pair", peer_id)
    pairing.suspend(peer=found, by=request.user, reason=request.POST.get("reason", ""))
    messages.success(request, _("Suspended. Nothing is read or sent until somebody releases it."))
    return redirect("exchange:peer", found.public_id)


@require_POST
def release(request: SignedRequest, peer_id: UUID) -> HttpResponse:
    """Go on with a suspended peer."""
    found = peer_of(request, "peer.pair", peer_id)
    pairing.release(peer=found, by=request.user)
    return redirect("exchange:peer", found.public_id)


@require_POST
def credential(request: SignedRequest, peer_id: UUID) -> HttpResponse:
    """Keep what they gave us, or make what they sign in with here; a made secret is on the answer, and nowhere else."""
    found = peer_of(request, "peer.pair", peer_id)
    if request.POST.get("make"):
        form = ScopesForm(request.POST)
        if form.is_valid() and form.cleaned_data["scopes"]:
            terms.allow(peer=found, scopes=form.cleaned_data["scopes"], by=request.user)
        return show(request, found, given=callers.give_credential(found, by=request.user))
    given = CredentialForm(request.POST)
    if given.is_valid():
        pairing.keep_credential(peer=found, by=request.user, **given.cleaned_data)
        messages.success(request, _("Kept. Now their sets can be read."))
    else:
        messages.error(request, _("A credential is a client id and a secret, both from the other node's operator."))
    return redirect("exchange:peer", found.public_id)


def decided_url() -> str:
    """The page of what contradicts own decisions, which another app has."""
    try:
        return reverse("cases:set_health")
    except NoReverseMatch:
        return ""
