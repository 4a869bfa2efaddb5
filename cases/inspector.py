"""What is told about one unit: why it is in the queue, what the file is, where it was found.

Categories of peers are no part of it while a first decision is awaited (`why.is_blind`; ux.md section 1.5).
"""

import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.utils.translation import ngettext

from cases import metadata, moments, names, notes, paths, problems, shown, units, why_here, why_order
from cases.models import Content, Item, Metadata, SecondView, Stack
from cases.second import blind
from cases.veils import as_text
from workbench.models import User
from workbench.words import digits

FOUND_IN = f"""
SELECT x.ref, x.description, f.raw_path, {paths.PARENTS_SHOWN}, f.reason, f.about
FROM cases_fileinstance f JOIN cases_exhibit x ON x.id = f.exhibit_id
WHERE f.content_id = %s AND x.case_id = %s AND x.removed_at IS NULL ORDER BY x.ref, f.id LIMIT %s
"""  # noqa: S608 only a constant
MEMBERS = """
SELECT c.veil, d.distance, i.turned, o.turned, count(*) OVER (), count(*) FILTER (WHERE d.distance <= %s) OVER ()
FROM cases_stack s JOIN cases_item o ON o.id = s.cover_id JOIN cases_content k ON k.id = o.content_id
JOIN cases_item i ON i.stack_id = s.id AND i.id <> s.cover_id JOIN cases_content c ON c.id = i.content_id
CROSS JOIN LATERAL (SELECT cases_away(i, c, o, k) AS distance) d
WHERE s.id = %s AND i.state = 'open' ORDER BY d.distance, i.id LIMIT %s
"""
MOST_MEMBERS = 12
MIRRORED = 4  # of the variants of hashsets.near.dihedral the first that is mirrored; those before are only turned
MOST_PLACES = 12
FLAGS = (noop("deleted"), noop("unallocated"))  # what a disk image says of a file
FRAMES = 24  # of a storyboard on one page; ux.md section 2


def unit(stack: Stack, *, by: User, named: UUID | None = None) -> dict[str, Any]:
    """Everything the inspector shows somebody of a stack's cover, or of the member that is named. 9 queries,
    more in a batch.

    A stack that does not hold the named one any more tells of its cover.
    """
    members = Item.objects.select_related("content", "case").filter(stack=stack)
    item = (named and members.filter(public_id=named).first()) or members.get(pk=stack.cover_id)
    told = about(stack, item, by)
    if not blind.holds(by, item.content_id):
        told["why"] += [line.as_json() for line in why_order.lines(stack, item, by)]
    return told | _stack(stack)


def about(row: Stack | SecondView, item: Item, by: User) -> dict[str, Any]:
    """What is told of an item whatever row it is a unit of: why it is here, its file, where it was found."""
    places = found_in(item)
    return {
        "id": str(row.public_id),
        "version": row.version,
        "item": str(item.public_id),
        "name": places[0]["name"] if places else "",
        "why": [line.as_json() for line in why_here.lines(item, by)],
        "file": facts(item.content, preview=False),  # the unit itself says why it has none
        "notes": notes.as_json(item, by),
        "found_in": [{"exhibit": place["exhibit"], "text": place_text(place)} for place in places],
    }


def _stack(stack: Stack) -> dict[str, Any]:
    """The other open items of a stack, those most like its cover first; how many one look at it decides. One query."""
    with connection.cursor() as cursor:
        cursor.execute(MEMBERS, [settings.STACK_REACH, stack.pk, MOST_MEMBERS])
        rows = cursor.fetchall()
    every, near = rows[0][-2:] if rows else (0, 0)
    return {
        "members": [
            {
                "veil": as_text(veil),
                "distance": distance,
                "near": units.is_near(distance),
                "lies": lies(turned, shown),
            }
            for veil, distance, turned, shown, *_counts in rows
        ],
        "stack": {"near": near, "far": every - near, "reach": settings.STACK_REACH},
    }


def lies(turned: int, shown: int) -> str:
    """How a member lies to the one that is shown, in a word."""
    if turned == shown:
        return ""
    return _("turned") if (turned < MIRRORED) == (shown < MIRRORED) else _("mirrored")


def facts(content: Content, *, preview: bool = True) -> list[list[Any]]:
    """Label and value about the bytes, and True where it is a hash; `preview`: also why there is none to see."""
    size = [
        _pixels(content),
        _duration(content),
        _frames(content),
        shown.human_size(content.size),
        shown.format_name(content.mime),
    ]
    rows: list[list[Any]] = [[_("Size"), " · ".join(filter(None, size))]]
    if preview and content.preview_reason:
        rows.append([_("Preview"), problems.words(content.preview_reason)])
    return [
        *rows,
        ["SHA-256", bytes(content.sha256).hex(), True],
        ["MD5", bytes(content.md5).hex(), True],
        ["SHA-1", bytes(content.sha1).hex(), True],
    ]


def says(content: Content) -> dict[str, list[list[str]]]:
    """What the content says of itself: label and value pairs a person asks for, and all others. One query."""
    said = Metadata.objects.filter(content=content).first()
    if said is None:
        return {"main": [], "more": []}
    return {"main": metadata.facts(said), "more": sorted([name, str(value)] for name, value in said.more.items())}


def storyboard(content: Content, first: int = 0) -> list[dict[str, Any]]:
    """Keyframes from `first` on, at most FRAMES: number, time as text, whether a scene begins. One query."""
    frames = content.keyframes.filter(number__gte=first).order_by("number").values_list("number", "at_ms", "scene")
    return [
        {"number": number, "at": f"{at // 60_000}:{at // 1000 % 60:02d}", "scene": scene}
        for number, at, scene in frames[:FRAMES]
    ]


def found_in(item: Item, most: int = MOST_PLACES) -> list[dict[str, str]]:
    """Places of the item's content in its case, in ledger order."""
    with connection.cursor() as cursor:
        cursor.execute(FOUND_IN, [item.content_id, item.case_id, most])
        told = item.content.preview_reason  # is said elsewhere already
        return [
            {
                "exhibit": ref,
                "description": description,
                "path": _path(bytes(raw), parents),
                "folder": _folder(bytes(raw), parents),
                "name": names.base(bytes(raw)),
                "note": _note("" if reason == told else reason, json.loads(about)),
            }
            for ref, description, raw, parents, reason, about in cursor.fetchall()
        ]


def _note(reason: str, about: dict[str, Any]) -> str:
    """What a reviewer should know of a place: why it has a reason, and what a disk image says of the file."""
    flags = [_(word) for word in FLAGS if about.get(word)]
    offset = _("at byte %(offset)s") % {"offset": digits(about["offset"])} if "offset" in about else ""
    return " · ".join(filter(None, [problems.words(reason), *flags, offset]))


def _path(raw: bytes, parents: bytes | None) -> str:
    """`Camera/one.jpg`, or `Camera/archive.zip > holidays/one.jpg` for what lies in an archive."""
    return names.display(raw) if parents is None else f"{names.display(bytes(parents))} > {names.display(raw)}"


def _folder(raw: bytes, parents: bytes | None) -> str:
    """`/Camera`, or `Camera/archive.zip > holidays` for what lies in an archive."""
    folder = names.folder(raw)
    return folder if parents is None else " > ".join(filter(None, [names.display(bytes(parents)), folder.strip("/")]))


def place_text(place: dict[str, str]) -> str:
    """A place in one line: what the exhibit is, folder, name, and what is to be known of it."""
    return " · ".join(filter(None, (place[part] for part in ("description", "folder", "name", "note"))))


def _pixels(content: Content) -> str:
    return f"{content.width} × {content.height}" if content.width else ""


def _frames(content: Content) -> str:
    if content.frames <= 1:
        return ""
    frames = ngettext("%(n)s frame", "%(n)s frames", content.frames) % {"n": digits(content.frames)}
    return f"{frames}, {content.codec}" if content.codec else frames


def _duration(content: Content) -> str:
    return moments.clock(content.duration_ms) if content.duration_ms else ""
