"""The TLS client certificate of a peer: proposed by one person, confirmed by another."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from hashsets.models import Peer, PeerCertificate
from hashsets.peers import certificates
from hashsets.views.exchange import HERE, peer_of
from hashsets.views.exchange_forms import CertificateForm, ConfirmCertificateForm
from workbench.errors import WorkbenchError
from workbench.requests import SignedRequest


@require_http_methods(["GET", "POST"])
def certificate(request: SignedRequest, peer_id: UUID) -> HttpResponse:
    """What they show, and what is proposed; propose another, or that there is none."""
    peer = peer_of(request, "peer.pair", peer_id)
    if request.method == "POST" and request.POST.get("remove"):
        if certificates.remove(peer=peer, by=request.user) is None:
            messages.success(request, _("It counts no more."))
        return redirect("exchange:certificate", peer.public_id)
    form = CertificateForm(request.POST or None)
    if form.is_valid():
        try:
            read = certificates.read(form.cleaned_data["pem"])
            certificates.propose(peer=peer, certificate=read, use=form.cleaned_data["use"], by=request.user)
        except WorkbenchError as error:
            form.add_error("pem", str(error))
        else:
            return redirect("exchange:certificate", peer.public_id)
    return _shown(request, peer, form, _confirm_form(peer))


@require_POST
def confirm(request: SignedRequest, peer_id: UUID) -> HttpResponse:
    """Put it in force, by a second person who compared the fingerprint."""
    peer = peer_of(request, "peer.pair", peer_id)
    form = _confirm_form(peer, request.POST)
    if form.is_valid():
        try:
            certificates.confirm(peer=peer, by=request.user, use=request.POST.get("use"), **form.cleaned_data)
        except WorkbenchError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("It is in force."))
            return redirect("exchange:certificate", peer.public_id)
    return _shown(request, peer, CertificateForm(), form)


def _confirm_form(peer: Peer, data: QueryDict | None = None) -> ConfirmCertificateForm:
    proposed = certificates.proposed(peer)
    return ConfirmCertificateForm(data, needed=proposed is not None and proposed.digest is not None)


def _shown(
    request: SignedRequest, peer: Peer, form: CertificateForm, confirm_form: ConfirmCertificateForm
) -> HttpResponse:
    now, proposed = certificates.in_force(peer), certificates.proposed(peer)
    context = HERE | {
        "peer": peer,
        "certificate": now,
        "fingerprint": _fingerprint(now),
        "certificate_proposed": proposed,
        "proposed_fingerprint": _fingerprint(proposed),
        "mine": proposed is not None and proposed.by_id == request.user.pk,
        "read": bool(settings.CLIENT_CERT_HEADER),
        "form": form,
        "confirm_form": confirm_form,
    }
    status = 400 if form.errors or confirm_form.errors else 200
    return render(request, "hashsets/exchange/certificate.html", context, status=status)


def _fingerprint(row: PeerCertificate | None) -> str:
    return certificates.fingerprint(bytes(row.digest)) if row and row.digest else ""
