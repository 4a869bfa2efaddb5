"""What is asked for of the next batch: as the fields of its form and address, in words, and how much fits."""

from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from cases.models import Case, Exhibit
from cases.queue import unsure
from cases.queue.filters import NOWHERE, Wanted, read
from cases.queue.orders import DEFAULT, ORDERS
from cases.queue.picking import MANY, Asked, number
from workbench.words import digits

ORDER_WORDS = {
    "alike": _("look-alikes together"),
    "promise": _("most promising first"),
    "path": _("exhibit and path"),
    "time": _("time, earliest first"),
    "size": _("size, largest first"),
}
KIND_WORDS = {"still": _("pictures"), "video": _("videos")}
STATE_WORDS = {
    "skipped": _("skipped"),
    "my-skipped": _("skipped by me"),
    "my-unsure": _("unsure, marked by me"),
    "near": _("near known"),
}
UNIT = 1_000_000  # bytes of a size as people type it
# The cameras of what is open, each found by one step in the index: by name, some hundred at most.
CAMERAS = """
WITH RECURSIVE each AS (
  (SELECT camera FROM cases_item WHERE case_id = %(case)s AND state = 'open' AND camera <> '' ORDER BY camera LIMIT 1)
  UNION ALL
  SELECT (SELECT i.camera FROM cases_item i WHERE i.case_id = %(case)s AND i.state = 'open' AND i.camera <> ''
    AND i.camera > e.camera ORDER BY i.camera LIMIT 1) FROM each e WHERE e.camera IS NOT NULL)
SELECT camera FROM each WHERE camera IS NOT NULL LIMIT 100
"""


def fields(order: str, wanted: Wanted) -> dict[str, str]:
    """The form's fields as text, without empty ones: for addresses and hidden inputs."""
    kept = wanted.as_json() | {"order": order if order != DEFAULT else ""}
    if wanted.box:
        kept["box"] = ",".join(f"{part:g}" for part in wanted.box)
    for name in ("size_from", "size_to"):
        if kept.get(name) is not None:
            kept[name] = repr(kept[name] / UNIT)
    return {name: "1" if value is True else str(value) for name, value in kept.items() if value != ""}


def words(order: str, kept: dict[str, Any], case: Case) -> list[tuple[str, str]]:
    """What was asked for as labels and values, the order first; at most one query."""
    wanted = read(kept)
    said = [(_("Order"), ORDER_WORDS.get(order, order))] if order in ORDERS else []
    if wanted.exhibit:
        ref = Exhibit.objects.filter(case=case, public_id=wanted.exhibit).values_list("ref", flat=True).first()
        said.append((_("Exhibit"), ref or _("removed")))
    said += [
        (_("Type"), KIND_WORDS.get(wanted.kind, "")),
        (_("State"), STATE_WORDS.get(wanted.state, "")),
        (_("Folder"), wanted.folder),
        (_("Camera"), wanted.camera),
        (_("Taken"), _span(wanted.taken_from, wanted.taken_to)),
        (_("Size"), _span(*(_megabytes(size) for size in (wanted.size_from, wanted.size_to)))),
        (_("Place"), _place(wanted)),
    ]
    return [(str(label), str(value)) for label, value in said if value]


def _place(wanted: Wanted) -> str:
    if wanted.box == NOWHERE:
        return str(_("0, 0: no place known"))
    if wanted.box:
        return ", ".join(f"{part:g}" for part in wanted.box)
    return str(_("with a place")) if wanted.place else ""


def _megabytes(size: int | None) -> str:
    return "" if size is None else f"{size / UNIT:g} MB"


def _span(first: object, last: object) -> str:
    return " – ".join(str(one) if one else "…" for one in (first, last)) if first or last else ""


def holding(asked: Asked) -> int:
    """How many items fit that nobody holds, counted up to MANY."""
    return unsure.number(asked) if asked.wanted.state == "my-unsure" else number(asked)


def counted(asked: Asked) -> str:
    """The same in words."""
    return in_words(holding(asked))


def in_words(found: int) -> str:
    """A number of items that was counted up to MANY."""
    if found >= MANY:
        return _("%(many)s items or more") % {"many": digits(MANY)}
    return ngettext("%(n)s item", "%(n)s items", found) % {"n": digits(found)}


def cameras(case: Case) -> list[str]:
    """The cameras of what is open, for the form to offer."""
    with connection.cursor() as cursor:
        cursor.execute(CAMERAS, {"case": case.pk})
        return [row[0] for row in cursor.fetchall()]
