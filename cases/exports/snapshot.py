"""One snapshot of a case as exports show it: the case, its exhibits, and every item with its verdict.

A verdict is the decision in force; without one, the category of the hash set entry that closed the item. A
closed case keeps the decisions and the matches it had when it was closed, whatever sets and policies became since.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from cases import events, paths
from cases.counting import natural
from cases.models import Case, Exhibit
from hashsets.models import Category
from workbench.frozen import frozen as one_view
from workbench.models import AuditEvent

ROWS = 2_000  # rows held in memory at a time

# One row per item that is not excluded. `code` is in the case's scheme; the set's own words are beside it.
ITEMS = """
SELECT i.content_id, i.state, i.known, i.flagged, ct.sha256, ct.md5, ct.sha1, ct.size, ct.mime, ct.kind,
  CASE WHEN d.code IS NOT NULL THEN d.code WHEN g.code IS NOT NULL THEN g.code END AS code,
  CASE WHEN d.code IS NOT NULL THEN d.basis WHEN g.code IS NOT NULL THEN 'set' ELSE '' END AS basis,
  CASE WHEN d.code IS NOT NULL THEN d.id END AS decision_id, d.by_name, d.at,
  CASE WHEN d.code IS NOT NULL THEN d.from_ms END AS from_ms,
  CASE WHEN d.code IS NOT NULL THEN d.until_ms END AS until_ms,
  k.name AS known_set, k.version AS known_version, k.code AS known_code, k.scheme_id AS known_scheme
FROM cases_item i
JOIN cases_content ct ON ct.id = i.content_id
LEFT JOIN LATERAL (
  SELECT d.id, d.code, d.by_name, d.at, d.from_ms, d.until_ms,
    CASE WHEN d.basis = 'inherited' AND a.via = 'confirm' THEN 'confirmed' ELSE d.basis END AS basis
  FROM cases_decision d JOIN hashsets_scheme v ON v.id = d.scheme_id JOIN cases_act a ON a.id = d.act_id
  WHERE d.content_id = i.content_id AND v.scheme_id = %(scheme_id)s
    AND (%(closed_at)s::timestamptz IS NULL OR d.at <= %(closed_at)s::timestamptz)
  ORDER BY d.id DESC LIMIT 1) d ON i.state = 'decided'
LEFT JOIN LATERAL (
  SELECT h.name, m.found_in AS version, r.code, v.scheme_id
  FROM cases_match m
  JOIN hashsets_verdict r ON r.agency_id = ct.agency_id AND r.set_id = m.set_id AND r.entry_id = m.entry
  JOIN hashsets_hashset h ON h.id = m.set_id JOIN hashsets_scheme v ON v.id = h.scheme_id
  WHERE m.content_id = i.content_id AND m.strong AND CASE WHEN %(closed_at)s::timestamptz IS NULL
    THEN r.effect = 2 AND m.lost_in IS NULL
    ELSE EXISTS (SELECT FROM hashsets_generation n
                 WHERE n.set_id = m.set_id AND n.number = m.found_in AND n.at <= %(closed_at)s::timestamptz)
      AND NOT EXISTS (SELECT FROM hashsets_generation n
                      WHERE n.set_id = m.set_id AND n.number = m.lost_in AND n.at <= %(closed_at)s::timestamptz) END
  ORDER BY r.disposition = 'not_relevant', v.scheme_id <> %(scheme_id)s, h.name COLLATE "C", r.code COLLATE "C",
    m.entry LIMIT 1) k ON i.known
LEFT JOIN hashsets_category g ON g.scheme_id = %(scheme)s AND g.code = k.code AND k.scheme_id = %(scheme_id)s
WHERE i.case_id = %(case)s AND i.state <> 'excluded'
"""

# Kept files of contents in the case: where the bytes were found.
FILES = f"""
SELECT f.id, f.content_id, f.exhibit_id, f.record, f.ordinal, f.modified, f.about, f.raw_path,
  {paths.PARENTS} AS parent_path, x.ref
FROM cases_fileinstance f
JOIN cases_exhibit x ON x.id = f.exhibit_id AND x.case_id = %(case)s AND x.removed_at IS NULL
WHERE f.content_id IS NOT NULL
"""  # noqa: S608 only a constant


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an export shows, as of one moment. Valid inside `frozen()` only."""

    case: Case
    categories: tuple[Category, ...]
    exhibits: tuple[Exhibit, ...]  # kept ones, in natural order of their references
    closed_at: datetime | None

    @property
    def about(self) -> dict[str, Any]:
        """The case in a manifest: what it is called, whose it is, under which scheme it was decided."""
        case = self.case
        return {
            "agency": case.agency.name,
            "organisation": str(case.agency.organisation),
            "case": {"id": str(case.public_id), "number": case.number, "name": case.name, "state": case.state},
            "scheme": {"id": case.scheme.scheme_id, "version": case.scheme.version, "name": case.scheme.name},
        }

    def rows(self, sql: str, **values: Any) -> Iterator[dict[str, Any]]:
        """Rows of a statement over ITEMS (as `shown`) and FILES (as `files`), streamed, by column name."""
        whole = f"WITH shown AS ({ITEMS}), files AS ({FILES}) {sql}"
        frame: Mapping[str, Any] = {
            "case": self.case.pk,
            "agency": self.case.agency_id,
            "scheme": self.case.scheme.pk,
            "scheme_id": self.case.scheme.scheme_id,
            "closed_at": self.closed_at,
        }
        with connection.chunked_cursor() as cursor:
            cursor.execute(whole, {**frame, **values})
            fetched = cursor.fetchmany(ROWS)
            names = [column.name for column in cursor.description or ()]
            while fetched:
                yield from (dict(zip(names, row, strict=True)) for row in fetched)
                fetched = cursor.fetchmany(ROWS)


@contextmanager
def frozen() -> Iterator[None]:
    """One view of the database for everything an export reads."""
    with one_view(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL cursor_tuple_fraction = 1")  # every row is read, so plan for all of them
        yield


def take(case: Case) -> Snapshot:
    """The snapshot of a case, inside `frozen()`. Four queries."""
    fresh = Case.objects.select_related("agency", "scheme").get(pk=case.pk)
    kept = Exhibit.objects.filter(case=fresh, removed_at__isnull=True)
    exhibits = kept.exclude(state=Exhibit.State.CANCELLED, seen=0)  # nothing came in; its number may be another's now
    return Snapshot(
        case=fresh,
        categories=tuple(fresh.scheme.categories.all()),
        exhibits=tuple(sorted(exhibits, key=lambda exhibit: (natural(exhibit.ref), exhibit.ref))),
        closed_at=_closed_at(fresh),
    )


def _closed_at(case: Case) -> datetime | None:
    if case.state != Case.State.CLOSED:
        return None
    closing = AuditEvent.objects.filter(log__agency=case.agency_id, case=case.public_id, verb=events.CASE_CLOSED)
    return closing.order_by("-seq").values_list("at", flat=True).first()
