"""What is told about one unit: why it is in the queue, what the file is, where it was found.

Categories of peers are never part of it: a first decision is made blind (ux.md section 1.5).
"""

import json
from typing import Any

from django.db import connection

from cases import metadata, names, near_matching, paths, problems, shown
from cases.models import Content, Item, Metadata, Stack

USED_SETS = """
SELECT count(*), coalesce(sum(g.entries), 0) FROM hashsets_hashset h
LEFT JOIN hashsets_generation g ON g.set_id = h.id AND g.number = h.generation
WHERE h.retired_at IS NULL AND (h.owner_id = %s OR h.reach = 'node')
"""
MATCHES = """
SELECT h.name, m.found_in, m.kind, m.strong, v.effect, v.state, v.trust, v.conflict, r.action, r.min_trust
FROM cases_match m JOIN hashsets_hashset h ON h.id = m.set_id
JOIN hashsets_verdict v ON v.agency_id = %(agency)s AND v.set_id = m.set_id AND v.entry_id = m.entry
JOIN hashsets_rule r ON r.agency_id = %(agency)s AND r.set_id = m.set_id AND r.disposition = v.disposition
WHERE m.content_id = %(content)s AND m.lost_in IS NULL AND m.kind <> 'pdq' ORDER BY m.strong DESC, h.name
"""
# Per set what looks alike, apart from entries that are the very file.
NEAR = """
SELECT h.name, max(m.found_in), min(m.distance), count(*)
FROM cases_match m JOIN hashsets_hashset h ON h.id = m.set_id
WHERE m.content_id = %s AND m.lost_in IS NULL AND m.kind = 'pdq' AND NOT EXISTS (
  SELECT FROM cases_match o WHERE o.content_id = m.content_id AND o.set_id = m.set_id AND o.entry = m.entry
    AND o.lost_in IS NULL AND o.kind <> 'pdq')
GROUP BY h.id, h.name ORDER BY 3, h.name
"""
LOST = """
SELECT h.name, max(m.lost_in), bool_and(m.kind = 'pdq') FROM cases_match m JOIN hashsets_hashset h ON h.id = m.set_id
WHERE m.content_id = %s AND m.lost_in IS NOT NULL GROUP BY h.id, h.name ORDER BY h.name
"""
FOUND_IN = f"""
SELECT x.ref, x.description, f.raw_path, {paths.PARENTS_SHOWN}, f.reason, f.about
FROM cases_fileinstance f JOIN cases_exhibit x ON x.id = f.exhibit_id
WHERE f.content_id = %s AND x.case_id = %s AND x.removed_at IS NULL ORDER BY x.ref, f.id LIMIT %s
"""  # noqa: S608 only a constant
MOST_PLACES = 12
FRAMES = 24  # of a storyboard on one page; ux.md section 2
KINDS = {"sha256": "SHA-256", "md5+sha1": "MD5 and SHA-1", "md5": "MD5 only", "sha1": "SHA-1 only"}


def unit(stack: Stack) -> dict[str, Any]:
    """Everything the inspector shows of a stack's cover. 6 queries."""
    item = Item.objects.select_related("content", "case").get(pk=stack.cover_id)
    content, places = item.content, found_in(item)
    return {
        "id": str(stack.public_id),
        "version": stack.version,
        "item": str(item.public_id),
        "name": places[0]["name"] if places else "",
        "why": why(content),
        "file": [fact for fact in facts(content) if fact[0] != "Preview"],  # the unit itself says why it has none
        "found_in": [{"exhibit": place["exhibit"], "text": _place(place)} for place in places],
        "members": [],
    }


def why(content: Content) -> list[dict[str, str]]:
    """Why a content is where it is: set, version, kind, strength, policy of each match; or that nothing matched."""
    with connection.cursor() as cursor:
        cursor.execute(MATCHES, {"agency": content.agency_id, "content": content.pk})
        lines = [_match_line(row) for row in cursor.fetchall()]
        is_exact = bool(lines)
        cursor.execute(NEAR, [content.pk])
        lines += [_near_line(row) for row in cursor.fetchall()]
        cursor.execute(LOST, [content.pk])
        lines += [_lost_line(row) for row in cursor.fetchall()]
        if not is_exact:
            cursor.execute(USED_SETS, [content.agency_id])
            sets, entries = cursor.fetchone()
            text = f"No exact match in {sets} {'set' if sets == 1 else 'sets'}, {entries:,} entries"
            lines.insert(0, {"icon": "circle-x", "text": text})
    if content.size == 0:
        lines.insert(0, {"icon": "circle-x", "text": "An empty file: its hashes say nothing"})
    return lines


def _near_line(row: tuple[str, int, int, int]) -> dict[str, str]:
    name, found, distance, entries = row
    many = near_matching.MOST
    more = f", the nearest of {f'{many} or more' if entries >= many else entries} entries" if entries > 1 else ""
    text = f"{name}, version {found}: looks alike, PDQ differs in {distance} of 256 bits{more}. This hides nothing"
    return {"icon": "git-compare", "text": text}


def _lost_line(row: tuple[str, int, bool]) -> dict[str, str]:
    name, lost, only_near = row
    what = "No longer like an entry of" if only_near else "No longer in"
    return {"icon": "undo-2", "text": f"{what} {name} since version {lost}"}


def _match_line(row: tuple[Any, ...]) -> dict[str, str]:
    name, found, kind, strong, effect, state, trust, conflict, action, minimum = row
    where = f"{name}, version {found}: {KINDS[kind]}"
    if not strong:
        return {"icon": "git-compare", "text": f"{where}. A weak match hides nothing"}
    if effect == 2:
        return {"icon": "circle-check", "text": f"{where}. Known: policy {action}"}
    if effect == 1:
        return {"icon": "circle-help", "text": f"{where}. Proposed: somebody confirms it"}
    if state == "disputed" or trust == "disputed":
        reason = "the entry is disputed"
    elif conflict:
        reason = "the set holds it under conflicting categories"
    elif action in {"off", "suppress"}:
        reason = f"policy {action}"
    else:
        reason = f"trust {trust}, the policy asks for {minimum}, or its category says nothing"
    return {"icon": "git-compare", "text": f"{where}. Not used: {reason}"}


def facts(content: Content) -> list[list[str]]:
    """Label and value pairs about the bytes."""
    size = [
        _pixels(content),
        _duration(content),
        _frames(content),
        shown.human_size(content.size),
        shown.format_name(content.mime),
    ]
    rows = [["Size", " · ".join(filter(None, size))]]
    if content.preview_reason:
        rows.append(["Preview", problems.words(content.preview_reason)])
    return [
        *rows,
        ["SHA-256", bytes(content.sha256).hex()],
        ["MD5", bytes(content.md5).hex()],
        ["SHA-1", bytes(content.sha1).hex()],
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
    flags = [word for word in ("deleted", "unallocated") if about.get(word)]
    offset = f"at byte {about['offset']:,}" if "offset" in about else ""
    return " · ".join(filter(None, [problems.words(reason), *flags, offset]))


def _path(raw: bytes, parents: bytes | None) -> str:
    """`Camera/one.jpg`, or `Camera/archive.zip > holidays/one.jpg` for what lies in an archive."""
    return names.display(raw) if parents is None else f"{names.display(bytes(parents))} > {names.display(raw)}"


def _folder(raw: bytes, parents: bytes | None) -> str:
    """`/Camera`, or `Camera/archive.zip > holidays` for what lies in an archive."""
    folder = names.folder(raw)
    return folder if parents is None else " > ".join(filter(None, [names.display(bytes(parents)), folder.strip("/")]))


def _place(place: dict[str, str]) -> str:
    return " · ".join(filter(None, (place[part] for part in ("description", "folder", "name", "note"))))


def _pixels(content: Content) -> str:
    return f"{content.width} × {content.height}" if content.width else ""


def _frames(content: Content) -> str:
    return f"{content.frames:,} frames{f', {content.codec}' if content.codec else ''}" if content.frames > 1 else ""


def _duration(content: Content) -> str:
    seconds = content.duration_ms // 1000
    return f"{seconds // 60}:{seconds % 60:02d}" if content.duration_ms else ""
