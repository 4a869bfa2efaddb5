"""Resumable uploads of evidence, as `workbench.tus` speaks of them; files announced before they are sent."""

import json
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from cases import announced, resumable
from cases.models import Exhibit, ResumableUpload
from workbench import access, tus
from workbench.errors import BadInput
from workbench.models import User
from workbench.requests import SignedRequest

MOST_ANNOUNCED = 5000  # files a request


@tus.speaks("POST")
def uploads(request: SignedRequest, exhibit: UUID) -> HttpResponse:
    """Begin the upload of a file, or find it again by its name, size and fingerprint."""
    found: Exhibit = access.get(request.user, "evidence.add", Exhibit, exhibit)

    def begin(*, name: bytes, size: int, fingerprint: bytes) -> ResumableUpload:
        made = resumable.begin(found, raw_path=name, size=size, fingerprint=fingerprint)
        resumable.settle(made)  # one without bytes is whole at once
        return made

    return tus.begun(request, begin, partial(_append, request), at="cases:api_upload")


@tus.speaks("HEAD", "PATCH", "DELETE")
def upload(request: SignedRequest, upload: UUID) -> HttpResponse:
    """Tell how much is kept, keep a piece more, or forget the upload."""
    scoped = ResumableUpload.objects.for_actor(request.user).select_related("exhibit__case")
    found: ResumableUpload = access.get_from(request.user, "evidence.add", scoped, upload)
    if request.method == "HEAD":
        resumable.settle(found)
    return tus.gone_on_with(
        request,
        found,
        name=bytes(found.raw_path),
        keep=partial(_append, request, found),
        discard=partial(resumable.discard, found, by=request.user),
    )


def _append(request: SignedRequest, upload: ResumableUpload, offset: int) -> int:
    def allowed(sender: User) -> None:
        access.get(sender, "evidence.add", Exhibit, upload.exhibit.public_id)

    return resumable.append(upload, tus.piece(request, allowed), offset=offset)


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
