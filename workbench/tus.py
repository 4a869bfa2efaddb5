"""The protocol of resumable uploads: tus 1.0 with creation, creation-with-upload, checksum, expiration, termination.

tus.io. What is uploaded, and where it lies, is the views' affair.
"""

import base64
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import BinaryIO, Protocol, TypeVar, cast
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.urls import reverse
from django.utils.http import http_date

from workbench import access, pieces
from workbench.errors import BadInput, NotFound, WorkbenchError
from workbench.models import User
from workbench.pieces import Piece
from workbench.requests import SignedRequest
from workbench.views.errors import answer

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
PIECE = "application/offset+octet-stream"
View = Callable[..., HttpResponseBase]


def speaks(*methods: str) -> Callable[[View], View]:
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
        "Tus-Checksum-Algorithm": ",".join(pieces.ALGORITHMS),
    }
    return HttpResponse(status=HTTPStatus.NO_CONTENT, headers=told)


def _answered(view: View, request: SignedRequest, ids: dict[str, UUID]) -> HttpResponseBase:
    try:
        return view(request, **ids)
    except WorkbenchError as error:
        if error.refuses:
            raise  # an event of the log
        return answer(request, error)


def standing(offset: int, expires_at: datetime, status: HTTPStatus) -> HttpResponse:
    """How much of an upload is kept, and until when."""
    headers = {"Upload-Offset": str(offset), "Upload-Expires": http_date(expires_at.timestamp())}
    return HttpResponse(status=status, headers=headers)


class Upload(Protocol):
    """A row that tells of one upload."""

    public_id: UUID
    offset: int
    size: int
    expires_at: datetime


Row = TypeVar("Row", bound=Upload)


def begun(
    request: SignedRequest, begin: Callable[..., Row], keep: Callable[[Row, int], int], *, at: str
) -> HttpResponse:
    """POST: `begin` an upload, or find it again, and `keep` the piece that came along. `at`: the name of its route."""
    said = metadata(request)
    upload = begin(
        name=said.get("filename", b""), size=number(request, "Upload-Length"), fingerprint=said.get("fingerprint", b"")
    )
    if request.content_type == PIECE:
        upload.offset = keep(upload, 0)
    response = standing(upload.offset, upload.expires_at, HTTPStatus.CREATED)
    response.headers["Location"] = reverse(at, args=[upload.public_id])
    return response


def gone_on_with(
    request: SignedRequest, upload: Upload, *, name: bytes, keep: Callable[[int], int], discard: Callable[[], None]
) -> HttpResponse:
    """HEAD, PATCH and DELETE of an upload: tell how much is kept, `keep` a piece from an offset on, or discard all."""
    if request.method == "DELETE":
        discard()
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    if request.method == "PATCH":
        if request.content_type != PIECE:
            return HttpResponse(status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        return standing(keep(number(request, "Upload-Offset")), upload.expires_at, HTTPStatus.NO_CONTENT)
    response = standing(upload.offset, upload.expires_at, HTTPStatus.OK)
    response.headers["Upload-Length"] = str(upload.size)
    response.headers["Upload-Metadata"] = f"filename {base64.b64encode(name).decode()}"
    return response


def piece(request: SignedRequest, allowed: Callable[[User], object]) -> Piece:
    """The piece that a request brings. It may take hours: before each slice is kept its sender, as he is by then, must
    be signed in still, else NotFound, and `allowed` to send it, which raises where he is not.
    """

    def may_go_on() -> None:
        if not request.session.exists(request.session.session_key or ""):
            raise NotFound
        allowed(access.as_of_now(request.user))

    return Piece(
        stream=cast("BinaryIO", request),
        length=number(request, "Content-Length"),
        checksum=request.headers.get("Upload-Checksum", ""),
        may_go_on=may_go_on,
    )


def number(request: SignedRequest, header: str) -> int:
    """The header's number of bytes. Raises BadInput."""
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise BadInput(f"The request needs the header {header}, a number of bytes.")
    return int(text)


def metadata(request: SignedRequest) -> dict[str, bytes]:
    """The pairs of Upload-Metadata, their values decoded. Raises BadInput."""
    header = request.headers.get("Upload-Metadata", "")
    pairs = (pair.strip().partition(" ") for pair in header.split(",") if pair.strip())
    return {key: decoded(value) for key, _, value in pairs}


def decoded(text: str) -> bytes:
    """The bytes of a base64 word: how names travel, since no text field keeps every byte. Raises BadInput."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise BadInput("A name or value of this request is not base64.") from error
