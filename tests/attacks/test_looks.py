"""No look without a trace, and no wish for a preview forgotten."""

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from cases import activity, decisions, ending, review, viewing
from cases.errors import NotHeld, PreviewPending
from cases.models import Act, Case, Content, Item, Keyframe, Viewing
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
    summary = ending.close(batch=batch, by=dana)
    assert (summary["views"], summary["sent"]) == (0, 1)  # nothing was reported, and yet one picture went out:
    # so it has its event. A browser that never reports a look must not be a way to look without a trace.
    told = AuditEvent.objects.get(verb="media.reveal")
    assert (told.subject, told.case) == (f"item:{item.public_id}", item.case.public_id)
    assert '"revealed_ms":0' in told.body
    with pytest.raises(NotHeld):
        viewing.clear(item=item, by=milo)


def test_only_what_was_unveiled_is_told_as_a_look_and_the_log_keeps_all_that_was_sent(case: Case, dana: User) -> None:
    contents = material.pictures(case, dana, ["a", "b", "c"])
    batch = review.claim(case=case, by=dana)
    for content, ms in zip(contents, (400, None, 0), strict=True):  # the next in order is sent ahead
        Viewing.objects.create(user=dana, content=content, case=case, batch=batch, revealed_ms=ms)
    ending.close(batch=batch, by=dana)
    assert AuditEvent.objects.filter(verb="media.reveal").count() == 3
    told = [line["text"] for line in activity.latest(case, by=case.lead)]
    assert [text for text in told if "without deciding" in text] == ["Looked at 1 item without deciding"]


@pytest.fixture
def frame(item: Item) -> str:
    """The address of a keyframe whose picture is in the store."""
    content, picture = item.content, b"\xff\xd8\xff frame \xff\xd9"
    Keyframe.objects.create(content=content, number=3, at_ms=9000, veil=b"RIFF", offset=0, length=len(picture))
    with storage.Batch(item.case.agency) as batch:
        batch.put_storyboard(bytes(content.sha256), [picture])
        batch.commit()
    return f"/media/{item.public_id}/frames/3"


def client_of(user: User) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(user, backend="workbench.people.PasswordBackend")
    return client


def test_each_clear_frame_that_is_sent_is_a_look_and_an_event(frame: str, item: Item, sam: User) -> None:
    for _ in range(2):
        answer = client_of(sam).get(f"{frame}/clear")
        assert answer.content == b"\xff\xd8\xff frame \xff\xd9"
    assert Viewing.objects.filter(content=item.content, user=sam).count() == 2
    assert str(Viewing.objects.latest("pk").token) == answer["X-Viewing"]
    assert AuditEvent.objects.filter(verb="media.open").count() == 2


def test_a_clear_frame_needs_a_batch_as_a_clear_picture_does(frame: str, item: Item, dana: User, milo: User) -> None:
    refused = client_of(dana).get(f"{frame}/clear")
    assert refused.status_code == client_of(dana).get(f"/media/{item.public_id}/clear").status_code == NotHeld.status
    review.claim(case=item.case, by=dana)
    assert client_of(dana).get(f"{frame}/clear").status_code == 200
    assert client_of(milo).get(f"{frame}/clear").status_code == NotHeld.status
    assert Viewing.objects.filter(content=item.content).count() == 1


def test_veiled_frames_are_no_looks(frame: str, dana: User) -> None:
    assert client_of(dana).get(f"{frame}/veil").content == b"RIFF"
    assert client_of(dana).get(frame.replace("frames/3", "frames/4") + "/veil").status_code == 404
    assert not Viewing.objects.exists()


def test_a_frame_that_was_lost_is_asked_for_again(frame: str, item: Item, sam: User) -> None:
    Keyframe.objects.update(length=5)
    answer = client_of(sam).get(f"{frame}/clear")
    assert (answer.status_code, Viewing.objects.count()) == (PreviewPending.status, 0)
    assert Content.objects.get(pk=item.content_id).preview == "pending"


def test_the_page_of_a_film_shows_veiled_frames_a_page_at_a_time(frame: str, item: Item, dana: User) -> None:
    assert f"{frame}/veil" in client_of(dana).get(f"/items/{item.public_id}/").content.decode()
    Keyframe.objects.bulk_create(
        Keyframe(content=item.content, number=number, at_ms=number * 9000, veil=b"RIFF", offset=0, length=1)
        for number in range(4, 40)
    )
    first = client_of(dana).get(f"/items/{item.public_id}/").content.decode()
    assert first.count("/clear") == 24
    later = client_of(dana).get(f"/items/{item.public_id}/?frame=27").content.decode()
    assert 'href="?frame=27"' in first
    assert later.count("/clear") == 13


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
