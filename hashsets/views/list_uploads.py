"""Uploading a list piece by piece, as `workbench.tus` speaks of it."""

from functools import partial
from uuid import UUID

from django.http import HttpResponse

from hashsets import list_uploads, sets
from hashsets.models import ListUpload
from workbench import access, tus
from workbench.errors import NotFound
from workbench.models import User
from workbench.requests import SignedRequest


@tus.speaks("POST")
def uploads(request: SignedRequest, set_id: UUID) -> HttpResponse:
    """Begin the upload of a file, or find it again by its name, size and fingerprint."""
    hash_set = sets.own(request.user, "set.import", set_id)
    begin = partial(list_uploads.begin, hash_set, by=request.user)
    return tus.begun(request, begin, partial(_append, request), at="hashsets:list_upload")


@tus.speaks("HEAD", "PATCH", "DELETE")
def upload(request: SignedRequest, list_upload_id: UUID) -> HttpResponse:
    """Tell its sender how much is kept, keep a piece more, or forget the upload."""
    access.require(request.user, "set.import")
    found = ListUpload.objects.filter(public_id=list_upload_id, by=request.user).select_related("set__owner").first()
    if found is None:
        raise NotFound
    sets.own(request.user, "set.import", found.set.public_id)
    return tus.gone_on_with(
        request,
        found,
        name=found.name.encode(),
        keep=partial(_append, request, found),
        discard=partial(list_uploads.discard, found, by=request.user),
    )


def _append(request: SignedRequest, upload: ListUpload, offset: int) -> int:
    def allowed(sender: User) -> None:
        sets.own(sender, "set.import", upload.set.public_id)

    return list_uploads.append(upload, tus.piece(request, allowed), offset=offset)
