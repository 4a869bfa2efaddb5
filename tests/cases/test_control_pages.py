"""What a person does about an exhibit on the case page: removing it, trying again, seeing what became of it."""

import pytest
from django.http import HttpResponse

from cases import removal
from cases.models import Case, Exhibit
from tests import factories
from tests.people import People, signed_in
from workbench.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def case(people: People) -> Case:
    return factories.case(people.investigator)


@pytest.fixture
def exhibit(case: Case) -> Exhibit:
    found = factories.exhibit(case, "NM-01")
    factories.items(found, 2)
    return found


def act(user: User, exhibit: Exhibit, what: str, **fields: str) -> HttpResponse:
    path = f"/exhibits/{exhibit.public_id}/{what}/"
    return signed_in(user).post(path, fields, secure=True)  # type: ignore[return-value]


def page(case: Case) -> str:
    return signed_in(case.lead).get(f"/cases/{case.public_id}/", secure=True).content.decode()


def test_removing_on_the_page_asks_for_a_reason(case: Case, exhibit: Exhibit) -> None:
    assert "Remove NM-01 from the case?" in page(case)
    assert act(case.lead, exhibit, "remove").status_code == 400
    assert act(case.lead, exhibit, "remove", reason="wrong stick").status_code == 302
    assert "Being removed" in page(case)


def test_a_removed_exhibit_is_shown_struck_through_and_outside_the_figures(case: Case, exhibit: Exhibit) -> None:
    removal.ask(exhibit, by=case.lead, reason="wrong stick")
    removal.carry_out(exhibit.pk)
    shown = page(case)
    assert "<s><bdi>NM-01</bdi></s>" in shown
    assert "wrong stick" in shown
    assert f"?exhibit={exhibit.public_id}" not in shown
    assert "Remove NM-01" not in shown
    progress = signed_in(case.lead).get(f"/cases/{case.public_id}/progress/", secure=True).json()
    assert progress["fields"]["ladder-files"] == "0"
    assert progress["done"]


def test_an_exhibit_with_problems_can_be_tried_again(case: Case, exhibit: Exhibit) -> None:
    assert "Try again NM-01" not in page(case)
    factories.rejected(exhibit, "harbour/a.png", "symlink-not-followed")
    assert "Try again NM-01" in page(case)
    path = f"/exhibits/{exhibit.public_id}/again/"
    answer = signed_in(case.lead).post(path, secure=True, follow=True)
    assert "nothing that could come out otherwise" in answer.content.decode()
