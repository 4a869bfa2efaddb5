"""Samples of one person's decisions: drawing one, and what earlier ones came to; for supervisors."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.validators import MaxValueValidator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from cases import listing
from cases.errors import TooFewToSample
from cases.models import Case
from cases.second import samples as drawing
from cases.second.kappa import LEAST_PAIRS
from cases.second.samples import MOST, Asked
from hashsets.models import Scheme
from workbench import access
from workbench.models import Role, User
from workbench.requests import SignedRequest
from workbench.words import digits

PAGE = 20
LATEST = date(9999, 1, 1)  # a day follows it
INPUT = {"class": "input"}
DAY = {"type": "date", "class": "input"}


class SampleForm(forms.Form):
    """Whose decisions, of which days, case and category, and how many."""

    person = forms.ModelChoiceField(
        User.objects.none(), label=lazy("Person"), to_field_name="public_id", widget=forms.Select(INPUT)
    )
    first = forms.DateField(label=lazy("First day"), widget=forms.DateInput(DAY, format="%Y-%m-%d"))
    last = forms.DateField(
        label=lazy("Last day"), widget=forms.DateInput(DAY, format="%Y-%m-%d"), validators=[MaxValueValidator(LATEST)]
    )
    case = forms.ModelChoiceField(
        Case.objects.none(), label=lazy("Case"), required=False, empty_label=lazy("All that are open"),
        to_field_name="public_id", widget=forms.Select(INPUT),
    )  # fmt: skip
    code = forms.ChoiceField(label=lazy("Category"), required=False, widget=forms.Select(INPUT))
    number = forms.IntegerField(
        label=lazy("Decisions"), min_value=LEAST_PAIRS, max_value=MOST, initial=100,
        widget=forms.NumberInput(INPUT),
    )  # fmt: skip
    reason = forms.CharField(label=lazy("Reason"), max_length=400, widget=forms.TextInput(INPUT))

    def __init__(self, data: QueryDict | None, *, by: User, scheme: Scheme, cases: list[Case]) -> None:
        super().__init__(data)
        people = User.objects.filter(agency=by.agency, memberships__role=Role.INVESTIGATOR)
        self.fields["person"].queryset = people.exclude(pk=by.pk).distinct().order_by("name")  # type: ignore[attr-defined]
        mine = Case.objects.filter(pk__in=[case.pk for case in cases]).order_by("number")
        self.fields["case"].queryset = mine  # type: ignore[attr-defined]
        categories = [(one.code, f"{one.code} {one.label}") for one in scheme.categories.all()]
        self.fields["code"].choices = [("", _("All categories")), *categories]  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
def samples(request: SignedRequest) -> HttpResponse:
    """The form, and the samples so far, the latest first."""
    access.require(request.user, "second.sample")
    cases = list(_cases(request))
    schemes = {case.scheme.scheme_id: case.scheme for case in sorted(cases, key=lambda case: case.scheme.version)}
    wanted = (request.POST if request.method == "POST" else request.GET).get("scheme", "")
    scheme = schemes.get(wanted) or next(iter(schemes.values()), None)
    of_scheme = [case for case in cases if scheme and case.scheme.scheme_id == scheme.scheme_id]
    data = request.POST if request.method == "POST" else None
    form = SampleForm(data, by=request.user, scheme=scheme, cases=of_scheme) if scheme else None
    if scheme and form and form.is_bound and form.is_valid():
        try:
            return _draw(request, scheme, of_scheme, form.cleaned_data)
        except TooFewToSample as error:
            form.add_error(None, str(error))  # beside what was asked for, which is changed there
    status = 400 if data is not None else 200
    return render(request, "cases/samples.html", _context(request, schemes, scheme, form), status=status)


def _cases(request: SignedRequest) -> Any:
    mine = Case.objects.for_actor(request.user).filter(agency=request.user.agency_id, state=Case.State.OPEN)
    return mine.select_related("scheme")


def _draw(request: SignedRequest, scheme: Scheme, cases: list[Case], told: dict[str, Any]) -> HttpResponse:
    chosen = [told["case"]] if told["case"] else cases
    asked = Asked(told["person"], scheme, told["first"], told["last"], chosen, told["code"])
    sample = drawing.draw(asked=asked, number=told["number"], by=request.user, reason=told["reason"])
    drawn = sample.draws.count()
    text = ngettext(
        "%(n)s decision drawn from %(all)s that fit.", "%(n)s decisions drawn from %(all)s that fit.", drawn
    )
    messages.success(request, text % {"n": digits(drawn), "all": digits(sample.fitting)})
    return redirect("cases:samples")


def _context(
    request: SignedRequest, schemes: dict[str, Scheme], scheme: Scheme | None, form: SampleForm | None
) -> dict[str, Any]:
    before = listing.after_key(request.GET.get("after"))
    rows = drawing.of(request.user)
    found = list((rows.filter(pk__lt=before) if before else rows)[: PAGE + 1])
    page, more = found[:PAGE], len(found) > PAGE
    return {
        "here": "second",
        "schemes": list(schemes.values()),
        "scheme": scheme,
        "form": form,
        "least": LEAST_PAIRS,
        "rows": [_row(row) for row in drawing.outcomes(page)],
        "next_url": listing.next_url(request.GET, page[-1].pk if more else None),
    }


def _row(row: drawing.Outcome) -> dict[str, Any]:
    percent = {name: 100 * getattr(row.same, name) for name in ("value", "low", "high")} if row.same else None
    return {"sample": row.sample, "drawn": row.drawn, "given": row.given, "percent": percent, "kappa": row.kappa}
