"""Time on screen by the minute: never counted twice, never more than has passed."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection
from django.test import Client

from cases.care import ledger, state
from cases.models import ScreenMinute, ScreenVisit
from tests.cases.care.conftest import Looked, now
from workbench.models import User

pytestmark = pytest.mark.django_db


def opened(who: User, seconds_ago: int, ms: int = 0) -> UUID:
    """A page that was opened, or last reported, so long ago."""
    return ScreenVisit.objects.create(
        user=who, token=uuid4(), reported_at=now() - timedelta(seconds=seconds_ago), ms=ms
    ).token


def opened_on_the_minute(who: User, minutes_ago: int) -> tuple[UUID, int]:
    """A page that was opened when a minute began; and for how many milliseconds it has been open."""
    seconds = minutes_ago * 60 + now().second
    at = now().replace(microsecond=0) - timedelta(seconds=seconds)
    visit = ScreenVisit.objects.create(user=who, token=uuid4(), reported_at=at, ms=0)
    return visit.token, round((now() - at) / timedelta(milliseconds=1))


def counted(who: User) -> int:
    return sum(ScreenMinute.objects.filter(user=who).values_list("ms", flat=True))


@pytest.mark.parametrize(
    ("seconds", "totals", "expected"),
    [
        (15, [12_000], 12_000),
        (15, [12_000, 12_000, 12_000], 12_000),  # a report that is sent again
        (15, [12_000, 9_000, 12_000], 12_000),  # an old one that comes late
        (200, [170_000], 170_000),  # the network was away: told late, and over several minutes
    ],
)
def test_a_running_total_counts_once_however_often_it_is_told(
    dana: User, seconds: int, totals: list[int], expected: int
) -> None:
    visit = opened(dana, seconds)
    for total in totals:
        ledger.note(by=dana, visit=visit, ms=total)
    assert counted(dana) == expected


def test_what_a_page_says_at_its_first_word_is_not_counted_but_starts_its_clock(dana: User) -> None:
    visit = uuid4()
    ledger.note(by=dana, visit=visit, ms=50_000)
    assert counted(dana) == 0
    assert ScreenVisit.objects.get(user=dana, token=visit).ms == 50_000


def test_nobody_looked_longer_than_the_wall_says(dana: User) -> None:
    ledger.note(by=dana, visit=opened(dana, 30), ms=80_000_000)
    assert 29_900 <= counted(dana) <= 31_000


def test_a_page_that_slept_for_days_counts_nothing_before_it_slept(dana: User) -> None:
    ledger.note(by=dana, visit=opened(dana, 3 * 86_400, ms=1000), ms=9_000)
    assert counted(dana) == 8_000
    assert min(ScreenMinute.objects.filter(user=dana).values_list("minute", flat=True)) > now() - timedelta(minutes=2)


def test_two_computers_at_once_count_the_time_on_the_wall(dana: User) -> None:
    for visit, ms in (opened_on_the_minute(dana, 3), opened_on_the_minute(dana, 3)):
        ledger.note(by=dana, visit=visit, ms=ms)
    assert ms <= counted(dana) <= ms + 500
    assert max(ScreenMinute.objects.values_list("ms", flat=True)) <= 60_000


def test_two_tabs_in_turn_count_what_each_of_them_was_looked_at(dana: User) -> None:
    for visit in (opened(dana, 200), opened(dana, 200)):
        ledger.note(by=dana, visit=visit, ms=80_000)
    assert counted(dana) == 160_000


def test_a_token_of_somebody_else_moves_nothing_of_his(dana: User, milo: User) -> None:
    visit = opened(milo, 100)
    ledger.note(by=dana, visit=visit, ms=90_000)
    assert (counted(dana), counted(milo)) == (0, 0)
    ledger.note(by=milo, visit=visit, ms=90_000)
    assert counted(milo) == 90_000


def test_the_table_itself_holds_no_minute_of_more_than_sixty_seconds(dana: User, looked: Looked) -> None:
    with pytest.raises(IntegrityError, match="screen_minute_is_one"):
        looked(dana, [3], ms=60_001)


@pytest.mark.parametrize(
    ("ago", "since_break"),
    [
        (range(1, 22), 21),
        ([*range(1, 6), *range(16, 56)], 5),  # ten whole minutes away: that was a break
        ([*range(1, 6), *range(15, 54)], 44),  # nine: it was none
        (range(12, 50), 0),  # away since
        (range(1, 90), 59),  # no more than what lies within the hour
    ],
)
def test_minutes_since_the_last_break_are_those_since_the_last_pause_as_long_as_one(
    dana: User, looked: Looked, ago: list[int], since_break: int
) -> None:
    looked(dana, ago)
    assert state.of(dana).since_break_ms == since_break * 60_000


def test_a_page_reports_and_is_told_what_the_meter_shows(dana: User, looked: Looked) -> None:
    looked(dana, range(1, 21))
    client = Client()
    client.force_login(dana, backend="workbench.people.PasswordBackend")
    sent = json.dumps({"visit": str(opened(dana, 30)), "on_screen_ms": 20_000})
    told = client.post("/api/v1/screen-time", sent, content_type="application/json").json()
    assert (told["first"], told["break_left_ms"], told["share"]) == ("20 min", 0, 40)
    assert "since break" in told["rest"]
    assert b"<b>20 min</b>" in client.get("/").content


def test_old_visits_are_let_go_of_and_their_tokens_count_nothing_again(dana: User) -> None:
    old = opened(dana, 3 * 86_400, ms=1000)
    ledger.note(by=dana, visit=uuid4(), ms=0)
    assert not ScreenVisit.objects.filter(token=old).exists()
    ledger.note(by=dana, visit=old, ms=900_000)
    assert counted(dana) == 0


@pytest.mark.django_db(transaction=True)
def test_reports_of_one_person_that_come_at_the_same_moment_are_counted_one_after_the_other(dana: User) -> None:
    visits, ms = zip(*(opened_on_the_minute(dana, 2) for _ in range(4)), strict=True)

    def tell(visit: UUID) -> None:
        try:
            for total in (60_000, 60_000, max(ms)):
                ledger.note(by=dana, visit=visit, ms=total)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(tell, visits))
    assert min(ms) <= counted(dana) <= max(ms) + 2000
