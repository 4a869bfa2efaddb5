"""A forecast is a range drawn from the days that were, or nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.days import forecast
from cases.days.forecast import FURTHEST, LEAST_DAYS, Range

STEADY = [100] * 14
WEEK = [120, 80, 100, 140, 60, 0, 0]


@pytest.mark.parametrize("done", [[], [50], [50] * (LEAST_DAYS - 1), [0] * 20 + [9] * (LEAST_DAYS - 1)])
def test_of_few_days_nothing_is_said(done: list[int]) -> None:
    assert forecast.days_needed(done, 500) is None


@pytest.mark.parametrize(
    ("done", "left", "expected"),
    [
        (STEADY, 950, Range(10, 10, 10)),  # the same every day: no range, rounded up to whole days
        (STEADY, 0, Range(0, 0, 0)),
        (STEADY, 100 * FURTHEST, Range(FURTHEST, FURTHEST, FURTHEST)),
        (STEADY, 100 * FURTHEST + 1, Range(None, None, None)),  # too far away to say
    ],
)
def test_steady_days_give_one_answer(done: list[int], left: int, expected: Range) -> None:
    assert forecast.days_needed(done, left) == expected


def test_days_of_rest_come_again_and_the_same_days_give_the_same_range() -> None:
    found = forecast.days_needed(WEEK * 3, 2000)
    assert found == forecast.days_needed(WEEK * 3, 2000)
    assert found
    assert None not in found
    early, middle, late = (n or 0 for n in found)
    assert early < middle < late
    assert middle == pytest.approx(2000 / (sum(WEEK) / 7), rel=0.1)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 10**7), min_size=6, max_size=40), st.integers(0, 10**9))
def test_the_range_is_in_order_and_more_to_do_takes_no_less_time(done: list[int], left: int) -> None:
    few, many = forecast.days_needed(done, left), forecast.days_needed(done, 2 * left)
    assert (few is None) == (many is None)
    if few and many:
        for one, other in ((few.early, few.middle), (few.middle, few.late), (few.middle, many.middle)):
            assert other is None or (one is not None and one <= other)
