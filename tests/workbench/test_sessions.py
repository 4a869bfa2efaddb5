"""A sign-in ends by itself when nobody is there, and after a working day."""

import time

import pytest
from django.test import Client

from tests.people import People
from workbench.models import AuditEvent


def signed_in(people: People, **ages: int) -> Client:
    client = Client()
    client.force_login(people.investigator, backend="workbench.people.PasswordBackend")
    session = client.session
    for name, age in ages.items():
        session[name] = int(time.time()) - age
    session.save()
    return client


@pytest.mark.parametrize(
    ("began", "seen", "ends"),
    [
        # somebody who is there goes on
        (3600, 60, False),
        # ten minutes without an act end it
        (3600, 601, True),
        # twelve hours end it, whatever happens
        (43_300, 1, True),
    ],
)
def test_how_long_a_sign_in_lasts(people: People, began: int, seen: int, ends: bool) -> None:
    client = signed_in(people, began=began, seen=seen)
    answer = client.get("/cases/", secure=True)
    assert (answer.status_code == 302) is ends
    assert AuditEvent.objects.filter(verb="auth.lock").exists() is ends
    assert ("_auth_user_id" in client.session) is not ends
