"""The form in which people ask for the next batch, its address, and what was asked for in words."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop as noop
from django.utils.translation import ngettext

from cases.models import Case, Exhibit
from cases.queue import unsure
from cases.queue.filters import Wanted, read
from cases.queue.orders import DEFAULT, ORDERS
from cases.queue.picking import MANY, Asked, number
from workbench.errors import BadInput
from workbench.models import User
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


class Box(forms.CharField):
    """South, west, north, east in degrees, parted by commas."""

    def clean(self, value: Any) -> tuple[float, ...] | None:
        """Four numbers, or None where nothing was typed."""
        text = super().clean(value)
        if not text:
            return None
        try:
            south, west, north, east = (float(part) for part in text.split(","))
        except ValueError as error:
            raise forms.ValidationError(_("Give four numbers: south, west, north, east.")) from error
        return south, west, north, east


def _choices(words: Mapping[str, Any], every: Any = None) -> list[tuple[str, Any]]:
    return ([("", every)] if every else []) + list(words.items())


class AskForm(forms.Form):
    """What the next batch is to hold, and in which order."""

    order = forms.ChoiceField(label=_("Order"), required=False, choices=_choices(ORDER_WORDS))
    exhibit = forms.TypedChoiceField(label=_("Exhibit"), required=False, coerce=UUID, empty_value=None)
    kind = forms.ChoiceField(label=_("Type"), required=False, choices=_choices(KIND_WORDS, _("All types")))
    state = forms.ChoiceField(label=_("State"), required=False, choices=_choices(STATE_WORDS, _("Everything open")))
    folder = forms.CharField(label=_("Folder and what is below"), required=False, max_length=400, strip=False)
    camera = forms.CharField(label=_("Camera begins with"), required=False, max_length=170)
    taken_from = forms.DateField(label=_("Taken from"), required=False)
    taken_to = forms.DateField(label=_("Taken to"), required=False)
    size_from = forms.FloatField(label=_("Size from, MB"), required=False, min_value=0, max_value=1e9)
    size_to = forms.FloatField(label=_("Size to, MB"), required=False, min_value=0, max_value=1e9)
    box = Box(label=_("Box: south, west, north, east"), required=False, max_length=100)
    place = forms.BooleanField(label=_("With a place"), required=False)

    def __init__(self, data: Mapping[str, Any] | None, *, case: Case) -> None:
        super().__init__(data)
        kept = Exhibit.objects.filter(case=case, removed_at__isnull=True).order_by("ref")
        refs = [(str(one.public_id), one.ref) for one in kept]
        self.fields["exhibit"].choices = [("", _("All exhibits")), *refs]  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "" if name == "place" else "input"
        for name in ("taken_from", "taken_to"):
            self.fields[name].widget = forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d")
        self.fields["camera"].widget.attrs["list"] = "cameras"

    def asked(self, case: Case, by: User) -> Asked:
        """What was asked for. Raises BadInput naming the field."""
        if not self.is_valid():
            told = [f"{self.fields[name].label}: {errors[0]}" for name, errors in self.errors.items()]
            raise BadInput(noop("This filter does not fit. %(why)s"), why=" ".join(told))
        data = dict(self.cleaned_data)
        order = data.pop("order") or DEFAULT
        for name in ("size_from", "size_to"):
            data[name] = None if data[name] is None else round(data[name] * UNIT)
        return Asked(case, by, order, Wanted(**data))


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
        (
            _("Place"),
            ", ".join(f"{part:g}" for part in wanted.box) if wanted.box else _("with a place") if wanted.place else "",
        ),
    ]
    return [(str(label), str(value)) for label, value in said if value]


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
