"""Contents, files, items and stacks as an ingest leaves them, made by a few statements: for tests of what follows."""

from hashlib import md5, sha1, sha256

from django.db import connection, transaction

from cases import matching, states
from cases.models import Case, Content, Exhibit, Item
from workbench import storage
from workbench.models import User

ADD = """
WITH c AS (
  INSERT INTO cases_content (public_id, agency_id, sha256, md5, sha1, size, mime, kind, preview, preview_reason,
    preview_tries, veil, width, height, duration_ms)
  SELECT gen_random_uuid(), %(agency)s, s, m, h, 1000, 'image/jpeg', 'still', 'made', '', 0, 'veil', 640, 480, 0
  FROM unnest(%(sha256)s::bytea[], %(md5)s::bytea[], %(sha1)s::bytea[]) AS d(s, m, h)
  ON CONFLICT (agency_id, sha256) DO UPDATE SET size = excluded.size RETURNING id, sha256),
f AS (
  INSERT INTO cases_fileinstance (exhibit_id, name_key, ordinal, raw_path, locator, state, reason,
    content_id, modified, tries)
  SELECT %(exhibit)s, sha256(convert_to('pictures/' || encode(c.sha256, 'hex'), 'UTF8')), 0,
    convert_to('pictures/' || encode(c.sha256, 'hex') || '.jpg', 'UTF8'), '', 'accepted', '', c.id, '', 1 FROM c)
SELECT array_agg(id) FROM c
"""
ITEMS = """
WITH s AS (
  INSERT INTO cases_stack (public_id, case_id, sort_key, state, version, open_items, position)
  SELECT gen_random_uuid(), %(case)s, lpad(id::text, 12, '0'), 'done', 1, 0, 0 FROM cases_content
  WHERE id = ANY(%(contents)s) RETURNING id, sort_key),
i AS (
  INSERT INTO cases_item (public_id, case_id, content_id, stack_id, state, known, unsure, flagged)
  SELECT gen_random_uuid(), %(case)s, s.sort_key::bigint, s.id, 'waiting', false, false, false FROM s
  RETURNING id, stack_id)
SELECT i.id, i.stack_id FROM i
"""


def digests(name: str) -> tuple[bytes, bytes, bytes]:
    """SHA-256, MD5, SHA-1 of an invented file."""
    data = name.encode()
    return sha256(data).digest(), md5(data).digest(), sha1(data).digest()


@transaction.atomic
def pictures(case: Case, by: User, names: list[str], ref: str = "NM-01") -> list[Content]:
    """Put pictures into an exhibit of the case, ready for review; equal names are equal bytes."""
    exhibit, _ = Exhibit.objects.get_or_create(
        case=case, ref=ref, defaults={"reader": "folder", "source": b"/x", "added_by": by, "state": "done"}
    )
    columns = [list(column) for column in zip(*map(digests, names), strict=True)]
    with connection.cursor() as cursor:
        values = {"agency": case.agency_id, "exhibit": exhibit.pk}
        cursor.execute(ADD, values | dict(zip(("sha256", "md5", "sha1"), columns, strict=True)))
        ids = cursor.fetchone()[0]
        matching.hold(case.agency_id)
        with states.changing(ids):
            cursor.execute(ITEMS, {"case": case.pk, "contents": ids})
            cursor.executemany("UPDATE cases_stack SET cover_id = %s WHERE id = %s", cursor.fetchall())
            matching.match(case.agency_id, ids)
    Exhibit.objects.filter(pk=exhibit.pk).update(seen=len(names), accepted=len(names))
    return [Content.objects.get(agency=case.agency_id, sha256=digests(name)[0]) for name in names]


def film(case: Case, by: User, data: bytes, *, milliseconds: int) -> Item:
    """A film that is in the store, and a picture beside it."""
    content, _picture = pictures(case, by, ["film", "picture"])
    made = {"kind": "video", "mime": "video/mp4", "duration_ms": milliseconds, "size": len(data)}
    Content.objects.filter(pk=content.pk).update(**made)
    blob = storage.blob_path(case.agency, bytes(content.sha256))
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(data)
    made_of: Item = Item.objects.select_related("content", "case__agency").get(content=content)
    return made_of
