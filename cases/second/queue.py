"""The second queue: claiming what wants a second view, and what its tiles show.

Nothing here reads the code of a first decision, nor who made it.
"""

from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_noop as noop

from cases import claiming, ending, events, moments, names, problems
from cases.errors import NothingLeft
from cases.models import Batch, Case, Item
from cases.second import checking, shares
from cases.tiles import Progress
from cases.veils import packed
from workbench import audit
from workbench.models import User

COUNTED = 5000  # rows of a case that are looked at for a number on a page; a claim looks at all

# What a person may be asked: held by nobody, the batch of the first look over, not his own, no opinion of his yet.
ASKABLE = """
  v.state = 'open' AND v.batch_id IS NULL AND NOT (%(by)s = ANY(v.not_for))
  AND EXISTS (SELECT FROM cases_item i WHERE i.id = v.item_id
    AND i.state = CASE WHEN v.decision_id IS NULL THEN 'unsure' ELSE 'decided' END)
  AND NOT EXISTS (SELECT FROM cases_batch b WHERE b.id = v.first_batch_id AND b.state = 'open')
  AND NOT EXISTS (SELECT FROM cases_secondopinion o WHERE o.decision_id = v.decision_id AND o.by_id = %(by)s)
"""
CLAIM = f"""
WITH pick AS (
  SELECT v.id, v.sort_key FROM cases_secondview v WHERE v.case_id = %(case)s AND {ASKABLE}
  ORDER BY v.sort_key, v.id LIMIT %(most)s FOR UPDATE OF v SKIP LOCKED),
placed AS (SELECT id, row_number() OVER (ORDER BY sort_key, id) AS n FROM pick)
UPDATE cases_secondview v SET batch_id = %(batch)s, position = p.n, code = NULL, mark = '', from_ms = NULL,
  until_ms = NULL, version = v.version + 1,
  had_by = CASE WHEN %(by)s = ANY(v.had_by) THEN v.had_by ELSE v.had_by || %(by)s::bigint END
FROM placed p WHERE v.id = p.id
"""  # noqa: S608 only constants of this module
WAITING = f"""
SELECT c.id, (SELECT greatest(count(*) FILTER (WHERE n.askable), (count(*) = {COUNTED})::int) FROM (
  SELECT {ASKABLE} AS askable FROM (
    SELECT * FROM cases_secondview o WHERE o.case_id = c.id AND o.state = 'open' ORDER BY o.sort_key, o.id
    LIMIT {COUNTED}) v) n)
FROM unnest(%(cases)s::bigint[]) AS c(id)
"""  # noqa: S608 only constants of this module
UNITS = """
SELECT v.public_id, i.public_id, v.position, v.version, c.kind, c.duration_ms, c.preview, c.preview_reason, f.raw_path,
  f.copies, v.code, v.mark, v.from_ms, v.until_ms, k.from_ms, k.until_ms
FROM cases_secondview v JOIN cases_item i ON i.id = v.item_id JOIN cases_content c ON c.id = v.content_id
LEFT JOIN LATERAL (
  SELECT min(f.raw_path) AS raw_path, count(*) - 1 AS copies FROM cases_fileinstance f
  JOIN cases_exhibit x ON x.id = f.exhibit_id AND x.case_id = v.case_id AND x.removed_at IS NULL
  WHERE f.content_id = v.content_id) f ON true
LEFT JOIN cases_keptmoment k ON k.item_id = v.item_id AND k.by_id = %(by)s
WHERE v.batch_id = %(batch)s AND v.position > %(after)s ORDER BY v.position LIMIT %(limit)s
"""
VEILS = """
SELECT c.veil FROM cases_secondview v JOIN cases_content c ON c.id = v.content_id
WHERE v.batch_id = %s AND v.position > %s ORDER BY v.position LIMIT %s
"""
PROGRESS = """
SELECT count(*), count(*) FILTER (WHERE code IS NULL AND mark <> 'unsure') FROM cases_secondview WHERE batch_id = %s
"""
PLACE = "SELECT min(position) FROM cases_secondview WHERE batch_id = %s AND code IS NULL AND mark = ''"
NEXT = """
SELECT i.public_id::text FROM cases_secondview v JOIN cases_item i ON i.id = v.item_id
JOIN cases_content c ON c.id = v.content_id AND c.veil IS NOT NULL
WHERE v.batch_id = %s AND v.code IS NULL AND v.mark = '' ORDER BY v.position LIMIT 12
"""
SEEN = """
SELECT s.public_id, i.public_id, sum(v.revealed_ms) FROM cases_viewing v
JOIN cases_secondview s ON s.batch_id = v.batch_id AND s.content_id = v.content_id JOIN cases_item i ON i.id = s.item_id
WHERE v.batch_id = %s AND v.revealed_ms > 0 GROUP BY 1, 2
"""


def claim(*, case: Case, by: User) -> Batch:
    """The person's open second-view batch in this case, or a new one of up to 200.

    Raises NothingLeft, CaseIsClosed, NoMoreToday.
    """
    ending.expire_batches(case=case)
    return claiming.claim(case, by, Batch.Kind.SECOND, lambda: _claim_new(case, by))


@transaction.atomic
def _claim_new(case: Case, by: User) -> Batch:
    batch = claiming.begin(case, by, Batch.Kind.SECOND)
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"case": case.pk, "by": by.pk, "batch": batch.pk, "most": settings.BATCH_ITEMS})
        batch.size = cursor.rowcount
    if not batch.size:
        raise NothingLeft(noop("Nothing here waits for a second view of yours."))
    batch.size += checking.add(batch, shares.of_checks(case.agency))
    batch.save(update_fields=["size"])
    audit.record(
        events.BATCH_CLAIMED, by=by, on=batch, case=case.public_id, agency=case.agency_id,
        items=batch.size, kind=batch.kind,
    )  # fmt: skip
    return batch


def waiting(cases: list[Case], by: User) -> dict[int, int]:
    """How many second views each case could ask of the person, by id. One query.

    Of a case with very many only the first are looked at; if none of these is for the person, 1 is said.
    """
    with connection.cursor() as cursor:
        cursor.execute(WAITING, {"cases": [case.pk for case in cases], "by": by.pk})
        return dict(cursor.fetchall())


def units(batch: Batch, *, after: int = 0, limit: int = 60) -> list[dict[str, Any]]:
    """Tiles of a batch behind position `after`, in the shape of `tiles.units`. One query."""
    with connection.cursor() as cursor:
        cursor.execute(UNITS, {"batch": batch.pk, "by": batch.user_id, "after": after, "limit": limit})
        return [_unit(row) for row in cursor.fetchall()]


def _unit(row: tuple[Any, ...]) -> dict[str, Any]:
    view, item, position, version, kind, duration, preview, reason, raw, copies, code, mark, *marks = row
    return {
        "id": str(view),
        "item": str(item),
        "position": position,
        "version": version,
        "items": 1,
        "left": int(code is None and mark != Item.State.UNSURE),
        "near": 1,
        "copies": max(copies or 0, 0),
        "kind": kind,
        "duration_ms": duration,
        "name": names.base(bytes(raw)) if raw is not None else "",
        "preview": "pending" if preview == "deferred" else preview,
        "reason": problems.words(reason),
        "tags": [],  # what sets say is not told
        "code": code,
        "moment": moments.as_json(moments.of(*(marks[2:] if code is None else marks[:2]))),
        "outcome": mark or None,
        "flagged": False,  # nor what others marked
    }


def veils(batch: Batch, *, after: int = 0, limit: int = 200) -> bytes:
    """The veiled pictures of a batch as one answer, in the form of `tiles.veils`."""
    with connection.cursor() as cursor:
        cursor.execute(VEILS, [batch.pk, after, limit])
        return packed(bytes(row[0] or b"") for row in cursor.fetchall())


def progress(batch: Batch) -> Progress:
    """Counts of one batch (at most 200 rows)."""
    with connection.cursor() as cursor:
        cursor.execute(PROGRESS, [batch.pk])
        size, left = cursor.fetchone()
    return Progress(size, size - left, left)


def left_queue(_batch: Batch) -> list[dict[str, str]]:
    """None: what somebody holds stays his until the batch is over (decision 0013)."""
    return []


def place(batch: Batch) -> int | None:
    """The position to go on at, from 1; None when everything is given or marked. One query."""
    with connection.cursor() as cursor:
        cursor.execute(PLACE, [batch.pk])
        return cursor.fetchone()[0]  # type: ignore[no-any-return]


def next_items(batch: Batch) -> list[str]:
    """Public ids of the next items with a veil, at most twelve. One query."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [batch.pk])
        return [row[0] for row in cursor.fetchall()]


def seen(batch: Batch) -> list[dict[str, Any]]:
    """For how many milliseconds each item of the batch was unveiled. One query."""
    with connection.cursor() as cursor:
        cursor.execute(SEEN, [batch.pk])
        return [{"stack": view, "item": item, "revealed_ms": int(ms)} for view, item, ms in cursor.fetchall()]


def batch_holding(item: Item, by: User) -> Batch | None:
    """The person's open second-view batch that holds the item; it lets him look."""
    mine = Batch.objects.filter(user=by, state=Batch.State.OPEN, lease_until__gt=Now())
    return mine.filter(second_views__item=item).first()
