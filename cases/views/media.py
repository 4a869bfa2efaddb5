"""Pictures of evidence: only re-encoded previews, never cached, each clear one noted."""

import json
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_GET

from cases import loudness, playing, storyboards, viewing
from cases.errors import NoPreview
from cases.models import Batch, Keyframe, Listening, Viewing
from cases.second import blind
from cases.veils import packed
from workbench.errors import BadInput, NotAllowed
from workbench.jail import Piece
from workbench.requests import SignedRequest

ALLOWED_USES = {"image", "video", "audio", "empty"}


def _only_inside(request: HttpRequest) -> None:
    """Raise NotAllowed when a picture is opened as a page of its own, before anything says that it was seen."""
    if request.headers.get("Sec-Fetch-Dest", "empty") not in ALLOWED_USES:
        raise NotAllowed(noop("Pictures are shown inside the workbench only."))


def _picture(data: bytes, content_type: str) -> HttpResponse:
    """A picture that can be nothing but a picture."""
    response = HttpResponse(data, content_type=content_type)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Content-Disposition"] = "inline"
    return response


def _noted(picture: bytes, row: Viewing) -> HttpResponse:
    """A clear picture with the token under which the look is counted."""
    response = _picture(picture, "image/jpeg")
    response["X-Viewing"] = str(row.token)
    return response


@require_GET
def clear(request: SignedRequest, item: UUID) -> HttpResponse:
    """The clear preview; its viewing token comes in X-Viewing."""
    _only_inside(request)
    return _noted(*viewing.clear(item=viewing.item_for(request.user, "media.clear", item), by=request.user))


@require_GET
def clear_frame(request: SignedRequest, item: UUID, number: int) -> HttpResponse:
    """A clear keyframe; its viewing token comes in X-Viewing."""
    _only_inside(request)
    found = viewing.item_for(request.user, "media.clear", item)
    return _noted(*viewing.clear_frame(item=found, number=number, by=request.user))


@require_GET
def clip(request: SignedRequest, item: UUID) -> HttpResponse:
    """A piece of a film, grey and without sound (`?from=` milliseconds, `&speed=`); its viewing token in X-Viewing."""
    _only_inside(request)
    start, speed = _whole(request, "from", 0), _whole(request, "speed", playing.SPEEDS[0])
    if speed not in playing.SPEEDS:
        raise BadInput(f"speed must be one of {', '.join(map(str, playing.SPEEDS))}.")
    found = viewing.item_for(request.user, "media.clear", item)
    return _piece(*playing.clip(item=found, by=request.user, start=start, speed=speed))


@require_GET
def sound(request: SignedRequest, item: UUID) -> HttpResponse:
    """A piece of the sound of a film (`?from=` milliseconds), without its picture; its token in X-Viewing."""
    _only_inside(request)
    found = viewing.item_for(request.user, "media.clear", item)
    return _piece(*playing.sound(item=found, by=request.user, start=_whole(request, "from", 0)))


@require_GET
def loudness_of(request: SignedRequest, item: UUID) -> HttpResponse:
    """How loud a film is along its length, as far as it is known by now."""
    found = viewing.item_for(request.user, "media.clear", item)
    return JsonResponse(loudness.more(item=found, by=request.user))


@require_GET
def frames(request: SignedRequest, item: UUID) -> HttpResponse:
    """The keyframes of a film, veiled, for who may look at it; who gives a blind view of it is told of no set."""
    found = viewing.item_for(request.user, "media.clear", item)
    batch = viewing.batch_that_allows(found, request.user)
    playing.player().prepare()  # who looks at frames may soon hold the key that plays
    is_blind = (batch is not None and batch.kind == Batch.Kind.SECOND) or blind.holds(request.user, found.content_id)
    return JsonResponse(storyboards.of(found, tell_known=not is_blind))


def _whole(request: HttpRequest, name: str, default: int) -> int:
    text = request.GET.get(name, str(default))
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise BadInput(f"{name} must be a whole number.")
    return int(text)


def _piece(piece: Piece, row: Viewing | Listening | None) -> HttpResponse:
    """What the piece is as JSON, then its pictures or its samples, each behind its length."""
    told = {
        "start": piece.start,
        "next": piece.next,
        "reason": playing.words(piece),
        "at": [at for at, _picture in piece.pictures],
    }
    parts = [json.dumps(told).encode(), *(picture for _at, picture in piece.pictures), piece.sound]
    response = _picture(packed(parts), "application/octet-stream")
    if row is not None:
        response["X-Viewing"] = str(row.token)
    return response


@require_GET
def veil(request: SignedRequest, item: UUID) -> HttpResponse:
    """The veiled picture: 64 x 48, grey, blurred."""
    _only_inside(request)
    veiled = viewing.item_for(request.user, "media.veil", item).content.veil
    if not veiled:
        raise NoPreview
    return _picture(bytes(veiled), "image/webp")


@require_GET
def veil_frame(request: SignedRequest, item: UUID, number: int) -> HttpResponse:
    """A veiled keyframe."""
    _only_inside(request)
    content = viewing.item_for(request.user, "media.veil", item).content_id
    veiled = Keyframe.objects.filter(content=content, number=number).values_list("veil", flat=True).first()
    if veiled is None:
        raise NoPreview
    return _picture(bytes(veiled), "image/webp")
