"""The map of where a case's items were taken: drawn by the server, without a network and without anybody's map data."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_GET

from cases import found_at, graticule, listing, metadata
from cases.found_at import Spot
from cases.graticule import Box, Sheet
from cases.models import Case, Item
from cases.queue import asking
from cases.queue.filters import NOWHERE, Wanted, corners
from workbench import access
from workbench.errors import BadInput
from workbench.requests import SignedRequest
from workbench.words import digits

TOLD = 100  # spots in the table
RADIUS = (6, 22)  # pixels of the smallest and the largest spot
EAST_WEST = (noop("%(n)s° E"), noop("%(n)s° W"))
NORTH_SOUTH = (noop("%(n)s° N"), noop("%(n)s° S"))


@require_GET
def places(request: SignedRequest, case: UUID) -> HttpResponse:
    """The places of a case, or of a rectangle (`box`); one item may be marked (`item`)."""
    scoped = Case.objects.for_actor(request.user).select_related("agency")
    found: Case = access.get_from(request.user, "item.view", scoped, case)
    item, box = _item(request, found), _box(request) or found_at.extent(found)
    context: dict[str, Any] = {"here": "cases", "case": found, "item": item, "zoomed": "box" in request.GET}
    if box:
        context |= _drawing(found, graticule.sheet(box), item)
    context["nowhere"] = found_at.nowhere(found)
    context["ask_nowhere"] = _asked(found, NOWHERE)
    context["may_ask"] = access.has(request.user, "batch.claim")
    context["ask"] = context.get("ask", "") if access.has(request.user, "batch.claim") else ""
    return render(request, "cases/places.html", context)


def _item(request: SignedRequest, case: Case) -> Item | None:
    """The item that is to be marked; one that says no place is not."""
    text = request.GET.get("item")
    try:
        return (text and Item.objects.filter(case=case, latitude__isnull=False).filter(public_id=text).first()) or None
    except (ValidationError, ValueError) as error:
        raise BadInput("item must be the id of an item.") from error


def _box(request: SignedRequest) -> Box | None:
    text = request.GET.get("box")
    if not text:
        return None
    box = Wanted(box=corners(text)).box
    if box and box[1] > box[3]:
        raise BadInput(noop("A map does not go over the date line."))
    return box


def _drawing(case: Case, sheet: Sheet, item: Item | None) -> dict[str, Any]:
    spots = found_at.spots(case, sheet.box)
    most = max((spot.items for spot in spots), default=1)
    metres, pixels = sheet.scale()
    return {
        "sheet": sheet,
        "meridians": [{"at": one.at, "text": _degrees(one.degrees, EAST_WEST)} for one in sheet.meridians()],
        "parallels": [{"at": one.at, "text": _degrees(one.degrees, NORTH_SOUTH)} for one in sheet.parallels()],
        "wide": graticule.WIDE,
        "tall": graticule.TALL,
        "spots": [_spot(spot, sheet, most, item) for spot in spots],
        "told": TOLD,
        "more": max(0, len(spots) - TOLD),
        "items": sum(spot.items for spot in spots),
        "scale": {"text": _distance(metres), "wide": pixels},
        "mark": _mark(sheet, item),
        "ask": _asked(case, sheet.box),
    }


def _asked(case: Case, box: Box) -> str:
    """The address that asks the queue for a box."""
    fields = asking.fields("alike", Wanted(box=box))
    return f"{reverse('cases:queue', args=[case.public_id])}?{listing.query(fields)}"


def _spot(spot: Spot, sheet: Sheet, most: int, item: Item | None) -> dict[str, Any]:
    least, largest = RADIUS
    asked = {"box": ",".join(f"{part:.5f}" for part in spot.box)} | ({"item": str(item.public_id)} if item else {})
    return {
        "items": spot.items,
        "x": f"{sheet.x(spot.longitude):.1f}",
        "y": f"{sheet.y(spot.latitude):.1f}",
        "r": f"{least + (largest - least) * (spot.items / most) ** 0.5:.1f}" if spot.items > 1 else str(least),
        "place": metadata.place(spot.latitude, spot.longitude),
        "url": f"?{urlencode(asked)}",
    }


def _mark(sheet: Sheet, item: Item | None) -> dict[str, str] | None:
    """Where the item is drawn; None where it is not, or lies elsewhere."""
    if item is None or item.latitude is None or item.longitude is None:
        return None
    if not metadata.is_place(item.latitude, item.longitude):
        return None
    x, y = sheet.x(item.longitude), sheet.y(item.latitude)
    if not (0 <= x <= graticule.WIDE and 0 <= y <= graticule.TALL):
        return None
    return {"x": f"{x:.1f}", "y": f"{y:.1f}", "place": metadata.place(item.latitude, item.longitude)}


def _degrees(value: float, words: tuple[str, str]) -> str:
    """`51.5° N`."""
    return _(words[value < 0]) % {"n": f"{abs(value):g}"} if value else "0°"


def _distance(metres: int) -> str:
    return _("%(n)s km") % {"n": digits(metres // 1000)} if metres >= 1000 else _("%(n)s m") % {"n": digits(metres)}
