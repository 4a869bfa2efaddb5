"""What open items promise: those to look at first, because something about them is like what was found already.

0 to 100, of: the share of its folder's pictures that are known or decided as relevant; its resemblance to what a set
holds; a camera that also took something relevant; and whether it names a camera at all and lies in no set, as what a
suspect made himself would. A guess that orders the queue and decides nothing.
"""

import time
from collections.abc import Sequence

from django.db import connection, transaction

from cases.models import Case, Weighing
from workbench.jobs import alone

SPACE = 0x50524F4D  # advisory locks: who weighs a case; with the case
GROUP = 2_000  # items written in one transaction
REST = 20  # a case is left alone for so many times as long as weighing it took
FOLDER, NEAR, CAMERA, OWN = 45, 25, 20, 10

# Folders count with what an exhibit that was not removed holds; one of several such folders counts, the richest.
WEIGH = f"""
CREATE TEMPORARY TABLE cases_weighed ON COMMIT PRESERVE ROWS AS
WITH hit AS MATERIALIZED (
  SELECT i.content_id FROM cases_item i JOIN cases_case k ON k.id = i.case_id
  JOIN hashsets_scheme t ON t.id = k.scheme_id
  WHERE i.case_id = %(case)s AND (
    i.state = 'known' AND EXISTS (
      SELECT FROM cases_match m JOIN hashsets_verdict v
        ON v.agency_id = k.agency_id AND v.set_id = m.set_id AND v.entry_id = m.entry
      WHERE m.content_id = i.content_id AND m.strong AND m.lost_in IS NULL AND v.disposition LIKE 'relevant%%')
    OR i.state = 'decided' AND EXISTS (
      SELECT FROM cases_standing st JOIN hashsets_category g ON g.scheme_id = k.scheme_id AND g.code = st.code
      WHERE st.content_id = i.content_id AND st.scheme_id = t.scheme_id AND g.disposition LIKE 'relevant%%'))),
lies AS MATERIALIZED (
  SELECT f.exhibit_id, f.parent_id, cases_folder(f.raw_path) AS folder, f.content_id
  FROM cases_item i JOIN cases_fileinstance f ON f.content_id = i.content_id
  JOIN cases_exhibit x ON x.id = f.exhibit_id AND x.case_id = i.case_id AND x.removed_at IS NULL
  WHERE i.case_id = %(case)s AND EXISTS (SELECT FROM hit)),
rich AS (
  SELECT l.exhibit_id, l.parent_id, l.folder, count(h.content_id)::float / count(*) AS share
  FROM lies l LEFT JOIN hit h ON h.content_id = l.content_id GROUP BY 1, 2, 3 HAVING count(h.content_id) > 0),
share AS (
  SELECT l.content_id, max(r.share) AS share FROM lies l JOIN rich r
    ON r.exhibit_id = l.exhibit_id AND r.parent_id IS NOT DISTINCT FROM l.parent_id AND r.folder = l.folder
  GROUP BY 1),
camera AS (
  SELECT DISTINCT cases_camera(m.make, m.model) AS name
  FROM hit JOIN cases_metadata m ON m.content_id = hit.content_id),
near AS (
  SELECT DISTINCT m.content_id FROM cases_item i JOIN cases_match m ON m.content_id = i.content_id
  WHERE i.case_id = %(case)s AND i.state = 'open' AND NOT m.strong AND m.lost_in IS NULL)
SELECT * FROM (
  SELECT i.id, n.content_id IS NOT NULL AS near,
    round(coalesce(s.share, 0) * {FOLDER} + (n.content_id IS NOT NULL)::int * {NEAR}
      + (c.name IS NOT NULL)::int * {CAMERA} + (i.camera <> '')::int * {OWN})::smallint AS promise,
    i.near AS was_near, i.promise AS was
  FROM cases_item i LEFT JOIN share s ON s.content_id = i.content_id LEFT JOIN near n ON n.content_id = i.content_id
  LEFT JOIN camera c ON i.camera <> '' AND c.name = i.camera
  WHERE i.case_id = %(case)s AND i.state = 'open') w
WHERE (w.near, w.promise) <> (w.was_near, w.was)
"""  # noqa: S608 only constants of this module
# Nobody waits for us: what a key or a set changes at this moment is passed over until the next time.
WRITE = """
WITH part AS (SELECT id, near, promise FROM cases_weighed WHERE id > %s ORDER BY id LIMIT %s),
free AS (SELECT i.id FROM cases_item i JOIN part p ON p.id = i.id WHERE i.state = 'open' FOR UPDATE OF i SKIP LOCKED),
written AS (
  UPDATE cases_item i SET near = p.near, promise = p.promise FROM part p JOIN free f ON f.id = p.id WHERE i.id = p.id
  RETURNING i.id)
SELECT (SELECT max(id) FROM part), (SELECT count(*) FROM written)
"""
NOTE = """
INSERT INTO cases_weighing (case_id, due, took_ms) SELECT k.id, true, 0 FROM cases_case k
WHERE k.id = ANY(%s::bigint[]) AND NOT EXISTS (SELECT FROM cases_weighing w WHERE w.case_id = k.id AND w.due)
ORDER BY k.id ON CONFLICT (case_id) DO UPDATE SET due = true
"""
DUE = f"""
SELECT case_id FROM cases_weighing
WHERE due AND (weighed_at IS NULL OR weighed_at + took_ms * {REST} * interval '1 ms' < now()) ORDER BY case_id
"""  # noqa: S608 only constants of this module


def note(case_ids: Sequence[int]) -> None:
    """Something was found in these cases, or an exhibit came in: their items are to be weighed. In the caller's
    transaction, near its end."""
    with connection.cursor() as cursor:
        cursor.execute(NOTE, [sorted(case_ids)])


def note_agency(agency_id: int) -> None:
    """A set changed for an agency: all its open cases are to be weighed."""
    note(list(Case.objects.filter(agency=agency_id, state=Case.State.OPEN).values_list("pk", flat=True)))


def due() -> list[int]:
    """Cases to be weighed now."""
    with connection.cursor() as cursor:
        cursor.execute(DUE)
        return [row[0] for row in cursor.fetchall()]


def weigh(case_id: int) -> int:
    """Weigh all open items of a case; returns how many changed. Nothing to do where another worker is at it."""
    began, changed = time.monotonic(), 0
    last: int | None = 0
    with alone(SPACE, case_id) as ours:
        if not ours:
            return 0
        Weighing.objects.filter(case=case_id).update(due=False)  # what comes from here on counts anew
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS pg_temp.cases_weighed")
            cursor.execute(WEIGH, {"case": case_id})
            cursor.execute("ALTER TABLE cases_weighed ADD PRIMARY KEY (id); ANALYZE cases_weighed")
        while last is not None:
            last, written = _write(last)
            changed += written
        took = round((time.monotonic() - began) * 1000)
        _weighed(case_id, took)
    return changed


@transaction.atomic
def _write(after: int) -> tuple[int | None, int]:
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [after, GROUP])
        last, written = cursor.fetchone()
        return last, written


def _weighed(case_id: int, took: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.cases_weighed")
        cursor.execute("UPDATE cases_weighing SET weighed_at = now(), took_ms = %s WHERE case_id = %s", [took, case_id])
