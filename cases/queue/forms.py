"""The form in which people ask for the next batch."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop as noop

from cases.models import Case, Exhibit
from cases.queue.asking import KIND_WORDS, ORDER_WORDS, STATE_WORDS, UNIT
from cases.queue.filters import Wanted, corners
from cases.queue.orders import DEFAULT
from cases.queue.picking import Asked
from workbench.errors import BadInput
from workbench.models import User


class Box(forms.CharField):
    """South, west, north, east in degrees, parted by commas."""

    def clean(self, value: Any) -> tuple[float, ...] | None:
        """Four numbers, or None where nothing was typed."""
        text = super().clean(value)
        try:
            return corners(text) if text else None
        except BadInput as error:
            raise forms.ValidationError(str(error)) from error


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
    place = forms.BooleanField(label=_("With a place"), help_text=_("0, 0 is none."), required=False)

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
