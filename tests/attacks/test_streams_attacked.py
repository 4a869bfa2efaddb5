"""Whoever opens streams by the hundred, and lets each end badly, takes them from nobody for longer than they last."""

import gc

import pytest
from django.http import HttpResponseBase
from django.test import Client

from cases.models import Case, Exhibit
from tests import factories
from tests.people import People, signed_in
from workbench import streams
from workbench.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def case(people: People) -> Case:
    made = factories.case(people.investigator)
    exhibit = factories.exhibit(made, "NM-01")
    Exhibit.objects.filter(pk=exhibit.pk).update(state="running", seen=10, pending=10)
    return made


def opened(client: Client, case: Case) -> HttpResponseBase:
    return client.get(f"/cases/{case.public_id}/progress/stream/", secure=True)


def test_a_stream_that_is_dropped_unclosed_gives_its_place_back(case: Case) -> None:
    client = signed_in(case.lead)
    for _ in range(3 * streams.MOST):
        dropped = opened(client, case)
        assert dropped.status_code == 200
        dropped._resource_closers.clear()  # type: ignore[attr-defined]  # as when something replaces the answer
        del dropped
        gc.collect()


def test_a_stream_that_fails_gives_its_place_back_once(case: Case) -> None:
    client, person = signed_in(case.lead), User.objects.filter(pk=case.lead.pk)
    held = [opened(client, case) for _ in range(streams.MOST)]
    person.update(is_active=False)
    for one in held:
        assert [line for line in one if line.startswith(b"data")] == []
        one.close()
        one.close()
    person.update(is_active=True)
    client = signed_in(case.lead)
    held = [opened(client, case) for _ in range(streams.MOST + 1)]
    assert [one.status_code for one in held] == [200] * streams.MOST + [204]
    for one in held:
        one.close()
