"""Side trips: what stands beside a unit of a batch. Similar pictures, the same folder, camera or day; always veiled.

Nobody's category is part of it, whatever was decided: the unit one comes from still awaits a first decision. A picture
can be unveiled only in a batch, so what is free may be added to the own one (`adding.py`).
"""

from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from cases import names, neighbours, shown
from cases.models import Batch, Item
from cases.second import blind
from cases.stacking import hashes
from cases.units import LAST
from workbench.errors import BadInput

KINDS = ("similar", "folder", "camera", "day")
EACH_WAY = 40  # neighbours before and behind
MOST = 2 * EACH_WAY
WALK = 1_000  # files of a folder each way, of which some may be no items
FARTHEST = 80  # bits of 256; beyond that, pictures have nothing in common

# Neighbours in time: of the same camera, or on the same day.
TAKEN = """
SELECT i.id, NULL, i.taken_at FROM cases_item i
WHERE i.case_id = %(case)s AND i.id <> %(item)s AND {which} AND i.taken_at {way} %(taken)s
ORDER BY i.taken_at {direction}, i.id LIMIT %(each)s
"""
UNTIMED = """
SELECT i.id, NULL, NULL FROM cases_item i WHERE i.case_id = %(case)s AND i.id <> %(item)s AND {which}
  AND i.taken_at IS NULL ORDER BY i.id LIMIT %(each)s
"""
CAMERA = "i.camera <> '' AND i.camera = %(camera)s"
DAY = "i.taken_at >= date_trunc('day', %(taken)s, 'UTC') AND i.taken_at < date_trunc('day', %(taken)s, 'UTC') + '1 day'"
ROWS = """
SELECT i.id, i.public_id, s.public_id, i.state, i.stack_id, c.veil, f.raw_path, s.position,
  starts_with(s.sort_key, %(last)s), s.lease_until > now() AND s.batch_id = %(batch)s,
  coalesce(s.lease_until > now(), false), s.state = 'open', i.content_id = ANY(%(owed)s::bigint[])
FROM cases_item i JOIN cases_stack s ON s.id = i.stack_id JOIN cases_content c ON c.id = i.content_id
LEFT JOIN LATERAL (SELECT min(f.raw_path) AS raw_path FROM cases_fileinstance f
  JOIN cases_exhibit x ON x.id = f.exhibit_id AND x.case_id = i.case_id AND x.removed_at IS NULL
  WHERE f.content_id = c.id) f ON true
WHERE i.case_id = %(case)s AND i.id = ANY(%(items)s) AND i.state <> 'excluded'
"""


@dataclass(frozen=True, slots=True)
class Beside:
    """What is shown: a sentence, rows for JSON, and a veil for each row ("" = none). `more`: there are others.

    `filter`: fields of the form of what comes next that ask for all of it; empty where none do.
    """

    about: str
    filter: dict[str, str]
    rows: list[dict[str, Any]]
    veils: list[bytes]
    more: bool


def look(*, batch: Batch, item: Item, kind: str, within: int = 31) -> Beside:
    """What stands beside an item of the batch's case; `within`: bits of 256, of similar pictures only.

    Raises BadInput. Three or four queries, by index.
    """
    if kind not in KINDS:
        raise BadInput(f"kind must be one of {', '.join(KINDS)}.")
    if not 0 <= within <= FARTHEST:
        raise BadInput(f"within must be 0 to {FARTHEST} bits.")
    trip = {"similar": _similar, "folder": _folder, "camera": _camera, "day": _day}[kind](item, within)
    return _told(batch, item, *trip)


Trip = tuple[str, dict[str, str], "Found"]  # what it is about, its filter, what was found
Found = list[tuple[int, int | None, Any]]  # id of an item, its distance, and by what it is in order


def _similar(item: Item, within: int) -> Trip:
    asked = item.aligned or item.content.pdq
    if asked is None:
        return _("This picture has no hash that tells likeness."), {}, []
    near = hashes.near(item.case, bytes(asked), radius=within, most=MOST + 2)
    return (
        _("Within %(within)s of 256 bits") % {"within": within},
        {},
        [(one, bits, bits) for one, bits in near if one != item.pk],
    )


def _folder(item: Item, _within: int) -> Trip:
    at = neighbours.place(item)
    if at is None:
        return _("Its exhibit was removed."), {}, []
    before, behind = neighbours.beside(item, at, each=EACH_WAY + 1, walk=WALK)
    return names.folder(at.path), _as_filter(at.folder), [*before, *behind]


def _as_filter(folder: bytes) -> dict[str, str]:
    """Names that are no text cannot be typed, so no filter asks for them."""
    try:
        return {"folder": folder.decode()} if folder else {}
    except UnicodeDecodeError:
        return {}


def _camera(item: Item, _within: int) -> Trip:
    if not item.camera:
        return _("This file names no camera."), {}, []
    values = {"case": item.case_id, "item": item.pk, "camera": item.camera, "taken": item.taken_at}
    if item.taken_at is None:
        return item.camera, {"camera": item.camera}, _rows(UNTIMED.format(which=CAMERA), values | {"each": MOST + 1})
    found = _both_ways(TAKEN.replace("{which}", CAMERA), values)
    return (
        item.camera,
        {"camera": item.camera},
        found or _rows(UNTIMED.format(which=CAMERA), values | {"each": MOST + 1}),
    )


def _day(item: Item, _within: int) -> Trip:
    if item.taken_at is None:
        return _("Neither this file nor its source gives a time."), {}, []
    values = {"case": item.case_id, "item": item.pk, "taken": item.taken_at}
    day = f"{item.taken_at.astimezone(UTC):%Y-%m-%d}"
    return f"{day}, UTC", {"taken_from": day, "taken_to": day}, _both_ways(TAKEN.replace("{which}", DAY), values)


def _both_ways(sql: str, values: dict[str, Any]) -> Found:
    """Neighbours before and behind, in order; one more each way than is shown."""
    values = values | {"each": EACH_WAY + 1}
    before = _rows(sql.format(way="<", direction="DESC"), values)
    behind = _rows(sql.format(way=">=", direction="ASC"), values)
    return [*reversed(before), *behind]


def _rows(sql: str, values: dict[str, Any]) -> Found:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: Found = cursor.fetchall()
        return rows


def _told(batch: Batch, item: Item, about: str, wanted: dict[str, str], found: Found) -> Beside:
    once = list(dict.fromkeys(one for one, _bits, _by in found))
    distances = {one: bits for one, bits, _by in found}
    values: dict[str, Any] = {"case": batch.case_id, "batch": batch.pk, "items": once[:MOST], "last": LAST}
    values["owed"] = blind.contents(batch.user)
    with connection.cursor() as cursor:
        cursor.execute(ROWS, values)
        by_id = {row[0]: row for row in cursor.fetchall()}
    rows = [by_id[one] for one in once if one in by_id]
    return Beside(
        about,
        wanted,
        [_row(row, item, distances[row[0]]) for row in rows],
        [bytes(row[5] or b"") for row in rows],
        len(once) > MOST,
    )


def _row(row: tuple[Any, ...], item: Item, distance: int | None) -> dict[str, Any]:
    _id, public_id, stack, state, stack_id, _veil, raw, position, skipped, mine, held, is_open, owed = row
    free = is_open and not held and state == Item.State.OPEN
    return {
        "item": str(public_id),
        "stack": str(stack),
        "name": names.base(bytes(raw)) if raw is not None else "",
        "distance": distance,
        "position": position if mine else None,
        "free": free,
        "state": _state(state, mine=mine, held=held, skipped=skipped, same=stack_id == item.stack_id, owed=owed),
    }


def _state(state: str, *, mine: bool, held: bool, skipped: bool, same: bool, owed: bool) -> str:
    """Where it stands, in words that hold nobody's opinion."""
    if same:
        return _("In this stack")
    if mine:
        return _("In your batch")
    if owed:
        return _("In your second view")
    if state != Item.State.OPEN:
        return _(shown.ITEM_WORDS[Item.State(state)])
    return _("Held by a colleague") if held else _("Skipped") if skipped else _("New")
