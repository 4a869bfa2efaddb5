"""Sign-in, sign-out and the one-time set-up link."""

from http import HTTPStatus

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import gettext_noop as noop
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from workbench import audit, people, sessions
from workbench.models import User

NEUTRAL = noop(
    "Name and password do not match, or the account is locked. After five failures an administrator must unlock it."
)


def password_input(kind: str) -> forms.PasswordInput:
    return forms.PasswordInput({"class": "input", "autocomplete": kind})


class SignInForm(forms.Form):
    """Name and password."""

    username = forms.CharField(
        max_length=60,
        label=lazy("Name"),
        widget=forms.TextInput({"class": "input", "autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(max_length=200, label=lazy("Password"), widget=password_input("current-password"))

    def refuse(self) -> None:
        """Say the one neutral sentence; the name stays, so the next key goes into the password."""
        self.add_error(None, _(NEUTRAL))
        del self.fields["username"].widget.attrs["autofocus"]
        self.fields["password"].widget.attrs["autofocus"] = True


class SetupForm(forms.Form):
    """A new password, twice."""

    password1 = forms.CharField(max_length=200, label=lazy("New password"), widget=password_input("new-password"))
    password2 = forms.CharField(max_length=200, label=lazy("The same again"), widget=password_input("new-password"))

    def clean(self) -> None:
        """Both must be equal."""
        data = super().clean() or {}
        if data.get("password1") != data.get("password2"):
            raise forms.ValidationError(_("The two passwords differ."))


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def signin(request: HttpRequest) -> HttpResponse:
    """Sign in; one neutral message for every failure."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = proven(request, **form.cleaned_data)
        if user is not None:
            return _welcome(request, user)
        form.refuse()
    return render(request, "workbench/signin.html", {"form": form}, status=200 if not form.errors else 400)


@transaction.atomic
def _welcome(request: HttpRequest, user: User) -> HttpResponse:
    login(request, user)
    with sessions.as_source(request):  # the new session, whose later events this one opens
        audit.record(audit.SIGN_IN, by=user, on=user)
    return redirect(settings.LOGIN_REDIRECT_URL)


def proven(request: HttpRequest, username: str, password: str) -> User | None:
    """Who that is. A failure is an event, up to the one that locks the name; then tries leave none."""
    was_locked = people.is_locked(request, username)
    user = authenticate(request, username=username, password=password)
    if user is None and not was_locked:
        people.note_failure(username, locks=people.is_locked(request, username))
    return user if isinstance(user, User) else None


def locked_out(request: HttpRequest, *_args: object, **_kwargs: object) -> HttpResponse:
    """What django-axes answers after too many failures: the same page, the same words."""
    form = SignInForm(request.POST)
    form.is_valid()
    form.refuse()
    return render(request, "workbench/signin.html", {"form": form}, status=403)


@require_POST
@transaction.atomic
def signout(request: HttpRequest) -> HttpResponse:
    """Sign out."""
    user = request.user
    if isinstance(user, User):
        audit.record(audit.SIGN_OUT, by=user, on=user)
    logout(request)
    return redirect(settings.LOGIN_URL)


@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """Spend a one-time link by setting a password, then sign in."""
    try:
        person = people.link_owner(token)
    except people.LinkSpent:
        return render(request, "workbench/setup.html", {"person": None}, status=HTTPStatus.GONE)
    form = SetupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person = people.set_password(token=token, password=form.cleaned_data["password1"])
        except people.WeakPassword as error:
            form.add_error("password1", error.details)
        else:
            return redirect(settings.LOGIN_URL)
    return render(request, "workbench/setup.html", {"form": form, "person": person})


@require_GET
def health(request: HttpRequest) -> HttpResponse:
    """Answers when the web process can."""
    return JsonResponse({"ok": True})
