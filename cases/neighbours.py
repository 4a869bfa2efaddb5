"""What lies beside an item in its folder, by the order of names, both ways from it.

The ledger's index `file_beside` (migration 0032) has the files of a folder in that order, so it costs the same
whatever the folder, the exhibit or the archive holds: some files are walked each way, and those without an item passed.
"""

from typing import Any, NamedTuple

from django.db import connection

from cases.models import Item

COPIES = 200  # of one content in one exhibit, of which the first by path is taken

PLACE = """
SELECT f.id, f.exhibit_id, coalesce(f.parent_id, 0), f.raw_path, f.modified FROM cases_exhibit x
CROSS JOIN LATERAL (SELECT * FROM cases_fileinstance f
  WHERE f.content_id = %(content)s AND f.exhibit_id = x.id LIMIT %(copies)s) f
WHERE x.case_id = %(case)s AND x.removed_at IS NULL ORDER BY f.raw_path, f.id LIMIT 1
"""
WALK = """
SELECT f.id, f.content_id, cases_name(f.raw_path) COLLATE "C" AS name FROM cases_fileinstance f
WHERE f.exhibit_id = %(exhibit)s AND coalesce(f.parent_id, 0) = %(parent)s AND f.content_id IS NOT NULL
  AND md5(cases_folder(f.raw_path))::uuid = md5(cases_folder(%(path)s::bytea))::uuid
  AND (cases_name(f.raw_path) COLLATE "C", f.id) {way} (cases_name(%(path)s::bytea) COLLATE "C", %(file)s)
ORDER BY cases_name(f.raw_path) COLLATE "C" {direction}, f.id {direction} LIMIT %(walk)s
"""
BESIDE = f"""
SELECT i.id, NULL, w.name FROM ({WALK}) w JOIN cases_item i ON i.case_id = %(case)s AND i.content_id = w.content_id
WHERE i.id <> %(item)s AND i.state <> 'excluded' ORDER BY w.name {{direction}}, w.id {{direction}} LIMIT %(each)s
"""  # noqa: S608 only constants of this module
WAYS = {"before": {"way": "<", "direction": "DESC"}, "behind": {"way": ">", "direction": "ASC"}}

Found = list[tuple[int, int | None, Any]]  # as of side trips: id of an item, no distance, by what it is in order


class Place(NamedTuple):
    """One file of an item in its case: the first by path. `parent` 0: it lies in nothing."""

    file: int
    exhibit: int
    parent: int
    path: bytes
    modified: str

    @property
    def folder(self) -> bytes:
        """The path up to the name, as the source writes it."""
        return self.path[: max(self.path.rfind(b"/"), self.path.rfind(b"\\")) + 1]


def place(item: Item) -> Place | None:
    """Where the item lies; None where its exhibits were removed. One query."""
    with connection.cursor() as cursor:
        cursor.execute(PLACE, {"case": item.case_id, "content": item.content_id, "copies": COPIES})
        row = cursor.fetchone()
    return row and Place(row[0], row[1], row[2], bytes(row[3]), row[4])


def beside(item: Item, at: Place, *, each: int, walk: int) -> tuple[Found, Found]:
    """Items before and behind it, those before in order too; at most `each` a side, of `walk` files. Two queries."""
    values = values_of(at) | {"case": item.case_id, "item": item.pk, "each": each, "walk": walk}
    before, behind = (_rows(BESIDE.format(**way), values) for way in WAYS.values())
    return before[::-1], behind


def values_of(at: Place) -> dict[str, Any]:
    """The parameters of WALK that say where it begins."""
    return {"file": at.file, "exhibit": at.exhibit, "parent": at.parent, "path": at.path}


def _rows(sql: str, values: dict[str, Any]) -> Found:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: Found = cursor.fetchall()
        return rows
