"""No look without a trace, and no wish for a preview forgotten."""

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from cases import decisions, review, viewing
from cases.errors import NotHeld, PreviewPending
from cases.models import Act, Case, Content, Item, Viewing
from tests.cases import material
from workbench import storage
from workbench.models import Agency, AuditEvent, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(case: Case, dana: User, monkeypatch: pytest.MonkeyPatch) -> Item:
    material.pictures(case, dana, ["a"])
    monkeypatch.setattr(storage, "preview", lambda _agency, _digest: b"jpeg")
    found: Item = Item.objects.select_related("content", "case__agency").get()
    return found


def test_a_supervisors_look_is_an_event_at_once(item: Item, sam: User) -> None:
    _picture, row = viewing.clear(item=item, by=sam)
    told = AuditEvent.objects.get(verb="media.open")
    assert (told.subject, told.actor, told.case) == (f"item:{item.public_id}", "sam", item.case.public_id)
    assert str(row.token) in told.body


def test_an_investigators_look_in_a_batch_is_told_when_the_batch_ends(item: Item, dana: User, milo: User) -> None:
    batch = review.claim(case=item.case, by=dana)
    viewing.clear(item=item, by=dana)
    assert not AuditEvent.objects.filter(verb="media.open").exists()
    summary = review.close(batch=batch, by=dana)
    assert (summary["views"], summary["sent"]) == (0, 1)  # nothing was reported, and yet one picture went out
    with pytest.raises(NotHeld):
        viewing.clear(item=item, by=milo)


def test_a_picture_that_is_refused_as_a_page_of_its_own_counts_as_seen_by_nobody(item: Item, sam: User) -> None:
    browser = Client(headers={"host": "localhost", "sec-fetch-dest": "document"})
    browser.force_login(sam, backend="workbench.people.PasswordBackend")
    assert browser.get(f"/media/{item.public_id}/clear").status_code == 403
    assert not Viewing.objects.exists()


def test_confirming_nothing_leaves_no_row_without_an_event(item: Item, dana: User) -> None:
    assert decisions.confirm(case=item.case, items=[item.public_id], by=dana) == 0
    assert not Act.objects.exists()


def test_a_preview_nobody_needed_so_far_is_asked_for_and_stays_asked_for(
    item: Item, sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(_agency: Agency, _digest: bytes) -> None:
        return None

    monkeypatch.setattr(storage, "preview", nothing)
    Content.objects.update(preview="deferred")
    with pytest.raises(PreviewPending):
        viewing.clear(item=item, by=sam)
    assert Content.objects.get().preview == "pending"


def test_the_applications_role_cannot_make_a_look_forgotten(item: Item, sam: User) -> None:
    viewing.clear(item=item, by=sam)
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as sql:
        sql.execute("DELETE FROM cases_viewing")
    assert Viewing.objects.count() == 1
