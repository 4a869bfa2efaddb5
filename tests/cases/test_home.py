"""My work: what waits for whom, and a page that stands where a part of it fails."""

import logging
import re

import pytest

from cases import publishing, review
from cases.models import Case
from cases.second import queue
from cases.views import panels
from tests import factories
from tests.cases.days.test_counts import worked
from tests.people import signed_in
from workbench.models import Role, User
from workbench.requests import SignedRequest

pytestmark = pytest.mark.django_db
__all__ = ["worked"]  # a fixture
SECOND = '<td class="strong">Second views</td>'
TOKEN = re.compile(r'value="[A-Za-z0-9]{64}"')


def home(by: User) -> str:
    return signed_in(by).get("/", secure=True).content.decode()


def test_everybody_is_told_what_waits_for_him(worked: Case, dana: User, milo: User, sam: User) -> None:
    assert "New items" in home(dana)
    assert SECOND in home(milo)  # of what Dana was unsure
    waiting = queue.waiting([worked], milo)[worked.pk]
    assert waiting
    page = home(sam)
    assert "To publish" in page
    assert SECOND not in page
    batch = review.claim(case=worked, by=milo)
    assert f"Batch {batch.number}, item 1 of 5" in home(milo)
    assert re.search(r"data-enter[^>]*>\s*Continue", home(milo))


def test_whose_role_reviews_nothing_is_offered_no_queue(worked: Case, sam: User) -> None:
    assert "My queues" not in home(sam)
    ash = factories.person(sam.agency, "ash", Role.AUDITOR)
    page = home(ash)
    assert ("My queues" in page, "New items" in page) == (False, False)
    assert "You review nothing yourself." in page
    assert re.search(r'href="/audit/">\s*Open the audit log', page)


def test_what_one_offered_oneself_waits_for_another(worked: Case, dana: User, sam: User) -> None:
    publishing.offer_case(case=worked, by=sam)
    assert "To publish" in home(sam)  # what Dana offered
    assert "To publish" not in home(dana)


def test_a_panel_that_fails_leaves_the_others_and_can_be_retried(
    worked: Case, dana: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_request: SignedRequest) -> panels.Context:
        Case.objects.raw("SELECT nothing FROM nowhere")[0]
        raise AssertionError

    whole = home(dana)
    with monkeypatch.context() as patched, caplog.at_level(logging.CRITICAL):
        patched.setitem(panels.MAIN, "queues", broken)
        page = home(dana)
    assert "This part could not be shown" in page
    assert 'hx-get="/home/queues/"' in page
    assert "Cases I follow" in page
    again = signed_in(dana).get("/home/queues/", secure=True).content.decode()
    assert TOKEN.sub("", again).strip() in TOKEN.sub("", whole)
    assert signed_in(dana).get("/home/nothing/", secure=True).status_code == 404


def test_the_list_keeps_its_filters_in_the_address_and_names_the_stage(worked: Case, dana: User, sam: User) -> None:
    page = signed_in(dana).get("/cases/", secure=True).content.decode()
    assert "Review" in page
    assert "Views left" in page
    assert worked.number not in signed_in(dana).get("/cases/?due=late", secure=True).content.decode()
