"""Long lists, a page at a time: by key, never by offset, and without counting rows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_noop as noop

from cases import names
from cases.models import Case, Decision, Item, Offer, Standing
from cases.second import blind
from cases.units import LAST
from workbench.errors import BadInput
from workbench.models import User

PAGE = 60
MARKS = ("flagged", "skipped")

ITEMS = """
SELECT i.id, i.public_id, i.state, i.known, i.flagged, c.kind, c.preview, st.code, d.by_name, f.raw_path, f.files,
  k.name, k.code, c.md5, c.sha1, c.sha256, c.size, c.mime
FROM cases_item i JOIN cases_content c ON c.id = i.content_id JOIN cases_stack s ON s.id = i.stack_id
LEFT JOIN cases_standing st ON st.content_id = c.id AND st.scheme_id = %(scheme)s
LEFT JOIN cases_decision d ON d.id = st.decision_id
LEFT JOIN LATERAL (SELECT min(f.raw_path) AS raw_path, count(*) AS files FROM cases_fileinstance f
  JOIN cases_exhibit x ON x.id = f.exhibit_id AND x.case_id = i.case_id AND x.removed_at IS NULL
  WHERE f.content_id = c.id) f ON true
LEFT JOIN LATERAL (
  SELECT min(h.name) AS name, CASE WHEN count(DISTINCT v.code) = 1 THEN min(v.code) END AS code
  FROM cases_match m JOIN hashsets_hashset h ON h.id = m.set_id
  JOIN hashsets_verdict v ON v.agency_id = %(agency)s AND v.set_id = m.set_id AND v.entry_id = m.entry AND v.effect > 0
  WHERE m.content_id = c.id AND m.strong AND m.lost_in IS NULL) k ON i.known OR i.state = 'confirm'
WHERE i.case_id = %(case)s AND i.id > %(after)s AND i.content_id <> ALL(%(blind)s::bigint[])
  AND (%(state)s = '' OR i.state = %(state)s)
  AND (%(mark)s <> 'flagged' OR i.flagged)
  AND (%(mark)s <> 'skipped' OR (starts_with(s.sort_key, %(last)s) AND i.state IN ('open', 'waiting')))
  AND (%(code)s = '' OR st.code = %(code)s)
  AND (%(exhibit)s::uuid IS NULL OR EXISTS (SELECT FROM cases_fileinstance e JOIN cases_exhibit y ON y.id = e.exhibit_id
       WHERE e.content_id = i.content_id AND y.public_id = %(exhibit)s::uuid AND y.case_id = i.case_id
         AND y.removed_at IS NULL))
  AND (%(camera)s = '' OR i.content_id IN (
    SELECT content_id FROM cases_metadata WHERE make <> '' AND lower(make) COLLATE "C" LIKE %(camera)s
    UNION ALL SELECT content_id FROM cases_metadata WHERE model <> '' AND lower(model) COLLATE "C" LIKE %(camera)s
    UNION ALL SELECT content_id FROM cases_metadata WHERE serial <> '' AND lower(serial) COLLATE "C" LIKE %(camera)s))
  AND (NOT %(dated)s OR i.content_id IN (
    SELECT content_id FROM cases_metadata WHERE taken_at IS NOT NULL AND taken_at >= %(taken_from)s::timestamptz
      AND taken_at < (%(taken_to)s::date + 1)::timestamptz))
  AND (NOT %(has_place)s OR EXISTS (
    SELECT FROM cases_metadata m WHERE m.content_id = i.content_id AND m.latitude IS NOT NULL))
ORDER BY i.id LIMIT %(limit)s
"""


ITEM_OF_OFFER = Item.objects.filter(case=OuterRef("case"), content=OuterRef("decision__content")).values("public_id")[
    :1
]


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and the key behind which the next page starts; None on the last."""

    rows: list[Any]
    next: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which items of a case are asked for; what is empty asks for nothing."""

    state: str = ""
    code: str = ""
    mark: str = ""  # what a person left on it without deciding
    exhibit: UUID | None = None
    camera: str = ""  # how make, model or serial number begins, in any case
    taken_from: date | None = None
    taken_to: date | None = None  # that day included
    has_place: bool = False


def items(case: Case, wanted: Wanted, *, by: User, after: int = 0, limit: int = PAGE) -> Page:
    """Items of a case in the order they came in, without those of which the person owes a second view. Two queries."""
    if wanted.state and wanted.state not in Item.State.values:
        raise BadInput(f"state must be one of {', '.join(Item.State.values)}.")
    if wanted.mark and wanted.mark not in MARKS:
        raise BadInput(f"mark must be one of {', '.join(MARKS)}.")
    values: dict[str, Any] = {
        "case": case.pk,
        "agency": case.agency_id,
        "scheme": case.scheme.scheme_id,
        "state": wanted.state,
        "code": wanted.code,
        "mark": wanted.mark,
        "last": LAST,
        "exhibit": wanted.exhibit,
        "camera": _beginning(wanted.camera),
        "dated": bool(wanted.taken_from or wanted.taken_to),
        "taken_from": wanted.taken_from or "-infinity",
        "taken_to": wanted.taken_to or "infinity",
        "has_place": wanted.has_place,
        "after": after,
        "limit": limit + 1,
        "blind": blind.contents(by),
    }
    with connection.cursor() as cursor:
        cursor.execute(ITEMS, values)
        rows = cursor.fetchall()
    return Page([_item(row) for row in rows[:limit]], str(rows[limit - 1][0]) if len(rows) > limit else None)


def _beginning(text: str) -> str:
    """The text as a LIKE pattern for values that begin with it."""
    plain = re.sub(r"([\\%_])", r"\\\1", text.strip().lower())
    return f"{plain}%" if plain else ""


def _item(row: tuple[Any, ...]) -> dict[str, Any]:
    columns = (
        "id",
        "public_id",
        "state",
        "known",
        "flagged",
        "kind",
        "preview",
        "code",
        "by",
        "raw",
        "files",
        "known_in",
        "proposed",
        "md5",
        "sha1",
        "sha256",
        "size",
        "mime",
    )
    item = dict(zip(columns, row, strict=True))
    item["name"] = names.base(bytes(item["raw"])) if item["raw"] is not None else ""
    item["code"] = item["code"] if item["state"] == Item.State.DECIDED else None
    return item


def decisions(case: Case, *, by: User, after: int = 0, limit: int = PAGE) -> Page:
    """Decisions made in a case, oldest first, with whether each is in force; rows as dictionaries. Two queries.

    Without those on contents of which the person owes a second view.
    """
    found = Decision.objects.filter(case=case, pk__gt=after).exclude(content__in=blind.contents(by)).order_by("pk")
    rows = list(
        found.annotate(in_force=Exists(Standing.objects.filter(decision=OuterRef("pk")))).values(
            "pk", "public_id", "code", "basis", "from_ms", "until_ms", "reason", "by_name", "at", "in_force",
            sha256=F("content__sha256"), scheme_of=F("scheme__scheme_id"), earlier=F("supersedes__public_id"),
        )[: limit + 1]
    )  # fmt: skip
    return Page(rows[:limit], str(rows[limit - 1]["pk"]) if len(rows) > limit else None)


def offers(found: QuerySet[Offer], after: int = 0) -> Page:
    """Offers, oldest first, with what their rows show. One query."""
    rows = list(
        found.filter(pk__gt=after)
        .select_related(
            "decision__content",
            "decision__scheme",
            "case",
            "set__scheme",
            "set__owner",
            "agency",
            "offered_by",
            "decided_by",
        )
        .annotate(item=Subquery(ITEM_OF_OFFER))
        .order_by("pk")[: PAGE + 1]
    )
    return Page(rows[:PAGE], str(rows[PAGE - 1].pk) if len(rows) > PAGE else None)


def waiting(found: QuerySet[Offer]) -> list[dict[str, Any]]:
    """How many of these offers wait, by category: rows of `scheme`, `code`, `publish`, `withdraw`. One query."""
    drafts, back = Q(state=Offer.State.DRAFT), Q(state=Offer.State.WITHDRAWAL)
    rows = (
        found.filter(state__in=[Offer.State.DRAFT, Offer.State.WITHDRAWAL])
        .values(scheme=F("decision__scheme"), code=F("decision__code"))
        .annotate(publish=Count("pk", filter=drafts), withdraw=Count("pk", filter=back))
        .order_by("scheme", "code")
    )
    return [dict(row) for row in rows]


def up_to(found: QuerySet[Any], most: int = 1000) -> int:
    """How many rows there are, counting no further than `most`."""
    return len(found.order_by().values_list("pk")[:most])


def after_key(text: str | None) -> int:
    """The key of a page from its address. Raises BadInput."""
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise BadInput(noop("This page address is damaged. Start from the first page."))
    return int(text)


def next_url(asked: Mapping[str, str], key: object) -> str:
    """The address of the next page, with the same filters; empty on the last."""
    return f"?{query({**dict(asked.items()), 'after': str(key)})}" if key else ""


def from_start(asked: Mapping[str, str]) -> str:
    """The address of the first page, with the same filters."""
    return f"?{query({**dict(asked.items()), 'after': ''})}"


def query(values: Mapping[str, str]) -> str:
    """The query part of an address, without empty values."""
    return urlencode({name: value for name, value in values.items() if value})
