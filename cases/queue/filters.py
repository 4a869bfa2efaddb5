"""What a person asks the queue for: which items, as conditions on `i`, an open item of the case, and its stack `s`.

A filter only ever narrows what the claim of the case reaches. A stack fits where one of its open items does, so a
filter that holds nothing truly holds nothing. Texts of people are values of the statements, never their words.
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.utils.translation import gettext_noop as noop

from cases import metadata
from cases.graticule import Box
from cases.units import LAST
from workbench.errors import BadInput

KINDS = ("still", "video")
NOWHERE = (0.0, 0.0, 0.0, 0.0)  # the box that asks for what says 0, 0; no other holds that, for it is no place
STATES = ("skipped", "my-skipped", "my-unsure", "near")

# Exhibit and folder are of files, and an item may have many. From the items' side, a look into the ledger each (OFFSET
# keeps the planner to it); from the files' side, by path, where what fits is to be found without reading the case.
KEPT = """SELECT x.id FROM cases_exhibit x WHERE x.case_id = %(case)s AND x.removed_at IS NULL
  AND (%(exhibit)s::uuid IS NULL OR x.public_id = %(exhibit)s::uuid)"""
FOLDERS = "unnest(%(folders)s::bytea[]) AS p(prefix)"
FOLDER = "substr(f.raw_path, 1, length(p.prefix)) = p.prefix"
IN_PLACE = f"""EXISTS (SELECT FROM cases_fileinstance f WHERE f.content_id = i.content_id
  AND f.exhibit_id = ANY(ARRAY({KEPT})){{below}} OFFSET 0)"""
BELOW = " AND ({})".format(
    " OR ".join(f"substr(f.raw_path, 1, length(%(folder{n})s::bytea)) = %(folder{n})s::bytea" for n in range(4))
)
FILES = f"""SELECT f.content_id FROM ({KEPT}) x CROSS JOIN {FOLDERS}
  JOIN cases_fileinstance f ON f.exhibit_id = x.id AND f.content_id IS NOT NULL
    AND substr(f.raw_path, 1, 128) >= substr(p.prefix, 1, 128)
    AND substr(f.raw_path, 1, 128) <= substr(p.prefix, 1, 128) || '\\xff'::bytea
  WHERE {FOLDER} OFFSET 0"""  # noqa: S608 only constants
# An act of the person's own is the last mark on the stack, and nobody took it back.
MINE = """EXISTS (SELECT FROM cases_act a WHERE a.user_id = %(by)s AND a.case_id = i.case_id AND a.stack_id = i.stack_id
  AND a.kind = '{kind}' AND NOT EXISTS (SELECT FROM cases_act u WHERE u.undoes_id = a.id))"""
SKIPPED = f"(s.sort_key >= '{LAST}' AND starts_with(s.sort_key, '{LAST}'))"
IN_STATE = {
    "skipped": SKIPPED,
    "my-skipped": f"{SKIPPED} AND {MINE.format(kind='skip')}",
    "my-unsure": MINE.format(kind="unsure"),
    "near": "i.near",
}


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which items are asked for; what is empty asks for nothing. Days are UTC, sizes bytes, places degrees."""

    exhibit: UUID | None = None
    kind: str = ""
    folder: str = ""  # with what lies below it
    camera: str = ""  # how its name begins, in any case
    taken_from: date | None = None
    taken_to: date | None = None  # that day included
    place: bool = False
    box: Box | None = None
    size_from: int | None = None
    size_to: int | None = None
    state: str = ""

    def __post_init__(self) -> None:
        """Raise BadInput for what no filter can mean."""
        if self.kind not in ("", *KINDS):
            raise BadInput(f"kind must be one of {', '.join(KINDS)}.")
        if self.state not in ("", *STATES):
            raise BadInput(f"state must be one of {', '.join(STATES)}.")
        if max(len(self.folder), len(self.camera)) > 400 or "\0" in self.folder + self.camera:
            raise BadInput(noop("A folder or camera is at most 400 characters long."))
        if self.box and not (-90 <= self.box[0] <= self.box[2] <= 90 and all(abs(x) <= 180 for x in self.box[1::2])):
            raise BadInput(noop("A box is south, west, north, east in degrees, south not above north."))
        if any(size is not None and not 0 <= size < 2**62 for size in (self.size_from, self.size_to)):
            raise BadInput(noop("A size is a number of bytes, 0 or more."))

    def __bool__(self) -> bool:
        return self != Wanted()

    def as_json(self) -> dict[str, Any]:
        """For a JSON column; empty where nothing is asked for."""
        found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return found


def read(kept: dict[str, Any]) -> Wanted:
    """From what `as_json` gave, or anybody sent. Raises BadInput."""
    try:
        return msgspec.convert(kept, Wanted)
    except msgspec.ValidationError as error:
        raise BadInput(noop("This filter does not fit: %(error)s"), error=error) from error


def corners(text: str) -> Box:
    """Four numbers parted by commas. Raises BadInput; whether they are a box, `Wanted` says."""
    try:
        south, west, north, east = (float(part) for part in text.split(","))
    except ValueError as error:
        raise BadInput(noop("Give four numbers: south, west, north, east.")) from error
    return south, west, north, east


class Conditions(NamedTuple):
    """`tests` of `i` and `s`, for behind AND. `files`: contents of the files in place, or ''; `rest`: other tests.

    `folders`: how paths of files in place begin; [b""] where any may. `of_stacks`: they ask for skipped stacks.
    `spans`: the tests of what an order sorts by, by its code.
    """

    tests: str
    rest: str
    files: str
    folders: list[bytes]
    of_stacks: bool
    spans: dict[str, str]
    values: dict[str, Any]


def conditions(wanted: Wanted, *, case: int, by: int) -> Conditions:
    """What the filter asks for, as SQL and its parameters."""
    spans: dict[str, list[tuple[object, str]]] = {
        "time": [
            (wanted.taken_from, "i.taken_at >= %(taken_from)s::timestamptz"),
            (wanted.taken_to, "i.taken_at < (%(taken_to)s::date + 1)::timestamptz"),
        ],
        "size": [
            (wanted.size_from is not None, "i.size >= %(size_from)s"),
            (wanted.size_to is not None, "i.size <= %(size_to)s"),
        ],
    }
    tests: list[tuple[object, str]] = [
        *(test for span in spans.values() for test in span),
        (wanted.kind, "i.kind = 'video'" if wanted.kind == "video" else "i.kind = 'still'"),
        (wanted.camera, "i.camera <> '' AND i.camera LIKE %(camera)s"),
        (wanted.place or wanted.box, "i.latitude IS NOT NULL"),
        (wanted.place or (wanted.box and wanted.box != NOWHERE), f"NOT {metadata.NOWHERE}"),
        (wanted.box, _within(wanted.box)),
        (wanted.state, IN_STATE.get(wanted.state, "")),
    ]
    folders = _beginnings(wanted.folder)
    values = {
        "case": case,
        "by": by,
        "exhibit": wanted.exhibit,
        "folders": folders,
        **{f"folder{n}": prefix for n, prefix in enumerate(folders)},
        "camera": re.sub(r"([\\%_])", r"\\\1", wanted.camera.strip().lower()) + "%",
        "taken_from": wanted.taken_from,
        "taken_to": wanted.taken_to,
        "size_from": wanted.size_from,
        "size_to": wanted.size_to,
        **dict(zip(("south", "west", "north", "east"), wanted.box or (None,) * 4, strict=True)),
    }
    rest = _and(tests)
    in_place = bool(wanted.exhibit or folders != [b""])
    place = " AND " + IN_PLACE.format(below=BELOW if folders != [b""] else "")
    return Conditions(
        tests=rest + place * in_place,
        rest=rest,
        files=FILES if in_place else "",
        folders=folders,
        of_stacks=wanted.state.endswith("skipped"),
        spans={order: _and(span) for order, span in spans.items()},
        values=values,
    )


def _and(tests: Sequence[tuple[object, str]]) -> str:
    return "".join(f" AND {test}" for asked, test in tests if asked)


def _beginnings(folder: str) -> list[bytes]:
    """How paths in a folder begin, as sources write them: with slashes or backslashes, from the root or not."""
    parts = re.split(r"[/\\]+", folder.strip("/\\"))
    if parts == [""]:
        return [b""]
    written = [f"{first}{between.join(parts)}{between}" for between in "/\\" for first in ("", between)]
    return [text.encode("utf-8", "surrogateescape") for text in written]


def _within(box: Box | None) -> str:
    """A box whose west lies east of its east goes over the date line."""
    if box is None:
        return ""
    across = "OR" if box[1] > box[3] else "AND"
    return f"i.latitude BETWEEN %(south)s AND %(north)s AND (i.longitude >= %(west)s {across} i.longitude <= %(east)s)"
