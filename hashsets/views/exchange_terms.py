"""What goes out to a peer and what comes in."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from hashsets import policies, quarantine, tasks
from hashsets.models import Peer, Policy, Quarantined, Share, Subscription
from hashsets.peers import pulling, sharing, terms
from hashsets.peers.node import QUICK, Node, Offered
from hashsets.views.exchange import HERE, peer_of
from hashsets.views.exchange_forms import ScopesForm, ShareForm, SubscribeForm
from workbench.errors import NotFound, WorkbenchError
from workbench.requests import SignedRequest
from workbench.waking import send


@require_POST
def share(request: SignedRequest, peer_id: UUID) -> HttpResponse:
    """Let the peer read a set of ours."""
    peer = peer_of(request, "peer.policy", peer_id)
    form = ShareForm(request.POST, by=request.user, peer=peer)
    if form.is_valid():
        asked = sharing.share(
            peer=peer, hash_set=form.cleaned_data["set"], contribute=form.cleaned_data["contribute"], by=request.user
        )
        if asked.waiting:
            messages.info(request, _("Proposed. They read it as soon as another supervisor confirms it on this page."))
    else:
        messages.error(request, _("Choose a set of this agency that they do not read yet."))
    return redirect("exchange:peer", peer.public_id)


@require_POST
def confirm_share(request: SignedRequest, peer_id: UUID, share_id: UUID) -> HttpResponse:
    """Let the peer read what another supervisor proposed."""
    peer = peer_of(request, "peer.policy", peer_id)
    shared = sharing.confirm(share=share_of(peer, share_id), by=request.user)
    messages.success(request, _("Shared: %(name)s.") % {"name": shared.set.name})
    return redirect("exchange:peer", peer.public_id)


@require_POST
def end_share(request: SignedRequest, peer_id: UUID, share_id: UUID) -> HttpResponse:
    """End that; what they have read they keep."""
    peer = peer_of(request, "peer.policy", peer_id)
    sharing.unshare(peer=peer, hash_set=share_of(peer, share_id).set, by=request.user)
    return redirect("exchange:peer", peer.public_id)


@require_POST
def allow(request: SignedRequest, peer_id: UUID) -> HttpResponse:
    """Say what the peer's credential may do here."""
    peer = peer_of(request, "peer.policy", peer_id)
    form = ScopesForm(request.POST)
    if form.is_valid():
        terms.allow(peer=peer, scopes=form.cleaned_data["scopes"], by=request.user)
    return redirect("exchange:peer", peer.public_id)


@require_POST
def voice(request: SignedRequest, peer_id: UUID) -> HttpResponse:
    """Say whether the peer counts by itself beside others that have its key."""
    peer = peer_of(request, "peer.policy", peer_id)
    terms.count_alone(peer=peer, alone=bool(request.POST.get("alone")), by=request.user)
    return redirect("exchange:peer", peer.public_id)


@require_http_methods(["GET", "POST"])
def subscribe(request: SignedRequest, peer_id: UUID) -> HttpResponse:
    """Ask the peer what it shares with us, and read one of these sets."""
    peer = peer_of(request, "peer.policy", peer_id)
    offered, failure = [], ""
    try:
        with Node.of(peer, QUICK) as asked:
            offered = asked.sets()
    except WorkbenchError as error:
        failure = str(error)
    here = set(peer.subscriptions.values_list("remote_set", flat=True))
    offered = [one for one in offered if one.set_id not in here]
    form = SubscribeForm(request.POST or None, offered=offered)
    if form.is_valid():
        data = form.cleaned_data
        try:
            made = _read(request, peer, form.offered[data["set"]], data)
        except WorkbenchError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%(name)s is being read.") % {"name": made.set.name})
            return redirect("exchange:peer", peer.public_id)
    context = HERE | {"peer": peer, "form": form, "offered": offered, "failure": failure}
    return render(request, "hashsets/exchange/subscribe.html", context, status=400 if form.errors else 200)


@transaction.atomic
def _read(request: SignedRequest, peer: Peer, offered: Offered, data: dict[str, Any]) -> Subscription:
    made = terms.subscribe(peer=peer, offered=offered, give=data["give"], every=data["every"], by=request.user)
    if (data["action"], data["min_trust"]) != (Policy.Action.PROPOSE, "trusted"):  # which holds of itself
        policies.set_policy(
            made.set, agency=peer.agency, action=data["action"], min_trust=data["min_trust"], by=request.user
        )
    return made


@require_POST
def pull(request: SignedRequest, peer_id: UUID) -> HttpResponse:
    """Ask for everything we read of the peer now."""
    peer = peer_of(request, "exchange.receive", peer_id)
    for subscription_id in pulling.hurry(peer):
        send(tasks.pull, subscription_id)
    messages.info(request, _("Asked. What comes is in force as soon as it is whole."))
    return redirect("exchange:peer", peer.public_id)


@require_POST
def settle(request: SignedRequest, peer_id: UUID, record_id: UUID) -> HttpResponse:
    """A person looked at a record in quarantine."""
    peer = peer_of(request, "exchange.receive", peer_id)
    found = Quarantined.objects.filter(subscription__peer=peer, public_id=record_id).first()
    if found is None:
        raise NotFound
    quarantine.settle(found, by=request.user)
    return redirect("exchange:peer", peer.public_id)


def share_of(peer: Peer, share_id: UUID) -> Share:
    """A set that a peer reads now, or is proposed to. Raises NotFound."""
    found: Share | None = (
        peer.shares.filter(public_id=share_id, ended_at=None).select_related("set__scheme", "set__owner").first()
    )
    if found is None:
        raise NotFound
    return found
