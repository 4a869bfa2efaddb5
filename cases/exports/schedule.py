"""The schedule: one line for every place a picture or video was found at, with its verdict. No pictures.

The CSV is for eyes and spreadsheets (security.md 4.4); the JSON lines beside it hold the same rows raw.
"""

import base64
import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cases import metadata, names
from cases.exports.base import Described, Options, without_options
from cases.exports.package import Package
from cases.exports.snapshot import Snapshot
from hashsets.exchange.csv_text import cell
from workbench.audit import canonical
from workbench.words import noop

BOM = "\ufeff"  # spreadsheets then read UTF-8
COLUMNS = (
    "row", "exhibit", "path", "copies", "sha256", "md5", "sha1", "size", "type", "kind", "modified", "state",
    "category", "category_name", "basis", "from_ms", "until_ms", "decided_by", "decided_at", "second_opinions",
    "known_in", "known_version",
    "known_category", "known_scheme", "camera", "serial", "taken", "taken_zone", "latitude", "longitude",
    "deleted", "unallocated", "offset", "created", "accessed",
)  # fmt: skip

FILES_OF_EXHIBIT = """
SELECT f.raw_path, f.parent_path, f.modified, f.about, s.*, m.make, m.model, m.serial, m.taken_text, m.taken_at,
  m.taken_zone, m.latitude, m.longitude,
  (SELECT count(*) FROM cases_fileinstance o WHERE o.content_id = s.content_id AND (
    SELECT y.case_id = %(case)s AND y.removed_at IS NULL FROM cases_exhibit y WHERE y.id = o.exhibit_id)) AS copies,
  (SELECT count(*) FROM cases_secondopinion n WHERE n.decision_id = s.decision_id) AS second_opinions
FROM files f JOIN shown s ON s.content_id = f.content_id
LEFT JOIN cases_metadata m ON m.content_id = f.content_id
WHERE f.exhibit_id = %(exhibit)s
ORDER BY f.parent_path NULLS FIRST, f.raw_path, f.ordinal, f.id
"""

README = """schedule.csv has one line for every place a picture or video was found at, by exhibit and path. A cell that
a spreadsheet could take for a formula begins with an apostrophe; characters that cannot be seen are written as escapes.
schedule.jsonl holds the same rows as JSON, unchanged, with the path's own bytes in path_b64 (Base64).

copies            how many places in this case hold these bytes
state             decided, known (a hash set in force knows it), confirm (a hash set proposes it), unsure, waiting, open
basis             viewed: the person looked at it. veiled: decided from the veiled picture or its surroundings.
                  inherited: decided with a look-alike. confirmed: confirmed as a hash set proposed, nobody here looked.
                  set: nobody here looked, the category is the hash set's.
from_ms, until_ms the moment of a film that the decision rests on, or where that part begins and ends, as the person
                  marked it; milliseconds from the beginning of the film
decided_at        UTC, ISO 8601
second_opinions   how many other people gave their opinion on the decision
camera ... longitude  what the file says of itself, never verified; degrees, north and east positive
taken_zone        offset, utc: `taken` is an instant in UTC, by the file's offset or its satellite time or container.
                  none: only the camera's own clock is known, and `taken` shows it without a zone.
deleted, unallocated  in a disk image: the name was deleted; nothing on the disk belongs to the file any more
offset            the first byte of the file in the disk image
created, modified, accessed  as the source says; without +00:00 a local time of an unknown zone
known_*           the hash set that knows the file by its exact hash, the set's version, its category and scheme

manifest.json names every file of this package with its size and SHA-256.
"""


class Schedule:
    """A list for prosecutor and defence: hashes, places, categories, who decided."""

    id = "schedule"
    layout = 4
    described = Described(
        noop("Schedule"),
        noop("For prosecutor and defence: every file with place, hashes, category and who decided. CSV and JSON."),
    )
    readme = README

    def variant(self, options: Options) -> str:
        """It has no options."""
        return without_options(self.id, options)

    def write(self, snapshot: Snapshot, _options: Options, package: Package) -> None:
        """README.txt, the list for eyes, the list for programs; each reads the rows once."""
        package.add("README.txt", README.encode())
        with package.member("schedule.csv") as stream:
            text = io.TextIOWrapper(stream, "utf-8", newline="", write_through=False)
            text.write(BOM)
            writer = csv.writer(text, lineterminator="\r\n")
            writer.writerow(COLUMNS)
            writer.writerows([_cell(row[name]) for name in COLUMNS] for row in _rows(snapshot))
            text.flush()
            text.detach()
        with package.member("schedule.jsonl") as stream:
            stream.writelines(f"{canonical(row)}\n".encode() for row in _rows(snapshot))

    def check(self, package: Package) -> None:
        """Nothing of ours reads it back."""


def _rows(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    """Every row as plain values, numbered over all exhibits."""
    categories = {category.code: category.name for category in snapshot.categories}
    number = 0
    for exhibit in snapshot.exhibits:
        for found in snapshot.rows(FILES_OF_EXHIBIT, exhibit=exhibit.pk):
            number += 1
            yield _row(found, number, exhibit.ref, categories)


def _row(found: dict[str, Any], number: int, ref: str, categories: dict[str, str]) -> dict[str, Any]:
    raw = bytes(found["raw_path"])
    if found["parent_path"] is not None:
        raw = bytes(found["parent_path"]) + b"/" + raw
    decided = found["decision_id"] is not None
    return {
        "row": number,
        "exhibit": ref,
        "path": names.display(raw),
        "path_b64": base64.b64encode(raw).decode(),
        **{name: bytes(found[name]).hex() for name in ("sha256", "md5", "sha1")},
        **{name: found[name] for name in ("copies", "size", "kind", "modified", "state", "second_opinions")},
        "type": found["mime"],
        "category": found["code"],
        "category_name": categories.get(found["code"] or ""),
        "basis": found["basis"] or None,
        **{name: found[name] for name in ("from_ms", "until_ms")},
        "decided_by": found["by_name"] if decided else None,
        "decided_at": _utc(found["at"]) if decided else None,
        "known_in": found["known_set"],
        "known_version": found["known_version"],
        "known_category": found["known_code"],
        "known_scheme": found["known_scheme"],
        **_said(found),
        **_place(json.loads(found["about"])),
    }


def _place(about: dict[str, Any]) -> dict[str, Any]:
    """What a disk image says of the file; empty cells where the source is none."""
    flags = {name: about.get(name, False) if about else None for name in ("deleted", "unallocated")}
    return flags | {name: about.get(name) for name in ("offset", "created", "accessed")}


def _said(found: dict[str, Any]) -> dict[str, Any]:
    """What the file says of itself; empty cells where it says nothing."""
    if found["taken_zone"] is None:
        return dict.fromkeys(("camera", "serial", "taken", "taken_zone", "latitude", "longitude"))
    when = metadata.taken(found["taken_text"], found["taken_at"], found["taken_zone"])
    return {
        "camera": metadata.camera(found["make"], found["model"]) or None,
        "serial": found["serial"] or None,
        "taken": when or None,
        "taken_zone": found["taken_zone"] if found["taken_at"] else None,
        "latitude": found["latitude"],
        "longitude": found["longitude"],
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _cell(value: Any) -> str:
    return cell("" if value is None else str(value))
