"""Resumable uploads: tus 1.0 with creation, creation-with-upload, checksum, expiration and termination (tus.io)."""

import base64
import json
from collections.abc import Callable
from functools import partial, wraps
from http import HTTPStatus
from typing import Any, BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase, HttpResponseNotAllowed, JsonResponse
from django.urls import reverse
from django.utils.http import http_date
from django.views.decorators.http import require_POST

from cases import announced, receiving, resumable
from cases.models import Exhibit, ResumableUpload
from workbench import access
from workbench.errors import BadInput, NotFound, WorkbenchError
from workbench.requests import SignedRequest
from workbench.views.errors import answer

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
PIECE = "application/offset+octet-stream"
MOST_ANNOUNCED = 5000  # files a request
View = Callable[..., HttpResponseBase]


def tus(*methods: str) -> Callable[[View], View]:
    """Speak the protocol: its version on every request and answer but OPTIONS, which tells what the server can do."""

    def decorate(view: View) -> View:
        @wraps(view)
        def spoken(request: SignedRequest, **ids: UUID) -> HttpResponseBase:
            if request.method == "OPTIONS":
                return _can()
            if request.method not in methods:
                response: HttpResponseBase = HttpResponseNotAllowed([*methods, "OPTIONS"])
            elif request.headers.get("Tus-Resumable") != VERSION:
                response = HttpResponse(status=HTTPStatus.PRECONDITION_FAILED, headers={"Tus-Version": VERSION})
            else:
                response = _answered(view, request, ids)
            response.headers["Tus-Resumable"] = VERSION
            return response

        return spoken

    return decorate


def _can() -> HttpResponse:
    told = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(settings.UPLOAD_BYTES),
        "Tus-Checksum-Algorithm": ",".join(resumable.ALGORITHMS),
    }
    return HttpResponse(status=HTTPStatus.NO_CONTENT, headers=told)


def _answered(view: View, request: SignedRequest, ids: dict[str, UUID]) -> HttpResponseBase:
    try:
        return view(request, **ids)
    except WorkbenchError as error:
        if error.refuses:
            raise  # an event of the log
        return answer(request, error)


@tus("POST")
def uploads(request: SignedRequest, exhibit: UUID) -> HttpResponse:
    """Begin the upload of a file, or find it again by its name, size and fingerprint."""
    found: Exhibit = access.get(request.user, "evidence.add", Exhibit, exhibit)
    said = _metadata(request.headers.get("Upload-Metadata", ""))
    upload = resumable.begin(
        found,
        raw_path=said.get("filename", b""),
        size=_number(request, "Upload-Length"),
        fingerprint=said.get("fingerprint", b""),
    )
    if request.content_type == PIECE:
        upload.offset = _append(request, upload, offset=0)
    else:
        resumable.settle(upload)
    response = _at(upload, HTTPStatus.CREATED)
    response.headers["Location"] = reverse("cases:api_upload", args=[upload.public_id])
    return response


@tus("HEAD", "PATCH", "DELETE")
def upload(request: SignedRequest, upload: UUID) -> HttpResponse:
    """Tell how much is kept, keep a piece more, or forget the upload."""
    scoped = ResumableUpload.objects.for_actor(request.user).select_related("exhibit__case")
    found: ResumableUpload = access.get_from(request.user, "evidence.add", scoped, upload)
    if request.method == "DELETE":
        resumable.discard(found, by=request.user)
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    if request.method == "PATCH":
        if request.content_type != PIECE:
            return HttpResponse(status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        found.offset = _append(request, found, offset=_number(request, "Upload-Offset"))
        return _at(found, HTTPStatus.NO_CONTENT)
    resumable.settle(found)
    response = _at(found, HTTPStatus.OK)
    response.headers["Upload-Length"] = str(found.size)
    response.headers["Upload-Metadata"] = f"filename {base64.b64encode(found.raw_path).decode()}"
    return response


def _append(request: SignedRequest, upload: ResumableUpload, offset: int) -> int:
    return resumable.append(
        upload,
        offset=offset,
        stream=cast("BinaryIO", request),
        length=_number(request, "Content-Length"),
        checksum=request.headers.get("Upload-Checksum", ""),
        may_go_on=partial(_still_allowed, request, upload),
    )


def _still_allowed(request: SignedRequest, upload: ResumableUpload) -> None:
    """A piece may take hours. Raises NotFound, NotAllowed once the sender signed out or may send it no more."""
    if not request.session.exists(request.session.session_key or ""):
        raise NotFound
    access.get(access.as_of_now(request.user), "evidence.add", Exhibit, upload.exhibit.public_id)


def _at(upload: ResumableUpload, status: HTTPStatus) -> HttpResponse:
    headers = {"Upload-Offset": str(upload.offset), "Upload-Expires": http_date(upload.expires_at.timestamp())}
    return HttpResponse(status=status, headers=headers)


def _number(request: SignedRequest, header: str) -> int:
    """The header's number of bytes. Raises BadInput."""
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise BadInput(f"The request needs the header {header}, a number of bytes.")
    return int(text)


def _metadata(header: str) -> dict[str, bytes]:
    """The pairs of Upload-Metadata, their values decoded. Raises BadInput."""
    pairs = (pair.strip().partition(" ") for pair in header.split(",") if pair.strip())
    return {key: receiving.decoded(value) for key, _, value in pairs}


@require_POST
def announce(request: SignedRequest, exhibit: UUID) -> HttpResponse:
    """Note the files that will be sent, `[[base64 of the name, bytes], ...]`; answer with the places still missing."""
    found: Exhibit = access.get(request.user, "evidence.add", Exhibit, exhibit)
    return JsonResponse({"missing": announced.announce(found, _announced(request))})


def _announced(request: SignedRequest) -> list[announced.File]:
    try:
        files: Any = json.loads(request.body)["files"]
        told = [(receiving.decoded(name), int(size)) for name, size in files]
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise BadInput("The request needs `files`: a list of names in base64, each with its bytes.") from error
    if len(told) > MOST_ANNOUNCED:
        raise BadInput(f"At most {MOST_ANNOUNCED:,} files at once.")
    return told
