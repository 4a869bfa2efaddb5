"""Batches, units, veils and acts as JSON (ux.md section 5)."""

from typing import Any, TypeVar
from uuid import UUID

import msgspec
from django.contrib import messages
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_POST

from cases import desks, ending, figures, inspector, keys, members, notes, playing, review, storyboards, viewing
from cases.errors import NotHeld
from cases.models import Batch, SecondView, Stack
from cases.moments import MOST_MS, Moment
from cases.second import blind, inspecting
from cases.stacking import waiting
from cases.units import SCOPES, Wish
from workbench import access
from workbench.errors import BadInput
from workbench.requests import SignedRequest
from workbench.words import digits

Shape = TypeVar("Shape")
MOST_UNITS = 200
NOTE = "note"  # an act of either desk, which changes no unit
LONGEST_LOOK_MS = 86_400_000  # a day; the server clamps to the wall anyway


class ViewingIn(msgspec.Struct, forbid_unknown_fields=True):
    """How long one clear picture was unveiled: a running total, in milliseconds."""

    token: UUID
    revealed_ms: int
    enlarged_ms: int = 0


class JoinIn(msgspec.Struct, forbid_unknown_fields=True):
    """A stack that comes into another, at the version seen."""

    stack: UUID
    version: int


class MomentIn(msgspec.Struct, forbid_unknown_fields=True):
    """A moment of a film, or with `until_ms` a range, in milliseconds from its start."""

    from_ms: int
    until_ms: int | None = None


class ActIn(msgspec.Struct, forbid_unknown_fields=True):
    """One key press."""

    key: UUID
    act: str
    stack: UUID
    version: int
    code: str | None = None
    scope: str = "item"
    undoes: UUID | None = None
    item: UUID | None = None
    items: list[UUID] = []
    joins: list[JoinIn] = []
    moment: MomentIn | None = None
    viewings: list[ViewingIn] = []
    text: str = ""  # of a note


class ViewingsIn(msgspec.Struct, forbid_unknown_fields=True):
    """What the page of an item sends."""

    viewings: list[ViewingIn]


class ActsIn(msgspec.Struct, forbid_unknown_fields=True):
    """What the outbox sends. `on_screen_ms`: for how long the batch has been on screen so far, earlier visits too."""

    acts: list[ActIn]
    on_screen_ms: int = 0
    viewings: list[ViewingIn] = []


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


def _said(result: dict[str, Any]) -> dict[str, Any]:
    """An act's answer with its message in the person's language; it is kept in English."""
    return result | {"message": gettext(result["message"]) if result["message"] else ""}


@require_GET
def batch(request: SignedRequest, batch: UUID) -> HttpResponse:
    """A batch with its case and scheme, and how its person left it."""
    found = batch_of(request, batch)
    desk, case = desks.of(found), found.case
    done = desk.progress(found)
    scheme = case.scheme
    categories = scheme.categories.values("code", "key", "name", "colour", "glyph")
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
def frames(request: SignedRequest, batch: UUID, item: UUID) -> HttpResponse:
    """The keyframes of a film that the batch holds, veiled."""
    found = batch_of(request, batch)
    film = viewing.item_for(request.user, "media.clear", item)
    if viewing.batch_that_allows(film, request.user) != found:
        raise NotHeld
    playing.player().prepare()  # who looks at frames may soon hold the key that plays
    # A second view knows nothing of sets, nor does whoever owes one.
    known = found.kind == Batch.Kind.FIRST and not blind.holds(request.user, film.content_id)
    told = storyboards.of(film, tell_known=known)
    return HttpResponse(msgspec.json.encode(told), content_type="application/json")


@require_GET
def view(request: SignedRequest, view: UUID) -> HttpResponse:
    """What the inspector shows of a second view that the person holds; for others it does not exist."""
    found: SecondView = access.get_from(request.user, "batch.work", inspecting.held_by(request.user), view)
    return JsonResponse(inspecting.unit(found, request.user))


@require_POST
def decisions(request: SignedRequest, batch: UUID) -> HttpResponse:
    """Carry out acts in order; each gets its answer."""
    sent = body_as(request, ActsIn)
    _keep_looks(request, [*sent.viewings, *(look for act in sent.acts for look in act.viewings)])
    found = batch_of(request, batch)  # who lost the case meanwhile has looked all the same
    if sent.on_screen_ms:
        review.on_screen(batch=found, ms=_ms(sent.on_screen_ms))
    desk = desks.of(found)
    wishes = [_wish(act) for act in sent.acts if act.act != NOTE]
    results = desk.act(batch=found, by=request.user, wishes=wishes)
    results += notes.keep(batch=found, by=request.user, wanted=[_note(act) for act in sent.acts if act.act == NOTE])
    now = desk.progress(found)
    return JsonResponse(
        {"results": [_said(one) for one in results], "batch": {"decided": now.decided, "left": now.left}}
    )


@require_POST
def viewings(request: SignedRequest) -> HttpResponse:
    """For how long the person unveiled pictures outside a batch."""
    access.require(request.user, "media.clear")
    _keep_looks(request, body_as(request, ViewingsIn).viewings)
    return JsonResponse({})


def _keep_looks(request: SignedRequest, looks: list[ViewingIn]) -> None:
    viewing.unveiled(by=request.user, looks=[(look.token, _ms(look.revealed_ms)) for look in looks])


def _note(act: ActIn) -> notes.Wanted:
    if act.item is None:
        raise BadInput("A note names its item.")
    return notes.Wanted(act.key, act.stack, act.item, act.text)


def _wish(act: ActIn) -> Wish:
    if act.act not in keys.PLANS:
        raise BadInput(f"Unknown act {act.act!r}: one of {', '.join(sorted([*keys.PLANS, NOTE]))}.")
    if act.text:
        raise BadInput("text belongs to note only.")
    if act.scope not in SCOPES:
        raise BadInput("scope must be item, stack or rest.")
    if act.items and act.act != "split":
        raise BadInput("items belong to split only.")
    joins = tuple((one.stack, one.version) for one in act.joins)
    if joins and (act.act != "join" or act.stack in dict(joins) or len(dict(joins)) < len(joins)):
        raise BadInput("joins belong to join only, and name other stacks, each once.")
    if act.moment and act.act != "decide":
        raise BadInput("A moment belongs to decide only.")
    items, moment = tuple(act.items), _moment(act.moment)
    return Wish(
        act.key, act.act, act.stack, act.version, act.code, act.scope, act.undoes, act.item, items, joins, moment
    )


def _moment(sent: MomentIn | None) -> Moment | None:
    if sent is None:
        return None
    end = sent.from_ms if sent.until_ms is None else sent.until_ms
    if not 0 <= sent.from_ms <= end <= MOST_MS:
        raise BadInput("A moment begins at 0 or later and ends no earlier than it begins.")
    return Moment(sent.from_ms, sent.until_ms)


def _ms(value: int) -> int:
    return max(0, min(value, LONGEST_LOOK_MS))


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
