"""What people type into the pages of care."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from cases.care import day
from cases.care.rules import OWN, Rules
from cases.models import CareChoice, CareRule

TILES = (88, 104, 124, 148, 176, 208, 240)  # pixels; static/js/grid.js
MINUTES = [(minutes, format_lazy(_("{n} min"), n=minutes)) for minutes in (15, 30, 45, 60)]


def _number(label: Any, least: int, most: int, **more: Any) -> forms.IntegerField:
    field = forms.IntegerField(min_value=least, max_value=most, label=label, **more)
    field.widget.attrs["class"] = "input"
    return field


def _clock(label: Any, **more: Any) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time", "class": "input"}, format="%H:%M")
    return forms.TimeField(required=False, label=label, widget=widget, **more)


class OwnForm(forms.Form):
    """A person's own settings, within what the agency allows."""

    blur = forms.BooleanField(
        required=False,
        label=_("Begin with blur on"),
        help_text=_("Off: the picture in focus is clear, and counted as a look."),
    )
    grey = forms.BooleanField(required=False, label=_("Begin with grey on"))
    tile = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, label=_("Tile size"), widget=forms.Select({"class": "input"}),
        choices=[("", _("As this browser had it last")), *((size, f"{size} px") for size in TILES)],
    )  # fmt: skip
    outcomes = forms.BooleanField(required=False, label=_("Show what came of it on My work"))

    def __init__(self, data: QueryDict | None = None, *, rule: CareRule, choice: CareChoice) -> None:
        super().__init__(data, initial={name: getattr(choice, name) for name in OWN})
        if rule.keep_blur:
            del self.fields["blur"]
        if rule.own_breaks:
            self.fields["break_after"] = _number(
                _("Break after, minutes on screen"), 25, rule.break_after, required=False,
                help_text=_("Your agency: %d. Earlier is yours to choose.") % rule.break_after)  # fmt: skip
            self.fields["break_minutes"] = _number(
                _("Length of a break, minutes"), rule.break_minutes, 30, required=False,
                help_text=_("Your agency: %d. Longer is yours to choose.") % rule.break_minutes)  # fmt: skip
        self.fields["day_minutes"] = _number(
            _("Limit of a day, minutes on screen"), 30, rule.day_minutes, required=False,
            help_text=_("Your agency: %s. Less is yours to choose.") % day.in_words(rule.day_minutes))  # fmt: skip
        self.fields["shift_end"] = _clock(
            _("End of shift"), help_text=_("The last half hour hands out nothing new. Times of %s.") % rule.zone
        )


class RulesForm(forms.Form):
    """What an agency sets."""

    break_after = _number(_("Break after, minutes on screen"), 25, 60, help_text=_("25 to 60; usual are 50."))
    break_minutes = _number(_("Length of a break, minutes"), 5, 30, help_text=_("5 to 30; usual are 10."))
    day_minutes = _number(
        _("Limit of a day, minutes on screen"), 30, 240, help_text=_("At most 240, which are 4 hours.")
    )
    shift_end = _clock(_("End of shift"), help_text=_("The half hour before it hands out nothing new. Empty: none."))
    zone = forms.CharField(
        max_length=60, label=_("Time zone"), help_text=_("Of days and shifts: UTC, or as Europe/Berlin."),
        widget=forms.TextInput({"class": "input", "autocomplete": "off"}),
    )  # fmt: skip
    contact = forms.CharField(
        max_length=400, required=False, label=_("Whom people may speak to"),
        widget=forms.Textarea({"class": "input", "rows": 3}),
        help_text=_("Names and numbers, shown in breaks and on everybody's viewing page."),
    )  # fmt: skip
    own_breaks = forms.BooleanField(required=False, label=_("People may break earlier and longer than this"))
    keep_blur = forms.BooleanField(
        required=False, label=_("Keep the blur on"), help_text=_("Nobody can turn it off; holding a key unveils.")
    )
    reason = forms.CharField(max_length=400, label=_("Reason"), widget=forms.TextInput({"class": "input"}))

    @classmethod
    def of(cls, rule: CareRule, data: QueryDict | None = None) -> "RulesForm":
        """The form as the agency's rules are."""
        return cls(data, initial={name: getattr(rule, name) for name in Rules.__slots__})

    def wanted(self) -> Rules:
        """What was typed."""
        return Rules(**{name: self.cleaned_data[name] for name in Rules.__slots__})


class OverrideForm(forms.Form):
    """More time for one person today."""

    minutes = forms.TypedChoiceField(choices=MINUTES, coerce=int)
    reason = forms.CharField(max_length=400)


class ReasonForm(forms.Form):
    """Why an auditor reads a record."""

    reason = forms.CharField(max_length=400, label=_("Reason"), widget=forms.TextInput({"class": "input"}))
