"""What people type into pages about cases."""

from uuid import UUID

from django import forms

from cases.models import Case
from hashsets.models import Scheme
from workbench.models import User


class CaseForm(forms.Form):
    """A new case."""

    number = forms.CharField(max_length=60, label="Case number")
    name = forms.CharField(max_length=200, label="Name")
    scheme = forms.ChoiceField(label="Scheme")
    due = forms.DateField(required=False, label="Due", widget=forms.DateInput(attrs={"type": "date"}))
    legal_reference = forms.CharField(max_length=200, required=False, label="Legal reference")
    team = forms.MultipleChoiceField(required=False, label="Team", widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: object, by: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        schemes = Scheme.objects.order_by("name", "-version").values_list("scheme_id", "name")
        self.fields["scheme"].choices = list(dict(schemes).items())  # type: ignore[attr-defined]
        self.people = {str(user.public_id): user for user in _colleagues(by)}
        choices = [(key, user.name) for key, user in self.people.items()]
        self.fields["team"].choices = choices  # type: ignore[attr-defined]
        for name in set(self.fields) - {"team"}:
            self.fields[name].widget.attrs["class"] = "input"

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
    exhibit = forms.UUIDField(required=False)
    camera = forms.CharField(required=False, max_length=80)
    taken_from = forms.DateField(required=False)
    taken_to = forms.DateField(required=False)
    has_place = forms.BooleanField(required=False)


class SupersedeForm(forms.Form):
    """Another category for a decided item, with a reason."""

    code = forms.ChoiceField(label="Category")
    reason = forms.CharField(max_length=400, label="Reason")

    def __init__(self, *args: object, case: Case, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        categories = case.scheme.categories.all()
        self.fields["code"].choices = [(row.code, str(row)) for row in categories]  # type: ignore[attr-defined]


class OffersForm(forms.Form):
    """A step on some offers."""

    act = forms.ChoiceField(choices=[(act, act) for act in ("approve", "return", "hold", "withdraw", "offer")])
    reason = forms.CharField(max_length=400, required=False)
    case = forms.UUIDField(required=False)
    offer = forms.TypedMultipleChoiceField(required=False, coerce=UUID)

    def __init__(self, *args: object, offers: list[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["offer"].choices = [(offer, offer) for offer in offers]  # type: ignore[attr-defined]
