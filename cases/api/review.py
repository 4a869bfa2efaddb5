"""Batches, their units and veils as JSON (ux.md section 5); what is done to them: deciding.py."""

from typing import TypeVar
from uuid import UUID

import msgspec
from django.contrib import messages
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from cases import desks, ending, figures, inspector, members
from cases.errors import NotHeld
from cases.models import Batch, SecondView, Stack
from cases.second import blind, inspecting
from cases.stacking import waiting
from workbench import access
from workbench.errors import BadInput
from workbench.requests import SignedRequest
from workbench.words import digits

Shape = TypeVar("Shape")
MOST_UNITS = 200


def body_as(request: HttpRequest, shape: type[Shape]) -> Shape:
    """The request's JSON in the given shape. Raises BadInput naming the place."""
    try:
        return msgspec.json.decode(request.body, type=shape)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BadInput(f"The request's body does not fit: {error}") from error


def batch_of(request: SignedRequest, batch: UUID) -> Batch:
    """The person's own batch, with its case."""
    scoped = Batch.objects.for_actor(request.user).select_related("case__scheme", "case__agency")
    found: Batch = access.get_from(request.user, "batch.work", scoped, batch)
    return found


def _page(request: HttpRequest) -> dict[str, int]:
    """`after` and `limit` of the address, within bounds."""
    found = {}
    for name, default, least, most in (("after", 0, 0, 2**31 - 1), ("limit", 60, 1, MOST_UNITS)):
        text = request.GET.get(name, str(default))
        if not text.isascii() or not text.isdecimal() or len(text) > 10:
            raise BadInput(f"{name} must be a whole number.")
        found[name] = max(least, min(int(text), most))
    return found


@require_GET
def batch(request: SignedRequest, batch: UUID) -> HttpResponse:
    """A batch with its case and scheme, and how its person left it."""
    found = batch_of(request, batch)
    desk, case = desks.of(found), found.case
    done = desk.progress(found)
    scheme = case.scheme
    shown = ("code", "key", "colour", "glyph")
    categories = [{name: getattr(one, name) for name in shown} | {"name": one.label} for one in scheme.categories.all()]
    return JsonResponse(
        {
            "id": str(found.public_id),
            "number": found.number,
            "kind": found.kind,
            "state": found.state,
            "case": {"id": str(case.public_id), "number": case.number, "name": case.name},
            "size": done.size,
            "decided": done.decided,
            "on_screen_ms": found.on_screen_ms,
            "place": desk.place(found),
            "steps": desk.steps(found),
            "seen": desk.seen(found),
            "scheme": {
                "id": scheme.scheme_id,
                "version": scheme.version,
                "name": scheme.name,
                "categories": list(categories),
            },
        }
    )


@require_GET
def units(request: SignedRequest, batch: UUID) -> HttpResponse:
    """Units behind a position, in queue order."""
    found, page = batch_of(request, batch), _page(request)
    rows = desks.of(found).units(found, **page)
    owed = blind.items(request.user) if found.kind == Batch.Kind.FIRST else set()
    rows = [row | {"code": None} if row["item"] in owed else row for row in rows]
    following = rows[-1]["position"] if len(rows) == page["limit"] else None
    return HttpResponse(msgspec.json.encode({"units": rows, "next": following}), content_type="application/json")


@require_GET
def veils(request: SignedRequest, batch: UUID) -> HttpResponse:
    """The veiled pictures of these units as one binary answer."""
    found = batch_of(request, batch)
    answer = desks.of(found).veils(found, **_page(request))
    return HttpResponse(answer, content_type="application/octet-stream")


@require_GET
def changes(request: SignedRequest, batch: UUID) -> HttpResponse:
    """Units that need no decision any more, with the reason; how many pictures join the others when it ends."""
    found = batch_of(request, batch)
    return JsonResponse({"left": desks.of(found).left_queue(found), "arrived": sum(waiting.awaited(found.pk).values())})


@require_GET
def stack(request: SignedRequest, stack: UUID) -> HttpResponse:
    """What the inspector shows of a unit, or of one of its pictures (`?item=`)."""
    found: Stack = access.get(request.user, "item.view", Stack, stack)
    return JsonResponse(inspector.unit(found, by=request.user, named=_item(request)))


def _item(request: HttpRequest) -> UUID | None:
    text = request.GET.get("item")
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise BadInput("item must be the id of an item.") from error


@require_GET
def stack_members(request: SignedRequest, batch: UUID, stack: UUID) -> HttpResponse:
    """The pictures of a stack that the batch holds, one by one."""
    found = batch_of(request, batch)
    held = Stack.objects.filter(batch=found, public_id=stack, lease_until__gt=Now()).first()
    if held is None:
        raise NotHeld
    return HttpResponse(msgspec.json.encode(members.of(held, found)), content_type="application/json")


@require_GET
def view(request: SignedRequest, view: UUID) -> HttpResponse:
    """What the inspector shows of a second view that the person holds; for others it does not exist."""
    found: SecondView = access.get_from(request.user, "batch.work", inspecting.held_by(request.user), view)
    return JsonResponse(inspecting.unit(found, request.user))


@require_POST
def close(request: SignedRequest, batch: UUID) -> HttpResponse:
    """End the batch; its open units go back to the queue."""
    found = batch_of(request, batch)
    summary = ending.close(batch=found, by=request.user)
    if summary.get("joined"):
        messages.info(request, _arrived(summary["joined"]))
    left = figures.of(found.case).left
    page = reverse("cases:case", args=[found.case.public_id])
    return JsonResponse(summary | {"next": page, "case": {"left": left}})


def _arrived(joined: int) -> str:
    return ngettext(
        "%(n)s more picture joined after your batch: it came while you held the stack that it resembles.",
        "%(n)s more pictures joined after your batch: they came while you held the stacks that they resemble.",
        joined,
    ) % {"n": digits(joined)}
