"""A person's own account: roles, the password, and tokens for the API."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import gettext_noop as noop
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from workbench import languages, people, tokens
from workbench.errors import BadInput
from workbench.models import ApiToken
from workbench.requests import SignedRequest
from workbench.views.people import SetupForm, password_input, proven

DAYS = (("30", lazy("30 days")), ("90", lazy("90 days")), ("365", lazy("One year")))
NOT_YOURS = noop("This is not your present password.")


class AccountForm(SetupForm):
    """The old password and a new one, twice."""

    old_password = forms.CharField(
        max_length=200, label=lazy("Present password"), widget=password_input("current-password")
    )
    field_order = ["old_password", "password1", "password2"]


class LanguageForm(forms.Form):
    """In which language a person reads."""

    language = forms.ChoiceField(
        required=False,
        label=lazy("Language"),
        widget=forms.Select({"class": "input"}),
        choices=lambda: [(languages.BROWSERS, _("As the browser says")), *languages.offered()],
    )


class TokenForm(forms.Form):
    """A token's name, end and scope; the password says that it is the person who sits there."""

    name = forms.CharField(
        max_length=60, label=lazy("What it is for"), widget=forms.TextInput({"class": "input", "autocomplete": "off"})
    )
    scope = forms.ChoiceField(
        choices=ApiToken.Scope.choices, label=lazy("It may"), widget=forms.Select({"class": "input"})
    )
    days = forms.TypedChoiceField(
        choices=DAYS, coerce=int, initial="90", label=lazy("Good for"), widget=forms.Select({"class": "input"})
    )
    password = forms.CharField(
        max_length=200, label=lazy("Present password"), widget=password_input("current-password")
    )


@sensitive_post_parameters("old_password", "password1", "password2")
@require_http_methods(["GET", "POST"])
def account(request: SignedRequest) -> HttpResponse:
    """The account; a POST changes the password. Other sessions and tokens end with the old one."""
    form = AccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _change(request, form):
        update_session_auth_hash(request, request.user)
        messages.success(request, _("Your password is changed. Other sessions and tokens of yours have ended."))
        return redirect("workbench:account")
    return _page(request, form=form)


@sensitive_post_parameters("token-password")
@require_POST
def make_token(request: SignedRequest) -> HttpResponse:
    """Make a token and show it, once: no redirect could carry it without somebody keeping it."""
    form = TokenForm(request.POST, prefix="token")
    if form.is_valid() and (text := _make(request, form)):
        return _page(request, made=text)
    return _page(request, token_form=form)


@require_POST
def choose_language(request: SignedRequest) -> HttpResponse:
    """Keep the language; the page that comes is in it."""
    languages.choose(request.user, request.POST.get("language", ""))
    translation.activate(languages.of(request))
    messages.success(request, _("Pages come in this language from now on."))
    return redirect("workbench:account")


@require_POST
def revoke_token(request: SignedRequest, api_token: UUID) -> HttpResponse:
    """End a token of the person's own."""
    token = tokens.own(api_token, by=request.user)
    tokens.revoke(token, by=request.user)
    messages.success(request, _("The token “%(name)s” is revoked. Nothing can use it any more.") % {"name": token.name})
    return redirect("workbench:account")


def _page(
    request: SignedRequest, *, form: AccountForm | None = None, token_form: TokenForm | None = None, made: str = ""
) -> HttpResponse:
    user = request.user
    rows = [
        {"role_text": row.get_role_display(), "agency": row.agency.name}
        for row in user.memberships.select_related("agency").order_by("role")
    ]
    context: dict[str, Any] = {
        "here": "account",
        "form": form or AccountForm(),
        "language_form": LanguageForm(initial={"language": user.language}),
        "token_form": token_form or TokenForm(prefix="token"),
        "tokens": tokens.good_of(user),
        "made": made,
        "memberships": rows,
        "last_signin": user.last_login,
    }
    wrong = any(one.errors for one in (form, token_form) if one)
    return render(request, "workbench/account.html", context, status=HTTPStatus.BAD_REQUEST if wrong else HTTPStatus.OK)


def _change(request: SignedRequest, form: AccountForm) -> bool:
    """Whether it was changed; wrong old passwords count towards the lock like failed sign-ins."""
    if proven(request, request.user.username, form.cleaned_data["old_password"]) is None:
        form.add_error("old_password", _(NOT_YOURS))
        return False
    try:
        people.change_password(request.user, password=form.cleaned_data["password1"])
    except people.WeakPassword as error:
        form.add_error("password1", error.details)
        return False
    return True


def _make(request: SignedRequest, form: TokenForm) -> str:
    """The new token's text; empty where it was not made, and the form says why."""
    data = form.cleaned_data
    if proven(request, request.user.username, data["password"]) is None:
        form.add_error("password", _(NOT_YOURS))
        return ""
    try:
        return tokens.make(name=data["name"], days=data["days"], scope=data["scope"], by=request.user)[1]
    except (tokens.TooManyTokens, BadInput) as error:
        form.add_error("name", str(error))
        return ""
