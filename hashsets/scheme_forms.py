"""What people type into a draft of a category scheme."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hashsets.models import Disposition, Scheme
from hashsets.scheme_drafts import SLUG
from hashsets.schemes import GLYPHS, KEYS

SMALL = {"class": "input sm"}
LABEL = re.compile(r"\s*([A-Za-z-]{2,20})\s*=\s*([^=;]+?)\s*")
PAIR = re.compile(r"\s*([^=,]+?)\s*=\s*([^=,]+?)\s*")


class NewSchemeForm(forms.Form):
    """A new scheme of the agency."""

    name = forms.CharField(max_length=200, label=_("Name"), widget=forms.TextInput({"class": "input"}))
    slug = forms.RegexField(
        SLUG,
        max_length=30,
        label=_("Id"),
        error_messages={"invalid": _("Type small letters a to z, digits and hyphens, such as harbour-2.")},
        help_text=_("Small letters, digits, hyphens. The agency's own id stands before it."),
        widget=forms.TextInput({"class": "input"}),
    )
    like = forms.ModelChoiceField(
        Scheme.objects.none(),
        required=False,
        label=_("Begin with the categories of"),
        widget=forms.Select({"class": "input"}),
    )

    def __init__(self, *args: Any, schemes: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["like"].queryset = schemes  # type: ignore[attr-defined]


class HeadForm(forms.Form):
    """What a scheme is called and where it comes from."""

    name = forms.CharField(max_length=200, label=_("Name"), widget=forms.TextInput({"class": "input"}))
    region = forms.RegexField(
        r"\A[A-Za-z0-9_-]{1,20}\Z",
        label=_("Region"),
        help_text=_("As VICS files name it; Default suits most readers."),
        widget=forms.TextInput({"class": "input"}),
    )
    source = forms.CharField(
        max_length=300, required=False, label=_("Where the codes come from"), widget=forms.TextInput({"class": "input"})
    )


class CategoryForm(forms.Form):
    """One category. A line without a code is none."""

    code = forms.CharField(label=_("Code"), max_length=40, required=False, widget=forms.TextInput(SMALL | {"size": 4}))
    key = forms.ChoiceField(
        label=_("Key"), choices=[(key, key) for key in KEYS], required=False, widget=forms.Select(SMALL)
    )
    name = forms.CharField(label=_("Name"), max_length=200, required=False, widget=forms.TextInput(SMALL))
    labels = forms.CharField(
        label=_("In other languages"),
        max_length=1000,
        required=False,
        widget=forms.TextInput(SMALL | {"size": 26, "placeholder": "de = Küste; fr = Côte"}),
    )
    disposition = forms.ChoiceField(
        label=_("For the queue"), choices=Disposition.choices, required=False, widget=forms.Select(SMALL)
    )
    colour = forms.TypedChoiceField(
        label=_("Colour"),
        choices=[(n, n) for n in range(1, 10)],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.Select(SMALL),
    )
    glyph = forms.ChoiceField(
        label=_("Sign"), choices=[(glyph, glyph) for glyph in GLYPHS], required=False, widget=forms.Select(SMALL)
    )
    publishable = forms.BooleanField(label=_("May be shared"), required=False)

    def clean_labels(self) -> dict[str, str]:
        """`de = Küste; fr = Côte` as {"de": "Küste", "fr": "Côte"}."""
        parts = [LABEL.fullmatch(part) for part in self.cleaned_data["labels"].split(";") if part.strip()]
        if not all(parts):
            raise forms.ValidationError(_("Write each as language = name, with semicolons between: de = Küste."))
        return {part[1].lower(): part[2] for part in parts if part}


class MappingForm(forms.Form):
    """What the codes are in another scheme. A line without a scheme is none."""

    to = forms.SlugField(
        label=_("Scheme"), max_length=60, required=False, widget=forms.TextInput(SMALL | {"placeholder": "uk-abc"})
    )
    codes = forms.CharField(
        label=_("Our code = theirs"),
        max_length=500,
        required=False,
        widget=forms.TextInput(SMALL | {"placeholder": "1 = A, 2 = B"}),
    )
    loses = forms.CharField(
        label=_("What gets lost"),
        max_length=300,
        required=False,
        widget=forms.TextInput(SMALL | {"size": 60, "placeholder": _("what the other cannot say")}),
    )

    def clean_codes(self) -> dict[str, str]:
        """`1 = A, 2 = B` as {"1": "A", "2": "B"}."""
        parts = [part for part in self.cleaned_data["codes"].split(",") if part.strip()]
        pairs = [PAIR.fullmatch(part) for part in parts]
        if not all(pairs):
            raise forms.ValidationError(_("Write each as our code = their code, with commas between."))
        return {pair[1]: pair[2] for pair in pairs if pair}


Categories = forms.formset_factory(CategoryForm, extra=2, max_num=len(KEYS), absolute_max=20)
Mappings = forms.formset_factory(MappingForm, extra=1, max_num=10, absolute_max=20)


class DraftForm:
    """The three parts of a draft on one page, from its document or from what was posted."""

    def __init__(self, doc: dict[str, Any], data: Any = None) -> None:
        self.head = HeadForm(data, initial={name: doc[name] for name in ("name", "region", "source")})
        self.categories = Categories(data, initial=[_typed(one) for one in doc["categories"]], prefix="category")
        self.mappings = Mappings(data, initial=[_shown(mapping) for mapping in doc["mappings"]], prefix="mapping")

    def is_valid(self) -> bool:
        """Whether every part can be kept; whether the scheme makes sense is another question."""
        return all([self.head.is_valid(), self.categories.is_valid(), self.mappings.is_valid()])

    def values(self) -> dict[str, Any]:
        """What was typed, in the form of a scheme's file."""
        categories = [row for row in self.categories.cleaned_data if row.get("code")]
        mappings = [row for row in self.mappings.cleaned_data if row.get("to")]
        return self.head.cleaned_data | {"categories": categories, "mappings": mappings}


def _typed(category: dict[str, Any]) -> dict[str, Any]:
    labels = "; ".join(f"{language} = {label}" for language, label in category.get("labels", {}).items())
    return category | {"labels": labels}


def _shown(mapping: dict[str, Any]) -> dict[str, str]:
    codes = ", ".join(f"{ours} = {theirs}" for ours, theirs in mapping["codes"].items())
    return {"to": mapping["to"], "codes": codes, "loses": mapping["loses"]}
