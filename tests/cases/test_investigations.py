"""Opening a case, and the set that its agency's decisions go to."""

import pytest

from cases import investigations, publishing
from cases.models import Case
from hashsets import scheme_tables, sets
from hashsets.models import HashSet, Scheme
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db


def another(case: Case, by: User, number: str = "26-2") -> Case:
    return investigations.create(number=number, name="Harbour", scheme_id=case.scheme.scheme_id, by=by)


def test_the_set_that_receives_decisions_is_made_once_and_is_an_event(case: Case, dana: User) -> None:
    made = publishing.publishing_set(another(case, dana))
    assert list(HashSet.objects.filter(receives_offers=True)) == [made]
    assert AuditEvent.objects.filter(verb="set.create", subject=f"hashset:{made and made.public_id}").count() == 1


def test_a_new_version_of_the_scheme_goes_on_with_the_set_there_is(case: Case, dana: User) -> None:
    old = scheme_tables.latest(case.scheme.scheme_id)
    Scheme.objects.create(scheme_id=old.scheme_id, version=99, name=old.name)
    later = another(case, dana)
    assert later.scheme.version == 99
    assert publishing.publishing_set(later) == publishing.publishing_set(case)


def test_a_retired_set_is_followed_by_a_new_one_under_a_free_name(case: Case, dana: User) -> None:
    first = publishing.publishing_set(case)
    assert first
    sets.retire(first, by=dana, reason="begun anew")
    second = publishing.publishing_set(another(case, dana))
    assert second
    assert second != first
    assert second.name == f"{first.name} (2)"
