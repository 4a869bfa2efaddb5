"""Breaks: when they fall due, what is refused while one lasts and what is not, and how they end."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from cases import review, tiles, viewing
from cases.care import breaks, ledger, rules, state
from cases.care.errors import OnBreak
from cases.models import Batch, Break, CareChoice, CareRule, Case, Item, Keyframe
from tests.cases import material
from tests.cases.care.conftest import Looked, now
from tests.cases.test_viewings import post
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db


def verbs() -> list[str]:
    wanted = ("break.start", "break.end", "break.skip")
    return list(AuditEvent.objects.filter(verb__in=wanted).order_by("seq").values_list("verb", flat=True))


def word(who: User) -> state.State:
    """One word of a page, that adds nothing."""
    return ledger.note(by=who, visit=uuid4(), ms=0)


def past_break(who: User, began: int, ended: int) -> Break:
    """A break that began and was over so many minutes ago, and nobody noted its end."""
    at = now()
    return Break.objects.create(
        user=who, started_at=at - timedelta(minutes=began), ends_at=at - timedelta(minutes=ended)
    )


@pytest.fixture
def batch(case: Case, dana: User) -> Batch:
    material.pictures(case, dana, ["a", "b"])
    return review.claim(case=case, by=dana)


@pytest.mark.parametrize(
    ("ago", "after", "length", "due"),
    [
        (range(1, 51), 50, 10, True),
        (range(1, 50), 50, 10, False),
        ([*range(1, 26), *range(30, 56)], 50, 10, True),  # a pause shorter than a break does not count as one
        ([*range(1, 26), *range(36, 60)], 50, 10, False),
        (range(1, 26), 25, 10, True),
        (range(1, 60), 60, 10, False),
        (range(1, 61), 60, 10, True),
    ],
)
def test_a_break_is_due_after_the_minutes_the_agency_sets(
    dana: User, looked: Looked, ago: list[int], after: int, length: int, due: bool
) -> None:
    CareRule.objects.create(agency=dana.agency, break_after=after, break_minutes=length)
    looked(dana, ago)
    now = word(dana)
    assert bool(now.break_until) is due
    if now.break_until:
        assert now.break_left_ms == pytest.approx(length * 60_000, abs=2000)
    assert verbs() == (["break.start"] if due else [])


def test_a_break_that_is_due_begins_once_however_many_pages_report(dana: User, looked: Looked) -> None:
    looked(dana, range(1, 52))
    assert {word(dana).break_until for _page in range(3)} == {Break.objects.get().ends_at}
    assert verbs() == ["break.start"]


def test_while_it_lasts_no_clear_picture_is_sent_and_decisions_are_saved(dana: User, batch: Batch) -> None:
    unit = tiles.units(batch)[0]
    item = Item.objects.select_related("content", "case__agency").get(public_id=unit["item"])
    Keyframe.objects.create(content=item.content, number=0, at_ms=0, veil=b"RIFF", offset=0, length=1)
    breaks.start(by=dana)
    client = Client()
    client.force_login(dana, backend="workbench.people.PasswordBackend")
    for address in (f"/media/{item.public_id}/clear", f"/media/{item.public_id}/frames/0/clear"):
        answer = client.get(address)
        assert (answer.status_code, answer.json()["error"]["code"]) == (423, "on-break")
    with pytest.raises(OnBreak):
        viewing.clear(item=item, by=dana)
    with pytest.raises(OnBreak):
        viewing.clear_frame(item=item, number=0, by=dana)
    act = {"key": str(uuid4()), "act": "decide", "stack": unit["id"], "version": unit["version"], "code": "1"}
    assert post(dana, f"/api/v1/batches/{batch.public_id}/decisions", {"acts": [act]}) == 200
    item.refresh_from_db()
    assert item.state == "decided"
    page = client.get(f"/batches/{batch.public_id}/").content.decode()
    assert int(page.split('data-break-left="')[1].split('"')[0]) > 590_000


def test_a_supervisor_on_a_break_gets_no_picture_on_the_page_of_an_item_either(sam: User, batch: Batch) -> None:
    item = Item.objects.select_related("content", "case__agency").order_by("pk")[0]
    breaks.start(by=sam)
    with pytest.raises(OnBreak):
        viewing.clear(item=item, by=sam)


def test_a_break_ends_by_itself_and_counting_begins_anew(dana: User, looked: Looked) -> None:
    past_break(dana, 14, 4)
    looked(dana, [*range(15, 65), 1, 2, 3])
    breaks.require_none(dana)
    assert word(dana).since_break_ms == 3 * 60_000
    assert verbs() == ["break.end"]
    ended = Break.objects.get()
    assert (ended.ended_at, ended.skipped) == (ended.ends_at, False)


def test_the_sweeper_notes_the_end_for_whoever_did_not_come_back(dana: User, milo: User) -> None:
    past_break(dana, 14, 4)
    breaks.start(by=milo)
    for _run in range(2):
        breaks.sweep()
    assert verbs() == ["break.start", "break.end"]
    assert Break.objects.filter(ended_at=None).get().user == milo


def test_an_early_end_is_one_click_an_event_and_no_reason_for_the_next_break(dana: User, looked: Looked) -> None:
    looked(dana, range(1, 52))
    assert word(dana).break_until
    assert post(dana, "/api/v1/break", {"act": "skip"}) == 200
    breaks.require_none(dana)
    assert word(dana).break_until is None
    assert post(dana, "/api/v1/break", {"act": "skip"}) == 200
    assert verbs() == ["break.start", "break.skip"]
    assert Break.objects.get().skipped


def test_a_person_may_break_earlier_and_longer_where_the_agency_lets_him(dana: User, looked: Looked) -> None:
    rules.choose(by=dana, wanted={"break_after": 30, "break_minutes": 15})
    looked(dana, range(1, 31))
    assert state.of(dana).break_is_due
    CareRule.objects.create(agency=dana.agency, own_breaks=False)
    found = state.of(dana)
    assert (found.break_is_due, found.break_after, found.break_minutes) == (False, 50, 10)


def test_a_person_never_breaks_later_or_shorter_than_the_agency_says(dana: User) -> None:
    CareRule.objects.create(agency=dana.agency, break_after=40, break_minutes=12, day_minutes=120)
    CareChoice.objects.create(user=dana, break_after=60, break_minutes=5, day_minutes=240)
    found = state.of(dana)
    assert (found.break_after, found.break_minutes, found.day_minutes) == (40, 12, 120)


def test_the_page_starts_and_ends_breaks_without_scripts(dana: User) -> None:
    client = Client()
    client.force_login(dana, backend="workbench.people.PasswordBackend")
    client.post("/viewing/break/", {"act": "start"})
    assert b"Resume early, logged" in client.get("/viewing/").content
    client.post("/viewing/break/", {"act": "skip"})
    assert verbs() == ["break.start", "break.skip"]
    told = AuditEvent.objects.get(verb="break.start")
    assert json.loads(told.body)["details"] == {"asked": True}
    assert client.post("/viewing/break/", {"act": "nap"}).status_code == 400


def test_one_query_guards_a_picture(dana: User, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        breaks.require_none(dana)
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'one_break_at_a_time'")
        assert "ended_at IS NULL" in cursor.fetchone()[0]
