"""Break and limit do not rest on the word of a page: what the server sent and took counts at least."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from cases import review, viewing
from cases.care import ledger, rules, state
from cases.care.errors import NoMoreToday, OnBreak
from cases.models import Act, Batch, CareRule, Case, Item, ScreenMinute, ScreenVisit, Viewing
from tests.cases import material
from tests.cases.care.conftest import Looked, noon, now
from workbench.errors import BadInput
from workbench.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(case: Case, dana: User) -> Batch:
    material.pictures(case, dana, ["a"])
    held = review.claim(case=case, by=dana)
    ScreenVisit.objects.all().delete()  # as if it was claimed long ago
    return held


def sent(batch: Batch, seconds_ago: range) -> None:
    """Clear pictures that were sent to the person of the batch."""
    item, at = Item.objects.get(), now()
    Viewing.objects.bulk_create(
        Viewing(user=batch.user, content=item.content, case=item.case, batch=batch, at=at - timedelta(seconds=ago))
        for ago in seconds_ago
    )


def taken(batch: Batch, seconds_ago: range) -> None:
    """Keys that were taken from him."""
    at = now()
    Act.objects.bulk_create(
        Act(user=batch.user, idempotency_key=uuid4(), kind="decide", case=batch.case, batch=batch, via="desk",
            at=at - timedelta(seconds=ago))
        for ago in seconds_ago
    )  # fmt: skip


def counted(who: User) -> int:
    return sum(ScreenMinute.objects.filter(user=who).values_list("ms", flat=True))


@pytest.mark.parametrize(
    ("ago", "seconds"),
    [
        (range(0, 301, 20), 300),  # one picture after the other
        (range(0, 301, 150), 120),  # of each pause a minute, as long as pages count from the last input
        (range(0, 1501, 700), 0),  # now and then one: nobody sat there
    ],
)
def test_a_page_that_tells_nothing_is_counted_from_what_it_was_sent(
    dana: User, batch: Batch, ago: range, seconds: int
) -> None:
    sent(batch, ago)
    ledger.keep_up(dana)
    for _time in range(2):
        ledger.note(by=dana, visit=uuid4(), ms=0)  # a new visit each time
    assert abs(counted(dana) - seconds * 1000) <= 20


def test_what_a_page_tells_is_not_counted_beside_what_is_known(dana: User, batch: Batch, looked: Looked) -> None:
    looked(dana, range(1, 11))
    sent(batch, range(120, 301, 20))
    ledger.keep_up(dana)
    assert counted(dana) == 600_000


def test_who_never_tells_anything_has_a_break_all_the_same(dana: User, batch: Batch) -> None:
    sent(batch, range(0, 3301, 30))
    with pytest.raises(OnBreak):
        viewing.batch_that_allows(Item.objects.get(), dana)


def test_who_never_tells_anything_has_a_limit_all_the_same(case: Case, dana: User, batch: Batch) -> None:
    CareRule.objects.create(agency=dana.agency, zone=noon(), day_minutes=30)
    taken(batch, range(0, 2000, 30))
    Batch.objects.update(state="closed", closed_at=now())
    with pytest.raises(NoMoreToday):
        review.claim(case=case, by=dana)
    assert state.of(dana).today_ms >= rules.of_agency(dana.agency).day_minutes * 60_000


def test_no_page_may_speak_for_the_server(dana: User) -> None:
    with pytest.raises(BadInput):
        ledger.note(by=dana, visit=UUID(int=0), ms=0)
