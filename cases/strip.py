"""The context strip: what lies beside an item in its folder, veiled, and where, with what, and when it was made.

Nothing in it is anybody's opinion: neither states nor decisions, neither sets nor what resembles them. So it is the
same for a first look, a second view and a ruling.
"""

import re
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from cases import metadata, names, neighbours
from cases.models import Item, Metadata
from cases.neighbours import Place

EACH_WAY = 4
WALK = 100  # files each way, of which some may be no items, or the same one again
ZONED = re.compile(r".*(Z|[+-]\d\d(:?\d\d)?)", re.DOTALL)
UTC = re.compile(r".*(Z|[+-]00(:?00)?)", re.DOTALL)
ROWS = """
SELECT i.id, i.public_id, c.veil, (SELECT min(f.raw_path) FROM (
    SELECT f.raw_path FROM cases_fileinstance f WHERE f.content_id = c.id AND f.exhibit_id = %(exhibit)s
      AND coalesce(f.parent_id, 0) = %(parent)s AND cases_folder(f.raw_path) = cases_folder(%(path)s::bytea)
    LIMIT 20) f)
FROM cases_item i JOIN cases_content c ON c.id = i.content_id WHERE i.id = ANY(%(items)s)
"""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An item beside: its name, its veil (b"" where it has none)."""

    item: str
    name: str
    veil: bytes


@dataclass(frozen=True, slots=True)
class Strip:
    """`before` and `behind`: at most EACH_WAY each, in order. `facts`: label and value, "" where none is known.

    `mapped`: it says where it was taken.
    """

    before: list[Neighbour]
    behind: list[Neighbour]
    facts: list[tuple[str, str]]
    mapped: bool


def of(item: Item) -> Strip:
    """The strip of an item. Five queries, by index."""
    said = Metadata.objects.filter(content=item.content_id).first()
    at = neighbours.place(item)
    before, behind = _beside(item, at) if at else ([], [])
    return Strip(before, behind, _facts(at, said), bool(said and metadata.is_place(said.latitude, said.longitude)))


def _beside(item: Item, at: Place) -> tuple[list[Neighbour], list[Neighbour]]:
    before, behind = neighbours.beside(item, at, each=2 * EACH_WAY, walk=WALK)
    first = list(dict.fromkeys(one for one, *_rest in reversed(before)))[:EACH_WAY][::-1]
    last = [one for one in dict.fromkeys(one for one, *_rest in behind) if one not in first][:EACH_WAY]
    with connection.cursor() as cursor:
        cursor.execute(ROWS, neighbours.values_of(at) | {"items": first + last})
        by_id = {row[0]: _neighbour(row) for row in cursor.fetchall()}
    return [by_id[one] for one in first], [by_id[one] for one in last]


def _neighbour(row: tuple[Any, ...]) -> Neighbour:
    _id, public_id, veil, path = row
    return Neighbour(str(public_id), names.base(bytes(path)) if path is not None else "", bytes(veil or b""))


def _facts(at: Place | None, said: Metadata | None) -> list[tuple[str, str]]:
    said = said or Metadata()
    device = " · ".join(filter(None, [metadata.camera(said.make, said.model), said.serial and _serial(said.serial)]))
    return [
        (_("Folder"), names.folder(at.path) if at else ""),
        (_("Name"), names.base(at.path) if at else ""),
        (_("Device"), device),
        (_("Taken"), metadata.taken_in_words(said)),
        (_("File time"), _times(at) if at else ""),
        (_("Place"), metadata.place(said.latitude, said.longitude)),
    ]


def _serial(number: str) -> str:
    return _("serial number %(number)s") % {"number": number}


def _times(at: Place) -> str:
    """When the file was changed, as the source says it, and in which zone that is."""
    text = at.modified
    if not text:
        return ""
    short = re.sub(r"\.\d+", "", text).replace("T", " ", 1)
    if UTC.fullmatch(text):
        return _("%(time)s (UTC)") % {"time": re.sub(r"(Z|[+-]00(:?00)?)$", "", short)}
    return short if ZONED.fullmatch(text) else _("%(time)s (zone unknown)") % {"time": short}
