"""Resumable uploads of evidence, as `workbench.tus` speaks of them; files announced before they are sent."""

import base64
import json
from functools import partial
from http import HTTPStatus
from typing import Any, BinaryIO, cast
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from cases import announced, resumable
from cases.models import Exhibit, ResumableUpload
from workbench import access, tus
from workbench.errors import BadInput, NotFound
from workbench.requests import SignedRequest

MOST_ANNOUNCED = 5000  # files a request


@tus.speaks("POST")
def uploads(request: SignedRequest, exhibit: UUID) -> HttpResponse:
    """Begin the upload of a file, or find it again by its name, size and fingerprint."""
    found: Exhibit = access.get(request.user, "evidence.add", Exhibit, exhibit)
    said = tus.metadata(request)
    upload = resumable.begin(
        found,
        raw_path=said.get("filename", b""),
        size=tus.number(request, "Upload-Length"),
        fingerprint=said.get("fingerprint", b""),
    )
    if request.content_type == tus.PIECE:
        upload.offset = _append(request, upload, offset=0)
    else:
        resumable.settle(upload)
    response = tus.standing(upload.offset, upload.expires_at, HTTPStatus.CREATED)
    response.headers["Location"] = reverse("cases:api_upload", args=[upload.public_id])
    return response


@tus.speaks("HEAD", "PATCH", "DELETE")
def upload(request: SignedRequest, upload: UUID) -> HttpResponse:
    """Tell how much is kept, keep a piece more, or forget the upload."""
    scoped = ResumableUpload.objects.for_actor(request.user).select_related("exhibit__case")
    found: ResumableUpload = access.get_from(request.user, "evidence.add", scoped, upload)
    if request.method == "DELETE":
        resumable.discard(found, by=request.user)
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    if request.method == "PATCH":
        if request.content_type != tus.PIECE:
            return HttpResponse(status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        found.offset = _append(request, found, offset=tus.number(request, "Upload-Offset"))
        return tus.standing(found.offset, found.expires_at, HTTPStatus.NO_CONTENT)
    resumable.settle(found)
    response = tus.standing(found.offset, found.expires_at, HTTPStatus.OK)
    response.headers["Upload-Length"] = str(found.size)
    response.headers["Upload-Metadata"] = f"filename {base64.b64encode(found.raw_path).decode()}"
    return response


def _append(request: SignedRequest, upload: ResumableUpload, offset: int) -> int:
    return resumable.append(
        upload,
        offset=offset,
        stream=cast("BinaryIO", request),
        length=tus.number(request, "Content-Length"),
        checksum=request.headers.get("Upload-Checksum", ""),
        may_go_on=partial(_still_allowed, request, upload),
    )


def _still_allowed(request: SignedRequest, upload: ResumableUpload) -> None:
    """A piece may take hours. Raises NotFound, NotAllowed once the sender signed out or may send it no more."""
    if not request.session.exists(request.session.session_key or ""):
        raise NotFound
    access.get(access.as_of_now(request.user), "evidence.add", Exhibit, upload.exhibit.public_id)


@require_POST
def announce(request: SignedRequest, exhibit: UUID) -> HttpResponse:
    """Note the files that will be sent, `[[base64 of the name, bytes], ...]`; answer with the places still missing."""
    found: Exhibit = access.get(request.user, "evidence.add", Exhibit, exhibit)
    return JsonResponse({"missing": announced.announce(found, _announced(request))})


def _announced(request: SignedRequest) -> list[announced.File]:
    try:
        files: Any = json.loads(request.body)["files"]
        told = [(tus.decoded(name), int(size)) for name, size in files]
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise BadInput("The request needs `files`: a list of names in base64, each with its bytes.") from error
    if len(told) > MOST_ANNOUNCED:
        raise BadInput(f"At most {MOST_ANNOUNCED:,} files at once.")
    return told
