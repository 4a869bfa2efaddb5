"""What a person does at either desk: acts, notes, and for how long he looked, as JSON (ux.md section 5)."""

from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from cases import desks, keys, marked, notes, review, viewing
from cases.api.review import batch_of, body_as
from cases.moments import MOST_MS, Moment
from cases.units import SCOPES, Wish
from workbench import access
from workbench.errors import BadInput
from workbench.requests import SignedRequest

NOTE, MARK = "note", "mark"  # acts of either desk, which change no unit
LONGEST_LOOK_MS = 86_400_000  # a day; the server clamps to the wall anyway


class ViewingIn(msgspec.Struct, forbid_unknown_fields=True):
    """For how long one clear picture was unveiled, and of that enlarged: running totals, in milliseconds."""

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


def _said(result: dict[str, Any]) -> dict[str, Any]:
    """An act's answer with its message in the person's language; it is kept in English."""
    return result | {"message": gettext(result["message"]) if result["message"] else ""}


@require_POST
def decisions(request: SignedRequest, batch: UUID) -> HttpResponse:
    """Carry out acts in order; each gets its answer."""
    sent = body_as(request, ActsIn)
    _keep_looks(request, [*sent.viewings, *(look for act in sent.acts for look in act.viewings)])
    found = batch_of(request, batch)  # who lost the case meanwhile has looked all the same
    if sent.on_screen_ms:
        review.on_screen(batch=found, ms=_ms(sent.on_screen_ms))
    wishes = [_wish(act) for act in sent.acts if act.act not in (NOTE, MARK)]
    results = desks.of(found).act(batch=found, by=request.user, wishes=wishes)
    results += notes.keep(batch=found, by=request.user, wanted=[_note(act) for act in sent.acts if act.act == NOTE])
    results += marked.keep(batch=found, by=request.user, wanted=[_mark(act) for act in sent.acts if act.act == MARK])
    return JsonResponse({"results": [_said(one) for one in results]})


@require_POST
def viewings(request: SignedRequest) -> HttpResponse:
    """For how long the person unveiled pictures outside a batch."""
    access.require(request.user, "media.clear")
    _keep_looks(request, body_as(request, ViewingsIn).viewings)
    return JsonResponse({})


def _keep_looks(request: SignedRequest, looks: list[ViewingIn]) -> None:
    viewing.unveiled(by=request.user, looks=[_look(look) for look in looks])


def _look(sent: ViewingIn) -> viewing.Look:
    return viewing.Look(sent.token, _ms(sent.revealed_ms), _ms(sent.enlarged_ms))


def _note(act: ActIn) -> notes.Wanted:
    if act.item is None:
        raise BadInput("A note names its item.")
    return notes.Wanted(act.key, act.stack, act.item, act.text)


def _mark(act: ActIn) -> marked.Wanted:
    if act.item is None:
        raise BadInput("A mark names its item.")
    return marked.Wanted(act.key, act.stack, act.item, _moment(act.moment))


def _wish(act: ActIn) -> Wish:
    if act.act not in keys.PLANS:
        raise BadInput(f"Unknown act {act.act!r}: one of {', '.join(sorted([*keys.PLANS, NOTE, MARK]))}.")
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
        raise BadInput("A moment belongs to decide and mark only.")
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
