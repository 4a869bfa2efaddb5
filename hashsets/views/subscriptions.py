"""How a set of a peer is read: what is given to it, how often it is asked, and the end of it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from hashsets.models import Peer, Subscription
from hashsets.peers import terms
from hashsets.views.exchange import HERE, peer_of
from hashsets.views.exchange_forms import TermsForm
from workbench.errors import NotFound, WorkbenchError
from workbench.requests import SignedRequest


@require_http_methods(["GET", "POST"])
def change(request: SignedRequest, peer_id: UUID, subscription_id: UUID) -> HttpResponse:
    """What is given to the set's owner, and how often it is asked."""
    peer = peer_of(request, "peer.policy", peer_id)
    found = subscription_of(peer, subscription_id)
    now = {"give": found.give, "source": found.source, "every": found.every}
    form = TermsForm(request.POST or None, initial=now, by=request.user, subscription=found)
    if form.is_valid():
        try:
            terms.give_and_take(subscription=found, by=request.user, **form.cleaned_data)
        except WorkbenchError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Kept."))
            return redirect("exchange:peer", peer.public_id)
    context = HERE | {"peer": peer, "subscription": found, "form": form}
    return render(request, "hashsets/exchange/terms.html", context, status=400 if form.errors else 200)


@require_POST
def end(request: SignedRequest, peer_id: UUID, subscription_id: UUID) -> HttpResponse:
    """Read it no longer; what is here stays, and acts no more."""
    peer = peer_of(request, "peer.policy", peer_id)
    found = subscription_of(peer, subscription_id)
    terms.unsubscribe(subscription=found, by=request.user, reason=request.POST.get("reason", ""))
    messages.success(
        request, _("%(name)s is not read any more, and its matches act no more.") % {"name": found.set.name}
    )
    return redirect("exchange:peer", peer.public_id)


@require_POST
def resume(request: SignedRequest, peer_id: UUID, subscription_id: UUID) -> HttpResponse:
    """Go on reading a set after looking at why it stopped, from its beginning."""
    peer = peer_of(request, "peer.policy", peer_id)
    terms.resume(subscription=subscription_of(peer, subscription_id), by=request.user, anew=True)
    return redirect("exchange:peer", peer.public_id)


def subscription_of(peer: Peer, subscription_id: UUID) -> Subscription:
    """A set that is read from the peer, or was. Raises NotFound."""
    rows = peer.subscriptions.select_related("set__owner", "source", "peer__agency")
    found: Subscription | None = rows.filter(public_id=subscription_id).first()
    if found is None:
        raise NotFound
    return found
