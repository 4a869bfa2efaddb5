"""Courier files, both ways."""

import tempfile
from pathlib import Path
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from hashsets.packages import making, taking
from hashsets.packages.taking_votes import TakenVotes
from hashsets.views.exchange import HERE, peer_of
from hashsets.views.exchange_forms import UnpackForm
from hashsets.views.exchange_terms import share_of
from workbench import access
from workbench.errors import WorkbenchError
from workbench.models import User
from workbench.requests import SignedRequest
from workbench.words import digits


@require_POST
def package(request: SignedRequest, peer_id: UUID, share_id: UUID) -> HttpResponse | FileResponse:
    """The next courier file of a shared set, saved by the browser."""
    peer = peer_of(request, "exchange.send", peer_id)
    shared = share_of(peer, share_id)
    with tempfile.TemporaryDirectory() as folder:
        made = making.make(
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
                told = _taken(Path(file.name), form.cleaned_data["name"], by=request.user)
            except WorkbenchError as error:
                form.add_error("file", str(error))
            else:
                messages.success(request, told)
                return redirect("exchange:list")
    return render(request, "hashsets/exchange/unpack.html", HERE | {"form": form}, status=400 if form.errors else 200)


def _taken(path: Path, name: str, *, by: User) -> str:
    """What was taken in, in words. `name`: of the copy that is begun with it; "" where there is one."""
    taken = taking.take(path, by=by, name=name)
    if isinstance(taken, TakenVotes):
        return _("Opinions on %(name)s are taken in.") % {"name": taken.set_name}
    told = _("%(n)s records of %(name)s are taken in.") % {"n": digits(taken.taken), "name": taken.set_name}
    if taken.put_aside:
        told += " " + _("%(n)s were put aside; they are in quarantine.") % {"n": digits(taken.put_aside)}
    return told
