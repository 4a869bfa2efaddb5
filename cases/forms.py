"""What people type into pages about cases."""

from datetime import date
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cases.models import Case
from hashsets import scheme_tables
from workbench import visible
from workbench.models import User


def _readable(text: str) -> None:
    """Refuse what can make two names look the same, or one look like another."""
    if not visible.readable(text):
        raise forms.ValidationError(_("This holds a character that cannot be seen. Type it anew."))


class EditCaseForm(forms.Form):
    """What may change of a case while it is open."""

    name = forms.CharField(max_length=200, label=lazy("Name"), validators=[_readable])
    due = forms.DateField(
        required=False, label=lazy("Due"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    legal_reference = forms.CharField(
        max_length=200, required=False, label=lazy("Legal reference"), validators=[_readable]
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for field in self.fields.values():
            field.widget.attrs["class"] = "input"

    def clean_due(self) -> date | None:
        """A day that is over is a slip of the hand, unless it is what the case has."""
        due: date | None = self.cleaned_data["due"]
        if due and due < timezone.localdate() and due != self.initial.get("due"):
            raise forms.ValidationError(_("This day is over. Give a later one, or none."))
        return due


class CaseForm(EditCaseForm):
    """A new case."""

    number = forms.CharField(max_length=60, label=lazy("Case number"), validators=[_readable])
    scheme = forms.ChoiceField(label=lazy("Scheme"))
    team = forms.MultipleChoiceField(required=False, label=lazy("Team"), widget=forms.CheckboxSelectMultiple)
    field_order = ("number", "name", "scheme", "due", "legal_reference", "team")

    def __init__(self, *args: object, by: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scheme"].choices = scheme_tables.choices(by)  # type: ignore[attr-defined]
        self.people = {str(user.public_id): user for user in _colleagues(by)}
        choices = [(key, user.name) for key, user in self.people.items()]
        self.fields["team"].choices = choices  # type: ignore[attr-defined]
        del self.fields["team"].widget.attrs["class"]

    def clean_team(self) -> list[User]:
        """The chosen people."""
        return [self.people[key] for key in self.cleaned_data["team"]]


def _colleagues(by: User) -> list[User]:
    """People of the same agency who may work on a case."""
    working = User.objects.filter(
        agency=by.agency_id, is_active=True, memberships__role__in=["investigator", "supervisor", "exporter"]
    )
    return list(working.exclude(pk=by.pk).exclude(username="operator").distinct().order_by("name"))


class WantedForm(forms.Form):
    """The filters of the list of items, as its address carries them."""

    state = forms.CharField(required=False, max_length=20)
    code = forms.CharField(required=False, max_length=40)
    mark = forms.CharField(required=False, max_length=20)
    exhibit = forms.UUIDField(required=False)
    camera = forms.CharField(required=False, max_length=80)
    taken_from = forms.DateField(required=False)
    taken_to = forms.DateField(required=False)
    has_place = forms.BooleanField(required=False)


class SupersedeForm(forms.Form):
    """Another category for a decided item, with a reason."""

    code = forms.ChoiceField(label=lazy("Category"))
    reason = forms.CharField(max_length=400, label=lazy("Reason"))

    def __init__(self, *args: object, case: Case, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        categories = case.scheme.categories.all()
        self.fields["code"].choices = [(row.code, row.label) for row in categories]  # type: ignore[attr-defined]


class OffersForm(forms.Form):
    """A step on some offers."""

    act = forms.ChoiceField(choices=[(act, act) for act in ("approve", "return", "hold", "withdraw", "offer")])
    reason = forms.CharField(max_length=400, required=False)
    case = forms.UUIDField(required=False)
    offer = forms.TypedMultipleChoiceField(required=False, coerce=UUID)

    def __init__(self, *args: object, offers: list[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["offer"].choices = [(offer, offer) for offer in offers]  # type: ignore[attr-defined]
