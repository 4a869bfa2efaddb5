"""Courier files, both ways."""

import tempfile
from pathlib import Path
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from hashsets import packages, packages_in
from hashsets.views.exchange import HERE, peer_of
from hashsets.views.exchange_forms import UnpackForm
from hashsets.views.exchange_terms import share_of
from workbench import access
from workbench.errors import WorkbenchError
from workbench.requests import SignedRequest


@require_POST
def package(request: SignedRequest, peer_id: UUID, share_id: UUID) -> HttpResponse | FileResponse:
    """The next courier file of a shared set, saved by the browser."""
    peer = peer_of(request, "exchange.send", peer_id)
    shared = share_of(peer, share_id)
    with tempfile.TemporaryDirectory() as folder:
        made = packages.make(
            shared.set, peer, target=Path(folder), by=request.user, whole=request.POST.get("whole") == "1"
        )
        if made is None:
            messages.info(request, _("Nothing changed since the last courier file."))
            return redirect("exchange:peer", peer.public_id)
        file = made.path.open("rb")  # readable after the folder is gone
    return FileResponse(file, as_attachment=True, filename=made.path.name, content_type="application/octet-stream")


@require_http_methods(["GET", "POST"])
def unpack(request: SignedRequest) -> HttpResponse:
    """Take a courier file in."""
    access.require(request.user, "exchange.receive")
    form = UnpackForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        with tempfile.NamedTemporaryFile(suffix=".tar") as file:
            for piece in form.cleaned_data["file"].chunks():
                file.write(piece)
            file.flush()
            try:
                taken = packages_in.take(Path(file.name), by=request.user)
            except WorkbenchError as error:
                form.add_error("file", str(error))
            else:
                messages.success(request, _("Taken in: %(name)s.") % {"name": taken.set_name})
                return redirect("exchange:list")
    return render(request, "hashsets/exchange/unpack.html", HERE | {"form": form}, status=400 if form.errors else 200)
