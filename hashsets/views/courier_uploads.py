"""Sending a courier file piece by piece, as `workbench.tus` speaks of it."""

from functools import partial
from uuid import UUID

from django.http import HttpResponse

from hashsets.models import PackageUpload
from hashsets.packages import uploads
from workbench import access, tus
from workbench.errors import NotFound
from workbench.models import User
from workbench.requests import SignedRequest


@tus.speaks("POST")
def begin(request: SignedRequest) -> HttpResponse:
    """Begin the upload of a file, or find it again by its name, size and fingerprint."""
    access.require(request.user, "exchange.receive")
    begin = partial(uploads.begin, by=request.user)
    return tus.begun(request, begin, partial(_append, request), at="exchange:package_upload")


@tus.speaks("HEAD", "PATCH", "DELETE")
def upload(request: SignedRequest, package_upload_id: UUID) -> HttpResponse:
    """Tell its sender how much is kept, keep a piece more, or forget the upload."""
    access.require(request.user, "exchange.receive")
    found = PackageUpload.objects.filter(public_id=package_upload_id, by=request.user).first()
    if found is None:
        raise NotFound
    return tus.gone_on_with(
        request,
        found,
        name=found.name.encode(),
        keep=partial(_append, request, found),
        discard=partial(uploads.discard, found, by=request.user),
    )


def _append(request: SignedRequest, upload: PackageUpload, offset: int) -> int:
    def allowed(sender: User) -> None:
        access.require(sender, "exchange.receive")

    return uploads.append(upload, tus.piece(request, allowed), offset=offset)
