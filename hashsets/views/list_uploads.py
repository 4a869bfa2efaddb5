"""Uploading a list piece by piece, as `workbench.tus` speaks of it."""

import base64
from functools import partial
from http import HTTPStatus
from typing import BinaryIO, cast
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from hashsets import list_uploads, sets
from hashsets.models import ListUpload
from workbench import access, tus
from workbench.errors import NotFound
from workbench.requests import SignedRequest


@tus.speaks("POST")
def uploads(request: SignedRequest, set_id: UUID) -> HttpResponse:
    """Begin the upload of a file, or find it again by its name, size and fingerprint."""
    hash_set = sets.own(request.user, "set.import", set_id)
    said = tus.metadata(request)
    upload = list_uploads.begin(
        hash_set,
        by=request.user,
        name=said.get("filename", b""),
        size=tus.number(request, "Upload-Length"),
        fingerprint=said.get("fingerprint", b""),
    )
    if request.content_type == tus.PIECE:
        upload.offset = _append(request, upload, offset=0)
    response = tus.standing(upload.offset, upload.expires_at, HTTPStatus.CREATED)
    response.headers["Location"] = reverse("hashsets:list_upload", args=[upload.public_id])
    return response


@tus.speaks("HEAD", "PATCH", "DELETE")
def upload(request: SignedRequest, list_upload_id: UUID) -> HttpResponse:
    """Tell its sender how much is kept, keep a piece more, or forget the upload."""
    access.require(request.user, "set.import")
    found = ListUpload.objects.filter(public_id=list_upload_id, by=request.user).select_related("set__owner").first()
    if found is None:
        raise NotFound
    sets.own(request.user, "set.import", found.set.public_id)
    if request.method == "DELETE":
        list_uploads.discard(found, by=request.user)
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    if request.method == "PATCH":
        if request.content_type != tus.PIECE:
            return HttpResponse(status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        found.offset = _append(request, found, offset=tus.number(request, "Upload-Offset"))
        return tus.standing(found.offset, found.expires_at, HTTPStatus.NO_CONTENT)
    response = tus.standing(found.offset, found.expires_at, HTTPStatus.OK)
    response.headers["Upload-Length"] = str(found.size)
    response.headers["Upload-Metadata"] = f"filename {base64.b64encode(found.name.encode()).decode()}"
    return response


def _append(request: SignedRequest, upload: ListUpload, offset: int) -> int:
    return list_uploads.append(
        upload,
        offset=offset,
        stream=cast("BinaryIO", request),
        length=tus.number(request, "Content-Length"),
        checksum=request.headers.get("Upload-Checksum", ""),
        may_go_on=partial(_still_allowed, request, upload),
    )


def _still_allowed(request: SignedRequest, upload: ListUpload) -> None:
    """A piece may take hours. Raises NotFound, NotAllowed once the sender signed out or may send it no more."""
    if not request.session.exists(request.session.session_key or ""):
        raise NotFound
    sets.own(access.as_of_now(request.user), "set.import", upload.set.public_id)
