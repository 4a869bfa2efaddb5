"""The limit of a day and the end of a shift: no new batch, and who may give more."""

import json
from datetime import time
from uuid import uuid4

import pytest
from django.db import IntegrityError
from django.test import Client

from cases import review, tiles
from cases.care import day, ledger, rules, state
from cases.care.errors import NoMoreToday, NotForYourself
from cases.errors import ReasonNeeded
from cases.models import Batch, CareChoice, CareRule, Case, LimitOverride, LimitReached
from tests.cases import material
from tests.cases.care.conftest import Looked, noon
from workbench.errors import BadInput
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="workbench.people.PasswordBackend")
    return client


@pytest.fixture
def limited(dana: User, looked: Looked) -> User:
    """Dana may look for half an hour a day, and did: since midnight of a zone in which it is noon."""
    CareRule.objects.create(agency=dana.agency, day_minutes=30, zone=noon(), break_after=60)
    looked(dana, range(1, 31))
    return dana


@pytest.fixture
def pictures(case: Case, dana: User) -> Case:
    material.pictures(case, dana, ["a", "b"])
    return case


def test_a_day_that_is_full_hands_out_no_new_batch_and_lets_the_open_one_end(limited: User, pictures: Case) -> None:
    with pytest.raises(NoMoreToday):
        review.claim(case=pictures, by=limited)
    client = signed_in(limited)
    answer = client.post(f"/cases/{pictures.public_id}/next/")
    assert answer.status_code == 409
    assert "30 min" in answer.content.decode()
    assert f"/cases/{pictures.public_id}/exports/" in answer.content.decode()
    assert not Batch.objects.exists()


def test_a_batch_that_is_open_goes_on_when_the_limit_is_reached(dana: User, looked: Looked, pictures: Case) -> None:
    held = review.claim(case=pictures, by=dana)
    CareRule.objects.create(agency=dana.agency, day_minutes=30, zone=noon())
    looked(dana, range(1, 32))
    assert review.claim(case=pictures, by=dana) == held
    unit = tiles.units(held)[0]
    body = {"acts": [{"key": str(uuid4()), "act": "decide", "stack": unit["id"], "version": 1, "code": "1"}]}
    path = f"/api/v1/batches/{held.public_id}/decisions"
    client = signed_in(dana)
    assert client.post(path, json.dumps(body), content_type="application/json").status_code == 200
    assert client.post(path.replace("decisions", "close"), "{}", content_type="application/json").status_code == 200
    with pytest.raises(NoMoreToday):
        review.claim(case=pictures, by=dana)


def test_reaching_the_limit_is_noted_once_a_day_with_its_event(limited: User) -> None:
    for _word in range(2):
        ledger.note(by=limited, visit=uuid4(), ms=0)
    assert LimitReached.objects.get().minutes == 30
    told = json.loads(AuditEvent.objects.get(verb="limit.reach").body)
    assert (told["subject"], told["details"]["minutes"]) == (f"user:{limited.public_id}", 30)


def test_a_lower_limit_of_the_persons_own_stops_batches_and_is_told_to_nobody(
    dana: User, looked: Looked, pictures: Case
) -> None:
    CareRule.objects.create(agency=dana.agency, zone=noon(), break_after=60)
    rules.choose(by=dana, wanted={"day_minutes": 30})
    looked(dana, range(1, 32))
    ledger.note(by=dana, visit=uuid4(), ms=0)
    with pytest.raises(NoMoreToday):
        review.claim(case=pictures, by=dana)
    assert not LimitReached.objects.exists()
    assert not AuditEvent.objects.filter(verb="limit.reach").exists()


def test_what_was_looked_at_yesterday_counts_for_yesterday(dana: User, looked: Looked) -> None:
    CareRule.objects.create(agency=dana.agency, day_minutes=30, zone=noon())
    looked(dana, range(24 * 60, 24 * 60 + 50))
    assert state.of(dana).today_ms == 0


def test_a_supervisor_gives_more_with_a_reason(limited: User, sam: User, pictures: Case) -> None:
    path = f"/oversight/limits/{limited.public_id}/more/"
    client = signed_in(sam)
    assert client.post(path, {"minutes": "15", "reason": " "}).status_code == 400
    assert client.post(path, {"minutes": "10", "reason": "a child"}).status_code == 400
    assert client.post(path, {"minutes": "15", "reason": "a child may be near"}).status_code == 302
    assert state.of(limited).limit == 45
    assert review.claim(case=pictures, by=limited)
    event = AuditEvent.objects.get(verb="limit.override")
    told = json.loads(event.body)
    assert (event.actor, told["reason"]) == ("sam", "a child may be near")
    assert told["details"]["person"] == "dana"
    assert event.subject == f"limitoverride:{LimitOverride.objects.get().public_id}"


def test_nobody_gives_more_to_himself(sam: User) -> None:
    with pytest.raises(NotForYourself):
        day.override(person=sam, by=sam, minutes=15, reason="urgent")
    with pytest.raises(IntegrityError, match="override_for_another"):
        LimitOverride.objects.create(user=sam, by=sam, day="2026-01-01", minutes=15, reason="urgent")


@pytest.mark.parametrize(
    ("minutes", "reason", "error"), [(14, "x", BadInput), (61, "x", BadInput), (15, "", ReasonNeeded)]
)
def test_more_is_fifteen_to_sixty_minutes_with_a_reason(
    dana: User, sam: User, minutes: int, reason: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        day.override(person=dana, by=sam, minutes=minutes, reason=reason)
    assert not LimitOverride.objects.exists()


@pytest.mark.parametrize(
    ("now", "end", "extra", "over"),
    [
        ("15:59", "16:30", 0, False),
        ("16:00", "16:30", 0, True),  # the last half hour
        ("16:31", "16:30", 0, True),
        ("16:10", "16:30", 30, False),  # a supervisor gave more
        ("16:30", "16:30", 30, True),
        ("23:00", "16:30", 0, False),  # the next shift
        ("23:50", "00:10", 0, True),  # over midnight
        ("22:00", "06:00", 0, False),  # a night shift begins
        ("05:31", "06:00", 0, True),
    ],
)
def test_the_last_half_hour_of_a_shift_hands_out_nothing_new(now: str, end: str, extra: int, over: bool) -> None:
    assert state.shift_is_over(time.fromisoformat(now), time.fromisoformat(end), extra) is over


@pytest.mark.parametrize(("of_all", "of_hers"), [(time(23, 59), time(12, 0)), (time(12, 0), time(23, 59))])
def test_of_two_ends_of_shift_the_earlier_counts_on_the_clock_of_the_agency(
    dana: User, pictures: Case, of_all: time, of_hers: time
) -> None:
    CareRule.objects.create(agency=dana.agency, zone=noon(), shift_end=of_all)
    CareChoice.objects.create(user=dana, shift_end=of_hers)
    assert state.of(dana).shift_end == time(12, 0)  # over since then, and the other not for hours
    with pytest.raises(NoMoreToday, match="shift ends at"):
        review.claim(case=pictures, by=dana)


def test_the_agencys_rules_are_set_with_a_reason_and_told_before_and_after(sam: User) -> None:
    client = signed_in(sam)
    form = {"break_after": "45", "break_minutes": "10", "day_minutes": "180",
            "shift_end": "16:30", "zone": "Europe/Berlin", "contact": "Wren, 4711", "own_breaks": "on",
            "reason": "works council"}  # fmt: skip
    for wrong in (
        {"break_after": "24"},
        {"break_after": "61"},
        {"day_minutes": "241"},
        {"zone": "Mars/Base"},
        {"reason": ""},
    ):
        assert client.post("/oversight/limits/rules/", form | wrong).status_code == 400
    assert not CareRule.objects.exists()
    assert client.post("/oversight/limits/rules/", form).status_code == 302
    told = json.loads(AuditEvent.objects.get(verb="setting.care").body)
    assert told["reason"] == "works council"
    assert told["details"]["changed"]["break_after"] == [50, 45]
    assert told["details"]["changed"]["shift_end"] == [None, "16:30:00"]
    assert CareRule.objects.get().contact == "Wren, 4711"


def test_a_persons_settings_stay_within_the_agencys_and_the_log_has_their_names_only(dana: User) -> None:
    CareRule.objects.create(agency=dana.agency, day_minutes=120)
    client = signed_in(dana)
    assert client.post("/viewing/settings/", {"day_minutes": "121"}).status_code == 400
    assert (
        client.post(
            "/viewing/settings/", {"day_minutes": "90", "blur": "on", "tile": "176", "outcomes": "on"}
        ).status_code
        == 302
    )
    told = json.loads(AuditEvent.objects.get(verb="setting.veil").body)
    assert told["details"] == {"changed": ["day_minutes", "grey", "tile"]}
    kept = rules.of_person(dana)
    assert (kept.day_minutes, kept.grey, kept.blur, kept.tile) == (90, False, True, 176)
