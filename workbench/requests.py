"""Requests of people who are signed in."""

from django.http import HttpRequest

from workbench.models import User


class SignedRequest(HttpRequest):
    """A request whose person is known: `SignedInOnly` saw to it before the view ran."""

    user: User
